//go:build ignore

// The products of a decoding step: weights [out,in] with few inputs [rows,in]. Weights come from memory, which is what takes the time, so
// they are read once, asked for ahead, and used for all inputs while they are near. A product's terms are added in one order whatever the
// other rows and the tiles are: 16 sums, each of every 16th term, then those of the end: a row in a batch gets the bits it gets alone.
#pragma once
#include "vector_math.h"

#include <algorithm>
#include <cstdint>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

struct Matrix { // y = W x + b, W [out,in]
  const float *w = nullptr, *b = nullptr;
  int64_t out = 0, in = 0;

  Matrix rows(int64_t from, int64_t n) const { return {w + from * in, b ? b + from : nullptr, n, in}; }
};

// One product.
CLOZE_INLINE float dot(const float *w, const float *x, int64_t n) {
  v8 sums[2] = {all8(0), all8(0)};
  int64_t i = 0;
  for (; i + 16 <= n; i += 16)
    for (int j = 0; j < 2; j++)
      sums[j] += load8(w + i + 8 * j) * load8(x + i + 8 * j);
  float s = sum_of(sums[0] + sums[1]);
  for (; i < n; i++)
    s += w[i] * x[i];
  return s;
}

constexpr int64_t kPanel = 6;   // weight rows that are near at a time
constexpr int64_t kInputs = 32; // inputs that go over them at a time
constexpr int64_t kChunk = 768; // numbers of each: 6 rows of weights and 2 inputs fill two thirds of the nearest cache
constexpr int64_t kBlock = 96;  // weight rows that stay in the second cache while all inputs go over them

// Keeps a number in its register, where Pin says that it fits one: compilers load it anew for each use otherwise, and loads are what is scarce.
template <bool Pin> CLOZE_INLINE v8 pinned(v8 x) {
#if defined(__x86_64__)
  if constexpr (Pin)
    asm("" : "+x"(x));
#endif
  return x;
}

// Adds n terms, a multiple of 16, to the sums of R weight rows with B inputs; sums[(r * kInputs + b) * 2] and the next are two halves of one.
// Meanwhile later weights are fetched, P rows of n >> slower numbers: not into the nearest cache, where they would push out what is in use.
template <bool Pin, int R, int B, int P>
CLOZE_INLINE void tile(const float *w, const float *x, int64_t in, int64_t n, v8 *sums, bool first, const float *ahead, int slower) {
  v8 acc[R][B][2];
  for (int r = 0; r < R; r++)
    for (int b = 0; b < B; b++)
      for (int j = 0; j < 2; j++)
        acc[r][b][j] = first ? all8(0) : sums[(r * kInputs + b) * 2 + j];
  for (int64_t i = 0; i < n; i += 16) {
    for (int p = 0; p < P; p++)
      __builtin_prefetch(ahead + p * in + (i >> slower), 0, 2);
    for (int j = 0; j < 2; j++) {
      v8 ws[R];
      for (int r = 0; r < R; r++)
        ws[r] = pinned<Pin>(load8(w + r * in + i + 8 * j));
      for (int b = 0; b < B; b++) {
        const v8 xs = pinned<Pin>(load8(x + b * in + i + 8 * j));
        for (int r = 0; r < R; r++)
          acc[r][b][j] += ws[r] * xs;
      }
    }
  }
  for (int r = 0; r < R; r++)
    for (int b = 0; b < B; b++)
      for (int j = 0; j < 2; j++)
        sums[(r * kInputs + b) * 2 + j] = acc[r][b][j];
}

// Where the next panel's weights are fetched from: evenly while this one is computed, whose tiles are 2 for every 2 inputs.
struct Ahead {
  const float *w;
  int64_t in, n, at = 0; // at: of the pieces of n >> slower numbers, that many are asked for
  int slower;
  bool few; // so few inputs that each tile must fetch three rows

  Ahead(const float *w, int64_t in, int64_t n, int64_t inputs)
      : w(w), in(in), n(n), slower(inputs >= 24 ? 2 : inputs >= 12 ? 1 : 0), few(inputs < 6) {}
  bool more() const { return (at >> slower) < kPanel; }
  const float *here() const { return w + (at >> slower) * in + (at & ((1 << slower) - 1)) * (n >> slower); }
};

template <bool Pin, int R, int B>
CLOZE_INLINE void tile_ahead(const float *w, const float *x, int64_t in, int64_t n, v8 *sums, bool first, Ahead &ahead) {
  if (!ahead.more()) {
    tile<Pin, R, B, 0>(w, x, in, n, sums, first, nullptr, 0);
  } else if (ahead.few) {
    tile<Pin, R, B, 3>(w, x, in, n, sums, first, ahead.here(), 0);
    ahead.at += 3;
  } else {
    tile<Pin, R, B, 1>(w, x, in, n, sums, first, ahead.here(), ahead.slower);
    ahead.at++;
  }
}

// The numbers that sums stand for, n of them side by side: the two halves added, then their eight numbers as sum_of does.
static inline void plain_totals(const v8 *sums, int64_t n, float *totals) {
  for (int64_t i = 0; i < n; i++)
    totals[i] = sum_of(sums[2 * i] + sums[2 * i + 1]);
}
#if defined(__x86_64__)
__attribute__((target("avx2"))) static inline void quick_totals(const v8 *sums, int64_t n, float *totals) {
  int64_t i = 0;
  for (; i + 4 <= n; i += 4) {
    __m128 four[4];
    for (int j = 0; j < 4; j++) {
      const __m256 s = _mm256_add_ps(_mm256_load_ps((const float *)(sums + 2 * (i + j))), _mm256_load_ps((const float *)(sums + 2 * (i + j) + 1)));
      four[j] = _mm_add_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps(s, 1));
    }
    _mm_storeu_ps(totals + i, _mm_hadd_ps(_mm_hadd_ps(four[0], four[1]), _mm_hadd_ps(four[2], four[3])));
  }
  plain_totals(sums + 2 * i, n - i, totals + i);
}
#else
constexpr auto quick_totals = plain_totals;
#endif

// R weight rows from r0 on, 6 or 1, with the inputs [b0,b0+nb), at most kInputs. Tiles are of three weight rows and two inputs: twelve sums fill the
// registers.
template <bool Pin, int R>
CLOZE_INLINE void panel(const Matrix &m, const float *x, int64_t b0, int64_t nb, float *y, int64_t stride, int64_t r0, bool add) {
  constexpr int T = R % 3 == 0 ? 3 : 1;
  alignas(32) v8 sums[R * kInputs * 2];
  const int64_t whole = m.in / 16 * 16;
  for (int64_t k = 0; k < whole; k += kChunk) {
    const int64_t n = std::min<int64_t>(kChunk, whole - k);
    const float *w = m.w + r0 * m.in + k;
    Ahead ahead(w + R * m.in, m.in, n, nb);
    for (int64_t b = 0; b < nb; b += 2) {
      const float *xb = x + (b0 + b) * m.in + k;
      for (int r = 0; r < R; r += T) {
        v8 *s = sums + (r * kInputs + b) * 2;
        if (b + 2 <= nb)
          tile_ahead<Pin, T, 2>(w + r * m.in, xb, m.in, n, s, k == 0, ahead);
        else
          tile_ahead<Pin, T, 1>(w + r * m.in, xb, m.in, n, s, k == 0, ahead);
      }
    }
  }
  float totals[R * kInputs] = {};
  for (int r = 0; r < R && whole > 0; r++)
    (Pin ? quick_totals : plain_totals)(sums + r * kInputs * 2, nb, totals + r * kInputs);
  for (int64_t b = 0; b < nb; b++)
    for (int r = 0; r < R; r++) {
      float s = totals[r * kInputs + b];
      for (int64_t j = whole; j < m.in; j++)
        s += m.w[(r0 + r) * m.in + j] * x[(b0 + b) * m.in + j];
      s += m.b ? m.b[r0 + r] : 0.f;
      float *to = y + (b0 + b) * stride + r0 + r;
      *to = add ? *to + s : s;
    }
}

// y[b,r] of the weight rows [from,to) for all inputs, y with the stride of an input; add: y is added to. For one input a weight row
// is read as one stream, which a processor fetches ahead at twice the speed of four rows side by side (docs/bench/generate.md).
template <bool Pin>
CLOZE_INLINE void all_products(const Matrix &m, const float *x, int64_t rows, float *y, int64_t stride, int64_t from, int64_t to, bool add) {
  if (rows == 1) {
    for (int64_t r = from; r < to; r++) {
      const float s = dot(m.w + r * m.in, x, m.in) + (m.b ? m.b[r] : 0.f);
      y[r] = add ? y[r] + s : s;
    }
    return;
  }
  for (int64_t start = from; start < to; start += kBlock)
    for (int64_t b0 = 0; b0 < rows; b0 += kInputs) {
      const int64_t nb = std::min(kInputs, rows - b0), end = std::min(start + kBlock, to);
      int64_t r = start;
      for (; r + kPanel <= end; r += kPanel)
        panel<Pin, kPanel>(m, x, b0, nb, y, stride, r, add);
      for (; r < end; r++)
        panel<Pin, 1>(m, x, b0, nb, y, stride, r, add);
    }
}

static void plain_product(const Matrix &m, const float *x, int64_t rows, float *y, int64_t stride, int64_t from, int64_t to, bool add) {
  all_products<false>(m, x, rows, y, stride, from, to, add);
}
#if defined(__x86_64__)
// The same with eight lanes and the fused multiply-add of processors since 2013.
__attribute__((target("avx2,fma"), optimize("fp-contract=fast"))) static void fused_product(const Matrix &m, const float *x, int64_t rows, float *y,
                                                                                            int64_t stride, int64_t from, int64_t to, bool add) {
  all_products<true>(m, x, rows, y, stride, from, to, add);
}
static const bool has_fused = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
constexpr bool has_fused = false;
constexpr auto fused_product = plain_product;
#endif

static inline void product(const Matrix &m, const float *x, int64_t rows, float *y, int64_t stride, int64_t from, int64_t to, bool add) {
  (has_fused ? fused_product : plain_product)(m, x, rows, y, stride, from, to, add);
}
