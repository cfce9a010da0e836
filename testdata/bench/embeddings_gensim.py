"""Time of reading, writing and searching vectors: gensim against embeddings/, each reading in a fresh process, in turns.

Run from the repository root: CLOZE_DATA=... python testdata/bench/embeddings_gensim.py
Prints the best and the median of the rounds, and the ratio of the best. gensim's time leaves its import out.
"""
import gzip, os, re, statistics, subprocess, sys, tempfile

ROUNDS = 7
PEER = """
import sys, time
from gensim.models import KeyedVectors
t = time.perf_counter(); kv = KeyedVectors.load_word2vec_format(sys.argv[1], no_header=True); print('OpenText', time.perf_counter() - t)
t = time.perf_counter(); kv.save_word2vec_format(sys.argv[1] + '.out'); print('WriteText', time.perf_counter() - t)
kv.most_similar('france', topn=10)
t = time.perf_counter()
for _ in range(100): kv.most_similar('france', topn=10)
print('Nearest', (time.perf_counter() - t) / 100)
"""


def main():
    with tempfile.TemporaryDirectory() as folder:
        text, binary = os.path.join(folder, "glove.txt"), os.path.join(folder, "bench")
        packed = os.path.join(os.environ["CLOZE_DATA"], "models/glove_6b_50d_top/glove.6B.50d.top25k.txt.gz")
        open(text, "wb").write(gzip.open(packed).read())
        env = dict(os.environ, CGO_ENABLED="0", GOWORK="off")
        subprocess.run(["go", "test", "-c", "-o", binary, "./embeddings"], check=True, env=env)
        peer, ours = {}, {}
        for _ in range(ROUNDS):
            for line in subprocess.check_output([sys.executable, "-c", PEER, text], text=True).splitlines():
                name, seconds = line.split()
                peer.setdefault(name, []).append(float(seconds))
            # Once is cold: a new process, nothing read before. Searches are warm on both sides.
            for what, times in (("OpenText|WriteText", "1x"), ("Nearest", "100x")):
                out = subprocess.check_output([binary, "-test.run", "^$", "-test.bench", what, "-test.benchtime", times], text=True, env=env, cwd="embeddings")
                for name, ns in re.findall(r"Benchmark(\S+?)(?:-\d+)?\s+\d+\s+([\d.]+) ns/op", out):
                    ours.setdefault(name, []).append(float(ns) / 1e9)
        for name, seconds in ours.items():
            other = peer[name.split("/")[0]]
            cells = [f"{who} {min(x) * 1e3:8.2f} ms ({statistics.median(x) * 1e3:.2f})" for who, x in (("gensim", other), ("cloze", seconds))]
            print(f"{name:22s}", *cells, f"{min(other) / min(seconds):6.1f} times", sep="  ")


main()
