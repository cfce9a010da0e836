"""The loss of transformers' BertForMaskedLM over steps whose weights, batches and learning rates the other side has written.

usage: masked_curve.py FOLDER THREADS
  FOLDER holds config.json, model.safetensors (the weights before the first step), and steps.jsonl: a line a step with its learning rate and its
  rows, [[ids], [labels]] each, masked already. objectives/train/masked_quality_test.go writes them and compares.
A step pads its rows, and is forward, backward, clipping to 1.0 and AdamW with decay groups. Prints one line of JSON.
"""
import json
import pathlib
import sys

import torch
import transformers

folder = pathlib.Path(sys.argv[1])
torch.set_num_threads(int(sys.argv[2]))
model = transformers.BertForMaskedLM.from_pretrained(folder).train()
decay = [p for p in model.parameters() if p.dim() >= 2]
rest = [p for p in model.parameters() if p.dim() < 2]
opt = torch.optim.AdamW([{"params": decay, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}], lr=1e-3, betas=(0.9, 0.99), eps=1e-8, fused=True)


def padded(parts, fill):
    return torch.nn.utils.rnn.pad_sequence([torch.tensor(p) for p in parts], batch_first=True, padding_value=fill)


losses = []
for line in open(folder / "steps.jsonl"):
    step = json.loads(line)
    for group in opt.param_groups:
        group["lr"] = step["lr"]
    ids, labels = [r[0] for r in step["rows"]], [r[1] for r in step["rows"]]
    loss = model(input_ids=padded(ids, 0), attention_mask=padded([[1] * len(r) for r in ids], 0), labels=padded(labels, -100)).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()
    opt.zero_grad(set_to_none=True)
    losses.append(loss.item())
print(json.dumps({"losses": losses, "torch": torch.__version__, "transformers": transformers.__version__}))
