"""Reads the corpora of docs/bench/corpus.md with plain Python, to the last document, once a line below.

usage: corpus_read.py FOLDER_OF_TXT FILE.jsonl FOLDER_OF_TXT_GZ
"""
import glob, gzip, json, os, sys, time


def timed(name, size, read):
    start, cpu = time.perf_counter(), time.process_time()
    docs, chars = read()
    seconds, busy = time.perf_counter() - start, time.process_time() - cpu
    print(f"{name:22s} {size / seconds / 1e6:7.1f} MB/s by the clock  {size / busy / 1e6:7.1f} MB per processor second  "
          f"{docs} documents, {chars} characters")


def lines(files, open_):
    docs = chars = 0
    for path in files:
        with open_(path, "rt", encoding="utf-8", newline="\n") as f:
            for line in f:
                line = line.rstrip("\r\n")
                if line.strip():
                    docs += 1
                    chars += len(line)
    return docs, chars


def whole(files):
    docs = chars = 0
    for path in files:
        with open(path, encoding="utf-8") as f:
            docs += 1
            chars += len(f.read())
    return docs, chars


def records(path):
    docs = chars = 0
    with open(path, "rb") as f:
        for line in f:
            docs += 1
            chars += len(json.loads(line)["text"])
    return docs, chars


txt = sorted(glob.glob(os.path.join(sys.argv[1], "*.txt")))
packed = sorted(glob.glob(os.path.join(sys.argv[3], "*.txt.gz")))
size = sum(map(os.path.getsize, txt))
print("python", sys.version.split()[0])
timed("novels txt, lines", size, lambda: lines(txt, open))
timed("novels txt.gz, lines", size, lambda: lines(packed, gzip.open))
timed("novels txt, whole files", size, lambda: whole(txt))
timed("cpp_docs jsonl", os.path.getsize(sys.argv[2]), lambda: records(sys.argv[2]))
