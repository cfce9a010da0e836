"""Goldens of encoders with a head for classes, from transformers: 2 layers, 32 wide, random weights everywhere.

usage: python testdata/gen/models_classify.py        (from the repository root)
Writes testdata/models/classify_tiny/NAME/{config.json,model.safetensors,gradients.safetensors} and, for all, testdata/models/classify_tiny.json:
ids, segments, logits, the loss and the gradient norm. The rows go through transformers as one padded batch with its mask.
"""
import json
import pathlib
import sys

import safetensors.torch
import torch
import transformers

torch.set_num_threads(1)
OUT = pathlib.Path("testdata/models/classify_tiny")
ROWS, PAD = [7, 12, 2, 5], 1
LABELS = {0: "calm", 1: "rain", 2: "storm"}
SMALL = dict(vocab_size=61, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=44, max_position_embeddings=24, pad_token_id=PAD)
DISTIL = dict(vocab_size=61, dim=32, n_layers=2, n_heads=4, hidden_dim=44, max_position_embeddings=24, pad_token_id=PAD)
XLM = dict(vocab_size=61, emb_dim=32, n_layers=2, n_heads=4, max_position_embeddings=24, n_langs=1, pad_token_id=PAD)
MODELS = {
    "bert": (transformers.BertForSequenceClassification, transformers.BertConfig(**SMALL), "single_label_classification"),
    "bert_multi": (transformers.BertForSequenceClassification, transformers.BertConfig(**SMALL), "multi_label_classification"),
    "bert_regression": (transformers.BertForSequenceClassification, transformers.BertConfig(**SMALL), "regression"),
    "roberta": (transformers.RobertaForSequenceClassification,
                transformers.RobertaConfig(**SMALL | dict(pad_token_id=3, type_vocab_size=1, layer_norm_eps=1e-5)), "single_label_classification"),
    "distilbert": (transformers.DistilBertForSequenceClassification, transformers.DistilBertConfig(**DISTIL), "single_label_classification"),
    "xlm": (transformers.XLMForSequenceClassification, transformers.XLMConfig(**XLM), "single_label_classification"),
}


def padded(rows, fill):
    return torch.stack([torch.cat([row, torch.full((max(ROWS) - len(row),), fill)]) for row in rows])


def golden(name, cls, config, problem):
    torch.manual_seed(20)
    config._attn_implementation = "eager"
    config.problem_type = problem
    if problem == "regression":
        config.num_labels = 1
    else:
        config.id2label, config.label2id = LABELS, {v: k for k, v in LABELS.items()}
    model = cls(config)
    model.eval()
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.1 * torch.randn_like(p))
    folder = OUT / name
    model.save_pretrained(folder)
    ids = [torch.randint(4, 61, (n,)) for n in ROWS]
    kinds = [(torch.arange(n) * 2 >= n).long() for n in ROWS]
    batch = dict(input_ids=padded(ids, config.pad_token_id), attention_mask=padded([torch.ones(n, dtype=torch.long) for n in ROWS], 0))
    out = {"ids": torch.cat(ids).tolist(), "rows": ROWS, "problem": problem}
    if name.startswith("bert"):
        batch["token_type_ids"] = padded(kinds, 0)
        out["segments"] = torch.cat(kinds).tolist()
    classes = torch.tensor([2, 0, 1, 2])
    values = torch.tensor([0.5, -1.25, 3.0, 0.0])
    sets = torch.tensor([[1.0, 0, 1], [0, 0, 0], [0, 1, 0], [1, 1, 1]])
    labels = {"regression": values, "multi_label_classification": sets}.get(problem, classes)
    o = model(**batch, labels=labels)
    o.loss.backward()
    trained = {n: p for n, p in model.named_parameters() if p.grad is not None}
    safetensors.torch.save_file({n: p.grad.contiguous() for n, p in trained.items()}, folder / "gradients.safetensors")
    out |= {"logits": o.logits.flatten().tolist(), "loss": o.loss.item(), "labels": labels.tolist(),
            "grad_norm": torch.nn.utils.get_total_norm([p.grad for p in trained.values()]).item()}
    print(name, out["loss"], out["grad_norm"])
    return out


goldens = {"versions": {"torch": torch.__version__, "transformers": transformers.__version__, "python": sys.version.split()[0]}}
goldens["models"] = {name: golden(name, *of) for name, of in MODELS.items()}
(OUT.parent / "classify_tiny.json").write_text(json.dumps(goldens) + "\n")
