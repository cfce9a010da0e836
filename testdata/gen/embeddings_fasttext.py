"""Models and answers of the original fastText, for embeddings/fasttext.

Run from the repository root: CLOZE_DATA=... python testdata/gen/embeddings_fasttext.py
Trains small models of every kind and writes them to testdata/embeddings/fasttext with
golden.json: the original's vectors, sub-words and predictions for them and for the real
models in $CLOZE_DATA; and lid176.json: the languages of the udhr2 texts.

    python testdata/gen/embeddings_fasttext.py vectors MODEL < words
    python testdata/gen/embeddings_fasttext.py labels MODEL < texts

print what the original says of a model that we wrote, a JSON line each.
"""
import json, os, random, sys, zipfile
from importlib.metadata import version
import fasttext, fasttext_pybind, numpy as np

fasttext.FastText.eprint = lambda x: None
OUT = "testdata/embeddings/fasttext"
REAL = ["gensim/crime-and-punishment.bin", "gensim/lee_fasttext_new.bin", "gensim/toy-model.bin", "gensim/toy-model-pretrained.bin",
        "gensim/pang_lee_polarity_fasttext.bin", "finalfusion/fasttext.bin", "fasttext_lid176/lid.176.ftz"]
TEXTS = ["", " ", "\t \u000b", "weak signal", "weak signal ", "né chat", "zzz qqq", "a\u0085b né", "</s>", "né </s> chat", "__label__a né", "__label__none chat",
         "kato mire", "kato mire solu", "mire kato", "日本 🤗", "x", "sol kat mir lun ver", "lun " * 40]


def vector(model, word):
    b = fasttext_pybind.Vector(model.get_dimension())
    model.f.getWordVector(b, word)
    return [float(str(np.float32(x))) for x in np.array(b)]


def predict(model, text, k, threshold=0.0):
    # Not model.predict: with NumPy 2 it fails on np.array(copy=False).
    return [[label, float(str(np.float32(p)))] for p, label in model.f.predict(text.replace("\n", " ") + "\n", k, threshold, "replace")]


def corpus(path, labelled):
    rng = random.Random(5)
    parts = ["kat", "mir", "sol", "lun", "ver", "é", "日", "🤗", "o", "e", "u"]
    words = ["".join(rng.choice(parts) for _ in range(rng.randint(1, 3))) for _ in range(300)] + ["né", "chat", "x"]
    with open(path, "w") as f:
        for _ in range(1500):
            label = min(int(rng.expovariate(0.6)), 6)
            line = [words[min(int(rng.expovariate(0.03)) + 7 * label, len(words) - 1)] for _ in range(rng.randint(3, 9))]
            marks = [f"__label__{chr(97 + label)}"] + (["__label__both"] if label % 3 == 1 else [])
            f.write(" ".join((marks if labelled else []) + line) + "\n")


def train(folder):
    # Twelve threads: with fewer than eleven, 0.9.3 leaves part of the matrix as it finds the memory.
    plain, labelled = f"{folder}/plain.txt", f"{folder}/labelled.txt"
    corpus(plain, False), corpus(labelled, True)
    base = dict(thread=12, verbose=0, minCount=1, epoch=3, dim=7)
    models = {
        "skipgram.bin": fasttext.train_unsupervised(plain, model="skipgram", bucket=300, minn=2, maxn=4, **base),
        "cbow-hs.bin": fasttext.train_unsupervised(plain, model="cbow", loss="hs", bucket=300, minn=1, maxn=3, **base),
        "words-only.bin": fasttext.train_unsupervised(plain, model="skipgram", minn=0, maxn=0, **base),
    }
    base["epoch"] = 15
    for loss in ("softmax", "hs", "ns", "ova"):
        models[f"{loss}.bin"] = fasttext.train_supervised(labelled, loss=loss, wordNgrams=2, minn=2, maxn=3, bucket=400, lr=0.5, **base)
    models["plain-softmax.bin"] = fasttext.train_supervised(labelled, loss="softmax", lr=0.5, **base)
    for name, options in {"quantised.ftz": {}, "normed.ftz": dict(qnorm=True), "pruned.ftz": dict(qnorm=True, cutoff=300, retrain=True, input=labelled, epoch=2, lr=0.2, thread=12, verbose=0),
                          "words-pruned.ftz": dict(cutoff=280, dsub=3)}.items():
        m = fasttext.train_supervised(labelled, loss="softmax", wordNgrams=2, minn=2, maxn=3, bucket=400, lr=0.5, **base)
        m.quantize(**options)
        models[name] = m
    # More than 256 labels, so that the output can be quantised, too.
    many = f"{folder}/many.txt"
    with open(many, "w") as f:
        for i, line in enumerate(open(plain)):
            f.write(f"__label__{i % 300} {line}")
    m = fasttext.train_supervised(many, loss="hs", minn=2, maxn=3, bucket=300, lr=0.5, **base)
    m.quantize(qnorm=True, qout=True)
    models["output.ftz"] = m
    for name, m in models.items():
        m.save_model(f"{OUT}/{name}")


def answers(path):
    m = fasttext.load_model(path)
    words = m.get_words(on_unicode_error="replace")
    known = [w for w in words if "\ufffd" not in w]
    ask = known[:3] + known[-3:] + ["", "x", "zzz", "né", "unheard-of", "日本語", "</s>", "<", "a\u0085b", "🤗🤗", "ß" * 30]
    out = {"words": len(words), "vectors": [[w, vector(m, w)] for w in ask],
           "subwords": [[w, [int(i) for i in m.get_subwords(w)[1]]] for w in ("né", "unheard-of", "x", "")]}
    if m.f.getArgs().model == fasttext_pybind.model_name.supervised:
        out["predictions"] = [[t, k, p, predict(m, t, k, p)] for t in TEXTS for k, p in ((1, 0.0), (-1, 0.0), (3, 0.2), (5, 0.0))]
        if len(out["predictions"][1][3]) > 20:  # all of many labels, for three texts only
            out["predictions"] = [x for x in out["predictions"] if x[1] > 0 or x[0] in TEXTS[2:5]]
    return out


def languages(data):
    m = fasttext.load_model(f"{data}/models/fasttext_lid176/lid.176.ftz")
    out = {}
    with zipfile.ZipFile(f"{data}/parallel/udhr2/udhr2.zip") as z:
        for name in sorted(n for n in z.namelist() if n.endswith(".txt")):
            text = z.read(name).decode()
            lines = text.split("\n")
            out[name] = [predict(m, text, 2)] + [predict(m, lines[i], 2) for i in (0, 7, 20, 40) if i < len(lines)]
    return out


def write():
    import tempfile
    os.makedirs(OUT, exist_ok=True)
    data = os.environ["CLOZE_DATA"]
    versions = {"python": sys.version.split()[0], "fasttext": version("fasttext"), "numpy": np.__version__}
    with tempfile.TemporaryDirectory() as folder:
        train(folder)
    golden = {"versions": versions, "trained": {n: answers(f"{OUT}/{n}") for n in sorted(os.listdir(OUT)) if n.endswith((".bin", ".ftz"))},
              "real": {n: answers(f"{data}/models/{n}") for n in REAL}}
    json.dump(golden, open(f"{OUT}/golden.json", "w"), ensure_ascii=False)
    json.dump({"versions": versions, "texts": languages(data)}, open(f"{OUT}/lid176.json", "w"), ensure_ascii=False, indent=0)


if len(sys.argv) == 3:
    m = fasttext.load_model(sys.argv[2])
    for line in sys.stdin:
        line = line.rstrip("\n")
        print(json.dumps(vector(m, line) if sys.argv[1] == "vectors" else predict(m, line, -1)))
else:
    write()
