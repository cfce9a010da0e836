//go:build ignore

// The blocks of a post-norm encoder (BERT) over packed rows, without a record for gradients. Each thread takes some rows through all blocks by itself:
// nothing waits for the others, and what a block makes stays in the thread's cache. Weights are repacked beforehand, once (encode_blocks.h).
#include "native.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <atomic>

#if defined(__x86_64__)
#include "encode_blocks.h"

namespace {

using at::Tensor;

const Tensor &T(cloze_tensor t) { return *static_cast<Tensor *>(t); }

enum { kQKV, kQKVBias, kOut, kOutBias, kNorm1, kNorm1Bias, kUp, kUpBias, kDown, kDownBias, kNorm2, kNorm2Bias };

constexpr int64_t kRowTokens = 256; // of the rows that a thread takes at a time

Panels panels(cloze_tensor packed, cloze_tensor bias, int64_t in) {
  const bool bytes = T(packed).scalar_type() == at::kChar;
  return {bytes ? nullptr : T(packed).const_data_ptr<float>(), T(bias).const_data_ptr<float>(), T(bias).numel(), in, bytes ? T(packed).const_data_ptr<int8_t>() : nullptr};
}

std::vector<EncodeBlock> blocks_of(const cloze_encoder &e, int64_t dim) {
  std::vector<EncodeBlock> blocks(e.layers);
  for (int i = 0; i < e.layers; i++) {
    const cloze_tensor *w = e.weights + i * CLOZE_ENCODER_SLOTS;
    auto numbers = [&](int slot) { return T(w[slot]).const_data_ptr<float>(); };
    blocks[i] = {panels(w[kQKV], w[kQKVBias], dim), panels(w[kOut], w[kOutBias], dim), panels(w[kUp], w[kUpBias], dim),
                 panels(w[kDown], w[kDownBias], T(w[kUpBias]).numel()), numbers(kNorm1), numbers(kNorm1Bias), numbers(kNorm2), numbers(kNorm2Bias)};
  }
  return blocks;
}

__attribute__((target("avx2,fma"), optimize("fp-contract=fast"), noinline)) void encode(const std::vector<EncodeBlock> &blocks, float *x,
                                                                                         const int32_t *offsets, int rows, int64_t dim,
                                                                                         const cloze_encoder &e, bool first) {
  static thread_local EncodeRoom room;
  encode_blocks(blocks, x, offsets, rows, dim, e.heads, e.activation, e.epsilon, first, room);
}

// Where rows are cut into shares: each holds at least kRowTokens tokens, or is the last.
std::vector<int> shares_of(const int32_t *offsets, int rows, int threads) {
  const int64_t total = offsets[rows], least = std::min(kRowTokens, std::max<int64_t>(1, (total + threads - 1) / threads));
  std::vector<int> cuts{0};
  for (int i = 1; i <= rows; i++)
    if (offsets[i] - offsets[cuts.back()] >= least || i == rows)
      cuts.push_back(i);
  return cuts;
}

} // namespace
#endif

extern "C" int cloze_can_encode(void) {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return 0;
#endif
}

extern "C" int cloze_encoder_pack(cloze_tensor *out, cloze_tensor weight, int int8) {
  return cloze_guard([&] {
#if defined(__x86_64__)
    const Tensor w = T(weight).detach().contiguous();
    TORCH_CHECK(w.dim() == 2 && w.is_cpu() && w.scalar_type() == at::kFloat, "the weight must be float32 [out,in] on the CPU");
    const int64_t columns = w.size(0), in = w.size(1);
    Tensor packed;
    if (int8) {
      TORCH_CHECK(w.isfinite().all().item<bool>(), "the weight holds a number that is not finite");
      packed = at::empty({rounded16(columns) / kPanel16 * int8_panel(in)}, w.options().dtype(at::kChar));
      pack_int8(w.const_data_ptr<float>(), columns, in, packed.mutable_data_ptr<int8_t>());
    } else {
      packed = at::empty({rounded16(columns) * in}, w.options());
      pack(w.const_data_ptr<float>(), in, in, columns, true, packed.mutable_data_ptr<float>());
    }
    *out = new Tensor(packed);
#else
    TORCH_CHECK(false, "only processors with AVX2 encode so");
#endif
  });
}

extern "C" int cloze_encode(const cloze_encoder *e, cloze_tensor x, const int32_t *offsets, int rows, int first) {
  return cloze_guard([&] {
#if defined(__x86_64__)
    const Tensor &t = T(x);
    TORCH_CHECK(cloze_can_encode() && t.dim() == 2 && t.is_contiguous() && t.scalar_type() == at::kFloat && t.size(1) % e->heads == 0 && offsets[0] == 0 && offsets[rows] == t.size(0),
                "x must be float32 [N,D], its rows those of the offsets, on a processor with AVX2");
    for (int i = 0; i < rows && first; i++)
      TORCH_CHECK(offsets[i] < offsets[i + 1], "row ", i, " has no first token");
    const int64_t dim = t.size(1);
    float *numbers = t.mutable_data_ptr<float>();
    const std::vector<EncodeBlock> blocks = blocks_of(*e, dim);
    const int threads = at::get_num_threads();
    const std::vector<int> cuts = shares_of(offsets, rows, threads);
    const int shares = int(cuts.size()) - 1;
    std::atomic<int> next{0};
    auto work = [&](int64_t, int64_t) {
      for (int i; (i = next.fetch_add(1)) < shares;)
        encode(blocks, numbers + offsets[cuts[i]] * dim, offsets + cuts[i], cuts[i + 1] - cuts[i], dim, *e, first != 0);
    };
    if (shares < 2 || threads < 2)
      work(0, 1);
    else
      at::parallel_for(0, std::min(threads, shares), 1, work);
    for (int i = 0; i < shares && first; i++)
      std::memmove(numbers + cuts[i] * dim, numbers + offsets[cuts[i]] * dim, sizeof(float) * dim * (cuts[i + 1] - cuts[i]));
#else
    TORCH_CHECK(false, "only processors with AVX2 encode so");
#endif
  });
}
