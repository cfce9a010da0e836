"""Twenty training steps in bfloat16 and float16 of a tiny GPT-2 and a tiny Llama in PyTorch: the network in half precision, weights and
AdamW's moments in float32, gradients of two micro-batches added up in float32, the loss of float16 scaled by GradScaler's rules.

usage: train_half.py > ../objectives/train_half.json
Weights and ids follow formulas, so that the file holds only results. Loss and gradient norm are those of the step before its update;
"float32" is the same run without rounding, which shows how much of a difference is rounding.
"""
import json, math, sys
import torch, transformers
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

torch.set_num_threads(1)
V, T, STEPS, MICRO, ROWS = 23, 8, 20, 2, 3
LR, MIN_LR, WARMUP, DECAY, B1, B2, EPS, CLIP = 2e-3, 2e-4, 3, 0.1, 0.9, 0.95, 1e-8, 0.5
FIRST_SCALE = 65536.0


def network(family):
    if family == "gpt2":
        return GPT2LMHeadModel(GPT2Config(vocab_size=V, n_positions=12, n_embd=16, n_layer=2, n_head=2, bos_token_id=None, eos_token_id=None, resid_pdrop=0, embd_pdrop=0, attn_pdrop=0))
    return LlamaForCausalLM(LlamaConfig(
        vocab_size=V, max_position_embeddings=12, hidden_size=16, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, tie_word_embeddings=True, rms_norm_eps=1e-5))


def waves(model):
    for k, name in enumerate(sorted(n for n, _ in model.named_parameters())):
        p = dict(model.named_parameters())[name]
        i = torch.arange(p.numel(), dtype=torch.float64)
        wave = 0.15 * torch.sin(0.7 * i + 0.013 * i * i + k)
        if ("ln_" in name or "norm" in name) and name.endswith("weight"):
            wave = 1 + wave
        p.data = wave.reshape(p.shape).float()


def ids(step, micro, row, t):
    return (step * 31 + micro * 17 + row * 7 + t * t * (row + 2)) % V


def batch(step, micro):
    rows = ROWS + micro
    x = torch.tensor([[ids(step, micro, r, t) for t in range(T)] for r in range(rows)])
    y = torch.tensor([[ids(step, micro, r, t + 1) for t in range(T)] for r in range(rows)])
    y[0, -1] = -100
    return x, y


def run(family, dtype):
    torch.manual_seed(0)
    model, half = network(family), network(family)
    waves(model)
    half.to(dtype)
    masters, halves = list(model.parameters()), list(half.parameters())
    opt = torch.optim.AdamW([{"params": [p for p in masters if p.dim() > 1], "weight_decay": DECAY},
                             {"params": [p for p in masters if p.dim() < 2], "weight_decay": 0.0}], lr=LR, betas=(B1, B2), eps=EPS)
    scale = FIRST_SCALE if dtype == torch.float16 else 0.0
    out = {"losses": [], "grad_norms": [], "scales": []}
    for step in range(1, STEPS + 1):
        lr = LR * step / WARMUP if step <= WARMUP else MIN_LR + 0.5 * (1 + math.cos(math.pi * (step - 1 - WARMUP) / (STEPS - WARMUP))) * (LR - MIN_LR)
        for g in opt.param_groups:
            g["lr"] = lr
        with torch.no_grad():
            for h, m in zip(halves, masters):
                h.copy_(m)
        batches = [batch(step, m) for m in range(MICRO)]
        count = sum(int((y != -100).sum()) for _, y in batches)
        factor, total = (scale / count if scale else 1.0), 0.0
        for x, y in batches:
            loss = torch.nn.functional.cross_entropy(half(x).logits.float().view(-1, V), y.view(-1), reduction="sum", ignore_index=-100)
            (loss * factor).backward()
            total += loss.item()
            for h, m in zip(halves, masters):
                m.grad = h.grad.float() if m.grad is None else m.grad + h.grad.float()
                h.grad = None
        for m in masters:
            m.grad /= count * factor
        norm = torch.nn.utils.clip_grad_norm_(masters, CLIP).item()
        out["losses"].append(total / count)
        if math.isfinite(norm):
            opt.step()
            out["grad_norms"].append(norm)
        else:
            scale *= 0.5
            out["grad_norms"].append(0)
        out["scales"].append(scale)
        opt.zero_grad()
    return out


json.dump({
    "about": "testdata/gen/train_half.py", "torch": torch.__version__, "transformers": transformers.__version__, "first_scale": FIRST_SCALE,
    "runs": {f: {str(d).split(".")[1]: run(f, d) for d in (torch.float32, torch.bfloat16, torch.float16)} for f in ("gpt2", "llama")},
}, sys.stdout, indent=1)
print()
