"""Byte-level BPE beside the package `tokenizers` in one run: training and encoding, seconds of wall clock and of processor time.

usage: CLOZE_DATA=... python testdata/bench/tokenize_bpe.py [train|encode] (run from the repository root; needs go)
Training: the novels (75 MB) with 8,000 pieces and the Go sources with 16,000; merges are compared too. Encoding: 20 MB of novels, GPT-2's
tokenizer, one thread, first pass of a process; ours through `go test -bench AppendIDs`.
"""
import glob, gzip, json, os, resource, subprocess, sys, tempfile, time

DATA = os.environ["CLOZE_DATA"]
ENV = dict(os.environ, CGO_ENABLED="0", GOWORK="off")


def novels():
    return [gzip.open(p, "rt", encoding="utf-8", newline="").read() for p in sorted(glob.glob(DATA + "/corpora/novels_en/*.txt.gz"))]


def sources():
    root = subprocess.check_output(["go", "env", "GOROOT"], text=True).strip()
    out = []
    for p in sorted(glob.glob(root + "/src/**/*.go", recursive=True)):
        try:
            out.append(open(p, encoding="utf-8", newline="").read().replace("\0", ""))
        except (UnicodeDecodeError, IsADirectoryError):
            pass
    return out


def peer_train(path, vocab, out):
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    docs = open(path, encoding="utf-8", newline="").read().split("\0")
    t = time.perf_counter()
    tk = Tokenizer(models.BPE())
    tk.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tk.train_from_iterator(docs, trainers.BpeTrainer(vocab_size=vocab, special_tokens=["<|endoftext|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    u = resource.getrusage(resource.RUSAGE_SELF)
    print(f"  tokenizers: {time.perf_counter()-t:.1f} s wall, {u.ru_utime:.1f} s processor (with reading), peak {u.ru_maxrss/1024:.0f} MiB", flush=True)
    tk.save(out)


def train(name, docs, vocab):
    with tempfile.TemporaryDirectory() as d:
        path, ours, peers = d + "/text", d + "/ours.json", d + "/peers.json"
        open(path, "w", encoding="utf-8", newline="").write("\0".join(docs))
        print(f"train {name}: {os.path.getsize(path)/1e6:.1f} MB, {len(docs)} documents, {vocab} pieces", flush=True)
        subprocess.run(["go", "test", "-c", "-o", d + "/test", "./tokenize/train"], env=ENV, check=True)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        out = subprocess.run([d + "/test", "-test.run", "^$", "-test.bench", "BenchmarkFile", "-test.benchtime", "1x", "-test.v"], capture_output=True, text=True, check=True,
                             env=dict(ENV, CLOZE_TRAIN_TEXT=path, CLOZE_TRAIN_VOCAB=str(vocab), CLOZE_TRAIN_OUT=ours)).stdout
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        print("  cloze:", next(l.strip() for l in out.splitlines() if "read " in l).split(": ", 1)[-1], f"wall, {after.ru_utime-before.ru_utime:.1f} s processor", flush=True)
        subprocess.run([sys.executable, __file__, "peer", path, str(vocab), peers], check=True)
        a, b = (json.load(open(p, encoding="utf-8"))["model"]["merges"] for p in (ours, peers))
        print("  merges equal:", [m.split(" ") for m in a] == b, flush=True)


def encode():
    from tokenizers import Tokenizer
    os.environ["RAYON_NUM_THREADS"] = "1"
    t = Tokenizer.from_file(DATA + "/tokenizers/gpt2/tokenizer.json")
    text = "".join(novels()).encode()[: 20 << 20].decode(errors="ignore")
    lines, size = text.split("\n"), len(text.encode())
    c, w = time.process_time(), time.perf_counter()
    t.encode_batch_fast(lines)
    c, w = time.process_time() - c, time.perf_counter() - w
    print(f"encode 20 MB of novels: tokenizers {size/1e6/w:.2f} MB/s wall, {size/1e6/c:.2f} MB/s processor", flush=True)
    subprocess.run(["go", "test", "-run", "^$", "-bench", "AppendIDs(Novels|Lines)", "./tokenize"], env=ENV, check=True)


if __name__ == "__main__":
    what = sys.argv[1:] or ["train", "encode"]
    if what[0] == "peer":
        peer_train(what[1], int(what[2]), what[3])
    else:
        if "encode" in what:
            encode()
        if "train" in what:
            train("novels", novels(), 8000)
            train("Go sources", sources(), 16000)
