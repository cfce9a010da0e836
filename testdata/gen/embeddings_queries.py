"""What gensim answers on real vectors (GloVe, 25,000 x 50), for embeddings/ and cmd/cloze.

usage: CLOZE_DATA=... python testdata/gen/embeddings_queries.py        (from the repository root)
Writes testdata/embeddings/queries.json and evaluation.json: words and scores, no vectors. Takes about two minutes.
"""
import glob, json, os, sys
import gensim, numpy as np, scipy
from gensim.models import KeyedVectors

DATA = os.environ["CLOZE_DATA"]
VECTORS = "models/glove_6b_50d_top/glove.6B.50d.top25k.txt.gz"
OUT = "testdata/embeddings"
VERSIONS = {"python": sys.version.split()[0], "gensim": gensim.__version__, "numpy": np.__version__, "scipy": scipy.__version__}

kv = KeyedVectors.load_word2vec_format(os.path.join(DATA, VECTORS), binary=False, no_header=True)


def write(name, **content):
    with open(f"{OUT}/{name}.json", "w") as f:
        json.dump({"versions": VERSIONS, "vectors": VECTORS, **content}, f, ensure_ascii=False, indent=1)


def queries():
    """A term is a word and a weight, or, marked so, the word's raw vector and a weight."""
    terms = lambda side: [(kv[w] if raw else w, weight) for w, weight, raw in side]
    similar = []
    for positive, negative, restrict in [
        ([("king", 1, 0)], [], None),
        ([("king", 1, 0), ("woman", 1, 0)], [("man", 1, 0)], None),
        ([("king", 1, 0), ("woman", 1, 0)], [("man", 1, 0)], 3000),
        ([("paris", 2, 0), ("germany", 0.5, 0)], [("france", 0.75, 0)], None),
        ([("water", 1, 1)], [], None),
        ([("water", 0.3, 1), ("fire", 1, 0)], [("burning", 0.1, 1)], None),
        ([], [("water", 1, 0)], None),
        ([("good", 1, 0), ("good", 1, 0)], [("bad", 1, 0)], None),
    ]:
        negated = [(w, -x) for w, x in terms(negative)]  # a weight given takes the place of gensim's -1
        similar.append({"positive": positive, "negative": negative, "first": restrict or 0,
                        "answer": kv.most_similar(positive=terms(positive), negative=negated, topn=12, restrict_vocab=restrict)})
    cosmul = []
    for positive, negative in [
        (["king", "woman"], ["man"]), (["paris", "germany"], ["france"]), (["king"], []), (["better", "bad"], ["good"]),
        (["walking", "swam"], ["swimming"]), (["dog", "cat", "horse"], ["bird", "fish"]),
    ]:
        cosmul.append({"positive": positive, "negative": negative, "answer": kv.most_similar_cosmul(positive=positive, negative=negative, topn=12)})
    odd = []
    for words in ["breakfast cereal dinner lunch", "paris london berlin cat rome", "one two three four blue", "red green blue car", "he she it they table", "king queen"]:
        words = words.split()
        odd.append({"words": words, "odd": kv.doesnt_match(words), "ranked": [(w, float(s)) for s, w in kv.rank_by_centrality(words)]})
    sets = []
    for a, b in [("sushi shop", "japanese restaurant"), ("king", "queen"), ("the cat sat", "a dog stood up"), ("red red blue", "green")]:
        a, b = a.split(), b.split()
        sets.append({"a": a, "b": b, "similarity": float(kv.n_similarity(a, b))})
    pairs = [(a, b, float(kv.similarity(a, b))) for a, b in [("king", "queen"), ("cat", "dog"), ("the", "zinc"), ("walk", "walk")]]
    means = []
    for words in ["the cat sat on the mat", "stock markets fell sharply on monday", "xqzzq the"]:
        row = {"words": words.split()}
        for unit in (False, True):  # scores of the mean, not the mean: no vectors here
            mean = kv.get_mean_vector(words.split(), pre_normalize=unit)
            row["unit" if unit else "raw"] = {"norm": float(np.linalg.norm(mean)), "answer": kv.similar_by_vector(mean, topn=5)}
        means.append(row)
    write("queries", similar=similar, cosmul=cosmul, odd=odd, sets=sets, pairs=pairs, means=means)


# Options as gensim names them, and as embeddings does.
OPTIONS = [
    {},
    {"dummy4unknown": True},
    {"restrict_vocab": 5000},
    {"case_insensitive": False},
]


def evaluation():
    similarity = []
    files = sorted(glob.glob(os.path.join(DATA, "wordvec_eval/similarity/*.txt")))
    files += [os.path.join(DATA, "wordvec_eval/gensim", n) for n in ("simlex999.txt", "wordsim353.tsv")]
    for path in files:
        for options in OPTIONS:
            pearson, spearman, unknown = kv.evaluate_word_pairs(path, **options)
            similarity.append({"set": os.path.relpath(path, DATA), "options": options, "pearson": float(pearson[0]),
                               "spearman": float(spearman[0]), "unknown_percent": unknown})
    analogies = []
    for name, options in [("questions-words.txt.gz", o) for o in OPTIONS] + [("questions-phrases.txt", OPTIONS[1])]:
        score, sections = kv.evaluate_word_analogies(os.path.join(DATA, "wordvec_eval/analogies", name), **options)
        analogies.append({"set": "wordvec_eval/analogies/" + name, "options": options, "score": score,
                          "sections": [{"name": s["section"], "correct": len(s["correct"]), "asked": len(s["correct"]) + len(s["incorrect"])} for s in sections]})
        print(name, options, score)
    letters = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000 and len(chr(c).upper()) > 1]  # those that become several
    upper = [(f"a{c}z", f"a{c}z".upper()) for c in letters + list("éıςДя日ǆ")]
    write("evaluation", similarity=similarity, analogies=analogies, upper=upper)


queries()
evaluation()
