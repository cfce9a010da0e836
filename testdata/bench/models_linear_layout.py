"""Which layout of a weight computes faster, forward and backward: [out,in] with linear, or GPT-2's [in,out] with addmm?

usage: python testdata/bench/models_linear_layout.py [threads]
Prints milliseconds (lower quartile of many runs, three times, the layouts in turn) for the layers of two small GPTs.
"""
import sys
import time

import torch

torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 2)


def milliseconds(n, i, o, out_in, repeats):
    x = torch.randn(n, i, requires_grad=True)
    w = torch.randn((o, i) if out_in else (i, o), requires_grad=True)
    b, grad = torch.randn(o, requires_grad=True), torch.randn(n, o)
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        y = torch.nn.functional.linear(x, w, b) if out_in else torch.addmm(b, x, w)
        y.backward(grad)
        times.append(time.perf_counter() - start)
        x.grad = w.grad = b.grad = None
    return 1e3 * sorted(times)[len(times) // 4]


for n, d, repeats in ((768, 128, 200), (2048, 384, 15)):
    for i, o in ((d, 3 * d), (d, d), (d, 4 * d), (4 * d, d)):
        runs = [(milliseconds(n, i, o, True, repeats), milliseconds(n, i, o, False, repeats)) for _ in range(3)]
        print(f"N {n} in {i} out {o}: [out,in]/[in,out]", "  ".join(f"{a:.2f}/{b:.2f}" for a, b in runs))
