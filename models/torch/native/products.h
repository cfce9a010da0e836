//go:build ignore

// The matrix product that the kernels share.
#pragma once
#include <ATen/core/Tensor.h>

// out = a b, or out += a b where add is set: a [N,K], b [K,M], any strides; out [N,M] dense. It records nothing.
void product(const at::Tensor &out, const at::Tensor &a, const at::Tensor &b, bool add);
