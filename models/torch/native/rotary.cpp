//go:build ignore

// Rotary positions (Su et al. 2021, arXiv:2104.09864, eq. 34) in the order of Hugging Face's files: number i of a head is turned
// together with number i + K/2 by position * frequency[i]. One pass that reads x once; PyTorch's way slices, negates,
// concatenates, multiplies twice and adds. The gradient is turned back by the same angles.
#include "native.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/OpMathType.h>
#include <ATen/Parallel.h>
#include <algorithm>
#include <torch/csrc/autograd/custom_function.h>

namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

Tensor &T(cloze_tensor t) { return *static_cast<Tensor *>(t); }

// Turns x [N,H,K], dense in K, by the angles of each token; sign -1 turns back.
template <class S>
void turn(const Tensor &x, const Tensor &cosines, const Tensor &sines, float sign, Tensor &out) {
  using A = at::opmath_type<S>; // float for the half types
  const int64_t n = x.size(0), heads = x.size(1), half = x.size(2) / 2, by_token = x.stride(0), by_head = x.stride(1);
  const S *in = x.const_data_ptr<S>();
  S *to = out.mutable_data_ptr<S>();
  const float *c = cosines.const_data_ptr<float>(), *s = sines.const_data_ptr<float>();
  at::parallel_for(0, n, std::max<int64_t>(1, (1 << 15) / std::max<int64_t>(1, heads * half)), [&](int64_t from, int64_t end) {
    for (int64_t i = from; i < end; i++) {
      const float *ci = c + i * half, *si = s + i * half;
      for (int64_t h = 0; h < heads; h++) {
        const S *__restrict a = in + i * by_token + h * by_head, *__restrict b = a + half;
        S *__restrict y = to + (i * heads + h) * 2 * half, *__restrict z = y + half;
        for (int64_t j = 0; j < half; j++) {
          const A cj = ci[j], sj = sign * si[j], aj = a[j], bj = b[j];
          y[j] = S(aj * cj - bj * sj);
          z[j] = S(bj * cj + aj * sj);
        }
      }
    }
  });
}

Tensor turned(const Tensor &x_, const Tensor &cosines, const Tensor &sines, float sign) {
  Tensor x = x_.stride(2) == 1 ? x_ : x_.contiguous(), out = at::empty(x.sizes(), x.options());
  AT_DISPATCH_FLOATING_TYPES_AND2(at::kHalf, at::kBFloat16, x.scalar_type(), "rotary",
                                  [&] { turn<scalar_t>(x, cosines, sines, sign, out); });
  return out;
}

struct Rotary : torch::autograd::Function<Rotary> {
  static Tensor forward(AutogradContext *ctx, const Tensor &x, const Tensor &cosines, const Tensor &sines) {
    ctx->save_for_backward({cosines, sines});
    return turned(x, cosines, sines, 1);
  }

  static variable_list backward(AutogradContext *ctx, variable_list grads) {
    auto saved = ctx->get_saved_variables();
    return {turned(grads[0], saved[0], saved[1], -1), Tensor(), Tensor()};
  }
};

} // namespace

// The angles in float32, as the peer has them: position times frequency rounded, then its cosine and sine, each [N,K/2].
extern "C" int cloze_rotary_angles(cloze_tensor *cos, cloze_tensor *sin, cloze_tensor positions, const float *frequencies, int64_t n) {
  return cloze_guard([&] {
    const Tensor &p = T(positions);
    TORCH_CHECK(p.dim() == 1 && p.scalar_type() == at::kLong, "positions must be [N] int64");
    at::NoGradGuard no_grad;
    Tensor f = at::empty({n}, at::kFloat);
    std::copy_n(frequencies, n, f.mutable_data_ptr<float>());
    Tensor angles = at::outer(p.to(at::kFloat), f.to(p.device())), c = at::cos(angles), s = at::sin(angles);
    *cos = new Tensor(c);
    *sin = new Tensor(s);
  });
}

extern "C" int cloze_rotary(cloze_tensor *out, cloze_tensor x_, cloze_tensor cos, cloze_tensor sin) {
  return cloze_guard([&] {
    const Tensor &x = T(x_), &c = T(cos), &s = T(sin);
    TORCH_CHECK(x.dim() == 3 && x.size(2) % 2 == 0, "x must be [N,H,K], K even");
    TORCH_CHECK(c.dim() == 2 && c.size(0) == x.size(0) && c.size(1) == x.size(2) / 2 && c.sizes() == s.sizes() && c.is_contiguous() &&
                    s.is_contiguous() && c.scalar_type() == at::kFloat && s.scalar_type() == at::kFloat,
                "the angles must be [N,K/2] float32");
    *out = new Tensor(Rotary::apply(x, c, s));
  });
}
