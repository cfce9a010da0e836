//go:build ignore

// Matrix products in float32 by oneDNN instead of MKL, and a linear layer made of them. Both are in libtorch; ATen takes MKL for
// float32, whose kernels for AMD are 3 to 10 % slower (testdata/bench/products.cpp), and where a step is 80 % products nothing
// else is as much to gain. Half types: bfloat16 is multiplied as it is where the processor can (twice as fast as float32), otherwise
// both are made float32, multiplied, and rounded; ATen's own float16 products take five times as long (docs/bench/half.md).
#include "native.h"
#include "products.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

// Exported by libtorch_cpu, in no installed header: the version is pinned, and a missing symbol stops set-up.
namespace at::native {
void mkldnn_matmul(const Tensor &mat1, const Tensor &mat2, const Tensor &result, float beta, float alpha);
}

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

Tensor &T(cloze_tensor t) { return *static_cast<Tensor *>(t); }

// mkldnn_matmul refuses processors without these parts of AVX-512 even where the numbers are float32; those take ATen's products.
bool by_onednn(const Tensor &t) {
#if defined(__x86_64__)
  static const bool there = at::hasMKLDNN() && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  static const bool bfloat16 = there && __builtin_cpu_supports("avx512bf16");
  return t.is_cpu() && (t.scalar_type() == at::kFloat ? there : t.scalar_type() == at::kBFloat16 && bfloat16);
#else
  return false;
#endif
}

bool by_us(const Tensor &t) { return by_onednn(t) || t.is_cpu() && is_half(t); }

struct Linear : torch::autograd::Function<Linear> {
  static Tensor forward(AutogradContext *ctx, const Tensor &x_, const Tensor &w, const std::optional<Tensor> &bias) {
    Tensor kept = x_.contiguous(), x = operand(kept), y = at::empty({x.size(0), w.size(0)}, x.options());
    if (bias)
      y.copy_(bias->expand_as(y));
    product(y, x, operand(w).t(), bias.has_value());
    ctx->save_for_backward({kept, w});
    ctx->saved_data["bias"] = bias.has_value();
    return y.to(kept.scalar_type());
  }
  static variable_list backward(AutogradContext *ctx, variable_list grads) {
    auto saved = ctx->get_saved_variables();
    const Tensor &x = saved[0], &w = saved[1], dy = operand(grads[0].contiguous());
    const auto type = x.scalar_type();
    Tensor dx, dw, db;
    if (ctx->needs_input_grad(0)) {
      product(dx = at::empty(x.sizes(), dy.options()), dy, operand(w), false);
      dx = dx.to(type);
    }
    if (ctx->needs_input_grad(1)) {
      product(dw = at::empty(w.sizes(), dy.options()), dy.t(), operand(x), false);
      dw = dw.to(type);
    }
    if (ctx->saved_data["bias"].toBool())
      db = dy.sum(0).to(type);
    return {dx, dw, db};
  }
};

} // namespace

Tensor operand(const Tensor &t) { return by_onednn(t) ? t : wide(t); }

void product(const Tensor &out, const Tensor &a, const Tensor &b, bool add) {
  if (out.scalar_type() != a.scalar_type()) { // a float32 sum of products in bfloat16
    Tensor to = out, part = at::empty(out.sizes(), a.options());
    product(part, a, b, false);
    add ? to.add_(part) : to.copy_(part);
    return;
  }
  if (by_onednn(out) && out.numel() > 0 && a.size(1) > 0) {
    at::native::mkldnn_matmul(a, b, out, add ? 1.f : 0.f, 1.f);
    return;
  }
  Tensor to = out;
  if (add)
    to.addmm_(a, b);
  else
    at::mm_out(to, a, b);
}

extern "C" int cloze_linear(cloze_tensor *out, cloze_tensor x, cloze_tensor w, cloze_tensor bias_or_null) {
  return cloze_guard([&] {
    const Tensor &in = T(x), &weight = T(w);
    std::optional<Tensor> bias = bias_or_null ? std::optional<Tensor>(T(bias_or_null)) : std::nullopt;
    bool plain = in.dim() == 2 && weight.dim() == 2 && in.size(1) == weight.size(1) && (!bias || bias->dim() == 1 && bias->size(0) == weight.size(0));
    auto like = [&](const Tensor &t) { return by_us(t) && t.scalar_type() == in.scalar_type(); };
    bool ours = plain && like(in) && like(weight) && (!bias || like(*bias));
    *out = new Tensor(ours ? Linear::apply(in, weight, bias) : at::linear(in, weight, bias));
  });
}
