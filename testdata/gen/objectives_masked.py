"""Masked-token and next-sentence losses of transformers: a 2-layer, 16-wide BERT with random weights everywhere.

usage: python testdata/gen/objectives_masked.py        (from the repository root)
Writes testdata/objectives/bert_masked/{config.json,model.safetensors,gradients.safetensors} and testdata/objectives/masked.json: the batch,
already masked, the mean loss of each term, every gradient of the masked-token loss, the gradient norm of both together, ten AdamW
steps' losses of each. The batch is run padded, as transformers does; here no padding is made.
"""
import json
import pathlib

import safetensors.torch
import torch
import transformers

torch.manual_seed(21)
torch.set_num_threads(1)
OUT = pathlib.Path("testdata/objectives/bert_masked")
OUT.mkdir(parents=True, exist_ok=True)
V, ROWS, LR, BETAS, EPS, DECAY, CLIP, STEPS = 61, [9, 14, 5, 7], 1e-2, (0.9, 0.95), 1e-8, 0.1, 1.0, 10

config = transformers.BertConfig(
    vocab_size=V, max_position_embeddings=16, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
    hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
)
model = transformers.BertForPreTraining(config)
with torch.no_grad():
    for p in model.parameters():
        p.add_(0.1 * torch.randn_like(p))
model.save_pretrained(OUT)
(OUT / "generation_config.json").unlink(missing_ok=True)

rows, labels = [], []
for n in ROWS:
    text = torch.randint(4, V, (n,))
    asked = torch.rand(n) < 0.4
    asked[0] = asked[-1] = False
    labels.append(torch.where(asked, text, -100))
    rows.append(torch.where(asked & (torch.rand(n) < 0.8), 3, text))
segments = [(torch.arange(n) >= n // 2).long() for n in ROWS]
pairs = torch.tensor([0, 1, 1, 0])


def padded(parts, fill):
    return torch.nn.utils.rnn.pad_sequence(parts, batch_first=True, padding_value=fill)


def losses_of(m):
    mask = padded([torch.ones(n, dtype=torch.long) for n in ROWS], 0)
    out = m(input_ids=padded(rows, 0), attention_mask=mask, token_type_ids=padded(segments, 0))
    ce = torch.nn.functional.cross_entropy
    return ce(out.prediction_logits.view(-1, V), padded(labels, -100).view(-1)), ce(out.seq_relationship_logits, pairs)


masked, sentence = losses_of(model)
masked.backward(retain_graph=True)
named = dict(model.named_parameters())
safetensors.torch.save_file({n: p.grad.clone() for n, p in named.items() if p.grad is not None}, OUT / "gradients.safetensors")
sentence.backward()
norm = torch.nn.utils.get_total_norm([p.grad for p in model.parameters()]).item()


def train(use_pairs):
    m = transformers.BertForPreTraining.from_pretrained(OUT).train()
    decay = [p for p in m.parameters() if p.dim() >= 2]
    rest = [p for p in m.parameters() if p.dim() < 2]
    optimizer = torch.optim.AdamW([{"params": decay, "weight_decay": DECAY}, {"params": rest, "weight_decay": 0.0}], lr=LR, betas=BETAS, eps=EPS)
    steps = []
    for _ in range(STEPS):
        one, two = losses_of(m)
        loss = one + two if use_pairs else one
        loss.backward()
        torch.nn.utils.clip_grad_norm_([p for p in m.parameters() if p.grad is not None], CLIP)
        optimizer.step()
        optimizer.zero_grad()
        steps.append(loss.item())
    return steps


json.dump({
    "about": "testdata/gen/objectives_masked.py", "torch": torch.__version__, "transformers": transformers.__version__,
    "rows": [r.tolist() for r in rows], "labels": [l.tolist() for l in labels], "segments": [s.tolist() for s in segments], "pairs": pairs.tolist(),
    "masked": masked.item(), "sentence": sentence.item(), "grad_norm": norm, "masked_steps": train(False), "both_steps": train(True),
}, open("testdata/objectives/masked.json", "w"), indent=1)
