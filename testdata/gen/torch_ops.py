"""Golden numbers of the operations of models/torch: forward and gradient, by PyTorch.

usage: torch_ops.py > ../torch/ops.json
Each case: op, variant (plain, transposed, scalar, empty), dtype, inputs (shape and row-major data; a transposed input is stored with
its first and last dimension exchanged), the output and the gradients of sum(output * w), w_i = ((7 i) mod 11 - 5) / 5.
"""
import json, sys
import torch
import torch.nn.functional as F

torch.manual_seed(1)
torch.set_num_threads(1)


def floats(*shape, low=-2.0, high=2.0):
    return {"shape": list(shape), "data": [round(x, 3) for x in torch.empty(shape).uniform_(low, high).flatten().tolist()]}


def positive(*shape):
    return floats(*shape, low=0.1, high=2.0)


def ints(high, *shape):
    return {"shape": list(shape), "data": torch.randint(0, high, shape).flatten().tolist(), "int": True}


S = (2, 3, 4)
one = lambda make: {"plain": [make(*S)], "transposed": [make(*S)], "scalar": [make()], "empty": [make(0, 3)]}
two = lambda a, b: {"plain": [a(*S), b(*S)], "broadcast": [a(*S), b(4)], "transposed": [a(*S), b(*S)], "scalar": [a(), b()], "empty": [a(0, 3), b(0, 3)]}
dims = lambda: {"plain": [floats(*S)], "transposed": [floats(*S)], "empty": [floats(0, 3, 4)]}
bools = lambda *shape: ints(2, *shape)

CASES = {
    "Add": (lambda a, b: a + b, two(floats, floats)),
    "Sub": (lambda a, b: a - b, two(floats, floats)),
    "Mul": (lambda a, b: a * b, two(floats, floats)),
    "Div": (lambda a, b: a / b, two(floats, positive)),
    "AddScalar": (lambda a: a + 1.5, one(floats)),
    "MulScalar": (lambda a: a * -3, one(floats)),
    "Neg": (lambda a: -a, one(floats)),
    "Pow": (lambda a: a.pow(3), one(floats)),
    "Sqrt": (torch.sqrt, one(positive)),
    "Rsqrt": (torch.rsqrt, one(positive)),
    "Exp": (torch.exp, one(floats)),
    "Log": (torch.log, one(positive)),
    "Tanh": (torch.tanh, one(floats)),
    "Sigmoid": (torch.sigmoid, one(floats)),
    "ReLU": (F.relu, one(floats)),
    "SiLU": (F.silu, one(floats)),
    "GELU": (F.gelu, one(floats)),
    "GELUTanh": (lambda a: F.gelu(a, approximate="tanh"), one(floats)),
    "Softmax": (lambda a: a.softmax(-1), one(floats)),
    "LogSoftmax": (lambda a: a.log_softmax(-1), one(floats)),
    "Sum": (torch.sum, one(floats)),
    "Mean": (torch.mean, {**one(floats), "empty": None}),
    "SumDims": (lambda a: a.sum((0, 2)), dims()),
    "MeanDims": (lambda a: a.mean(-1, keepdim=True), dims()),
    "CumSum": (lambda a: a.cumsum(1), dims()),
    "Max": (lambda a: a.max(1)[0], dims()),
    "TopK": (lambda a: a.topk(2, -1)[0], dims()),
    "Sort": (lambda a: a.sort(-1)[0], dims()),
    "View": (lambda a: a.reshape(-1, 4), dims() | {"empty": None}),
    "Transpose": (lambda a: a.transpose(0, 1), dims()),
    "Permute": (lambda a: a.permute(2, 0, 1), dims()),
    "Contiguous": (lambda a: a.contiguous(), dims()),
    "Narrow": (lambda a: a.narrow(1, 1, 2), dims()),
    "Select": (lambda a: a.select(1, 2), dims()),
    "Split": (lambda a: a.split(2, 1)[1], dims()),
    "Expand": (lambda a: a.expand(2, 3, 4), {"plain": [floats(2, 1, 4)]}),
    "Tril": (lambda a: a.tril(0), dims()),
    "Cat": (lambda a, b: torch.cat([a, b], 1), {"plain": [floats(2, 3, 2), floats(2, 1, 2)], "empty": [floats(2, 0), floats(2, 3)]}),
    "Stack": (lambda a, b: torch.stack([a, b], 0), {"plain": [floats(2, 3), floats(2, 3)], "scalar": [floats(), floats()]}),
    "IndexSelect": (lambda a, i: a.index_select(1, i), {"plain": [floats(*S), ints(3, 5)], "transposed": [floats(*S), ints(3, 5)], "empty": [floats(*S), ints(3, 0)]}),
    "Gather": (lambda a, i: a.gather(2, i), {"plain": [floats(*S), ints(4, 2, 3, 1)]}),
    "MaskedFill": (lambda a, m: a.masked_fill(m.bool(), -1.5), {"plain": [floats(*S), bools(*S)], "transposed": [floats(*S), bools(*S)]}),
    "Where": (lambda m, a, b: torch.where(m.bool(), a, b), {"plain": [bools(*S), floats(*S), floats(4)]}),
    "MatMul": (torch.matmul, {"plain": [floats(2, 3, 4), floats(4, 5)], "transposed": [floats(4, 3), floats(3, 4)], "vector": [floats(4), floats(4)], "empty": [floats(0, 4), floats(4, 5)]}),
    "Linear": (F.linear, {"plain": [floats(6, 4), floats(5, 4), floats(5)], "transposed": [floats(6, 4), floats(5, 4), floats(5)], "empty": [floats(0, 4), floats(5, 4), floats(5)]}),
    "LinearNoBias": (F.linear, {"plain": [floats(2, 3, 4), floats(5, 4)], "transposed": [floats(3, 4), floats(5, 4)]}),
    "LayerNorm": (lambda x, w, b: F.layer_norm(x, w.shape, w, b, 1e-5), {"plain": [floats(6, 4), positive(4), floats(4)], "transposed": [floats(6, 4), positive(4), floats(4)], "empty": [floats(0, 4), positive(4), floats(4)]}),
    "LayerNormNoBias": (lambda x, w: F.layer_norm(x, w.shape, w, None, 1e-5), {"plain": [floats(2, 3, 4), positive(4)]}),
    "Embedding": (lambda w, i: F.embedding(i, w), {"plain": [floats(7, 3), ints(7, 2, 5)], "transposed": [floats(7, 3), ints(7, 6)], "empty": [floats(7, 3), ints(7, 0)]}),
    "CrossEntropySum": (lambda x, t: F.cross_entropy(x.float(), t - 1 - 99 * (t == 0).long(), reduction="sum"), {"plain": [floats(6, 5), ints(6, 6)], "transposed": [floats(6, 5), ints(6, 6)], "empty": [floats(0, 5), ints(6, 0)]}),
    "ToBFloat16": (lambda a: a.to(torch.bfloat16).float(), one(floats)),
}


def tensor(spec, dtype, variant):
    data = torch.tensor(spec["data"]).reshape(spec["shape"])
    if spec.get("int"):
        return data.long(), data.long()
    leaf = data.to(dtype).requires_grad_()
    if variant == "transposed" and leaf.dim() > 1:  # the same numbers, under strides that are not row-major
        leaf = leaf.detach().transpose(0, -1).contiguous().requires_grad_()
        return leaf, leaf.transpose(0, -1)
    return leaf, leaf


def numbers(t):
    return [float(f"{x:.7g}") for x in t.detach().double().flatten().tolist()]


cases = []
for op, (f, variants) in CASES.items():
    for variant, inputs in variants.items():
        if inputs is None:
            continue
        for dtype in ("float32", "bfloat16"):
            if dtype == "bfloat16" and variant not in ("plain", "transposed"):
                continue
            pairs = [tensor(x, getattr(torch, dtype), variant) for x in inputs]
            out = f(*[x for _, x in pairs])
            w = torch.tensor([(7 * i % 11 - 5) / 5 for i in range(out.numel())], dtype=torch.float32).reshape(out.shape)
            (out.float() * w).sum().backward()
            grads = [None if leaf.dtype == torch.int64 or leaf.grad is None else numbers(leaf.grad) for leaf, _ in pairs]
            cases.append({"op": op, "variant": variant, "dtype": dtype, "inputs": inputs, "shape": list(out.shape), "out": numbers(out), "grads": grads})

print(json.dumps({"torch": torch.__version__, "cases": cases}, separators=(",", ":")).replace('{"op"', '\n{"op"'))
print(len(cases), "cases", file=sys.stderr)
