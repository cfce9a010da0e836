//go:build ignore

// AdamW, gradient norm and gradient scaling over all parameters in one call each.
#include "native.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <vector>

namespace {
std::vector<at::Tensor> list(const cloze_tensor *ts, int n) {
  std::vector<at::Tensor> out;
  out.reserve(n);
  for (int i = 0; i < n; i++)
    out.push_back(*static_cast<at::Tensor *>(ts[i]));
  return out;
}

// The gradients that exist, of parameters that have one.
std::vector<at::Tensor> gradients(const cloze_tensor *params, int n) {
  std::vector<at::Tensor> out;
  out.reserve(n);
  for (int i = 0; i < n; i++) {
    const at::Tensor &g = static_cast<at::Tensor *>(params[i])->grad();
    if (g.defined())
      out.push_back(g);
  }
  return out;
}
} // namespace

extern "C" {

// Loshchilov and Hutter 2019 (arXiv:1711.05101), as torch.optim.AdamW(fused=True) computes it; step counts from 1.
int cloze_adamw(const cloze_tensor *params, const cloze_tensor *grads, const cloze_tensor *m, const cloze_tensor *v, int n,
                double lr, double beta1, double beta2, double eps, double weight_decay, int64_t step) {
  return cloze_guard([&] {
    if (n == 0)
      return;
    at::NoGradGuard no_grad;
    std::vector<at::Tensor> p = list(params, n);
    std::vector<at::Tensor> g = grads ? list(grads, n) : gradients(params, n);
    TORCH_CHECK(g.size() == p.size(), "a parameter has no gradient");
    // One step tensor serves all: the kernel only reads it.
    std::vector<at::Tensor> steps(n, at::scalar_tensor(double(step), at::kFloat));
    at::_fused_adamw_(p, g, list(m, n), list(v, n), {}, steps, lr, beta1, beta2, weight_decay, eps,
                      /*amsgrad=*/false, /*maximize=*/false, {}, {});
  });
}

int cloze_grad_norm(const cloze_tensor *params, int n, double *norm) {
  return cloze_guard([&] {
    at::NoGradGuard no_grad;
    std::vector<at::Tensor> g = gradients(params, n);
    *norm = 0;
    if (g.empty())
      return;
    *norm = at::linalg_vector_norm(at::stack(at::_foreach_norm(g)), 2).item().toDouble();
  });
}

int cloze_scale_grads(const cloze_tensor *params, int n, double factor) {
  return cloze_guard([&] {
    at::NoGradGuard no_grad;
    std::vector<at::Tensor> g = gradients(params, n);
    if (!g.empty())
      at::_foreach_mul_(g, at::Scalar(factor));
  });
}
}
