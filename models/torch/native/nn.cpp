//go:build ignore

// Layers and autograd calls that gotch's wrappers lack, or in which they leak a C string or copy a tensor.
#include "native.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

namespace {
at::Tensor &T(cloze_tensor t) { return *static_cast<at::Tensor *>(t); }
} // namespace

extern "C" {

int cloze_gelu(cloze_tensor *out, cloze_tensor x, int tanh_approximation) {
  return cloze_guard([&] { *out = new at::Tensor(at::gelu(T(x), tanh_approximation ? "tanh" : "none")); });
}

int cloze_add_scaled(cloze_tensor t, cloze_tensor other, double factor) {
  return cloze_guard([&] {
    at::NoGradGuard no_grad;
    T(t).add_(T(other), factor);
  });
}

int cloze_backward(cloze_tensor loss, cloze_tensor grad_or_null, int keep_graph) {
  return cloze_guard([&] {
    torch::autograd::variable_list grads;
    if (grad_or_null)
      grads.push_back(T(grad_or_null));
    torch::autograd::backward({T(loss)}, grads, keep_graph != 0);
  });
}

int cloze_zero_grad(cloze_tensor t) {
  return cloze_guard([&] { T(t).mutable_grad() = at::Tensor(); });
}
}
