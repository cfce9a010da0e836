//go:build ignore

// The matrix product that the kernels share, and what they do with half types: numbers are kept in bfloat16 or float16, sums are
// taken in float32 and rounded once.
#pragma once
#include <ATen/core/Tensor.h>

inline bool is_half(const at::Tensor &t) { return t.scalar_type() == at::kHalf || t.scalar_type() == at::kBFloat16; }
// t in float32 where it is of a half type, else t itself.
inline at::Tensor wide(const at::Tensor &t) { return t.defined() && is_half(t) ? t.to(at::kFloat) : t; }
// The type of sums of t's numbers: float32 for the half types.
inline at::TensorOptions sums_of(const at::Tensor &t) { return is_half(t) ? t.options().dtype(at::kFloat) : t.options(); }

// t as product multiplies it fastest: bfloat16 where the processor multiplies it, else wide(t).
at::Tensor operand(const at::Tensor &t);
// out = a b, or out += a b where add is set: a [N,K], b [K,M], any strides, both by operand; out [N,M] dense, of their type or float32.
// It records nothing.
void product(const at::Tensor &out, const at::Tensor &a, const at::Tensor &b, bool add);
