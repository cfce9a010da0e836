"""Vectors of fastText models without a magic number, by gensim, for embeddings/.

Run from the repository root: CLOZE_DATA=... python testdata/gen/embeddings_fasttext_old.py
Writes testdata/embeddings/fasttext_old.json.
"""
import json, os, sys
import gensim, numpy as np
from gensim.models.fasttext import load_facebook_vectors

out = {}
for name, encoding in (("lee_fasttext.bin", "utf-8"), ("non_ascii_fasttext.bin", "utf-8"), ("cp852_fasttext.bin", "cp852")):
    kv = load_facebook_vectors(f"{os.environ['CLOZE_DATA']}/models/gensim/{name}", encoding=encoding)
    # Of the words in another encoding only those that are ASCII can be asked for by name here.
    words = [w for w in kv.index_to_key if encoding == "utf-8" or w.isascii()]
    ask = words[:5] + words[-5:] + ["unheard-of", "né", "日本語"]
    out["gensim/" + name] = {"words": len(kv.index_to_key), "vectors": {w: [float(str(x)) for x in kv[w].astype(np.float32)] for w in ask}}
json.dump({"versions": {"python": sys.version.split()[0], "gensim": gensim.__version__}, "models": out},
          open("testdata/embeddings/fasttext_old.json", "w"), ensure_ascii=False)
