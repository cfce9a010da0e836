//go:build ignore

// The likeliest token without all logits. The table of the head is the largest matrix of a small network, a third of what a step reads. A copy
// of it in eight bits a number tells within known bounds what each logit is; only those that can be the largest are then computed. The
// result is exact: it is the token whose logit, computed as without the copy, is largest, of equal ones the lowest id.
//
// Bounds, for a row w = s q + e of the table (q whole numbers) and an input h = t p + d: w h = s t (q p) + e h + s q d, so the logit is off
// s t (q p), which is computed exactly but for its last rounding, by at most |e| |h| + |s q| |d|, and |s q| <= |w| + |e|. The logit in float32
// is itself off w h, by at most n 2^-24 |w| |h| for n additions in a row (Higham 2002, section 3.1).
#pragma once
#include "decode_products.h"
#include "decode_team.h"

#include <ATen/ATen.h>
#include <cmath>
#include <memory>
#include <vector>

// Sums of q[i] p[i] of n numbers for some inputs, p [inputs,n]; exact, and in 32 bits by the choice of p's range.
template <int B> static inline void plain_whole_dots(const int8_t *q, const int16_t *p, int64_t n, int32_t *sums) {
  for (int b = 0; b < B; b++) {
    sums[b] = 0;
    for (int64_t i = 0; i < n; i++)
      sums[b] += int32_t(q[i]) * p[b * n + i];
  }
}
#if defined(__x86_64__)
template <int B> __attribute__((target("avx2"))) static inline void quick_whole_dots(const int8_t *q, const int16_t *p, int64_t n, int32_t *sums) {
  __m256i acc[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256()};
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const __m256i w = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(q + i)));
    for (int b = 0; b < B; b++)
      acc[b] = _mm256_add_epi32(acc[b], _mm256_madd_epi16(w, _mm256_loadu_si256((const __m256i *)(p + b * n + i))));
  }
  const __m256i eight = _mm256_hadd_epi32(_mm256_hadd_epi32(acc[0], acc[1]), _mm256_hadd_epi32(acc[2], acc[3]));
  alignas(16) int32_t four[4];
  _mm_store_si128((__m128i *)four, _mm_add_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1)));
  for (int b = 0; b < B; b++) {
    sums[b] = four[b];
    for (int64_t j = i; j < n; j++)
      sums[b] += int32_t(q[j]) * p[b * n + j];
  }
}
static const bool has_avx2 = __builtin_cpu_supports("avx2");
#else
constexpr bool has_avx2 = false;
template <int B> static void quick_whole_dots(const int8_t *, const int16_t *, int64_t, int32_t *) {}
#endif

// Numbers as whole ones times a scale: bounds of what is lost, |x - scale to|, and of |x|, both infinite where x is not finite.
template <class T> struct Rounded {
  float scale, rest, norm;
};
template <class T> CLOZE_INLINE Rounded<T> round_to(const float *x, int64_t n, float range, T *to) {
  auto eight = [&](int64_t i) { return i + 8 <= n ? load8(x + i) : load_part(x + i, n - i, 0); };
  v8 large = all8(0), finite = all8(0);
  for (int64_t i = 0; i < n; i += 8) {
    const v8 v = eight(i);
    large = max8(large, v < 0.f ? -v : v), finite += v * 0.f;
  }
  float most = 0;
  for (int j = 0; j < 8; j++)
    most = std::max(most, large[j]);
  const float root = std::sqrt(float(n));
  if (!(sum_of(finite) == 0) || !(most > 1e-15f && most < 1e15f)) { // squares would leave float32's range: nothing is kept, all is lost
    std::fill(to, to + n, T(0));
    const float all = sum_of(finite) == 0 ? most * root * 1.01f : INFINITY;
    return {0, all, all};
  }
  const float scale = most / range, inverse = range / most;
  v8 rest = all8(0), all = all8(0);
  for (int64_t i = 0; i < n; i += 8) {
    const v8 v = eight(i), whole = v * inverse + 12582912.f - 12582912.f, off = v - whole * scale; // 1.5 * 2^23 rounds to whole numbers
    rest += off * off, all += v * v;
    for (int64_t j = 0; j < std::min<int64_t>(8, n - i); j++)
      to[i + j] = T(whole[j]);
  }
  // Sums of n squares are off by less than n 2^-23 of themselves, 1 % for rows of 80,000; `off` by 2^-23 of the largest.
  return {scale, std::sqrt(sum_of(rest)) * 1.01f + most * root * 1e-6f, std::sqrt(sum_of(all)) * 1.01f};
}

// The copy of a table, of one version of its numbers.
struct Screen {
  at::Tensor q;                      // int8 [V,D]
  std::vector<float> scale, e, norm; // s, at least |e|, at least |w|
  c10::weak_intrusive_ptr<c10::StorageImpl> of;
  const void *data = nullptr;
  uint32_t version = 0;

  explicit Screen(const at::Tensor &table)
      : q(at::empty(table.sizes(), at::kChar)), scale(table.size(0)), e(table.size(0)), norm(table.size(0)),
        of(table.storage().getWeakStorageImpl()), data(table.const_data_ptr()), version(table._version()) {
    const int64_t n = table.size(1);
    const float *w = table.const_data_ptr<float>();
    at::parallel_for(0, table.size(0), 256, [&](int64_t from, int64_t to) {
      for (int64_t r = from; r < to; r++)
        row(w + r * n, n, r);
    });
  }

  // Whether it still is the table's copy: the numbers lie where they lay, nothing has freed or written them.
  bool fits(const at::Tensor &table) const {
    const auto storage = of.lock();
    return storage && storage.get() == table.storage().unsafeGetStorageImpl() && data == table.const_data_ptr() && version == table._version() &&
           q.sizes() == table.sizes();
  }

private:
  void row(const float *w, int64_t n, int64_t r) {
    int8_t *to = q.mutable_data_ptr<int8_t>() + r * n;
    const Rounded<int8_t> all = round_to<int8_t>(w, n, 127, to);
    scale[r] = all.scale, e[r] = all.rest, norm[r] = all.norm;
  }
};

// The largest logit of each input, found by a Team.
struct Best {
  const Matrix &head;
  const Screen &screen;
  const float *h; // [inputs,D]
  int64_t inputs, limit; // ids below limit count
  std::vector<int16_t> p;
  std::vector<Rounded<int16_t>> rounded;
  std::vector<float> most;                // [inputs,limit]: no logit is larger
  std::vector<std::atomic<float>> least;  // of the largest logit
  std::vector<std::atomic<uint64_t>> best; // logit and id, packed so that the larger is the better

  Best(const Matrix &head, const Screen &screen, const float *h, int64_t inputs, int64_t limit)
      : head(head), screen(screen), h(h), inputs(inputs), limit(limit), p(inputs * head.in), rounded(inputs), most(inputs * limit), least(inputs),
        best(inputs) {
    for (int64_t b = 0; b < inputs; b++)
      least[b] = -INFINITY, best[b] = 0;
  }

  void find(Team &team) {
    const int64_t n = head.in;
    const float range = std::min<float>(32767, 2147483000.f / (127 * float(n)) - 1); // sums stay in 32 bits
    team.share(inputs, n, 1, [&](int64_t from, int64_t to) {
      for (int64_t b = from; b < to; b++)
        rounded[b] = round_to<int16_t>(h + b * n, n, range, p.data() + b * n);
    });
    team.share(limit, n * inputs / 4, 8, [&](int64_t from, int64_t to) { bound(from, to); });
    team.share(limit, inputs, 256, [&](int64_t from, int64_t to) {
      for (int64_t b = 0; b < inputs; b++)
        for (int64_t r = from; r < to; r++)
          if (!(most[b * limit + r] < least[b].load(std::memory_order_relaxed))) {
            float logit;
            product(head.rows(r, 1), h + b * n, 1, &logit, 1, 0, 1, false);
            raise(best[b], pack(logit, r));
          }
    });
  }

  // The id, or -1 - id of the lowest id whose logit is no number.
  int32_t id(int64_t b) const {
    const uint64_t all = best[b];
    const int32_t id = int32_t(~uint32_t(all));
    return uint32_t(all >> 32) == UINT32_MAX ? -1 - id : id;
  }

private:
  // Orders logits by value, not-a-numbers above all, equal ones by the lower id.
  static uint64_t pack(float logit, int64_t id) {
    uint32_t bits;
    logit = logit == 0 ? 0.f : logit; // -0 equals 0
    std::memcpy(&bits, &logit, sizeof bits);
    bits = logit != logit ? UINT32_MAX : bits >> 31 ? ~bits : bits | 1u << 31;
    return uint64_t(bits) << 32 | uint32_t(~uint32_t(id));
  }
  template <class T> static void raise(std::atomic<T> &to, T value) {
    T now = to.load();
    while (value > now && !to.compare_exchange_weak(now, value)) {
    }
  }

  void bound(int64_t from, int64_t to) {
    const int64_t n = head.in;
    const float gamma = (n / 16 + 40) * 1.2e-7f;
    for (int64_t b0 = 0; b0 < inputs; b0 += 4) {
      const int64_t nb = std::min<int64_t>(4, inputs - b0);
      float lowest[4] = {-INFINITY, -INFINITY, -INFINITY, -INFINITY};
      for (int64_t r = from; r < to; r++) {
        int32_t sums[4];
        dots(r, b0, nb, sums);
        const float norm = screen.norm[r], e = screen.e[r], bias = head.b ? head.b[r] : 0.f;
        for (int64_t b = 0; b < nb; b++) {
          const Rounded<int16_t> &x = rounded[b0 + b];
          const float near = float(sums[b]) * (screen.scale[r] * x.scale) + bias;
          const float off = 1.01f * (e * x.norm + (norm + e) * x.rest + (gamma + 1e-6f) * norm * x.norm + 1e-6f * std::fabs(bias));
          most[(b0 + b) * limit + r] = near + off;
          lowest[b] = near - off > lowest[b] ? near - off : lowest[b];
        }
      }
      for (int64_t b = 0; b < nb; b++)
        raise(least[b0 + b], lowest[b]);
    }
  }

  void dots(int64_t r, int64_t b0, int64_t nb, int32_t *sums) const {
    const int64_t n = head.in;
    const int8_t *q = screen.q.const_data_ptr<int8_t>() + r * n;
    const int16_t *first = p.data() + b0 * n;
    if (has_avx2 && nb == 4)
      return quick_whole_dots<4>(q, first, n, sums);
    for (int64_t b = 0; b < nb; b++)
      (has_avx2 ? quick_whole_dots<1> : plain_whole_dots<1>)(q, first + b * n, n, sums + b);
  }
};
