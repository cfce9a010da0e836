"""Correlations by scipy, for objectives/metrics.

usage: python testdata/gen/metrics_correlation.py        (from the repository root)
Writes testdata/metrics/correlation.json: series with and without ties, their ranks, Pearson's and Spearman's correlation.
"""
import json, os, sys
import numpy as np, scipy
from scipy import stats

rng = np.random.default_rng(11)
cases = []


def case(name, x, y):
    x, y = np.asarray(x, float), np.asarray(y, float)
    cases.append({"name": name, "x": x.tolist(), "y": y.tolist(), "ranks": stats.rankdata(x).tolist(),
                  "pearson": float(stats.pearsonr(x, y)[0]), "spearman": float(stats.spearmanr(x, y)[0])})


x = rng.standard_normal(200)
case("noise around a line", x, 0.5 * x + rng.standard_normal(200))
case("falling", x, -np.exp(x))
case("many ties", rng.integers(0, 5, 300), rng.integers(0, 4, 300))
case("two pairs", [1, 2], [5, 3])
case("ties in one", [1, 1, 1, 2], [4, 3, 2, 1])
case("far from zero", 1e9 + x, 1e-9 * x + 3)
case("very small", 1e-200 * x, 1e200 * x**3)
case("scores of people", [10, 9.5, 9.5, 7, 7, 7, 1.25, 0], [0.9, 0.8, 0.7, 0.7, 0.1, 0.6, 0.2, -0.1])

os.makedirs("testdata/metrics", exist_ok=True)
versions = {"python": sys.version.split()[0], "numpy": np.__version__, "scipy": scipy.__version__}
json.dump({"versions": versions, "cases": cases}, open("testdata/metrics/correlation.json", "w"))
