"""Vectors of texts by model2vec, for embeddings/.

Run from the repository root: CLOZE_DATA=... python testdata/gen/embeddings_model2vec.py
Writes testdata/embeddings/model2vec.json. The models without a tokenizer.json use that of test-model-float32.
"""
import json, os, shutil, sys, tempfile
from importlib.metadata import version
from model2vec import StaticModel

TEXTS = ["hello world", "hello", "", "naïve 日本 🤗", "The quick brown fox, 1984.", "unbelievably overcomplicated", "  blanks \t and\nlines "]
root, out = os.environ["CLOZE_DATA"] + "/models/model2vec", {}
for name in ("float32", "float16", "int8", "vocab-quantized"):
    with tempfile.TemporaryDirectory() as folder:
        for f in os.listdir(f"{root}/test-model-{name}"):
            shutil.copy(f"{root}/test-model-{name}/{f}", folder)
        if not os.path.exists(f"{folder}/tokenizer.json"):
            shutil.copy(f"{root}/test-model-float32/tokenizer.json", folder)
        model = StaticModel.from_pretrained(folder, force_download=False)
        out[name] = [[t, [float(x) for x in model.encode(t)]] for t in TEXTS]
json.dump({"versions": {"python": sys.version.split()[0], "model2vec": version("model2vec"), "tokenizers": version("tokenizers")}, "models": out},
          open("testdata/embeddings/model2vec.json", "w"), ensure_ascii=False)
