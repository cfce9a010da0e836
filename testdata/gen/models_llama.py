"""Llama goldens from transformers: 2 layers, 32 wide, random weights everywhere (norms too), in three shapes.

usage: python testdata/gen/models_llama.py        (from the repository root)
Writes testdata/models/llama_tiny/NAME/{config.json,model.safetensors,gradients.safetensors} and, for all,
testdata/models/llama_tiny.json: logits, mean loss, gradient norm, ten AdamW steps' losses.
  grouped  4 query heads share 2 key heads, a table of its own for output
  tied     one key head, tied tables, biases in attention and MLP, heads wider than D/H
  scaled   as many key heads as query heads, positions stretched as in Llama 3
Rows are run one by one, so that nothing of packing or padding is in the numbers.
"""
import json
import pathlib

import safetensors.torch
import torch
import transformers

torch.set_num_threads(1)
OUT = pathlib.Path("testdata/models/llama_tiny")
ROWS = [7, 12, 1, 4]  # tokens of each document
LR, BETAS, EPS, DECAY, CLIP, STEPS = 1e-2, (0.9, 0.95), 1e-8, 0.1, 1.0, 10
SHAPES = {
    "grouped": dict(num_attention_heads=4, num_key_value_heads=2),
    "tied": dict(num_attention_heads=4, num_key_value_heads=1, tie_word_embeddings=True, attention_bias=True, mlp_bias=True,
                 head_dim=12, rms_norm_eps=1e-6),
    "scaled": dict(num_attention_heads=4, num_key_value_heads=4, rope_parameters=dict(
        rope_type="llama3", rope_theta=100.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
        original_max_position_embeddings=32)),
}


def golden(name, changes):
    torch.manual_seed(20)
    config = transformers.LlamaConfig(**(dict(
        vocab_size=61, max_position_embeddings=256, hidden_size=32, intermediate_size=44, num_hidden_layers=2,
        rms_norm_eps=1e-5, bos_token_id=0, eos_token_id=0) | changes))
    config._attn_implementation = "eager"
    model = transformers.LlamaForCausalLM(config)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.1 * torch.randn_like(p))
    folder = OUT / name
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)

    ids = [torch.randint(0, 61, (n,)) for n in ROWS]
    targets = [torch.cat([row[1:], torch.tensor([-100])]) for row in ids]  # the last token of a row has no target

    def loss_of(m):
        logits = torch.cat([m(row[None]).logits[0] for row in ids])
        return logits, torch.nn.functional.cross_entropy(logits, torch.cat(targets), ignore_index=-100)

    logits, loss = loss_of(model)
    loss.backward()
    named = dict(model.named_parameters())
    safetensors.torch.save_file({n: p.grad.contiguous() for n, p in named.items()}, folder / "gradients.safetensors")
    norm = torch.nn.utils.get_total_norm([p.grad for p in model.parameters()]).item()

    decay = [p for p in model.parameters() if p.dim() >= 2]
    rest = [p for p in model.parameters() if p.dim() < 2]
    optimizer = torch.optim.AdamW([{"params": decay, "weight_decay": DECAY}, {"params": rest, "weight_decay": 0.0}], lr=LR, betas=BETAS, eps=EPS)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        step_loss = loss_of(model)[1]
        losses.append(step_loss.item())
        step_loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
    print(name, "loss", loss.item(), "norm", norm, "losses", losses)
    return {
        "ids": torch.cat(ids).tolist(), "targets": torch.cat(targets).tolist(), "rows": ROWS,
        "logits": [round(x, 7) for x in logits.detach().flatten().tolist()], "loss": loss.item(), "grad_norm": norm,
        "frequencies": model.model.rotary_emb.inv_freq.tolist(),
        "adamw": {"lr": LR, "beta1": BETAS[0], "beta2": BETAS[1], "eps": EPS, "weight_decay": DECAY, "clip": CLIP, "losses": losses},
    }


def frequencies(**rope):
    config = transformers.LlamaConfig(head_dim=128, hidden_size=4096, num_attention_heads=32, max_position_embeddings=131072, rope_parameters=rope)
    return transformers.models.llama.modeling_llama.LlamaRotaryEmbedding(config).inv_freq.tolist()


goldens = {"versions": {"torch": torch.__version__, "transformers": transformers.__version__}}
goldens["models"] = {name: golden(name, changes) for name, changes in SHAPES.items()}
goldens["frequencies"] = {
    "default": frequencies(rope_type="default", rope_theta=10000.0),
    "linear": frequencies(rope_type="linear", rope_theta=10000.0, factor=4.0),
    "llama3": frequencies(rope_type="llama3", rope_theta=500000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                          original_max_position_embeddings=8192),
}
(OUT.parent / "llama_tiny.json").write_text(json.dumps(goldens) + "\n")
