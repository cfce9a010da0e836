//go:build ignore

// What training in bfloat16 and float16 needs beside the kernels: the two layers of ATen that add many numbers up in half precision
// (the rows of an embedding's gradient, the weights of a norm), and weights that exist twice, as float32 and rounded.
#include "native.h"
#include "products.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

Tensor &T(cloze_tensor t) { return *static_cast<Tensor *>(t); }

// A frequent token's row is a sum of thousands: in bfloat16 it would stand still at 256 times a summand.
struct Embedding : torch::autograd::Function<Embedding> {
  static Tensor forward(AutogradContext *ctx, const Tensor &table, const Tensor &ids) {
    ctx->save_for_backward({ids});
    ctx->saved_data["rows"] = table.size(0);
    return at::embedding(table, ids);
  }
  static variable_list backward(AutogradContext *ctx, variable_list grads) {
    Tensor ids = ctx->get_saved_variables()[0];
    return {at::embedding_dense_backward(wide(grads[0]), ids, ctx->saved_data["rows"].toInt(), -1, false).to(grads[0].scalar_type()), Tensor()};
  }
};

struct LayerNorm : torch::autograd::Function<LayerNorm> {
  static Tensor forward(AutogradContext *ctx, const Tensor &x, const Tensor &w, const std::optional<Tensor> &b, double eps) {
    const Tensor bias = b.value_or(Tensor());
    auto [y, mean, rstd] = at::native_layer_norm(wide(x), w.sizes(), wide(w), wide(bias), eps);
    ctx->save_for_backward({x, w, bias, mean, rstd});
    return y.to(x.scalar_type());
  }
  static variable_list backward(AutogradContext *ctx, variable_list grads) {
    auto saved = ctx->get_saved_variables();
    const Tensor &x = saved[0], &w = saved[1], &b = saved[2];
    auto [dx, dw, db] = at::native_layer_norm_backward(wide(grads[0]), wide(x), w.sizes(), saved[3], saved[4], wide(w), wide(b),
                                                       {true, true, b.defined()});
    const auto type = x.scalar_type();
    return {dx.to(type), dw.to(type), b.defined() ? db.to(type) : Tensor(), Tensor()};
  }
};

} // namespace

extern "C" {

int cloze_embedding(cloze_tensor *out, cloze_tensor table, cloze_tensor ids) {
  return cloze_guard([&] {
    const Tensor &t = T(table), &i = T(ids);
    *out = new Tensor(is_half(t) ? Embedding::apply(t, i) : at::embedding(t, i));
  });
}

int cloze_layer_norm(cloze_tensor *out, cloze_tensor x_, cloze_tensor w_, cloze_tensor bias_or_null, double eps) {
  return cloze_guard([&] {
    const Tensor &x = T(x_), &w = T(w_);
    std::optional<Tensor> b = bias_or_null ? std::optional<Tensor>(T(bias_or_null)) : std::nullopt;
    *out = new Tensor(is_half(x) ? LayerNorm::apply(x, w, b, eps) : at::layer_norm(x, w.sizes(), w, b, eps));
  });
}

int cloze_set_data(cloze_tensor t, cloze_tensor from) {
  return cloze_guard([&] {
    T(t).mutable_grad() = Tensor(); // of the old type
    T(t).set_data(T(from));
  });
}

int cloze_gather_grads(const cloze_tensor *to, const cloze_tensor *from, int n) {
  return cloze_guard([&] {
    at::NoGradGuard no_grad;
    for (int i = 0; i < n; i++) {
      Tensor &source = T(from[i]).mutable_grad(), &sum = T(to[i]).mutable_grad();
      if (!source.defined())
        continue;
      if (sum.defined())
        sum.add_(source);
      else
        sum = source.to(T(to[i]).scalar_type());
      source = Tensor();
    }
  });
}
}
