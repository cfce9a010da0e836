"""Goldens of the encoders from transformers: 2 layers, 32 wide, random weights everywhere (norms and biases too).

usage: python testdata/gen/models_bert.py        (from the repository root)
Writes testdata/models/encoder_tiny/NAME/{config.json,model.safetensors,gradients.safetensors} and, for all,
testdata/models/encoder_tiny.json: ids, segments or languages, hidden states, logits, mean loss over masked tokens,
gradient norm, ten AdamW steps' losses.
The rows go through transformers as one padded batch with its mask; only the numbers of real tokens are written.
"""
import json
import pathlib
import sys

import safetensors.torch
import torch
import transformers

torch.set_num_threads(1)
OUT = pathlib.Path("testdata/models/encoder_tiny")
ROWS = [7, 12, 1, 5]  # tokens of each row
PAD = 1
LR, BETAS, EPS, DECAY, CLIP, STEPS = 1e-2, (0.9, 0.95), 1e-8, 0.1, 1.0, 10
SMALL = dict(vocab_size=61, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=44, max_position_embeddings=24,
             pad_token_id=PAD)
MODELS = {
    "bert": (transformers.BertForPreTraining, transformers.BertConfig(**SMALL)),
    "bert_untied": (transformers.BertForMaskedLM, transformers.BertConfig(**SMALL, tie_word_embeddings=False, hidden_act="relu")),
    "bert_bare": (transformers.BertModel, transformers.BertConfig(**SMALL)),
    "roberta": (transformers.RobertaForMaskedLM, transformers.RobertaConfig(**SMALL | dict(pad_token_id=3, type_vocab_size=1, layer_norm_eps=1e-5))),
    "xlm_roberta": (transformers.XLMRobertaForMaskedLM, transformers.XLMRobertaConfig(**SMALL | dict(type_vocab_size=1))),
    "distilbert": (transformers.DistilBertForMaskedLM, transformers.DistilBertConfig(
        vocab_size=61, dim=32, n_layers=2, n_heads=4, hidden_dim=44, max_position_embeddings=24, pad_token_id=PAD)),
    "xlm": (transformers.XLMWithLMHeadModel, transformers.XLMConfig(
        vocab_size=61, emb_dim=32, n_layers=2, n_heads=4, max_position_embeddings=24, n_langs=3, pad_token_id=PAD)),
    # rows of 7 and 12 tokens are longer than what a token of a local layer sees, those of 1 and 5 are not
    "modernbert": (transformers.ModernBertForMaskedLM, transformers.ModernBertConfig(
        vocab_size=61, hidden_size=32, intermediate_size=44, num_hidden_layers=3, num_attention_heads=4, max_position_embeddings=24,
        local_attention=8, global_attn_every_n_layers=2, pad_token_id=PAD, bos_token_id=2, eos_token_id=3, cls_token_id=2, sep_token_id=3)),
}


def padded(rows, fill):
    return torch.stack([torch.cat([row, torch.full((max(ROWS) - len(row),), fill)]) for row in rows])


def golden(name, cls, config):
    torch.manual_seed(20)
    config._attn_implementation = "eager"
    model = cls(config)
    model.eval()  # no dropout, neither in the gradients nor in the steps
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.1 * torch.randn_like(p))
    folder = OUT / name
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)

    pad = config.pad_token_id
    ids = [torch.randint(4, 61, (n,)) for n in ROWS]
    targets = [torch.where(torch.rand(n) < 0.4, torch.randint(0, 61, (n,)), -100) for n in ROWS]
    kinds = [(torch.arange(n) * 2 >= n).long() for n in ROWS]  # the second half of a row
    mask = padded([torch.ones(n, dtype=torch.long) for n in ROWS], 0)
    batch = dict(input_ids=padded(ids, pad), attention_mask=mask)
    out = {}
    if name.startswith("bert"):
        batch["token_type_ids"] = padded(kinds, 0)
        out["segments"] = torch.cat(kinds).tolist()
    if name == "xlm":
        languages = [kind * 2 for kind in kinds]
        batch["langs"] = padded(languages, 0)
        out["languages"] = torch.cat(languages).tolist()
    real = mask.bool()

    def run(m):
        o = m(**batch, output_hidden_states=True)
        logits = next((o[key] for key in ("logits", "prediction_logits") if key in o), None)
        return o.hidden_states[-1][real], logits if logits is None else logits[real], o

    hidden, logits, o = run(model)
    out |= {"ids": torch.cat(ids).tolist(), "targets": torch.cat(targets).tolist(), "rows": ROWS,
            "hidden": [round(x, 7) for x in hidden.flatten().tolist()]}
    if "seq_relationship_logits" in o:
        out["pairs"] = o.seq_relationship_logits.flatten().tolist()
    if logits is None:
        print(name, "bare")
        return out

    def loss_of(m):
        return torch.nn.functional.cross_entropy(run(m)[1], torch.cat(targets), ignore_index=-100)

    loss = loss_of(model)
    loss.backward()
    trained = {n: p for n, p in model.named_parameters() if p.grad is not None}
    safetensors.torch.save_file({n: p.grad.contiguous() for n, p in trained.items()}, folder / "gradients.safetensors")
    norm = torch.nn.utils.get_total_norm([p.grad for p in trained.values()]).item()
    decay = [p for p in trained.values() if p.dim() >= 2]
    rest = [p for p in trained.values() if p.dim() < 2]
    optimizer = torch.optim.AdamW([{"params": decay, "weight_decay": DECAY}, {"params": rest, "weight_decay": 0.0}], lr=LR, betas=BETAS, eps=EPS)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        step_loss = loss_of(model)
        losses.append(step_loss.item())
        step_loss.backward()
        torch.nn.utils.clip_grad_norm_(list(trained.values()), CLIP)
        optimizer.step()
    print(name, "loss", loss.item(), "norm", norm, "losses", losses)
    return out | {
        "logits": [round(x, 7) for x in logits.detach().flatten().tolist()], "loss": loss.item(), "grad_norm": norm,
        "adamw": {"lr": LR, "beta1": BETAS[0], "beta2": BETAS[1], "eps": EPS, "weight_decay": DECAY, "clip": CLIP, "losses": losses},
    }


goldens = {"versions": {"torch": torch.__version__, "transformers": transformers.__version__, "python": sys.version.split()[0]}}
goldens["models"] = {name: golden(name, cls, config) for name, (cls, config) in MODELS.items()}
(OUT.parent / "encoder_tiny.json").write_text(json.dumps(goldens) + "\n")
