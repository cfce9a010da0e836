"""Small Parquet files as pyarrow writes them, and what is in them: testdata/corpus/*.parquet and parquet.json.

usage: python testdata/gen/corpus_parquet.py        (from the repository root; needs pyarrow)
"""
import json
import os

import pyarrow as pa
import pyarrow.parquet as pq

OUT = "testdata/corpus"
texts = ["one", "zwei äöü", "", None, "line\nbreak", "  ", "六 七", "one"] + [f"text {i % 7} of many" for i in range(200)]
table = pa.table({
    "id": pa.array(range(len(texts)), pa.int64()),
    "text": pa.array(texts, pa.string()),
    "score": pa.array([None if i % 5 == 0 else i / 8 for i in range(len(texts))], pa.float64()),
    "good": pa.array([i % 2 == 0 for i in range(len(texts))], pa.bool_()),
    "tags": pa.array([["a"] * (i % 3) for i in range(len(texts))], pa.list_(pa.string())),
    "nested": pa.array([{"text": "inner"}] * len(texts), pa.struct([("text", pa.string())])),
})
files = {
    "snappy": dict(compression="snappy", row_group_size=50),
    "zstd": dict(compression="zstd", row_group_size=70, data_page_version="2.0", use_dictionary=False),
    "plain": dict(compression="none", use_dictionary=False, data_page_size=64, write_batch_size=8),
    "gzip": dict(compression="gzip", row_group_size=1000, version="1.0"),
}
os.makedirs(OUT, exist_ok=True)
for name, options in files.items():
    pq.write_table(table, f"{OUT}/{name}.parquet", **options)
large = table.select(["text"]).set_column(0, "text", table["text"].cast(pa.large_string()))
pq.write_table(large, f"{OUT}/large.parquet", compression="brotli")
with open(f"{OUT}/parquet.json", "w", encoding="utf-8") as f:
    json.dump({"pyarrow": pa.__version__, "texts": texts, "scores": table["score"].to_pylist()}, f, ensure_ascii=False)
