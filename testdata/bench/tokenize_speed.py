"""Encoding speed beside the quickest packages, GPT-2's tokenizer, one thread: a whole file in a fresh process with all ids kept (cold), then the
same twice more in that process (warm, the better one). Each program runs three times, in turns; the best counts. Equal ids are checked.

usage: CLOZE_DATA=... python testdata/bench/tokenize_speed.py [novels|go] [program ...]  (run from the repository root; needs go, numpy and the
packages gigatoken, fastokens, tiktoken, tokenizers, of which those that are missing are left out)
"""
import glob, gzip, json, os, subprocess, sys, tempfile, time, zlib

DATA = os.environ["CLOZE_DATA"]
TOKENIZER = DATA + "/tokenizers/gpt2/tokenizer.json"
ENV = dict(os.environ, CGO_ENABLED="0", GOWORK="off", RAYON_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false")
PATTERN = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"


def fastokens(path):
    import fastokens
    t, text = fastokens.Tokenizer.from_file(TOKENIZER), open(path, encoding="utf-8", newline="").read()
    return lambda: t.encode_batch_flat([text])


def gigatoken(path):
    import gigatoken
    t = gigatoken.Tokenizer(TOKENIZER)
    return lambda: t.encode_files(gigatoken.TextFileSource([path], separator=b"<|endoftext|>"))  # reads the file too


def tiktoken(path):
    import tiktoken
    inverse = byte_alphabet()
    vocab = json.load(open(TOKENIZER, encoding="utf-8"))["model"]["vocab"]
    ranks = {bytes(inverse[c] for c in w): i for w, i in vocab.items() if w != "<|endoftext|>"}
    t = tiktoken.Encoding("gpt2", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens={"<|endoftext|>": 50256})
    text = open(path, encoding="utf-8", newline="").read()
    return lambda: t.encode_ordinary(text)


def tokenizers(path):
    from tokenizers import Tokenizer
    t, lines = Tokenizer.from_file(TOKENIZER), open(path, encoding="utf-8", newline="").read().splitlines(True)
    return lambda: t.encode_batch_fast(lines)  # by lines: whole files take it minutes; ids differ where a line break is inside of a word


def byte_alphabet():
    printable = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    table = {chr(b): b for b in printable}
    table.update({chr(256 + k): b for k, b in enumerate(b for b in range(256) if b not in printable)})
    return table


def child(name, path):
    import numpy
    run = globals()[name](path)
    rounds = []
    for _ in range(1 if name in ("tokenizers", "tiktoken") else 3):
        c, w = time.process_time(), time.perf_counter()
        ids = run()
        rounds.append((time.perf_counter() - w, time.process_time() - c))
    if name == "tokenizers":
        count, crc = sum(len(e.ids) for e in ids), None
    else:
        if name == "gigatoken":
            ids = ids[0]
        flat = numpy.frombuffer(ids[0], "<i4") if name == "fastokens" else numpy.asarray(ids, dtype="<i4").reshape(-1)
        count, crc = len(flat), zlib.crc32(flat.tobytes())
    print(json.dumps({"rounds": rounds, "ids": count, "crc": crc}))


def texts(folder, which):
    if "novels" in which:
        with open(folder + "/novels", "wb") as f:
            for p in sorted(glob.glob(DATA + "/corpora/novels_en/*.txt.gz")):
                f.write(gzip.open(p).read())
        yield "novels", folder + "/novels"
    if "go" in which:
        root = subprocess.check_output(["go", "env", "GOROOT"], text=True).strip()
        with open(folder + "/go", "wb") as f:
            for p in sorted(glob.glob(root + "/src/**/*.go", recursive=True)):
                if os.path.isfile(p):
                    f.write(open(p, "rb").read().decode(errors="ignore").replace("\0", "").encode())
        yield "go", folder + "/go"


def race(folder, kind, path, names):
    size, results = os.path.getsize(path), {}
    for _ in range(3):
        for name in names:
            if name == "cloze":
                out = subprocess.run([folder + "/test", "-test.run", "^$", "-test.bench", "TextFile$", "-test.benchtime", "1x", "-test.v"], capture_output=True, text=True,
                                     env=dict(ENV, CLOZE_TEXT=path), cwd="tokenize").stdout
            else:
                out = subprocess.run([sys.executable, __file__, "child", name, path], capture_output=True, text=True, env=ENV).stdout
            line = next((l[l.index("{"):] for l in out.splitlines() if l.strip().startswith("{") or ': {"rounds"' in l), None)
            if line:
                results.setdefault(name, []).append(json.loads(line))
    print(f"{kind}: {size/1e6:.1f} MB; MB/s by the clock, MB a processor second")
    for name, runs in results.items():
        best = lambda rounds, k: size / 1e6 / min(r[k] for r in rounds)
        cold, warm = [r["rounds"][0] for r in runs], [x for r in runs for x in r["rounds"][1:]]
        print(f"  {name}: cold {best(cold, 0):.1f}, {best(cold, 1):.1f}" + (f"; warm {best(warm, 0):.1f}, {best(warm, 1):.1f}" if warm else "") +
              f"; {runs[0]['ids']} ids, crc {runs[0]['crc']}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(*sys.argv[2:])
        sys.exit()
    which = [a for a in sys.argv[1:] if a in ("novels", "go")] or ["novels", "go"]
    names = [a for a in sys.argv[1:] if a not in ("novels", "go")] or ["cloze", "gigatoken", "fastokens", "tiktoken", "tokenizers"]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["go", "test", "-c", "-o", folder + "/test", "./tokenize"], env=ENV, check=True)
        for kind, path in texts(folder, which):
            race(folder, kind, path, names)
