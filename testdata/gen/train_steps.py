"""Ten training steps of a tiny GPT-2 in PyTorch: AdamW with decay groups, clipping, warm-up and cosine, two micro-batches a step.

usage: train_steps.py > ../objectives/train_steps.json
Weights and ids follow formulas, so that the file holds only results. Loss and gradient norm are those of the step before its update.
"layered" is the same with a rate for each layer, frozen embeddings (and head, which is tied) and a first block that trains from step 5 on.
"""
import json, math, sys
import torch, transformers
from transformers import GPT2Config, GPT2LMHeadModel

torch.manual_seed(0)
torch.set_num_threads(1)
V, P, D, L, H, T, STEPS, MICRO, ROWS = 23, 12, 16, 2, 2, 8, 10, 2, 3
LR, MIN_LR, WARMUP, DECAY, B1, B2, EPS, CLIP = 2e-3, 2e-4, 3, 0.1, 0.9, 0.95, 1e-8, 0.5

config = GPT2Config(vocab_size=V, n_positions=P, n_embd=D, n_layer=L, n_head=H, resid_pdrop=0, embd_pdrop=0, attn_pdrop=0)
torch.set_default_dtype(torch.float64)  # so that the file holds the true numbers, not one rounding of them


def waves():
    model = GPT2LMHeadModel(config)
    weights = dict(model.named_parameters())
    with torch.no_grad():
        for k, name in enumerate(sorted(weights)):
            p = weights[name]
            i = torch.arange(p.numel(), dtype=torch.float64)
            wave = 0.15 * torch.sin(0.7 * i + 0.013 * i * i + k)
            if ".ln_" in name and name.endswith("weight"):
                wave = 1 + wave
            p.copy_(wave.reshape(p.shape).float().double())
    return model


def ids(step, micro, row, t):
    return (step * 31 + micro * 17 + row * 7 + t * t * (row + 2)) % V


def layer(name):
    return int(name.split(".")[2]) + 1 if ".h." in name else L + 1 if "ln_f" in name else 0


def train(factor):
    """factor(layer, step) multiplies the rate; 0 freezes."""
    model = waves()
    groups = [{"params": [p], "weight_decay": DECAY if p.dim() > 1 else 0.0, "layer": layer(n)} for n, p in model.named_parameters()]
    opt = torch.optim.AdamW(groups, lr=LR, betas=(B1, B2), eps=EPS)
    losses, norms, rates = [], [], []
    for step in range(1, STEPS + 1):
        if step <= WARMUP:
            lr = LR * step / WARMUP
        else:
            lr = MIN_LR + 0.5 * (1 + math.cos(math.pi * (step - 1 - WARMUP) / (STEPS - WARMUP))) * (LR - MIN_LR)
        for g in opt.param_groups:
            g["lr"] = lr * factor(g["layer"], step)
            g["params"][0].requires_grad_(g["lr"] > 0)
        total, count = 0.0, 0
        for micro in range(MICRO):
            rows = ROWS + micro  # micro-batches of different sizes
            x = torch.tensor([[ids(step, micro, r, t) for t in range(T)] for r in range(rows)])
            y = torch.tensor([[ids(step, micro, r, t + 1) for t in range(T)] for r in range(rows)])
            y[0, -1] = -100
            logits = model(x).logits
            loss = torch.nn.functional.cross_entropy(logits.view(-1, V), y.view(-1), reduction="sum", ignore_index=-100)
            loss.backward()
            total, count = total + loss.item(), count + int((y != -100).sum())
        moving = [p for p in model.parameters() if p.grad is not None]
        for p in moving:
            p.grad /= count
        norms.append(torch.nn.utils.clip_grad_norm_(moving, CLIP).item())
        losses.append(total / count)
        rates.append(lr)
        opt.step()
        opt.zero_grad()
    return {"losses": losses, "grad_norms": norms, "learning_rates": rates, "sums": {n: p.double().abs().sum().item() for n, p in model.named_parameters()}}


def layered(layer, step):
    return 0 if layer == 0 or layer == 1 and step < 5 else 0.5 ** (L + 1 - layer)


json.dump({"about": "testdata/gen/train_steps.py", "torch": torch.__version__, "transformers": transformers.__version__,
           **train(lambda layer, step: 1), "layered": train(layered)}, sys.stdout, indent=1)
print()
