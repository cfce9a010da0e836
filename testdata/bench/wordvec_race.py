"""Word vectors from a text file: gensim, fastText and cloze in turns, whole commands, and the scores of the vectors that each timed run wrote.

usage: wordvec_race.py FOLDER TEXT EVAL [--cloze bin/cloze] [--modes sg,cbow,hs,sghs,sub] [--threads 2,1] [--epochs 5] [--seeds 1,2,3]
       [--rounds 1] [--peers gensim,fasttext,cloze] [--own-rate]

gensim lowers the rate of each worker by that worker's sentences over those of the whole text (get_next_alpha of word2vec_corpusfile.pyx), so with
W workers and E epochs its mean rate is (E+1-1/W)/E times that of a straight fall to 0. cloze is given the rate that makes the means equal, or, with
--own-rate, its default for the mode.

TEXT is what wordvec_text.py writes, a sentence a line; EVAL holds similarity/EN-*.txt and analogies/questions-words.txt.gz; FOLDER takes vectors
and results.jsonl, a line a run. All: dim 100, window 5, min count 5, 5 noise words or hierarchical softmax, sample 1e-3, learning rate 0.025 (gensim's
default), for sub-words 0.05 (fastText's). A run is a process of its own, from the file to the vectors in a file (word2vec binary). A
round is one run of each for each seed; give several rounds to see the noise of the clock. Words/s are words of the text, times epochs, by the
clock. Scores are gensim's (evaluate_word_pairs, evaluate_word_analogies) with its defaults, so that out-of-vocabulary rules are one.
"""
import argparse, gzip, json, os, resource, shutil, statistics, subprocess, sys, tempfile, time

MODES = {  # gensim's arguments, fastText's, cloze's keys, learning rate
    "sg": (dict(sg=1, negative=5, hs=0), dict(model="skipgram", loss="ns", minn=0, maxn=0, bucket=0), ["sg=1"], 0.025),
    "cbow": (dict(sg=0, negative=5, hs=0), dict(model="cbow", loss="ns", minn=0, maxn=0, bucket=0), ["sg=0"], 0.025),
    "hs": (dict(sg=0, negative=0, hs=1), dict(model="cbow", loss="hs", minn=0, maxn=0, bucket=0), ["sg=0", "hs=1"], 0.025),
    "sghs": (dict(sg=1, negative=0, hs=1), dict(model="skipgram", loss="hs", minn=0, maxn=0, bucket=0), ["sg=1", "hs=1"], 0.025),
    "sub": (None, dict(model="skipgram", loss="ns", minn=3, maxn=6, bucket=2_000_000), ["sg=1"], 0.05),
}


def gensim(text, out, mode, threads, epochs, seed):
    from gensim.models import Word2Vec
    model = Word2Vec(corpus_file=text, vector_size=100, window=5, min_count=5, sample=1e-3, alpha=MODES[mode][3], workers=threads,
                     epochs=epochs, seed=seed, **MODES[mode][0])
    model.wv.save_word2vec_format(out, binary=True)


def fasttext(text, out, mode, threads, epochs, _):  # the package has a seed of its own
    import fasttext as ft
    import numpy as np
    model = ft.train_unsupervised(text, dim=100, ws=5, minCount=5, neg=5, t=1e-3, lr=MODES[mode][3], epoch=epochs, thread=threads,
                                  verbose=0, **MODES[mode][1])
    words = model.get_words()
    with open(out, "wb") as f:
        f.write(b"%d 100\n" % len(words))
        for word in words:
            f.write(word.encode() + b" " + model.get_word_vector(word).astype(np.float32).tobytes() + b"\n")


def cloze(command, own_rate, text, out, mode, threads, epochs, seed):
    run = tempfile.mkdtemp(dir=os.path.dirname(out))
    os.rmdir(run)  # the command refuses a folder that is there
    keys = MODES[mode][2] + ["sample=1e-3", f"epochs={epochs}"]
    if not own_rate:
        rate = MODES[mode][3] * (1 if mode == "sub" else (epochs + 1 - 1 / threads) / epochs)
        keys.append(f"lr={rate}")
    subprocess.run([command, "pretrain", "--objective", "fasttext" if mode == "sub" else "word2vec", "--threads", str(threads), "--seed", str(seed),
                    "--quiet", "--out", run, *sum((["--set", k] for k in keys), []), text], check=True)
    subprocess.run([command, "export", run, "--format", "word2vec-bin", "--out", out], check=True)
    shutil.rmtree(run)


def score(path, folder):
    """The scores by name, from 0 to 1."""
    from gensim.models import KeyedVectors
    vectors = KeyedVectors.load_word2vec_format(path, binary=True)
    scores = {}
    for name in ("WS-353-ALL", "MEN-TR-3k", "SIMLEX-999", "MTurk-771"):
        scores[name] = round(float(vectors.evaluate_word_pairs(f"{folder}/similarity/EN-{name}.txt")[1][0]), 4)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as f:
        f.write(gzip.open(f"{folder}/analogies/questions-words.txt.gz", "rt").read())
        f.flush()
        scores["analogies"] = round(vectors.evaluate_word_analogies(f.name)[0], 4)
    return scores


def table(results):
    """For each mode and number of threads: the least seconds, words/s, the greatest peak of memory, and the mean and range over seeds of each score."""
    for key in sorted({(r["mode"], r["threads"], r["peer"]) for r in results}):
        runs = [r for r in results if (r["mode"], r["threads"], r["peer"]) == key]
        best = min(r["seconds"] for r in runs)
        line = f"{key[0]:5} {key[1]} threads {key[2]:8} {best:7.1f} s (median {statistics.median(r['seconds'] for r in runs):.1f}) {runs[0]['words'] / best / 1e6:5.2f} M words/s {max(r['peak_mib'] for r in runs):5d} MiB"
        for name in runs[0]["scores"]:
            values = [r["scores"][name] for r in runs]
            line += f"  {name} {statistics.mean(values):.4f} ({min(values):.4f} to {max(values):.4f})"
        print(line)


def main():
    p = argparse.ArgumentParser()
    for name in ("folder", "text", "eval"):
        p.add_argument(name, type=os.path.abspath)
    p.add_argument("--cloze", default="bin/cloze", type=os.path.abspath)
    for name, value in (("modes", "sg,cbow,hs,sub"), ("threads", "2"), ("seeds", "1,2,3"), ("peers", "gensim,fasttext,cloze")):
        p.add_argument("--" + name, default=value, type=lambda s: s.split(","))
    p.add_argument("--epochs", default=5, type=int)
    p.add_argument("--rounds", default=1, type=int)
    p.add_argument("--own-rate", action="store_true")
    p.add_argument("--run", nargs=4)  # one run, in a process of its own: peer, mode, threads, seed
    a = p.parse_args()
    out = f"{a.folder}/vectors.bin"
    if a.run:
        peer, mode, threads, seed = a.run
        how = {"gensim": gensim, "fasttext": fasttext, "cloze": lambda *args: cloze(a.cloze, a.own_rate, *args)}[peer]
        how(a.text, out, mode, int(threads), a.epochs, int(seed))
        kib = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        with open(out + ".peak", "w") as f:
            f.write(str(kib // 1024))
        return
    os.makedirs(a.folder, exist_ok=True)
    words = sum(len(line.split()) for line in open(a.text, "rb")) * a.epochs
    results = []
    for _ in range(a.rounds):
        for mode in a.modes:
            for threads in a.threads:
                for seed in a.seeds:
                    for peer in a.peers:
                        if peer == "gensim" and MODES[mode][0] is None:
                            continue
                        if os.path.exists(out):
                            os.remove(out)  # cloze writes over nothing
                        start = time.time()
                        subprocess.run([sys.executable, *sys.argv, "--run", peer, mode, threads, seed], check=True)
                        seconds = time.time() - start
                        results.append(dict(peer=peer, mode=mode, threads=int(threads), seed=int(seed), epochs=a.epochs, words=words, seconds=round(seconds, 2),
                                            peak_mib=int(open(out + ".peak").read()), scores=score(out, a.eval)))
                        print(json.dumps(results[-1]), flush=True)
                        with open(f"{a.folder}/results.jsonl", "a") as f:
                            f.write(json.dumps(results[-1]) + "\n")
    table(results)


main()
