//go:build ignore

// Elementary functions of eight float32 at once, inlined into the kernels. A kernel that uses them is marked CLOZE_CLONES and must
// inline all it calls: clones for newer processors do not reach into other functions.
#pragma once
#pragma GCC diagnostic ignored "-Wpsabi" // everything here is inlined: no vector is passed to another file
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#define CLOZE_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define CLOZE_CLONES
#endif
#define CLOZE_INLINE static inline __attribute__((always_inline))

typedef float v8 __attribute__((vector_size(32)));
typedef int32_t v8i __attribute__((vector_size(32)));

CLOZE_INLINE v8 load8(const float *p) {
  v8 x;
  std::memcpy(&x, p, sizeof x);
  return x;
}
CLOZE_INLINE void store8(float *p, v8 x) { std::memcpy(p, &x, sizeof x); }
CLOZE_INLINE v8 all8(float x) { return v8{x, x, x, x, x, x, x, x}; }
// The first n (below 8) numbers at p, the others fill.
CLOZE_INLINE v8 load_part(const float *p, int64_t n, float fill) {
  v8 x = all8(fill);
  std::memcpy(&x, p, sizeof(float) * n);
  return x;
}
CLOZE_INLINE v8 max8(v8 a, v8 b) { return a > b ? a : b; }
CLOZE_INLINE float sum_of(v8 x) { return ((x[0] + x[4]) + (x[1] + x[5])) + ((x[2] + x[6]) + (x[3] + x[7])); }

// e^x within 2 units in the last place; below -87 it is 0, above 88 it stays at e^88, of NaN it is NaN. The method and coefficients are those
// of Cephes (expf): x = n ln 2 + r, a polynomial in r, and n added to the exponent.
CLOZE_INLINE v8 exp8(v8 given) {
  v8 x = given < -87.f ? all8(-87.f) : given;
  x = x > 88.f ? all8(88.f) : x;
  const v8 magic = all8(12582912.f); // 1.5 * 2^23: adding it rounds to an integer, which then stands in the lowest bits
  v8 shifted = x * 1.44269504f + magic, n = shifted - magic;
  v8 r = x - n * 0.693359375f + n * 2.12194440e-4f;
  v8 p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.f;
  v8i exponent, magic_bits;
  std::memcpy(&exponent, &shifted, sizeof exponent);
  std::memcpy(&magic_bits, &magic, sizeof magic_bits);
  v8i bits;
  std::memcpy(&bits, &p, sizeof bits);
  bits += (exponent - magic_bits) << 23;
  std::memcpy(&p, &bits, sizeof p);
  p = given < -87.f ? all8(0) : p;
  return given == given ? p : given;
}
