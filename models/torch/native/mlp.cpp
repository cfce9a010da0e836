//go:build ignore

// y = act(x Wu' + bu) Wd' + bd as one operation that remembers x and the inner numbers before the activation, nothing else. The
// activation is applied to some rows at a time, just before they are multiplied; the backward pass takes it and its derivative
// in one pass from one exponential.
#include "native.h"
#include "products.h"
#include "vector_math.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <algorithm>
#include <torch/csrc/autograd/custom_function.h>

namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

Tensor &T(cloze_tensor t) { return *static_cast<Tensor *>(t); }

enum Activation { kGelu = 0, kGeluTanh = 1 };

// P with act(x) = x P(x), and the derivative of act.
// Exact GELU: P is the normal distribution function, by Abramowitz and Stegun 7.1.26 (error below 1.5e-7), whose exponential is
// the density's too. The tanh form: P = sigmoid(2u), u = sqrt(2/pi) (x + 0.044715 x^3).
CLOZE_INLINE v8 gelu_part(v8 x, int kind, v8 *derivative) {
  if (kind == kGelu) {
    v8 z = x * 0.70710678f, size = z < 0 ? -z : z;
    v8 t = 1.f / (size * 0.3275911f + 1.f), e = exp8(-(z * z));
    v8 p = t * 1.061405429f - 1.453152027f;
    p = p * t + 1.421413741f;
    p = p * t - 0.284496736f;
    p = p * t + 0.254829592f;
    v8 tail = p * t * e * 0.5f, part = x > 0 ? 1.f - tail : tail;
    *derivative = part + x * e * 0.39894228f;
    return part;
  }
  v8 c = x < -20.f ? all8(-20.f) : x; // beyond it P is 0 or 1, and x^3 could overflow
  c = c > 20.f ? all8(20.f) : c;
  v8 square = c * c, u = c * 1.5957691216f * (square * 0.044715f + 1.f), size = u < 0 ? -u : u; // 2u
  v8 e = exp8(-size), tail = e / (e + 1.f), part = x > 0 ? 1.f - tail : tail;
  *derivative = part + c * (tail / (e + 1.f)) * 1.5957691216f * (square * 0.134145f + 1.f);
  return part;
}

CLOZE_CLONES void activate(const float *x, float *y, int64_t n, int kind) {
  v8 d;
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    v8 v = load8(x + i);
    store8(y + i, v * gelu_part(v, kind, &d));
  }
  if (i < n) {
    v8 v = load_part(x + i, n - i, 0);
    v *= gelu_part(v, kind, &d);
    std::memcpy(y + i, &v, sizeof(float) * (n - i));
  }
}

// y = act(x), grad *= act'(x).
CLOZE_CLONES void activate_both(const float *x, float *y, float *grad, int64_t n, int kind) {
  v8 d;
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    v8 v = load8(x + i);
    store8(y + i, v * gelu_part(v, kind, &d));
    store8(grad + i, load8(grad + i) * d);
  }
  if (i < n) {
    v8 v = load_part(x + i, n - i, 0), g = load_part(grad + i, n - i, 0);
    v *= gelu_part(v, kind, &d);
    g *= d;
    std::memcpy(y + i, &v, sizeof(float) * (n - i));
    std::memcpy(grad + i, &g, sizeof(float) * (n - i));
  }
}

const char *name_of(int kind) { return kind == kGelu ? "none" : "tanh"; }
bool fast(const Tensor &x) { return x.is_cpu() && x.scalar_type() == at::kFloat; }
constexpr int64_t kGrain = 8192; // numbers, about 10 us of work
constexpr int64_t kChunk = 256;  // rows

// y = act(x), both dense.
void activation(const Tensor &x, Tensor &y, int kind) {
  if (!fast(x)) {
    at::gelu_out(y, x, name_of(kind));
    return;
  }
  const float *in = x.const_data_ptr<float>();
  float *out = y.mutable_data_ptr<float>();
  at::parallel_for(0, x.numel(), kGrain, [&](int64_t from, int64_t to) { activate(in + from, out + from, to - from, kind); });
}

// y = act(x) and grad *= act'(x), all dense.
void activation_both(const Tensor &x, Tensor &y, Tensor &grad, int kind) {
  if (!fast(x)) {
    at::gelu_out(y, x, name_of(kind));
    grad.copy_(at::gelu_backward(grad, x, name_of(kind)));
    return;
  }
  const float *in = x.const_data_ptr<float>();
  float *out = y.mutable_data_ptr<float>(), *g = grad.mutable_data_ptr<float>();
  at::parallel_for(0, x.numel(), kGrain, [&](int64_t from, int64_t to) { activate_both(in + from, out + from, g + from, to - from, kind); });
}

struct MLP : torch::autograd::Function<MLP> {
  static Tensor forward(AutogradContext *ctx, const Tensor &x_, const Tensor &up, const std::optional<Tensor> &up_bias,
                        const Tensor &down, const std::optional<Tensor> &down_bias, int64_t kind) {
    Tensor kept = x_.contiguous(), x = operand(kept), w = operand(down);
    const int64_t n = x.size(0), chunk = std::min(n, kChunk);
    Tensor h = at::empty({n, up.size(0)}, x.options()); // [N,F]
    if (up_bias)
      h.copy_(up_bias->expand_as(h));
    product(h, x, operand(up).t(), up_bias.has_value());
    Tensor y = at::empty({n, down.size(0)}, x.options()), buffer = at::empty({chunk, up.size(0)}, x.options());
    for (int64_t start = 0; start < n; start += chunk) {
      const int64_t rows = std::min(chunk, n - start);
      Tensor a = buffer.narrow(0, 0, rows), out = y.narrow(0, start, rows);
      activation(h.narrow(0, start, rows), a, kind);
      if (down_bias)
        out.copy_(down_bias->expand_as(out));
      product(out, a, w.t(), down_bias.has_value());
    }
    const auto type = kept.scalar_type();
    ctx->save_for_backward({kept, up, down, h.to(type)});
    ctx->saved_data["kind"] = kind;
    ctx->saved_data["up_bias"] = up_bias.has_value();
    ctx->saved_data["down_bias"] = down_bias.has_value();
    return y.to(type);
  }

  static variable_list backward(AutogradContext *ctx, variable_list grads) {
    auto saved = ctx->get_saved_variables();
    const auto type = saved[0].scalar_type();
    const Tensor x = operand(saved[0]), up = operand(saved[1]), down = operand(saved[2]), &h = saved[3], dy = operand(grads[0].contiguous());
    const auto sums = sums_of(x); // of many chunks: never in half precision
    const int64_t n = x.size(0), chunk = std::min(n, kChunk);
    const int kind = int(ctx->saved_data["kind"].toInt());
    Tensor dx = at::empty_like(x), d_up, d_down, d_up_bias, d_down_bias;
    d_up = n == 0 ? at::zeros(up.sizes(), sums) : at::empty(up.sizes(), sums);
    d_down = n == 0 ? at::zeros(down.sizes(), sums) : at::empty(down.sizes(), sums);
    if (ctx->saved_data["up_bias"].toBool())
      d_up_bias = at::zeros({up.size(0)}, sums);
    if (ctx->saved_data["down_bias"].toBool())
      d_down_bias = dy.sum(0);
    Tensor act_buffer = at::empty({chunk, up.size(0)}, x.options()), grad_buffer = at::empty_like(act_buffer);
    for (int64_t start = 0; start < n; start += chunk) {
      const int64_t rows = std::min(chunk, n - start);
      Tensor a = act_buffer.narrow(0, 0, rows), d = grad_buffer.narrow(0, 0, rows), out = dx.narrow(0, start, rows);
      Tensor dy_rows = dy.narrow(0, start, rows);
      product(d, dy_rows, down, false);
      activation_both(h.narrow(0, start, rows).to(x.scalar_type()), a, d, kind);
      product(d_down, dy_rows.t(), a, start > 0);
      product(d_up, d.t(), x.narrow(0, start, rows), start > 0);
      if (d_up_bias.defined())
        d_up_bias.add_(d.sum(0));
      product(out, d, up, false);
    }
    auto narrow = [&](const Tensor &t) { return t.defined() ? t.to(type) : t; };
    return {dx.to(type), d_up.to(type), narrow(d_up_bias), d_down.to(type), narrow(d_down_bias), Tensor()};
  }
};

} // namespace

extern "C" int cloze_mlp(cloze_tensor *out, cloze_tensor x, cloze_tensor up, cloze_tensor up_bias_or_null, cloze_tensor down,
                         cloze_tensor down_bias_or_null, int tanh_approximation) {
  return cloze_guard([&] {
    auto given = [](cloze_tensor t) { return t ? std::optional<Tensor>(T(t)) : std::nullopt; };
    const Tensor &in = T(x), &u = T(up), &d = T(down);
    TORCH_CHECK(in.dim() == 2 && u.dim() == 2 && d.dim() == 2 && in.size(1) == u.size(1) && u.size(0) == d.size(1),
                "x must be [N,D], up [F,D] and down [D,F]");
    *out = new Tensor(MLP::apply(in, u, given(up_bias_or_null), d, given(down_bias_or_null), int64_t(tanh_approximation ? kGeluTanh : kGelu)));
  });
}
