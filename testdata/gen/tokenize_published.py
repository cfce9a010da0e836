"""What the package `tokenizers` makes of a paragraph of each of 120 translations of the Universal Declaration with the published tokenizers.

usage: CLOZE_DATA=... python testdata/gen/tokenize_published.py     writes testdata/tokenize/published.json.gz
"""
import glob, gzip, json, os, zipfile, tokenizers
from tokenizers import Tokenizer
from tokenize_components import HERE, row

FILES = ["gpt2/tokenizer.json", "bert-base-uncased/tokenizer.json", "bert-base-uncased/all-minilm-l6-v2.json", "roberta-base/tokenizer.json", "t5-small/tokenizer.json", "xlmr-trimmed/padding64.json",
         "phi-3-mini/tokenizer.json", "falcon/tokenizer.json"]


def paragraphs():
    z = zipfile.ZipFile(os.path.join(os.environ["CLOZE_DATA"], "parallel/udhr2/udhr2.zip"))
    names = sorted(n for n in z.namelist() if n.endswith(".txt"))
    for n in names[::max(1, len(names) // 120)]:
        yield z.read(n).decode("utf-8", "ignore")[200:420]


def main():
    texts, cases = list(paragraphs()), []
    for f in FILES:
        t = Tokenizer.from_file(os.path.join(os.environ["CLOZE_DATA"], "tokenizers", f))
        t.no_truncation()
        t.no_padding()
        cases.append({"file": f, "rows": [row(t, s) for s in texts]})
    blob = json.dumps({"tokenizers": tokenizers.__version__, "texts": texts, "cases": cases}, ensure_ascii=False, separators=(",", ":")).encode()
    with open(os.path.join(HERE, "published.json.gz"), "wb") as f:
        f.write(gzip.compress(blob, 9, mtime=0))
    print(len(texts), "texts,", len(blob), "bytes")


main()
