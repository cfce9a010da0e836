"""GPT-2 goldens from transformers: a 2-layer, 32-wide model with random weights everywhere (biases and norms too).

usage: python testdata/gen/models_gpt2.py        (from the repository root)
Writes testdata/models/gpt2_tiny/{config.json,model.safetensors,gradients.safetensors} and testdata/models/gpt2_tiny.json:
logits, mean loss, gradient norm, ten AdamW steps' losses, and the loss under every activation.
Rows are run one by one, so that nothing of packing or padding is in the numbers.
"""
import json
import pathlib

import safetensors.torch
import torch
import transformers

torch.manual_seed(20)
torch.set_num_threads(1)
OUT = pathlib.Path("testdata/models/gpt2_tiny")
OUT.mkdir(parents=True, exist_ok=True)
ROWS = [7, 12, 1, 4]  # tokens of each document
LR, BETAS, EPS, DECAY, CLIP, STEPS = 1e-2, (0.9, 0.95), 1e-8, 0.1, 1.0, 10

config = transformers.GPT2Config(
    vocab_size=61, n_positions=16, n_embd=32, n_layer=2, n_head=4, bos_token_id=0, eos_token_id=0,
    embd_pdrop=0.0, resid_pdrop=0.0, attn_pdrop=0.0,
)
config._attn_implementation = "eager"
model = transformers.GPT2LMHeadModel(config)
with torch.no_grad():
    for p in model.parameters():
        p.add_(0.1 * torch.randn_like(p))
model.save_pretrained(OUT)
for name in ("generation_config.json",):
    (OUT / name).unlink(missing_ok=True)

ids = [torch.randint(0, 61, (n,)) for n in ROWS]
targets = [torch.cat([row[1:], torch.tensor([-100])]) for row in ids]  # the last token of a row has no target


def loss_of(m):
    logits = torch.cat([m(row[None]).logits[0] for row in ids])
    flat = torch.cat(targets)
    return logits, torch.nn.functional.cross_entropy(logits, flat, ignore_index=-100)


logits, loss = loss_of(model)
loss.backward()
named = dict(model.named_parameters())
safetensors.torch.save_file({n: p.grad.contiguous() for n, p in named.items()}, OUT / "gradients.safetensors")
norm = torch.nn.utils.get_total_norm([p.grad for p in model.parameters()]).item()

by_activation = {}
for activation in ("gelu_new", "gelu_pytorch_tanh", "gelu", "relu", "silu", "swish"):
    other = transformers.GPT2Config.from_pretrained(OUT, activation_function=activation)
    by_activation[activation] = loss_of(transformers.GPT2LMHeadModel.from_pretrained(OUT, config=other).eval())[1].item()

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

golden = {
    "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
    "ids": torch.cat(ids).tolist(), "targets": torch.cat(targets).tolist(), "rows": ROWS,
    "logits": [round(x, 7) for x in logits.detach().flatten().tolist()], "loss": loss.item(), "grad_norm": norm,
    "loss_by_activation": by_activation,
    "adamw": {"lr": LR, "beta1": BETAS[0], "beta2": BETAS[1], "eps": EPS, "weight_decay": DECAY, "clip": CLIP, "losses": losses},
}
pathlib.Path("testdata/models/gpt2_tiny.json").write_text(json.dumps(golden) + "\n")
print("loss", loss.item(), "norm", norm, "losses", losses)
