"""Vectors written and searched by gensim, for embeddings/.

Run from the repository root: python testdata/gen/embeddings_gensim.py
Writes testdata/embeddings/gensim.txt, gensim.bin, gensim.json.
With a folder as argument it reads the files there, which embeddings.TestGensimReadsWhatWeWrite
wrote in every format, and prints words and bits as JSON.
"""
import json, os, sys
import gensim, numpy as np
from gensim.models import KeyedVectors

OUT = "testdata/embeddings"


def bits(kv):
    return {"words": kv.index_to_key, "bits": [int(x) for x in kv.vectors.astype("<f4").view("<u4").flatten()]}


def read_back(folder):
    from gensim.models.fasttext import load_facebook_vectors
    from safetensors.numpy import load_file
    out = {}
    for name, options in (("word2vec", {}), ("word2vec-bin", dict(binary=True)), ("glove", dict(no_header=True)), ("fasttext-vec", {})):
        out[name] = bits(KeyedVectors.load_word2vec_format(os.path.join(folder, name), **options))
    out["fasttext"] = bits(load_facebook_vectors(os.path.join(folder, "fasttext")))
    f = load_file(os.path.join(folder, "safetensors"))
    w, o = f["words"].tobytes(), f["word_offsets"]
    kv = KeyedVectors(f["embeddings"].shape[1])
    kv.add_vectors([w[o[i]:o[i+1]].decode() for i in range(len(o) - 1)], f["embeddings"])
    out["safetensors"] = bits(kv)
    json.dump(out, sys.stdout)


def write():
    os.makedirs(OUT, exist_ok=True)
    rng = np.random.default_rng(7)
    words = ["the", "of", "naïve", "日本", "a-b", "7", "3.5", "\u00a0x", "▁the", "<0x0A>"] + [f"w{i}" for i in range(50)]
    vectors = rng.standard_normal((len(words), 12)).astype(np.float32)
    vectors *= (10.0 ** rng.integers(-8, 4, size=vectors.shape)).astype(np.float32)
    vectors[20] = 2 * vectors[21]  # equal cosines: a tie
    kv = KeyedVectors(12)
    kv.add_vectors(words, vectors)
    kv.save_word2vec_format(f"{OUT}/gensim.txt", binary=False)
    kv.save_word2vec_format(f"{OUT}/gensim.bin", binary=True)
    nearest = {w: kv.most_similar(w, topn=7) for w in ("the", "▁the", "w3", "w49")}
    golden = {"versions": {"python": sys.version.split()[0], "gensim": gensim.__version__, "numpy": np.__version__}, **bits(kv), "nearest": nearest}
    json.dump(golden, open(f"{OUT}/gensim.json", "w"), ensure_ascii=False)


read_back(sys.argv[1]) if len(sys.argv) > 1 else write()
