//go:build ignore

// The blocks of an encoder over some packed rows on one thread: products with weights that were repacked once, what follows a product done while its
// numbers are near. A number's terms are added in one order whatever the other rows are, so a row has the bits it has alone.
//
// The shape of a product's tile, six rows by two vectors of eight, and panels of 16 columns that are read as one stream follow Goto and van de
// Geijn 2008, "Anatomy of High-Performance Matrix Multiplication": 12 sums fill the registers of AVX2.
#pragma once
#include "encode_int8.h"
#include "native.h"
#include "vector_math.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <immintrin.h>
#include <vector>

// Everything here is for processors with AVX2 and the fused multiply-add: encode.cpp asks for them first.
#define CLOZE_FUSED static inline __attribute__((always_inline, target("avx2,fma"), optimize("fp-contract=fast")))

constexpr int64_t kPanel16 = 16;  // columns of a panel
constexpr int64_t kTileRows = 6;  // rows of a tile
constexpr int64_t kDepth = 384;   // terms that are added before the sums go back to memory: a panel of them, 24 KB, and six rows stay in the first cache
constexpr int64_t kSliceRows = 96; // rows that stay in the second cache while all panels go over them

// A matrix [out,in] as panels [out/16][in][16], the last filled up with zeros; or, in place of p, as pack_int8 makes it.
struct Panels {
  const float *p = nullptr, *bias = nullptr;
  int64_t out = 0, in = 0;
  const int8_t *bytes = nullptr;
};

inline int64_t rounded16(int64_t n) { return (n + kPanel16 - 1) / kPanel16 * kPanel16; }

// Columns [from,to) of x, a row `stride` apart, as panels: to[c/16][n][16] of the numbers x[n, c], or with `across` of x[c, n].
inline void pack(const float *x, int64_t stride, int64_t rows, int64_t columns, bool across, float *to) {
  for (int64_t c0 = 0; c0 < columns; c0 += kPanel16)
    for (int64_t n = 0; n < rows; n++, to += kPanel16)
      for (int64_t c = 0; c < kPanel16; c++)
        to[c] = c0 + c >= columns ? 0.f : across ? x[(c0 + c) * stride + n] : x[n * stride + c0 + c];
}

// c[r, 0..16) = or += the products of R rows of a with k rows of a panel; `start` is what sums begin with, the bias of the columns. Fewer than 16
// columns are taken from and given to memory by way of `edge`: a sum whose address is taken would not stay in its register.
template <int R>
CLOZE_FUSED void tile_of(const float *a, int64_t lda, const float *panel, int64_t k, float *c, int64_t ldc, int64_t columns, bool more, const float *start) {
  alignas(32) float edge[R * kPanel16]; // set only where it is used: zeroing it for every tile took a tenth of the time
  const bool whole = columns >= kPanel16;
  if (!whole) {
    std::memset(edge, 0, sizeof edge);
    for (int r = 0; r < R && (more || start); r++)
      std::memcpy(edge + r * kPanel16, more ? c + r * ldc : start, sizeof(float) * columns);
  }
  const float *from = !whole ? edge : more ? c : start;
  const int64_t step = !whole ? kPanel16 : more ? ldc : 0;
  v8 sums[R][2];
#pragma GCC unroll 6
  for (int r = 0; r < R; r++) {
    sums[r][0] = from ? load8(from + r * step) : all8(0);
    sums[r][1] = from ? load8(from + r * step + 8) : all8(0);
  }
  for (int64_t i = 0; i < k; i++) {
    const v8 low = load8(panel + i * kPanel16), high = load8(panel + i * kPanel16 + 8);
#pragma GCC unroll 6
    for (int r = 0; r < R; r++) {
      const v8 x = (v8)_mm256_broadcast_ss(a + r * lda + i); // all8 makes eight insertions of it
      sums[r][0] += x * low;
      sums[r][1] += x * high;
    }
  }
  float *to = whole ? c : edge;
  const int64_t stride = whole ? ldc : kPanel16;
#pragma GCC unroll 6
  for (int r = 0; r < R; r++) {
    store8(to + r * stride, sums[r][0]);
    store8(to + r * stride + 8, sums[r][1]);
  }
  if (!whole)
    for (int r = 0; r < R; r++)
      std::memcpy(c + r * ldc, edge + r * kPanel16, sizeof(float) * columns);
}

CLOZE_FUSED void any_tile(int64_t rows, const float *a, int64_t lda, const float *panel, int64_t k, float *c, int64_t ldc, int64_t columns, bool more,
                           const float *start) {
  switch (rows) {
  case 1: return tile_of<1>(a, lda, panel, k, c, ldc, columns, more, start);
  case 2: return tile_of<2>(a, lda, panel, k, c, ldc, columns, more, start);
  case 3: return tile_of<3>(a, lda, panel, k, c, ldc, columns, more, start);
  case 4: return tile_of<4>(a, lda, panel, k, c, ldc, columns, more, start);
  case 5: return tile_of<5>(a, lda, panel, k, c, ldc, columns, more, start);
  default: return tile_of<6>(a, lda, panel, k, c, ldc, columns, more, start);
  }
}

// c = a w' + bias for `rows` rows, few enough for the second cache.
CLOZE_FUSED void product_of(const float *a, int64_t lda, int64_t rows, const Panels &w, float *c, int64_t ldc) {
  for (int64_t k = 0; k < w.in; k += kDepth) {
    const int64_t depth = std::min(kDepth, w.in - k);
    for (int64_t j = 0; j < w.out; j += kPanel16) {
      const float *panel = w.p + j * w.in + k * kPanel16, *next = panel + w.in * kPanel16;
      const int64_t lines = depth * kTileRows / std::max<int64_t>(rows, 1) + 1; // of the next panel, a tile: all are near when it begins
      for (int64_t r = 0; r < rows; r += kTileRows) {
        for (int64_t line = r / kTileRows * lines, end = std::min(line + lines, depth); line < end; line++)
          __builtin_prefetch(next + line * kPanel16, 0, 2);
        any_tile(std::min(kTileRows, rows - r), a + r * lda + k, lda, panel, depth, c + r * ldc + j, ldc, w.out - j, k > 0, w.bias ? w.bias + j : nullptr);
      }
    }
  }
}

// x[n] = the norm of x[n] + y[n], n numbers (Ba et al. 2016, eq. 4).
CLOZE_FUSED void add_norm(float *x, const float *y, int64_t n, const float *weight, const float *bias, float epsilon) {
  v8 sums = all8(0);
  float rest = 0;
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const v8 both = load8(x + i) + load8(y + i);
    store8(x + i, both);
    sums += both;
  }
  for (int64_t t = i; t < n; t++)
    rest += x[t] += y[t];
  const float mean = (sum_of(sums) + rest) / n;
  sums = all8(0), rest = 0;
  for (i = 0; i + 8 <= n; i += 8) {
    const v8 d = load8(x + i) - mean;
    sums += d * d;
  }
  for (int64_t t = i; t < n; t++)
    rest += (x[t] - mean) * (x[t] - mean);
  const float scale = 1 / std::sqrt((sum_of(sums) + rest) / n + epsilon);
  for (i = 0; i + 8 <= n; i += 8)
    store8(x + i, (load8(x + i) - mean) * scale * load8(weight + i) + load8(bias + i));
  for (; i < n; i++)
    x[i] = (x[i] - mean) * scale * weight[i] + bias[i];
}

// The exact GELU is x times the normal distribution function, by Abramowitz and Stegun 7.1.26 (error below 1.5e-7).
CLOZE_FUSED v8 bend(v8 x, int kind) {
  if (kind == CLOZE_ENCODE_RELU)
    return x > 0.f ? x : all8(0);
  if (kind == CLOZE_ENCODE_GELU_TANH)
    return x / (exp8(x * -1.5957691216f * (x * x * 0.044715f + 1.f)) + 1.f);
  const v8 z = x * 0.70710678f, size = z < 0 ? -z : z, t = 1.f / (size * 0.3275911f + 1.f);
  v8 p = t * 1.061405429f - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  const v8 tail = p * t * exp8(-(z * z)) * 0.5f;
  return x * (x > 0 ? 1.f - tail : tail);
}

CLOZE_FUSED void bend_all(float *x, int64_t n, int kind) {
  int64_t i = 0;
  for (; i + 8 <= n; i += 8)
    store8(x + i, bend(load8(x + i), kind));
  if (i < n) {
    const v8 y = bend(load_part(x + i, n - i, 0), kind);
    std::memcpy(x + i, &y, sizeof(float) * (n - i));
  }
}

// Scores of one token to the probabilities of a softmax over n numbers (of rounded up to 8; what lies beyond n is anything).
CLOZE_FUSED void softmax_of(float *scores, int64_t n, float scale) {
  for (int64_t i = n; i % 8; i++)
    scores[i] = -INFINITY;
  v8 most = all8(-INFINITY), sums = all8(0);
  for (int64_t i = 0; i < n; i += 8)
    most = max8(most, load8(scores + i));
  float largest = most[0];
  for (int j = 1; j < 8; j++)
    largest = std::max(largest, most[j]);
  for (int64_t i = 0; i < n; i += 8) {
    const v8 e = exp8((load8(scores + i) - largest) * scale);
    store8(scores + i, e);
    sums += e;
  }
  const float share = 1 / sum_of(sums);
  for (int64_t i = 0; i < n; i += 8)
    store8(scores + i, load8(scores + i) * share);
}

// Room that a thread keeps between calls.
struct EncodeRoom {
  std::vector<float> qkv, attended, inner, keys, values, scores, scales;
  std::vector<uint8_t> rounded;
  template <class T> static T *of(std::vector<T> &v, int64_t n) {
    if (int64_t(v.size()) < n)
      v.resize(n);
    return v.data();
  }
};

// out [queries,D] = the attention of the first tokens of a row to all its n, qkv [n,3D].
CLOZE_FUSED void attend_row(const float *qkv, int64_t n, int64_t queries, int64_t dim, int64_t heads, float *out, EncodeRoom &room) {
  const int64_t width = dim / heads, wide = rounded16(n);
  const float scale = 1 / std::sqrt(float(width));
  float *keys = EncodeRoom::of(room.keys, wide * width), *values = EncodeRoom::of(room.values, rounded16(width) * n);
  float *scores = EncodeRoom::of(room.scores, kSliceRows * wide);
  for (int64_t h = 0; h < heads; h++) {
    pack(qkv + dim + h * width, 3 * dim, width, n, true, keys);
    pack(qkv + 2 * dim + h * width, 3 * dim, n, width, false, values);
    for (int64_t start = 0; start < queries; start += kSliceRows) {
      const int64_t rows = std::min(kSliceRows, queries - start);
      product_of(qkv + start * 3 * dim + h * width, 3 * dim, rows, {keys, nullptr, wide, width}, scores, wide);
      for (int64_t r = 0; r < rows; r++)
        softmax_of(scores + r * wide, n, scale);
      product_of(scores, wide, rows, {values, nullptr, width, n}, out + start * dim + h * width, dim);
    }
  }
}

// product_of for a matrix of either kind.
CLOZE_FUSED void layer_of(const float *a, int64_t lda, int64_t rows, const Panels &w, float *c, int64_t ldc, EncodeRoom &room) {
  if (w.bytes)
    int8_product(a, lda, rows, w.bytes, w.bias, w.out, w.in, c, ldc, EncodeRoom::of(room.rounded, rows * rounded32(w.in)), EncodeRoom::of(room.scales, 2 * rows));
  else
    product_of(a, lda, rows, w, c, ldc);
}

struct EncodeBlock {
  Panels qkv, out, up, down;
  const float *norm1, *norm1_bias, *norm2, *norm2_bias;
};

// Runs the blocks over x [n,D], which holds whole rows: row i is [offsets[i], offsets[i+1]) less offsets[0]. With `first` the last block is computed for
// each row's first token alone, which then stands at x[i], with the bits it has among the others.
CLOZE_FUSED void encode_blocks(const std::vector<EncodeBlock> &blocks, float *x, const int32_t *offsets, int rows, int64_t dim, int64_t heads, int kind,
                                float epsilon, bool first, EncodeRoom &room) {
  int64_t n = offsets[rows] - offsets[0];
  float *qkv = EncodeRoom::of(room.qkv, n * 3 * dim), *attended = EncodeRoom::of(room.attended, n * dim);
  for (const EncodeBlock &b : blocks) {
    float *inner = EncodeRoom::of(room.inner, kSliceRows * (b.up.out + dim)), *y = inner + kSliceRows * b.up.out;
    for (int64_t start = 0; start < n; start += kSliceRows)
      layer_of(x + start * dim, dim, std::min(kSliceRows, n - start), b.qkv, qkv + start * 3 * dim, 3 * dim, room);
    const bool narrow = first && &b == &blocks.back();
    for (int i = 0; i < rows; i++) {
      const int64_t from = offsets[i] - offsets[0], tokens = offsets[i + 1] - offsets[i];
      attend_row(qkv + from * 3 * dim, tokens, narrow ? 1 : tokens, dim, heads, attended + (narrow ? i : from) * dim, room);
      if (narrow)
        std::memmove(x + i * dim, x + from * dim, sizeof(float) * dim);
    }
    n = narrow ? rows : n;
    for (int64_t start = 0; start < n; start += kSliceRows) {
      const int64_t slice = std::min(kSliceRows, n - start);
      float *xs = x + start * dim;
      layer_of(attended + start * dim, dim, slice, b.out, y, dim, room);
      for (int64_t r = 0; r < slice; r++)
        add_norm(xs + r * dim, y + r * dim, dim, b.norm1, b.norm1_bias, epsilon);
      layer_of(xs, dim, slice, b.up, inner, b.up.out, room);
      bend_all(inner, slice * b.up.out, kind);
      layer_of(inner, b.up.out, slice, b.down, y, dim, room);
      for (int64_t r = 0; r < slice; r++)
        add_norm(xs + r * dim, y + r * dim, dim, b.norm2, b.norm2_bias, epsilon);
    }
  }
}
