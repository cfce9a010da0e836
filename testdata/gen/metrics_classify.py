"""Measures of classifiers by scikit-learn and scipy, for objectives/metrics.

usage: python testdata/gen/metrics_classify.py        (from the repository root)
Writes testdata/metrics/classify.json. NaN stands as null: scikit-learn's zero_division is nan throughout.
"""
import json, math, os, sys, warnings
import numpy as np, scipy, sklearn
from scipy import optimize, special, stats
from sklearn import metrics as M

warnings.filterwarnings("ignore")
rng = np.random.default_rng(19)
nan = float("nan")
clean = lambda x: None if isinstance(x, float) and math.isnan(x) else x


def plain(x):
    if isinstance(x, dict):
        return {k: plain(v) for k, v in x.items()}
    if isinstance(x, (list, tuple, np.ndarray)):
        return [plain(v) for v in x]
    if isinstance(x, np.generic):
        x = x.item()
    return clean(x)


def or_nan(f, *a, **k):
    try:
        return float(f(*a, **k))
    except ValueError:
        return nan


def averages(y, p, labels):
    out = {}
    for a in ("macro", "micro", "weighted"):
        r = M.precision_recall_fscore_support(y, p, labels=labels, average=a, zero_division=nan)[:3]
        out[a] = [float(v) for v in r]
    r = M.precision_recall_fscore_support(y, p, labels=labels, average=None, zero_division=nan)
    out["precision"], out["recall"], out["f1"] = [np.asarray(v).tolist() for v in r[:3]]
    out["support"] = [int(v) for v in r[3]]
    return out


def ece(conf, right, bins):
    edges = np.linspace(0, 1, bins + 1)
    total = 0.0
    for b in range(bins):
        i = (conf > edges[b]) & (conf <= edges[b + 1]) if b else conf <= edges[1]
        if i.any():
            total += i.mean() * abs(conf[i].mean() - right[i].mean())
    return total


single = []


def classes(name, gold, logits):
    gold, logits = np.asarray(gold), np.asarray(logits, float)
    n, c = logits.shape
    prob = special.softmax(logits, axis=1)
    pred = prob.argmax(1)
    labels = list(range(c))
    one_hot = np.eye(c)[gold]
    has = lambda k: 0 < (gold == k).sum() < n
    auroc = [M.roc_auc_score(gold == k, prob[:, k]) if has(k) else nan for k in labels]
    ap = [M.average_precision_score(gold == k, prob[:, k]) if (gold == k).any() else nan for k in labels]
    y = dict(name=name, classes=c, gold=gold, logits=logits.ravel(), probabilities=prob.ravel(), predicted=pred,
             confusion=M.confusion_matrix(gold, pred, labels=labels).ravel(), accuracy=M.accuracy_score(gold, pred),
             mcc=M.matthews_corrcoef(gold, pred), auroc=auroc, auprc=ap,
             log_loss=M.log_loss(gold, prob, labels=labels), brier=M.brier_score_loss(gold, prob, labels=labels),
             ece=ece(prob.max(1), pred == gold, 10), **averages(gold, pred, labels))
    y["macro_auroc"] = or_nan(M.roc_auc_score, gold, prob if c > 2 else prob[:, 1], multi_class="ovr", average="macro", labels=labels) if all(map(has, labels)) else nan
    loss = lambda t: -special.log_softmax(logits / math.exp(t), axis=1)[np.arange(n), gold].mean()
    r = optimize.minimize_scalar(loss, bounds=(-math.log(20), math.log(20)), method="bounded", options={"xatol": 1e-10})
    y["temperature"] = math.exp(r.x)
    single.append(y)


def noisy(gold, c, sharp, ties=False):
    x = rng.standard_normal((len(gold), c)) + sharp * np.eye(c)[gold]
    return np.round(x) if ties else x


g = rng.integers(0, 3, 300)
classes("three classes", g, noisy(g, 3, 1.5))
classes("ties", g, noisy(g, 3, 1.0, ties=True))
g = rng.integers(0, 2, 120)
classes("two classes", g, noisy(g, 2, 1))
g = rng.choice(5, 400, p=[0.7, 0.2, 0.06, 0.03, 0.01])
classes("rare classes", g, 3 * noisy(g, 5, 1))
g = rng.integers(0, 3, 50)
classes("class without examples", g, noisy(g, 4, 2))
classes("all of one class", [1] * 20, noisy([1] * 20, 3, 1))
classes("never predicted", [0] * 9 + [1], [[2, 0]] * 10)
classes("all scores equal", [0, 1, 1, 2], np.zeros((4, 3)))
classes("one example", [1], [[0.3, 0.1]])
classes("far logits", [0, 1, 1, 0], [[800, -800], [-300, 300], [5, 1], [1, 5]])

multi = []


def labelled(name, gold, score):
    gold, score = np.asarray(gold, int), np.asarray(score, float)
    pred = (score >= 0.5).astype(int)
    labels = list(range(gold.shape[1]))
    multi.append(dict(name=name, labels=gold.shape[1], gold=gold.ravel(), scores=score.ravel(), subset=M.accuracy_score(gold, pred),
                      hamming=M.hamming_loss(gold, pred), jaccard=float(M.jaccard_score(gold, pred, average="samples", zero_division=1.0)), **averages(gold, pred, labels)))


g = (rng.random((200, 4)) < [0.5, 0.3, 0.1, 0.02]).astype(int)
labelled("four labels", g, np.clip(0.5 * g + 0.7 * rng.random(g.shape), 0, 1))
labelled("label without examples", [[1, 0, 0], [0, 1, 0], [0, 0, 0]], [[0.9, 0.1, 0.8], [0.2, 0.4, 0.1], [0.1, 0.2, 0.3]])
labelled("empty", [[0, 0], [0, 0]], [[0.1, 0.2], [0.3, 0.4]])
labelled("reported", [[1, 0], [0, 1], [1, 1], [1, 0]], [[1, 0], [0, 1], [1, 0], [0, 1]])

binary = []


def ranked(name, gold, score):
    gold, score = np.asarray(gold, int), np.asarray(score, float)
    both = 0 < gold.sum() < len(gold)
    best = nan
    if gold.any():
        p, r, _ = M.precision_recall_curve(gold, score)
        best = float(np.max(np.divide(2 * p * r, p + r, out=np.zeros_like(p), where=p + r > 0)))
    group = rng.random(len(gold)) < 0.4
    auc = lambda i: M.roc_auc_score(gold[i], score[i]) if 0 < gold[i].sum() < i.sum() else nan
    binary.append(dict(name=name, gold=gold, scores=score, auroc=M.roc_auc_score(gold, score) if both else nan,
                       auprc=M.average_precision_score(gold, score) if gold.any() else nan, best_f1=best, group=group.astype(int),
                       subgroup=auc(group), bpsn=auc((group & (gold == 0)) | (~group & (gold == 1))), bnsp=auc((group & (gold == 1)) | (~group & (gold == 0)))))


g = rng.random(250) < 0.3
ranked("noise", g, g + rng.standard_normal(250))
ranked("ties", g, np.round(g + rng.standard_normal(250)))
ranked("equal", [0, 1, 1], [0.5, 0.5, 0.5])
ranked("upside down", [1, 1, 0, 0], [0, 0.1, 0.8, 0.9])
ranked("all positive", [1, 1], [0.1, 0.2])
ranked("all negative", [0, 0], [0.1, 0.2])

mcnemar = []
for b, c in [(5, 15), (0, 7), (30, 51), (400, 340), (0, 1), (3000, 3100), (12, 12)]:
    x = max(abs(b - c) - 1, 0) ** 2 / (b + c)
    mcnemar.append(dict(first=b, second=c, exact=stats.binomtest(b, b + c, 0.5).pvalue, chi=x, p=stats.chi2.sf(x, 1)))

x = rng.standard_normal(80)
y = 0.7 * x + rng.standard_normal(80)
regression = [dict(gold=a, predicted=b, mse=M.mean_squared_error(a, b), mae=M.mean_absolute_error(a, b), r2=M.r2_score(a, b)) for a, b in [(x, y), (np.round(5 * x), 5 * y)]]
series = np.sort(rng.standard_normal(101))
quantiles = [[q, np.quantile(series, q)] for q in (0, 0.025, 0.37, 0.5, 0.975, 1)]
powers = [dict(values=v, p=-5, mean=np.mean(np.power(v, -5.0)) ** (-1 / 5)) for v in ([0.9, 0.8, 0.95], [0.5, 0.99])]

os.makedirs("testdata/metrics", exist_ok=True)
versions = {"python": sys.version.split()[0], "numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__}
json.dump(plain(dict(versions=versions, classes=single, multilabel=multi, binary=binary, mcnemar=mcnemar, regression=regression, series=series,
                     quantiles=quantiles, powers=powers)), open("testdata/metrics/classify.json", "w"))
