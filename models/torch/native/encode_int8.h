//go:build ignore

// Products of rows with a matrix whose numbers were rounded to whole ones of 8 bits beforehand, one scale a column of the result; rows are rounded as they
// come, to 7 bits between their least and largest number. That is what torch.ao.quantization.quantize_dynamic does on processors like this, but for its one
// scale for all rows, by which an answer depends on the texts beside it.
//
// Why 7 bits: vpmaddubsw adds two products of an unsigned byte and a signed one in 16 bits, of which 2·127·127 is the most. Sums of pairs by vpmaddwd of
// numbers of 16 bits would lose nothing and take 1.3 times as long (docs/bench/encode.md).
#pragma once
#include "vector_math.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <immintrin.h>

#define CLOZE_INT8 static inline __attribute__((always_inline, target("avx2,fma"), optimize("fp-contract=fast")))

constexpr int64_t kInt8Head = 128; // bytes before a panel: of its 16 columns the scales, float, and what their numbers add up to, int32

inline int64_t rounded4(int64_t n) { return (n + 3) / 4 * 4; }
inline int64_t rounded32(int64_t n) { return (n + 31) / 32 * 32; }
inline int64_t int8_panel(int64_t in) { return kInt8Head + 16 * rounded4(in); } // bytes

// w [out,in] as panels [out/16]: the head, and [in/4][16][4] numbers, filled up with zeros.
inline void pack_int8(const float *w, int64_t out, int64_t in, int8_t *to) {
  for (int64_t c0 = 0; c0 < out; c0 += 16, to += int8_panel(in)) {
    float scales[16] = {};
    int32_t sums[16] = {};
    int8_t *numbers = to + kInt8Head;
    std::memset(numbers, 0, 16 * rounded4(in));
    for (int64_t c = 0; c < std::min<int64_t>(16, out - c0); c++) {
      const float *row = w + (c0 + c) * in;
      float most = 0;
      for (int64_t k = 0; k < in; k++)
        most = std::max(most, std::fabs(row[k]));
      scales[c] = most / 127;
      for (int64_t k = 0; k < in && most > 0; k++) {
        const int8_t n = int8_t(std::nearbyint(row[k] * (127 / most)));
        numbers[k / 4 * 64 + c * 4 + k % 4] = n;
        sums[c] += n;
      }
    }
    std::memcpy(to, scales, sizeof scales);
    std::memcpy(to + sizeof scales, sums, sizeof sums);
  }
}

// A row x [n] as least + scale·q, q from 0 to 127; q has room for n rounded up to 32.
CLOZE_INT8 void round_row(const float *x, int64_t n, uint8_t *q, float *scale, float *least) {
  v8 high = all8(x[0]), low = high;
  int64_t i = 0;
  for (; i + 8 <= n; i += 8)
    high = max8(high, load8(x + i)), low = -max8(-low, -load8(x + i));
  float most = x[0], min = x[0];
  for (int j = 0; j < 8; j++)
    most = std::max(most, high[j]), min = std::min(min, low[j]);
  for (; i < n; i++)
    most = std::max(most, x[i]), min = std::min(min, x[i]);
  const float step = (most - min) / 127, share = step > 0 ? 1 / step : 0;
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7); // packing goes by halves
  for (i = 0; i < n; i += 32) {
    __m256i whole[4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
      const int64_t left = n - i - 8 * j;
      whole[j] = _mm256_cvtps_epi32((__m256)(((left >= 8 ? load8(x + i + 8 * j) : load_part(x + i + 8 * j, std::max<int64_t>(left, 0), min)) - min) * share));
    }
    const __m256i bytes = _mm256_packus_epi16(_mm256_packs_epi32(whole[0], whole[1]), _mm256_packs_epi32(whole[2], whole[3]));
    _mm256_storeu_si256((__m256i *)(q + i), _mm256_permutevar8x32_epi32(bytes, order));
  }
  *scale = step, *least = min;
}

// c[r, 0..columns) = the products of R rounded rows with a panel, and bias. The order of instructions is written out, for with that of GCC 12 the twelve
// sums do not stay in registers, which takes twice as long.
template <int R>
CLOZE_INT8 void int8_tile(const uint8_t *q, int64_t stride, const float *scales, const float *leasts, const int8_t *panel, int64_t in, float *c, int64_t ldc,
                          int64_t columns, const float *bias) {
  alignas(32) static const int16_t ones[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  const int8_t *numbers = panel + kInt8Head;
  __m256i sums[R][2];
#pragma GCC unroll 6
  for (int r = 0; r < R; r++)
    sums[r][0] = sums[r][1] = _mm256_setzero_si256();
  for (int64_t k = 0; k < in; k += 4, numbers += 64) {
    const __m256i low = _mm256_loadu_si256((const __m256i *)numbers), high = _mm256_loadu_si256((const __m256i *)(numbers + 32));
#pragma GCC unroll 6
    for (int r = 0; r < R; r++) {
      __m256i x, y, s0 = sums[r][0], s1 = sums[r][1];
      asm("vpbroadcastd %[q], %[x]\n\t"
          "vpmaddubsw %[low], %[x], %[y]\n\t"
          "vpmaddubsw %[high], %[x], %[x]\n\t"
          "vpmaddwd %[ones], %[y], %[y]\n\t"
          "vpmaddwd %[ones], %[x], %[x]\n\t"
          "vpaddd %[y], %[s0], %[s0]\n\t"
          "vpaddd %[x], %[s1], %[s1]"
          : [x] "=&x"(x), [y] "=&x"(y), [s0] "+x"(s0), [s1] "+x"(s1)
          : [q] "m"(*(const uint8_t(*)[4])(q + r * stride + k)), [low] "x"(low), [high] "x"(high), [ones] "m"(ones));
      sums[r][0] = s0, sums[r][1] = s1;
    }
  }
  alignas(32) int32_t whole[R][16]; // the sums leave their registers here alone: one that is asked for by a varying index would live in memory
#pragma GCC unroll 6
  for (int r = 0; r < R; r++) {
    _mm256_store_si256((__m256i *)whole[r], sums[r][0]);
    _mm256_store_si256((__m256i *)(whole[r] + 8), sums[r][1]);
  }
  for (int h = 0; h < 16; h += 8) {
    const v8 weight = load8((const float *)panel + h), all = (v8)_mm256_cvtepi32_ps(_mm256_loadu_si256((const __m256i *)(panel + 64 + 4 * h)));
    const int64_t left = std::min<int64_t>(columns - h, 8);
    const v8 start = !bias || left <= 0 ? all8(0) : left == 8 ? load8(bias + h) : load_part(bias + h, left, 0);
    for (int r = 0; r < R; r++) {
      const v8 sum = (v8)_mm256_cvtepi32_ps(_mm256_load_si256((const __m256i *)(whole[r] + h))), y = (sum * scales[r] + all * leasts[r]) * weight + start;
      if (left == 8)
        store8(c + r * ldc + h, y);
      else if (left > 0)
        std::memcpy(c + r * ldc + h, &y, sizeof(float) * left);
    }
  }
}

// c [rows,out] = a w' + bias, w as pack_int8 has it; q has room for the rounded rows, of in rounded up to 32, scales for two numbers a row.
CLOZE_INT8 void int8_product(const float *a, int64_t lda, int64_t rows, const int8_t *w, const float *bias, int64_t out, int64_t in, float *c, int64_t ldc,
                             uint8_t *q, float *scales) {
  const int64_t stride = rounded32(in);
  float *leasts = scales + rows;
  for (int64_t r = 0; r < rows; r++)
    round_row(a + r * lda, in, q + r * stride, scales + r, leasts + r);
  for (int64_t j = 0; j < out; j += 16, w += int8_panel(in)) {
    const float *start = bias ? bias + j : nullptr;
    int64_t r = 0;
    for (; r + 6 <= rows; r += 6)
      int8_tile<6>(q + r * stride, stride, scales + r, leasts + r, w, in, c + r * ldc + j, ldc, out - j, start);
    for (; r + 2 <= rows; r += 2)
      int8_tile<2>(q + r * stride, stride, scales + r, leasts + r, w, in, c + r * ldc + j, ldc, out - j, start);
    for (; r < rows; r++)
      int8_tile<1>(q + r * stride, stride, scales + r, leasts + r, w, in, c + r * ldc + j, ldc, out - j, start);
  }
}
