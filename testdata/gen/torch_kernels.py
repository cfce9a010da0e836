"""Golden numbers of the kernels of models/torch: AdamW over ten steps, trunc_normal_, normal_ from a seed, by PyTorch.

usage: torch_kernels.py > ../torch/kernels.json
"""
import json
import torch

torch.set_num_threads(1)
torch.manual_seed(5)
shapes = [[3, 5], [7], [], [33]]
params = [torch.randn(s).requires_grad_() for s in shapes]
start = [p.detach().flatten().tolist() for p in params]
opt = torch.optim.AdamW(params, lr=1e-2, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.1, fused=True)
steps = []
for step in range(10):
    for i, p in enumerate(params):
        p.grad = torch.tensor([((7 * j + 3 * i + step) % 13 - 6) / 5 for j in range(p.numel())]).reshape(p.shape)
    opt.step()
    steps.append([p.detach().flatten().tolist() for p in params])
norm = torch.nn.utils.get_total_norm([p.grad for p in params]).item()

torch.manual_seed(42)
normal = torch.empty(20).normal_(0, 0.02).tolist()
uniform = torch.empty(5).uniform_(-1, 3).tolist()
trunc = torch.nn.init.trunc_normal_(torch.empty(20), 0, 0.02, -0.03, 0.03).tolist()
print(json.dumps({"torch": torch.__version__, "shapes": shapes, "start": start, "last": steps[-1], "first": steps[0], "norm": norm,
                  "normal": normal, "uniform": uniform, "trunc": trunc}))
