"""Files by the reference writer for models/safetensors, and what the reference reader says of damaged ones.

Run from the repository root: python testdata/gen/safetensors_golden.py
Writes testdata/safetensors/*.safetensors and testdata/safetensors/golden.json.
"""
import json, os, struct, sys
import numpy as np, torch, safetensors
import safetensors.torch as st
from safetensors import safe_open

OUT = "testdata/safetensors"
os.makedirs(OUT, exist_ok=True)
golden = {"versions": {"python": sys.version.split()[0], "safetensors": safetensors.__version__, "torch": torch.__version__}}

values = torch.tensor([[0.0, -0.0, 1.5], [-2.25, 1e-7, 65504.0]])
every = {
    "bool": torch.tensor([True, False, True]), "u8": torch.tensor([0, 255], dtype=torch.uint8), "i8": torch.tensor([-128, 127], dtype=torch.int8),
    "f8_e5m2": torch.tensor([1.0, -2.0]).to(torch.float8_e5m2), "f8_e4m3": torch.tensor([1.0, -2.0]).to(torch.float8_e4m3fn),
    "i16": torch.tensor([-1, 2], dtype=torch.int16), "u16": torch.tensor([1, 65535], dtype=torch.uint16),
    "i32": torch.tensor([[-1], [2]], dtype=torch.int32), "u32": torch.tensor([7], dtype=torch.uint32), "u64": torch.tensor([2**63 - 1], dtype=torch.uint64),
    "i64": torch.tensor(-5), "c64": torch.tensor([1 + 2j], dtype=torch.complex64),
    "f16": values.to(torch.float16), "bf16": values.to(torch.bfloat16), "f32": values, "f64": values.double(),
    "empty": torch.zeros(0, 3), "scalar": torch.tensor(0.1), "Z": torch.ones(1), "name \"q\"\\\n\x01\x7f\u2028\u00e9": torch.ones(2),
}
st.save_file(every, f"{OUT}/every.safetensors", {"format": "pt"})
st.save_file({}, f"{OUT}/none.safetensors")
golden["every"] = {k: {"shape": list(v.shape), "float32": [float(x) for x in v.float().flatten()]} for k, v in every.items() if v.dtype.is_floating_point and v.dtype.itemsize > 1}
golden["every_bytes"] = {k: (v.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes().hex()) for k, v in every.items()}


def file(head, data=b"", n=None):
    head = head if isinstance(head, bytes) else json.dumps(head).encode()
    return struct.pack("<Q", len(head) if n is None else n) + head + data


def t(begin, end, shape, dtype="U8", **more):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end], **more}


damaged = {
    "empty": b"", "short": b"\x01\x02", "length_lies": file({}, n=1 << 40), "length_huge": file({}, n=(1 << 64) - 1), "header_cut": file(b'{"a":'),
    "not_object": file(b"[1,2,3]"), "not_utf8": file(b'{"\xff":1}'), "leading_blank": file(b' {"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"a"),
    "outside": file({"a": t(0, 9, [9])}, b"12345"), "overlap": file({"a": t(0, 4, [4]), "b": t(2, 6, [4])}, b"123456"), "hole": file({"a": t(0, 2, [2]), "b": t(4, 6, [2])}, b"123456"),
    "backwards": file({"a": t(4, 0, [4])}, b"1234"), "trailing": file({"a": t(0, 2, [2])}, b"1234"), "size": file({"a": t(0, 4, [3])}, b"1234"),
    "overflow": file({"a": t(0, 0, [1 << 62, 1 << 62], "F32")}), "overflow_to_zero": file({"a": t(0, 0, [1 << 32, 1 << 32])}), "negative": file({"a": t(0, 0, [-1])}),
    "fraction": file(b'{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}', b"a"), "dtype": file({"a": t(0, 1, [1], "F12")}, b"1"),
    "half_byte": file({"a": t(0, 1, [3], "F4")}, b"1"), "no_dtype": file({"a": {"shape": [1], "data_offsets": [0, 1]}}, b"1"), "three_offsets": file({"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1, 1]}}, b"1"),
    "metadata_number": file({"__metadata__": {"a": 1}}), "after_json": file(b"{} x"), "dtype_twice": file(b'{"a":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}}', b"a"),
    "name_twice": file(b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"a"),
    "unknown_key": file({"a": t(0, 1, [1], more=1)}, b"1"), "metadata_null": file({"__metadata__": None}), "trailing_blanks": file(b"{}     "), "unpadded": file({"a": t(0, 1, [1])}, b"1"),
    "empties": file({"a": t(0, 0, [0]), "b": t(0, 2, [2]), "c": t(2, 2, [2, 0])}, b"12"),
}
golden["files"] = {}
for name, data in damaged.items():
    path = f"{OUT}/tmp"
    open(path, "wb").write(data)
    try:
        with safe_open(path, "np") as f:
            verdict = "opens"
    except Exception as e:
        verdict = str(e)
    golden["files"][name] = {"hex": data.hex(), "reference": verdict}
    os.remove(path)
for name in os.listdir(OUT):
    os.chmod(f"{OUT}/{name}", 0o644)
json.dump(golden, open(f"{OUT}/golden.json", "w"), indent=1)
