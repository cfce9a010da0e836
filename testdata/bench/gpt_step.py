"""A training step of a small GPT in plain PyTorch, the work of objectives/train/bench_test.go: the median time of a step.

usage: gpt_step.py V D L H T B STEPS [THREADS [bfloat16|float16]]
V vocabulary, D width, L layers, H heads, T tokens in a row, B rows. No biases, exact GELU, tied tables, fresh random ids each step.
A step is forward, backward, clipping to 1.0 and fused AdamW with decay groups. A type runs the forward pass under torch.autocast, as nanoGPT
and HF's Trainer do (without a GradScaler, which would cost float16 a little more). Prints one line of JSON.
"""
import json, statistics, sys, time
import torch
from torch import nn
from torch.nn import functional as F

V, D, L, H, T, B, STEPS = map(int, sys.argv[1:8])
if len(sys.argv) > 8:
    torch.set_num_threads(int(sys.argv[8]))
half = getattr(torch, sys.argv[9]) if len(sys.argv) > 9 else None
torch.manual_seed(1)


def linear(n, m):
    return nn.Linear(n, m, bias=False)


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(D, bias=False), nn.LayerNorm(D, bias=False)
        self.qkv, self.out, self.up, self.down = linear(D, 3 * D), linear(D, D), linear(D, 4 * D), linear(4 * D, D)

    def forward(self, x_BTD):
        q, k, v = self.qkv(self.norm1(x_BTD)).view(B, T, 3, H, D // H).permute(2, 0, 3, 1, 4)
        y_BHTK = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x_BTD = x_BTD + self.out(y_BHTK.transpose(1, 2).reshape(B, T, D))
        return x_BTD + self.down(F.gelu(self.up(self.norm2(x_BTD))))


tokens, positions = nn.Embedding(V, D), nn.Embedding(T, D)
layers, norm = nn.Sequential(*[Layer() for _ in range(L)]), nn.LayerNorm(D, bias=False)
model = nn.ModuleList([tokens, positions, layers, norm])
for p in model.parameters():
    if p.dim() > 1:
        nn.init.normal_(p, std=0.02)
opt = torch.optim.AdamW(
    [{"params": [p for p in model.parameters() if p.dim() > 1], "weight_decay": 0.1},
     {"params": [p for p in model.parameters() if p.dim() < 2], "weight_decay": 0.0}], lr=1e-3, betas=(0.9, 0.99), fused=True)
at = torch.arange(T)


def step():
    ids = torch.randint(V, (B, T + 1))
    x, y = ids[:, :-1], ids[:, 1:]
    with torch.autocast("cpu", half or torch.bfloat16, enabled=half is not None):
        h = norm(layers(tokens(x) + positions(at)))
        loss = F.cross_entropy((h @ tokens.weight.T).view(-1, V), y.reshape(-1))
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()
    opt.zero_grad(set_to_none=True)
    return loss.item()  # as a loop does that shows its loss


for _ in range(5):
    step()
times, cpu = [], []
for _ in range(STEPS):
    start, used = time.perf_counter(), time.process_time()
    step()
    times.append(time.perf_counter() - start)
    cpu.append(time.process_time() - used)
median = statistics.median(times)
print(json.dumps({"ms": 1000 * median, "cpu_ms": 1000 * statistics.median(cpu), "cpu_ms_least": 1000 * min(cpu), "tokens_per_second": B * T / median, "torch": torch.__version__, "threads": torch.get_num_threads()}))
