//go:build ignore

// The summed cross-entropy of hidden [N,D] times an output table [V,D], without the logits [N,V]: some rows at a time are
// multiplied, their softmax is taken where they lie, and, where gradients will be wanted, the chunk's part of both gradients is
// computed at once. The backward pass only scales them. Rows whose target is to be ignored are left out of everything.
#include "native.h"
#include "products.h"
#include "vector_math.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <algorithm>
#include <cmath>
#include <torch/csrc/autograd/custom_function.h>
#include <vector>

namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

Tensor &T(cloze_tensor t) { return *static_cast<Tensor *>(t); }

// Rows of a chunk: 16 MB of logits, but enough rows to keep the matrix products efficient and few enough to stay lean. Each chunk costs a pass over
// the gradient of weight: up to four chunks' rows, as masked tokens are, go in one or two that are up to twice as large.
int64_t chunk_rows(int64_t m, int64_t v) {
  const int64_t rows = std::clamp<int64_t>((int64_t(1) << 22) / std::max<int64_t>(v, 1), 256, 1024);
  if (m > 4 * rows)
    return rows;
  return m > 2 * rows ? (m + 1) / 2 : m;
}

// -log softmax(row)[target]; row becomes softmax - onehot(target) where grad is set.
CLOZE_CLONES float row_loss(float *row, int64_t v, int64_t target, bool grad) {
  const int64_t whole = v & ~int64_t(7), rest = v - whole;
  v8 top = all8(-INFINITY);
  for (int64_t j = 0; j < whole; j += 8)
    top = max8(load8(row + j), top); // this order: a NaN in row does not become the largest, but e^NaN below keeps it
  if (rest)
    top = max8(load_part(row + whole, rest, -INFINITY), top);
  float most = top[0];
  for (int k = 1; k < 8; k++)
    most = top[k] > most ? top[k] : most;
  const float at = row[target] - most;
  v8 total = all8(0);
  for (int64_t j = 0; j < whole; j += 8) {
    v8 e = exp8(load8(row + j) - most);
    store8(row + j, e);
    total += e;
  }
  float sum = sum_of(total);
  if (rest) {
    v8 e = exp8(load_part(row + whole, rest, most) - most);
    std::memcpy(row + whole, &e, sizeof(float) * rest);
    for (int64_t k = 0; k < rest; k++)
      sum += e[k];
  }
  if (grad) {
    const float scale = 1 / sum;
    for (int64_t j = 0; j < v; j++)
      row[j] *= scale;
    row[target] -= 1;
  }
  return std::log(sum) - at;
}

// The same of a whole chunk on any device and in any float type, by ATen: adds the loss to a float64 sum.
void chunk_generic(Tensor &logits, const Tensor &target, bool grad, Tensor &sum) {
  Tensor index = target.unsqueeze(1), lse = logits.logsumexp(1, true);
  sum.add_((lse - logits.gather(1, index)).sum(at::kDouble));
  if (grad) {
    logits.sub_(lse).exp_();
    logits.scatter_add_(1, index, at::full({index.size(0), 1}, -1, logits.options()));
  }
}

struct Sums {
  Tensor loss, hidden, weight, bias; // bias undefined where there is none
};

// h [M,D], targets [M], all counted. Of half types logits and sums are float32: the gradients are rounded when the factor of the
// backward pass, a loss scale, is known, since without it float16 would lose the small ones.
Sums run(const Tensor &h_, const Tensor &w_, const Tensor &b, const Tensor &targets, bool grad) {
  const Tensor h = operand(h_), w = operand(w_);
  const int64_t m = h.size(0), v = w.size(0), chunk = chunk_rows(m, v);
  const auto sums = sums_of(h);
  const bool fast = h.is_cpu() && sums.dtype() == at::kFloat;
  Sums s{at::zeros({}, h.options().dtype(at::kDouble)), {}, {}, {}};
  if (grad) {
    s.hidden = at::empty(h.sizes(), sums);
    s.weight = m == 0 ? at::zeros(w.sizes(), sums) : at::empty(w.sizes(), sums);
    if (b.defined())
      s.bias = at::zeros(b.sizes(), sums);
  }
  Tensor buffer = at::empty({chunk, v}, sums), losses = at::empty({chunk}, sums);
  double sum = 0;
  for (int64_t start = 0; start < m; start += chunk) {
    const int64_t rows = std::min(chunk, m - start);
    Tensor x = h.narrow(0, start, rows), y = targets.narrow(0, start, rows), logits = buffer.narrow(0, 0, rows);
    product(logits, x, w.t(), false);
    if (b.defined())
      logits.add_(b);
    if (fast) {
      float *p = logits.mutable_data_ptr<float>(), *out = losses.mutable_data_ptr<float>();
      const int64_t *target = y.const_data_ptr<int64_t>();
      at::parallel_for(0, rows, std::max<int64_t>(1, 32768 / v), [&](int64_t from, int64_t to) {
        for (int64_t i = from; i < to; i++)
          out[i] = row_loss(p + i * v, v, target[i], grad);
      });
      for (int64_t i = 0; i < rows; i++)
        sum += out[i];
    } else {
      chunk_generic(logits, y, grad, s.loss);
    }
    if (!grad)
      continue;
    if (s.bias.defined())
      s.bias.add_(logits.sum(0));
    Tensor d = logits.to(h.scalar_type()), dx = s.hidden.narrow(0, start, rows);
    product(dx, d, w, false);
    product(s.weight, d.t(), x, start > 0);
  }
  if (fast)
    s.loss.fill_(sum);
  return s;
}

struct LinearCrossEntropy : torch::autograd::Function<LinearCrossEntropy> {
  static Tensor forward(AutogradContext *ctx, const Tensor &hidden, const Tensor &w_, const std::optional<Tensor> &b_,
                        const Tensor &targets_, int64_t ignore, bool grad) {
    const Tensor b = b_.value_or(Tensor());
    Tensor targets = targets_.contiguous(), w = w_.contiguous(), counted = targets.ne(ignore), index;
    if (targets.numel() > 0) { // one look at all of them: a bad id must not become a bad address
      Tensor bad = counted.logical_and(targets.lt(0).logical_or(targets.ge(w.size(0))));
      TORCH_CHECK_INDEX(!bad.any().item<bool>(), "Target ", targets.masked_select(bad)[0].item<int64_t>(), " is out of bounds.");
    }
    Tensor h = hidden.contiguous();
    if (!counted.all().item<bool>()) {
      index = counted.nonzero().squeeze(1);
      h = h.index_select(0, index);
      targets = targets.index_select(0, index);
    }
    Sums s = run(h, w, b, targets, grad);
    if (grad) {
      ctx->save_for_backward({s.hidden, s.weight, s.bias, index});
      ctx->saved_data["type"] = int64_t(hidden.scalar_type());
      ctx->saved_data["rows"] = hidden.size(0);
    }
    return s.loss.to(hidden.scalar_type() == at::kDouble ? at::kDouble : at::kFloat);
  }

  static variable_list backward(AutogradContext *ctx, variable_list grads) {
    auto saved = ctx->get_saved_variables();
    Tensor dh = saved[0], dw = saved[1], db = saved[2];
    const double factor = grads[0].item().toDouble();
    if (factor != 1) { // not in place: the record may be used again
      dh = dh.mul(factor);
      dw = dw.mul(factor);
      if (db.defined())
        db = db.mul(factor);
    }
    if (saved[3].defined())
      dh = at::zeros({ctx->saved_data["rows"].toInt(), dh.size(1)}, dh.options()).index_copy_(0, saved[3], dh);
    const auto type = at::ScalarType(ctx->saved_data["type"].toInt());
    return {dh.to(type), dw.to(type), db.defined() ? db.to(type) : db, Tensor(), Tensor(), Tensor()};
  }
};

} // namespace

extern "C" int cloze_linear_cross_entropy(cloze_tensor *out, cloze_tensor hidden, cloze_tensor weight, cloze_tensor bias_or_null,
                                          cloze_tensor targets, int64_t ignore_index) {
  return cloze_guard([&] {
    const Tensor &h = T(hidden), &w = T(weight), &y = T(targets), b = bias_or_null ? T(bias_or_null) : Tensor();
    TORCH_CHECK(h.dim() == 2 && w.dim() == 2 && h.size(1) == w.size(1) && y.dim() == 1 && y.size(0) == h.size(0),
                "hidden must be [N,D], weight [V,D] and targets [N]");
    TORCH_CHECK(!b.defined() || b.dim() == 1 && b.size(0) == w.size(0), "bias must be [V]");
    TORCH_CHECK(y.scalar_type() == at::kLong, "targets must be int64");
    TORCH_CHECK(h.scalar_type() == w.scalar_type(), "hidden and weight must be of one type, not ", h.scalar_type(), " and ", w.scalar_type());
    bool grad = at::GradMode::is_enabled() && (h.requires_grad() || w.requires_grad() || b.defined() && b.requires_grad());
    *out = new Tensor(LinearCrossEntropy::apply(h, w, b.defined() ? std::optional<Tensor>(b) : std::nullopt, y, ignore_index, grad));
  });
}
