//go:build ignore

// Attention over packed rows: softmax(q k' / sqrt(K)) v inside each row, never across rows, forward and backward.
//
// Rows lie one after another in [N,H,K]. Adjacent rows of one length are one call of ATen's flash kernel on a strided view
// [rows,H,length,K]: nothing is copied, no mask is built, and a row cannot see another because it is another batch entry. Where
// lengths differ the calls are many and small; threads then take whole calls instead of sharing each.
//
// Where G query heads share a head of keys and values (grouped queries, Ainslie et al. 2023), the kernel runs G times, each time
// with one query head of every group, so that keys and values are used where they lie: repeating them would cost G times their memory.
//
// Half types are kept for the backward pass and computed in float32: scores of a large product would overflow float16, and the
// kernel's own half precision is slower (docs/bench/half.md).
#include "native.h"
#include "products.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>
#include <torch/csrc/autograd/custom_function.h>
#include <vector>

namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

Tensor &T(cloze_tensor t) { return *static_cast<Tensor *>(t); }

// A run of adjacent rows of one length.
struct Group {
  int64_t start, rows, length;
  int64_t cost() const { return rows * length * (length + 64); } // 64: what a row costs beside its scores
};

std::vector<Group> groups_of(const std::vector<int64_t> &off) {
  std::vector<Group> out;
  for (size_t i = 0; i + 1 < off.size(); i++) {
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
Tensor part(const Tensor &x, const Group &g) {
  return x.narrow(0, g.start, g.rows * g.length).view({g.rows, g.length, x.size(1), x.size(2)}).transpose(1, 2);
}

// Runs f(i) for every group: one after another, each on all threads, or, when there are many and none is most of the work, a group
// a thread, the largest first. Which thread takes a group changes no bit of its result.
template <class F> void each(const std::vector<Group> &groups, F f) {
  int64_t total = 0, largest = 0;
  for (const Group &g : groups) {
    total += g.cost();
    largest = std::max(largest, g.cost());
  }
  int threads = at::get_num_threads();
  if (threads < 2 || groups.size() < 4 || largest * threads > total) {
    for (size_t i = 0; i < groups.size(); i++)
      f(i);
    return;
  }
  std::vector<size_t> order(groups.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return groups[a].cost() > groups[b].cost(); });
  std::atomic<size_t> next{0};
  at::parallel_for(0, threads, 1, [&](int64_t, int64_t) {
    at::AutoDispatchBelowADInplaceOrView below_autograd; // a property of the thread, which other threads do not inherit
    for (size_t i; (i = next.fetch_add(1)) < order.size();)
      f(order[i]);
  });
}

// The kernel reads K numbers in a row from memory; other strides may be anything.
Tensor rows_dense(const Tensor &x) { return x.stride(2) == 1 ? x : x.contiguous(); }

// The m-th query heads of all groups, for each m below G: views [N,H/G,K] of [N,H,K].
std::vector<Tensor> members(const Tensor &q, int64_t kv_heads) {
  if (q.size(1) == kv_heads)
    return {q};
  return q.unflatten(1, {kv_heads, q.size(1) / kv_heads}).unbind(2);
}

// Fills out [N,H,K] and the logarithms of the softmax's denominators, G tensors a group of rows.
void forward_rows(const Tensor &q, const Tensor &k, const Tensor &v, const std::vector<Group> &groups, bool causal, Tensor &out,
                  variable_list &lse) {
  const std::vector<Tensor> qs = members(q, k.size(1));
  lse.resize(groups.size() * qs.size());
  if (lse.size() == 1) {
    auto [o, l] = at::_scaled_dot_product_flash_attention_for_cpu(part(q, groups[0]), part(k, groups[0]), part(v, groups[0]), 0.0, causal);
    out = o.transpose(1, 2).reshape(q.sizes()); // the kernel's own memory lies in this order
    lse[0] = l;
    return;
  }
  out = at::empty(q.sizes(), q.options());
  const std::vector<Tensor> outs = members(out, k.size(1));
  each(groups, [&](size_t i) {
    const Group &g = groups[i];
    for (size_t m = 0; m < qs.size(); m++) {
      auto [o, l] = at::_scaled_dot_product_flash_attention_for_cpu(part(qs[m], g), part(k, g), part(v, g), 0.0, causal);
      part(outs[m], g).copy_(o);
      lse[i * qs.size() + m] = l;
    }
  });
}

void backward_rows(const Tensor &grad, const Tensor &q, const Tensor &k, const Tensor &v, const Tensor &out, const Tensor *lse,
                   const std::vector<Group> &groups, bool causal, const Tensor &dq, const Tensor &dk, const Tensor &dv) {
  const int64_t kv = k.size(1);
  const std::vector<Tensor> grads = members(grad, kv), qs = members(q, kv), outs = members(out, kv), dqs = members(dq, kv);
  each(groups, [&](size_t i) {
    const Group &g = groups[i];
    for (size_t m = 0; m < qs.size(); m++) {
      auto [a, b, c] = at::_scaled_dot_product_flash_attention_for_cpu_backward(
          part(grads[m], g), part(qs[m], g), part(k, g), part(v, g), part(outs[m], g), lse[i * qs.size() + m], 0.0, causal);
      part(dqs[m], g).copy_(a);
      if (m == 0) {
        part(dk, g).copy_(b);
        part(dv, g).copy_(c);
      } else { // every query head of the group adds to the keys and values it shares
        part(dk, g).add_(b);
        part(dv, g).add_(c);
      }
    }
  });
}

void save(AutogradContext *ctx, variable_list saved, const variable_list &lse, const std::vector<int64_t> &offsets, bool causal) {
  saved.insert(saved.end(), lse.begin(), lse.end());
  ctx->save_for_backward(std::move(saved));
  ctx->saved_data["offsets"] = offsets;
  ctx->saved_data["causal"] = causal;
}

// Separate q, k and v.
struct Packed : torch::autograd::Function<Packed> {
  static Tensor forward(AutogradContext *ctx, const Tensor &q_, const Tensor &k_, const Tensor &v_, std::vector<int64_t> offsets,
                        bool causal) {
    Tensor q = rows_dense(q_), k = rows_dense(k_), v = rows_dense(v_), out;
    variable_list lse;
    forward_rows(wide(q), wide(k), wide(v), groups_of(offsets), causal, out, lse);
    out = out.to(q.scalar_type());
    save(ctx, {q, k, v, out}, lse, offsets, causal);
    return out;
  }

  static variable_list backward(AutogradContext *ctx, variable_list grads) {
    auto saved = ctx->get_saved_variables();
    const Tensor q = wide(saved[0]), k = wide(saved[1]), v = wide(saved[2]), out = wide(saved[3]);
    Tensor dq = at::empty(q.sizes(), q.options()), dk = at::empty(k.sizes(), k.options()), dv = at::empty(k.sizes(), k.options());
    backward_rows(wide(grads[0].contiguous()), q, k, v, out, saved.data() + 4, groups_of(ctx->saved_data["offsets"].toIntVector()),
                  ctx->saved_data["causal"].toBool(), dq, dk, dv);
    const auto type = saved[0].scalar_type();
    return {dq.to(type), dk.to(type), dv.to(type), Tensor(), Tensor()};
  }
};

// One tensor [N,3,H,K] of queries, keys and values: its gradient is written once, instead of three that are padded and added.
struct PackedQKV : torch::autograd::Function<PackedQKV> {
  static Tensor forward(AutogradContext *ctx, const Tensor &qkv_, std::vector<int64_t> offsets, bool causal) {
    Tensor kept = qkv_.stride(3) == 1 ? qkv_ : qkv_.contiguous(), qkv = wide(kept), out;
    variable_list lse;
    forward_rows(qkv.select(1, 0), qkv.select(1, 1), qkv.select(1, 2), groups_of(offsets), causal, out, lse);
    out = out.to(kept.scalar_type());
    save(ctx, {kept, out}, lse, offsets, causal);
    return out;
  }

  static variable_list backward(AutogradContext *ctx, variable_list grads) {
    auto saved = ctx->get_saved_variables();
    const Tensor qkv = wide(saved[0]), out = wide(saved[1]);
    Tensor d = at::empty(qkv.sizes(), qkv.options());
    backward_rows(wide(grads[0].contiguous()), qkv.select(1, 0), qkv.select(1, 1), qkv.select(1, 2), out, saved.data() + 2,
                  groups_of(ctx->saved_data["offsets"].toIntVector()), ctx->saved_data["causal"].toBool(), d.select(1, 0),
                  d.select(1, 1), d.select(1, 2));
    return {d.to(saved[0].scalar_type()), Tensor(), Tensor()};
  }
};

// With dropout on the probabilities they must exist: group by group, through autograd.
Tensor with_dropout(const Tensor &q_, const Tensor &k_, const Tensor &v_, const std::vector<int64_t> &offsets, bool causal,
                    double dropout) {
  const int64_t shared = q_.size(1) / k_.size(1);
  Tensor q = wide(q_), k = wide(k_), v = wide(v_);
  if (shared > 1)
    k = k.repeat_interleave(shared, 1), v = v.repeat_interleave(shared, 1);
  variable_list outs;
  double scale = 1 / std::sqrt(double(q.size(2)));
  for (const Group &g : groups_of(offsets)) {
    Tensor scores = at::matmul(part(q, g).mul(scale), part(k, g).transpose(2, 3));
    if (causal) {
      auto hidden = at::ones({g.length, g.length}, q.options().dtype(at::kBool)).triu(1);
      scores = scores.masked_fill(hidden, -INFINITY);
    }
    Tensor p = at::dropout(at::softmax(scores, -1), dropout, true);
    outs.push_back(at::matmul(p, part(v, g)).transpose(1, 2).reshape({g.rows * g.length, q.size(1), q.size(2)}));
  }
  return (outs.empty() ? q * 0 : at::cat(outs, 0)).to(q_.scalar_type());
}

std::vector<int64_t> checked_offsets(const int32_t *row_offsets, int rows, int64_t n) {
  std::vector<int64_t> off(row_offsets, row_offsets + rows + 1);
  TORCH_CHECK(off.front() == 0 && off.back() == n, "row offsets must run from 0 to N = ", n, ", not from ", off.front(), " to ",
              off.back());
  for (int i = 0; i < rows; i++)
    TORCH_CHECK(off[i] <= off[i + 1], "row offsets must not decrease: ", off[i], " then ", off[i + 1]);
  return off;
}

} // namespace

extern "C" int cloze_attention(cloze_tensor *out, cloze_tensor q, cloze_tensor k, cloze_tensor v, const int32_t *row_offsets,
                               int rows, int causal, double dropout) {
  return cloze_guard([&] {
    const Tensor &x = T(q), &y = T(k);
    TORCH_CHECK(x.dim() == 3 && y.dim() == 3 && y.sizes() == T(v).sizes() && x.size(0) == y.size(0) && x.size(2) == y.size(2),
                "q must be [N,H,K], k and v one shape [N,H/G,K]");
    TORCH_CHECK(y.size(1) > 0 && x.size(1) % y.size(1) == 0, x.size(1), " query heads cannot share ", y.size(1),
                " heads of keys and values evenly");
    TORCH_CHECK(dropout >= 0 && dropout < 1, "dropout must be in [0, 1), not ", dropout);
    auto offsets = checked_offsets(row_offsets, rows, x.size(0));
    *out = new Tensor(dropout > 0 ? with_dropout(x, T(k), T(v), offsets, causal, dropout)
                                  : Packed::apply(x, T(k), T(v), offsets, bool(causal)));
  });
}

extern "C" int cloze_attention_qkv(cloze_tensor *out, cloze_tensor qkv, int64_t heads, const int32_t *row_offsets, int rows,
                                   int causal, double dropout) {
  return cloze_guard([&] {
    const Tensor &x = T(qkv);
    TORCH_CHECK(x.dim() == 2 && heads > 0 && x.size(1) % (3 * heads) == 0, "qkv must be [N,3D], D a multiple of ", heads, " heads");
    TORCH_CHECK(dropout >= 0 && dropout < 1, "dropout must be in [0, 1), not ", dropout);
    auto offsets = checked_offsets(row_offsets, rows, x.size(0));
    int64_t n = x.size(0), dim = x.size(1) / 3;
    Tensor split = x.reshape({n, 3, heads, dim / heads}), y;
    if (dropout > 0) {
      auto parts = split.unbind(1);
      y = with_dropout(parts[0], parts[1], parts[2], offsets, causal, dropout);
    } else {
      y = PackedQKV::apply(split, offsets, bool(causal));
    }
    *out = new Tensor(y.reshape({n, dim}));
  });
}
