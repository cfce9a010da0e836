"""Golden numbers of embeddings/reduce from scikit-learn: python testdata/gen/embeddings_pca.py

Writes testdata/embeddings/pca.json: the vectors (random, correlated, far from the origin), their PCA, and their
uncentred decomposition by numpy's SVD with the same rule of signs.
"""
import json
import pathlib

import numpy as np
import sklearn
from sklearn.decomposition import PCA

rng = np.random.default_rng(5)
x = (rng.normal(size=(60, 8)) @ rng.normal(size=(8, 8)) + rng.normal(size=8) * 3).astype(np.float32)
k = 5
p = PCA(n_components=k, svd_solver="full").fit(x.astype(np.float64))
_, s, vt = np.linalg.svd(x.astype(np.float64), full_matrices=False)
vt *= np.sign(vt[np.arange(len(vt)), np.abs(vt).argmax(1)])[:, None]
out = {
    "versions": {"numpy": np.__version__, "scikit-learn": sklearn.__version__},
    "rows": x.tolist(),
    "centred": {"mean": p.mean_.tolist(), "components": p.components_.tolist(), "variance": p.explained_variance_.tolist(),
                "ratio": p.explained_variance_ratio_.tolist(), "transformed": p.transform(x.astype(np.float64))[:4].tolist()},
    "uncentred": {"mean": [0] * 8, "components": vt[:k].tolist(), "variance": (s**2 / len(x))[:k].tolist(),
                  "ratio": (s**2 / (s**2).sum())[:k].tolist(), "transformed": (x @ vt[:k].T)[:4].tolist()},
}
path = pathlib.Path(__file__).parents[1] / "embeddings" / "pca.json"
path.write_text(json.dumps(out) + "\n")
