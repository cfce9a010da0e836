"""Golden vocabularies of the trainers from the package `tokenizers` and the quality of `sentencepiece`.

usage: python testdata/gen/tokenize_train.py     writes testdata/tokenize/train_models.json

The package's WordPiece trainer numbers characters by chance, so that ties fall otherwise in each run: a case is kept where ten runs give
the same set of pieces. The words fall off as those of language do.
"""
import json, os, random, tempfile, sentencepiece, tokenizers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tokenize", "train_models.json")
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def texts():
    r = random.Random(24)
    syllables = ["ka", "lo", "mir", "ste", "an", "der", "ion", "pre", "un", "ing", "es", "tor", "vel", "o", "ich", "zu", "ß", "É", "naï", "Tä", "x1", "don't", "日本", "か", "ш"]
    words = ["".join(r.choice(syllables) for _ in range(1 + min(r.randrange(5), r.randrange(5)))) for _ in range(1500)]
    out = []
    for _ in range(120):
        line = []
        for _ in range(r.randrange(5, 90)):
            w = words[int(len(words) * r.random() ** 3)]
            line.append(w.capitalize() if r.random() < 0.1 else w)
            line.append(r.choice([" ", " ", " ", " ", ", ", ". ", "\n", "  ", "\u00a0", "-", "\t(", ") "]))
        out.append("".join(line))
    return out + ["Ａｂｃ ﬁn x² Ⅷ \u0000\u0007bell e\u0301te\u0301 ½ \u200bzero", "a\u0301\u00ad.b\u2028c İstanbul ǅ ΑΣ Σ ;\u037e ≠"]


def vocab(t):
    return sorted(t.get_vocab(), key=t.get_vocab().get)


def wordpiece(docs, size, lower, limit):
    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer, t.pre_tokenizer = normalizers.BertNormalizer(lowercase=lower), pre_tokenizers.BertPreTokenizer()
    t.train_from_iterator(docs, trainers.WordPieceTrainer(vocab_size=size, limit_alphabet=limit, special_tokens=SPECIAL, show_progress=False))
    return vocab(t)


def wordlevel(docs, size, least):
    t = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    t.pre_tokenizer = pre_tokenizers.Whitespace()
    t.train_from_iterator(docs, trainers.WordLevelTrainer(vocab_size=size, min_frequency=least, special_tokens=["[UNK]"], show_progress=False))
    return vocab(t)


docs = texts()
pieces = []
for lower, limit, sizes in ((True, 1000, range(150, 420)), (False, 1000, range(220, 420)), (True, 30, range(90, 420))):
    found = 0
    for size in sizes:
        runs = {tuple(sorted(wordpiece(docs, size, lower, limit))) for _ in range(3)}
        if len(runs) == 1:
            runs |= {tuple(sorted(wordpiece(docs, size, lower, limit))) for _ in range(7)}
        if len(runs) == 1 and len(list(runs)[0]) == size:
            found += 1
            if found % 70 == 1:
                pieces.append({"vocab_size": size, "lowercase": lower, "limit_alphabet": limit, "pieces": list(runs.pop())})
with tempfile.TemporaryDirectory() as d:
    lines = [line for x in docs for line in x.replace("\0", "").split("\n") if line.strip()]
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(lines), model_prefix=d + "/m", vocab_size=400, minloglevel=2, num_threads=1)
    s = sentencepiece.SentencePieceProcessor(model_file=d + "/m.model")
    spm = {"vocab_size": 400, "tokens": sum(len(s.encode(line)) for line in lines)}
json.dump({"versions": {"tokenizers": tokenizers.__version__, "sentencepiece": sentencepiece.__version__}, "texts": docs, "wordpiece": pieces,
           "wordlevel": [{"vocab_size": n, "min_frequency": m, "pieces": wordlevel(docs, n, m)} for n, m in ((50, 0), (700, 0), (5000, 3))], "unigram": spm},
          open(OUT, "w", encoding="utf-8", newline="\n"), ensure_ascii=False, indent=0)
print(len(pieces), [(p["vocab_size"], p["lowercase"], p["limit_alphabet"]) for p in pieces], spm, os.path.getsize(OUT))
