"""Goldens of token attributions: integrated gradients of transformers' tiny classifiers, by the formula written out.

usage: python testdata/gen/models_explain.py        (from the repository root, after models_classify.py)
Reads testdata/models/classify_tiny and writes testdata/models/explain_tiny.json. What is computed is what captum's
LayerIntegratedGradients(forward, embeddings.word_embeddings) does with its default method, Gauss-Legendre: the path from the baseline's word vectors (every token but
the first and the last is the token of padding) to the row's, 50 steps, of the label's probability (of a regression the value); then the sum over the width of a vector.
"""
import json
import pathlib

import numpy
import torch
import transformers

torch.set_num_threads(1)
ROOT, STEPS = pathlib.Path("testdata/models"), 50
goldens = json.loads((ROOT / "classify_tiny.json").read_text())["models"]
nodes, weights = (torch.tensor(x) for x in numpy.polynomial.legendre.leggauss(STEPS))
alphas, weights = (nodes + 1) / 2, weights / 2


def golden(name, g):
    model = transformers.AutoModelForSequenceClassification.from_pretrained(ROOT / "classify_tiny" / name, attn_implementation="eager").double().eval()
    table, pad, rows, at = model.get_input_embeddings(), model.config.pad_token_id, [], 0
    for number, n in enumerate(g["rows"]):
        ids = torch.tensor(g["ids"][at:at + n])
        kinds = torch.tensor(g["segments"][at:at + n]) if "segments" in g else None
        at += n
        baseline = ids.clone()
        baseline[1:-1] = pad
        label = number % model.config.num_labels

        def probability(words):
            more = {} if kinds is None else {"token_type_ids": kinds.expand(len(words), -1)}
            if "roberta" in name:  # as for ids none of which is padding
                more["position_ids"] = torch.arange(n).expand(len(words), -1) + pad + 1
            logits = model(inputs_embeds=words, attention_mask=torch.ones(words.shape[:2]), **more).logits
            problem = g["problem"]
            p = logits.softmax(-1) if problem == "single_label_classification" else logits.sigmoid() if problem == "multi_label_classification" else logits
            return p[:, label]

        x, blank = table(ids).detach(), table(baseline).detach()
        words = (blank + alphas[:, None, None] * (x - blank)).requires_grad_()
        gradient, = torch.autograd.grad(probability(words).sum(), words)
        attributions = ((x - blank) * (weights[:, None, None] * gradient).sum(0)).sum(-1)
        ends = probability(torch.stack([blank, x])).tolist()
        rows.append({"ids": ids.tolist(), "baseline": baseline.tolist(), "segments": None if kinds is None else kinds.tolist(), "class": label,
                     "attributions": attributions.tolist(), "from": ends[0], "to": ends[1]})
    return {"problem": g["problem"], "rows": rows}


out = {"versions": {"torch": torch.__version__, "transformers": transformers.__version__, "numpy": numpy.__version__}, "steps": STEPS,
       "models": {name: golden(name, g) for name, g in goldens.items()}}
(ROOT / "explain_tiny.json").write_text(json.dumps(out))
for name, m in out["models"].items():
    print(name, *(f"{r['to'] - r['from']:.4f}/{sum(r['attributions']):.4f}" for r in m["rows"]))
