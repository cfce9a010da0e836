//go:build ignore

// The summed cross-entropy of logits [N,V] and its gradient. PyTorch's backward fills a second [N,V] with zeros, puts -1 at each
// target, and combines it with the log-probabilities into a third; here one tensor is written, some rows at a time, in the cache.
#include "native.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <algorithm>
#include <torch/csrc/autograd/custom_function.h>

namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

Tensor &T(cloze_tensor t) { return *static_cast<Tensor *>(t); }

struct CrossEntropySum : torch::autograd::Function<CrossEntropySum> {
  // In float32 whatever the logits' type: a sum over a batch overflows float16 and loses digits in bfloat16.
  static Tensor forward(AutogradContext *ctx, const Tensor &logits, const Tensor &targets_, int64_t ignore) {
    Tensor targets = targets_.contiguous();
    bool narrow = logits.scalar_type() == at::kHalf || logits.scalar_type() == at::kBFloat16;
    Tensor logp = (narrow ? at::log_softmax(logits, 1, at::kFloat) : at::log_softmax(logits, 1)).contiguous();
    const int64_t n = logp.size(0), v = logp.size(1), *target = targets.const_data_ptr<int64_t>();
    double sum = 0;
    AT_DISPATCH_FLOATING_TYPES(logp.scalar_type(), "cross_entropy_sum", [&] {
      const scalar_t *p = logp.const_data_ptr<scalar_t>();
      for (int64_t i = 0; i < n; i++) {
        if (target[i] == ignore)
          continue;
        TORCH_CHECK_INDEX(target[i] >= 0 && target[i] < v, "Target ", target[i], " is out of bounds.");
        sum -= p[i * v + target[i]];
      }
    });
    ctx->save_for_backward({logp, targets});
    ctx->saved_data["ignore"] = ignore;
    ctx->saved_data["type"] = int64_t(logits.scalar_type());
    return at::scalar_tensor(sum, logp.options());
  }

  // (softmax - onehot(target)) * grad, 0 in the rows that are ignored.
  static variable_list backward(AutogradContext *ctx, variable_list grads) {
    auto saved = ctx->get_saved_variables();
    const Tensor &logp = saved[0], &targets = saved[1];
    const int64_t ignore = ctx->saved_data["ignore"].toInt(), n = logp.size(0), v = logp.size(1);
    const int64_t *target = targets.const_data_ptr<int64_t>();
    const double factor = grads[0].item().toDouble();
    Tensor d = at::empty(logp.sizes(), logp.options());
    const int64_t step = std::max<int64_t>(1, (1 << 16) / std::max<int64_t>(v, 1)); // rows of 256 KB
    AT_DISPATCH_FLOATING_TYPES(logp.scalar_type(), "cross_entropy_sum_backward", [&] {
      scalar_t *out = d.mutable_data_ptr<scalar_t>();
      const scalar_t f = scalar_t(factor);
      at::parallel_for(0, (n + step - 1) / step, 1, [&](int64_t from, int64_t to) {
        at::AutoDispatchBelowADInplaceOrView below_autograd; // a property of the thread, which other threads do not inherit
        for (int64_t start = from * step; start < std::min(n, to * step); start += step) {
          const int64_t rows = std::min(step, n - start);
          Tensor part = d.narrow(0, start, rows);
          at::exp_out(part, logp.narrow(0, start, rows));
          for (int64_t i = start; i < start + rows; i++) {
            scalar_t *row = out + i * v;
            if (target[i] == ignore) {
              std::fill_n(row, v, scalar_t(0));
              continue;
            }
            for (int64_t j = 0; j < v; j++)
              row[j] *= f;
            row[target[i]] -= f;
          }
        }
      });
    });
    return {d.to(at::ScalarType(ctx->saved_data["type"].toInt())), Tensor(), Tensor()};
  }
};

} // namespace

extern "C" int cloze_cross_entropy_sum(cloze_tensor *out, cloze_tensor logits, cloze_tensor targets, int64_t ignore_index) {
  return cloze_guard([&] {
    const Tensor &x = T(logits), &y = T(targets);
    TORCH_CHECK(x.dim() == 2 && y.dim() == 1 && x.size(0) == y.size(0), "logits must be [N,V] and targets [N]");
    TORCH_CHECK(y.scalar_type() == at::kLong, "targets must be int64");
    *out = new Tensor(CrossEntropySum::apply(x, y, ignore_index));
  });
}
