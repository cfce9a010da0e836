//go:build ignore

// Attention over packed rows: softmax(q k' / sqrt(K)) v inside each row, never across rows, forward and backward.
//
// Rows lie one after another in [N,H,K]. Adjacent rows of one length are one call of ATen's flash kernel on a strided view
// [rows,H,length,K]: nothing is copied, no mask is built, and a row cannot see another because it is another batch entry.
#include "native.h"

#include <ATen/ATen.h>
#include <cmath>
#include <torch/csrc/autograd/custom_function.h>
#include <vector>

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor &T(cloze_tensor t) { return *static_cast<at::Tensor *>(t); }

// A run of adjacent rows of one length.
struct Group {
  int64_t start, rows, length;
};

std::vector<Group> groups_of(const int64_t *off, int64_t rows) {
  std::vector<Group> out;
  for (int64_t i = 0; i < rows; i++) {
    int64_t length = off[i + 1] - off[i];
    if (length == 0)
      continue;
    if (!out.empty() && out.back().length == length)
      out.back().rows++;
    else
      out.push_back({off[i], 1, length});
  }
  return out;
}

// [N,H,K] -> [rows,H,length,K], a view of the group's part.
at::Tensor part(const at::Tensor &x, const Group &g) {
  return x.narrow(0, g.start, g.rows * g.length).view({g.rows, g.length, x.size(1), x.size(2)}).transpose(1, 2);
}

struct Packed : torch::autograd::Function<Packed> {
  static at::Tensor forward(AutogradContext *ctx, const at::Tensor &q, const at::Tensor &k, const at::Tensor &v,
                            std::vector<int64_t> offsets, bool causal) {
    auto groups = groups_of(offsets.data(), int64_t(offsets.size()) - 1);
    at::Tensor out = at::empty(q.sizes(), q.options());
    variable_list saved{q, k, v, out};
    for (const Group &g : groups) {
      auto [o, lse] = at::_scaled_dot_product_flash_attention_for_cpu(part(q, g), part(k, g), part(v, g), 0.0, causal);
      part(out, g).copy_(o);
      saved.push_back(lse);
    }
    ctx->save_for_backward(saved);
    ctx->saved_data["offsets"] = offsets;
    ctx->saved_data["causal"] = causal;
    return out;
  }

  static variable_list backward(AutogradContext *ctx, variable_list grads) {
    auto saved = ctx->get_saved_variables();
    auto offsets = ctx->saved_data["offsets"].toIntVector();
    bool causal = ctx->saved_data["causal"].toBool();
    const at::Tensor &q = saved[0], &k = saved[1], &v = saved[2], &out = saved[3];
    at::Tensor grad = grads[0];
    at::Tensor dq = at::empty(q.sizes(), q.options()), dk = at::empty(k.sizes(), k.options()),
               dv = at::empty(v.sizes(), v.options());
    auto groups = groups_of(offsets.data(), int64_t(offsets.size()) - 1);
    for (size_t i = 0; i < groups.size(); i++) {
      const Group &g = groups[i];
      auto [a, b, c] = at::_scaled_dot_product_flash_attention_for_cpu_backward(
          part(grad, g), part(q, g), part(k, g), part(v, g), part(out, g), saved[4 + i], 0.0, causal);
      part(dq, g).copy_(a);
      part(dk, g).copy_(b);
      part(dv, g).copy_(c);
    }
    return {dq, dk, dv, at::Tensor(), at::Tensor()};
  }
};

// With dropout on the probabilities they must exist: row by row, through autograd.
at::Tensor with_dropout(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const std::vector<int64_t> &offsets,
                        bool causal, double dropout) {
  std::vector<at::Tensor> outs;
  double scale = 1 / std::sqrt(double(q.size(2)));
  for (const Group &g : groups_of(offsets.data(), int64_t(offsets.size()) - 1)) {
    at::Tensor scores = at::matmul(part(q, g), part(k, g).transpose(2, 3)).mul(scale);
    if (causal) {
      auto hidden = at::ones({g.length, g.length}, q.options().dtype(at::kBool)).triu(1);
      scores = scores.masked_fill(hidden, -INFINITY);
    }
    at::Tensor p = at::dropout(at::softmax(scores, -1), dropout, true);
    outs.push_back(at::matmul(p, part(v, g)).transpose(1, 2).reshape({g.rows * g.length, q.size(1), q.size(2)}));
  }
  return outs.empty() ? at::zeros_like(q) : at::cat(outs, 0);
}

} // namespace

extern "C" int cloze_attention(cloze_tensor *out, cloze_tensor q, cloze_tensor k, cloze_tensor v, const int32_t *row_offsets,
                               int rows, int causal, double dropout) {
  return cloze_guard([&] {
    const at::Tensor &x = T(q);
    TORCH_CHECK(x.dim() == 3 && x.sizes() == T(k).sizes() && x.sizes() == T(v).sizes(),
                "q, k and v must have one shape [N,H,K]");
    std::vector<int64_t> offsets(row_offsets, row_offsets + rows + 1);
    TORCH_CHECK(offsets.front() == 0 && offsets.back() == x.size(0), "row offsets must run from 0 to N = ", x.size(0));
    for (int i = 0; i < rows; i++)
      TORCH_CHECK(offsets[i] <= offsets[i + 1], "row offsets must not decrease: ", offsets[i], " then ", offsets[i + 1]);
    *out = new at::Tensor(dropout > 0 ? with_dropout(x, T(k), T(v), offsets, causal, dropout)
                                      : Packed::apply(x, T(k), T(v), offsets, bool(causal)));
  });
}
