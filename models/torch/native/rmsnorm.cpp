//go:build ignore

// RMSNorm (Zhang and Sennrich 2019, arXiv:1910.07467, eq. 4): y = x / sqrt(mean(x^2) + eps) * w. PyTorch's way makes six tensors of
// x's size, forward and backward; here each direction reads x twice and writes one. Half types are kept, and computed in float32;
// float64 takes PyTorch's way.
#include "native.h"
#include "products.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <torch/csrc/autograd/custom_function.h>
#include <vector>

namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

Tensor &T(cloze_tensor t) { return *static_cast<Tensor *>(t); }

typedef float Lanes __attribute__((vector_size(32))); // 8 numbers; the compiler splits them where registers are narrower

inline __attribute__((always_inline)) Lanes lanes(const float *p) {
  Lanes v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

inline __attribute__((always_inline)) float total(Lanes v) {
  return ((v[0] + v[4]) + (v[1] + v[5])) + ((v[2] + v[6]) + (v[3] + v[7]));
}

// The sum of a*b over a row. Eight partial sums, always the same ones: the result does not depend on threads.
inline __attribute__((always_inline)) float dot(const float *a, const float *b, int64_t d) {
  Lanes sum = {};
  int64_t i = 0;
  for (; i + 8 <= d; i += 8)
    sum += lanes(a + i) * lanes(b + i);
  float rest = 0;
  for (; i < d; i++)
    rest += a[i] * b[i];
  return total(sum) + rest;
}

void forward_row(const float *__restrict x, const float *__restrict w, float *__restrict y, float *scale, int64_t d, float eps) {
  float r = 1 / std::sqrt(dot(x, x, d) / d + eps);
  for (int64_t i = 0; i < d; i++)
    y[i] = x[i] * r * w[i];
  *scale = r;
}

// dx = r (w g - x r^2 mean(w g x)); dw gains g x r. wg is scratch of d numbers.
void backward_row(const float *__restrict x, const float *__restrict w, const float *__restrict g, float r, float *__restrict dx,
                  float *__restrict dw, float *__restrict wg, int64_t d) {
  for (int64_t i = 0; i < d; i++)
    wg[i] = w[i] * g[i];
  float pull = dot(wg, x, d) / d * r * r;
  for (int64_t i = 0; i < d; i++) {
    dx[i] = r * (wg[i] - x[i] * pull);
    dw[i] += g[i] * x[i] * r;
  }
}

struct RMSNorm : torch::autograd::Function<RMSNorm> {
  static Tensor forward(AutogradContext *ctx, const Tensor &x_, const Tensor &w_, double eps) {
    Tensor kept = x_.contiguous(), x = wide(kept), w = wide(w_.contiguous()), y = at::empty(x.sizes(), x.options());
    const int64_t d = w.size(0), n = d == 0 ? 0 : x.numel() / d;
    Tensor scale = at::empty({n}, x.options());
    const float *px = x.const_data_ptr<float>(), *pw = w.const_data_ptr<float>();
    float *py = y.mutable_data_ptr<float>(), *ps = scale.mutable_data_ptr<float>();
    at::parallel_for(0, n, std::max<int64_t>(1, (1 << 15) / std::max<int64_t>(1, d)), [&](int64_t from, int64_t end) {
      for (int64_t i = from; i < end; i++)
        forward_row(px + i * d, pw, py + i * d, ps + i, d, float(eps));
    });
    ctx->save_for_backward({kept, w_, scale});
    return y.to(kept.scalar_type());
  }

  // Rows are cut into at most 16 blocks, by their number alone, and each adds up a dw of its own: the same bits on any number of threads.
  static variable_list backward(AutogradContext *ctx, variable_list grads) {
    auto saved = ctx->get_saved_variables();
    const Tensor x = wide(saved[0]), w = wide(saved[1].contiguous()), &scale = saved[2];
    Tensor g = wide(grads[0].contiguous()), dx = at::empty(x.sizes(), x.options());
    const int64_t d = w.size(0), n = scale.numel(), blocks = std::clamp<int64_t>(n / 16, 1, 16);
    Tensor dw = at::zeros({blocks, d}, w.options());
    const float *px = x.const_data_ptr<float>(), *pw = w.const_data_ptr<float>(), *pg = g.const_data_ptr<float>(),
                *ps = scale.const_data_ptr<float>();
    float *pdx = dx.mutable_data_ptr<float>(), *pdw = dw.mutable_data_ptr<float>();
    at::parallel_for(0, blocks, 1, [&](int64_t from, int64_t end) {
      std::vector<float> wg(d);
      for (int64_t b = from; b < end; b++)
        for (int64_t i = b * n / blocks; i < (b + 1) * n / blocks; i++)
          backward_row(px + i * d, pw, pg + i * d, ps[i], pdx + i * d, pdw + b * d, wg.data(), d);
    });
    const auto type = saved[0].scalar_type();
    return {dx.to(type), dw.sum(0).to(type), Tensor()};
  }
};

} // namespace

extern "C" int cloze_rms_norm(cloze_tensor *out, cloze_tensor x_, cloze_tensor w_, double eps) {
  return cloze_guard([&] {
    const Tensor &x = T(x_), &w = T(w_);
    TORCH_CHECK(x.dim() >= 1 && w.dim() == 1 && x.size(-1) == w.size(0), "x must be [..,D] and w [D]");
    if ((x.scalar_type() == at::kFloat || is_half(x)) && w.scalar_type() == x.scalar_type() && x.is_cpu()) {
      *out = new Tensor(RMSNorm::apply(x, w, eps));
      return;
    }
    Tensor y = wide(x);
    *out = new Tensor(w * (y * at::rsqrt(y.square().mean(-1, true) + eps)).to(x.scalar_type()));
  });
}
