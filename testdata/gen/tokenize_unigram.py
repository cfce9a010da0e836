"""A full-vocabulary Unigram made by the package `tokenizers` itself, and what it makes of 2,000 strings.

usage: CLOZE_DATA=... python testdata/gen/tokenize_unigram.py     writes testdata/tokenize/unigram.json.gz (minutes)
UnigramTrainer, 8,000 pieces, on the lines of the German and French novels and of two English ones, up to a megabyte of each language; SentencePiece's
normalizers and Metaspace. The strings are paragraphs of those novels that it was not trained on, of all translations of the Universal Declaration, and
random ones.
"""
import glob, gzip, json, os, random, zipfile, tokenizers
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from tokenize_components import HERE

DATA = os.environ["CLOZE_DATA"]


def text(pattern, skip):
    """A megabyte of the files, without the first skip bytes of the whole."""
    whole = "".join(gzip.open(p, "rt", encoding="utf-8", newline="").read() for p in sorted(glob.glob(DATA + pattern))[:4])
    return whole[skip:skip + 1_000_000]


def strings():
    r = random.Random(7)
    for p in ("/corpora/eltec_deu/*.gz", "/corpora/eltec_fra/*.gz", "/corpora/novels_en/*.gz"):
        unseen = text(p, 1_000_000)
        for _ in range(300):
            i = r.randrange(len(unseen) - 200)
            yield unseen[i:i + r.randrange(1, 200)]
    z = zipfile.ZipFile(DATA + "/parallel/udhr2/udhr2.zip")
    for n in sorted(n for n in z.namelist() if n.endswith(".txt")):
        s = z.read(n).decode("utf-8", "ignore")
        i = r.randrange(max(1, len(s) - 120))
        yield s[i:i + 120]
        yield s[:60]
    while True:
        yield "".join(r.choice([chr(r.randrange(32, 127)), chr(r.randrange(160, 0x500)), chr(r.randrange(0x3000, 0xD000)), " ", "  ", "▁", "e\u0301", "ﬁ", "é", "the", "aaaaaaaa", "\n", "\u200b", "👩"])
                      for _ in range(r.randrange(1, 30)))


def main():
    t = Tokenizer(models.Unigram())
    t.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    t.pre_tokenizer, t.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    lines = [line for p in ("/corpora/eltec_deu/*.gz", "/corpora/eltec_fra/*.gz", "/corpora/novels_en/*.gz") for line in text(p, 0).split("\n") if line]
    t.train_from_iterator(lines, trainers.UnigramTrainer(vocab_size=8000, special_tokens=["<unk>"], unk_token="<unk>", show_progress=False))
    made = strings()
    texts = [next(made) for _ in range(2000)]
    rows = [t.encode(s) for s in texts]
    blob = json.dumps({"tokenizers": tokenizers.__version__, "tokenizer": json.loads(t.to_str()), "texts": texts, "ids": [e.ids for e in rows],
                       "decoded": [t.decode(e.ids) for e in rows]}, ensure_ascii=False, separators=(",", ":")).encode()
    with open(os.path.join(HERE, "unigram.json.gz"), "wb") as f:
        f.write(gzip.compress(blob, 9, mtime=0))
    print(t.get_vocab_size(), "pieces,", len(texts), "texts,", len(blob), "bytes")


main()
