// How fast one core reads weights as the product of a matrix [N,768] with a vector does: one row after another, or four side by side.
// usage: g++ -O2 read_streams.cpp -o read_streams && ./read_streams        (x86-64 with AVX2, Linux)
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <immintrin.h>
#include <sys/mman.h>

static double cpu() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

template <int Rows> __attribute__((target("avx2"))) float read_rows(const float *w, size_t n, const float *x) {
  constexpr int sums = 4 / Rows; // four independent additions either way
  float total = 0;
  for (size_t at = 0; at + Rows * 768 <= n; at += Rows * 768) {
    __m256 acc[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};
    for (int i = 0; i < 768; i += 8 * sums)
      for (int r = 0; r < Rows; r++)
        for (int s = 0; s < sums; s++)
          acc[r * sums + s] = _mm256_add_ps(acc[r * sums + s], _mm256_mul_ps(_mm256_loadu_ps(w + at + r * 768 + i + 8 * s), _mm256_loadu_ps(x + i + 8 * s)));
    for (__m256 a : acc)
      total += _mm256_cvtss_f32(a);
  }
  return total;
}

int main() {
  const size_t n = size_t(128) << 20;
  float x[768] = {1}, total = 0;
  for (int advice : {MADV_NOHUGEPAGE, MADV_HUGEPAGE}) {
    float *w = (float *)mmap(nullptr, 4 * n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    madvise(w, 4 * n, advice);
    memset(w, 1, 4 * n);
    double best[2] = {1e9, 1e9};
    for (int round = 0; round < 5; round++)
      for (int four = 0; four < 2; four++) {
        const double start = cpu();
        total += four ? read_rows<4>(w, n, x) : read_rows<1>(w, n, x);
        best[four] = std::min(best[four], cpu() - start);
      }
    printf("%s pages: one row %.1f GB/s, four rows %.1f GB/s\n", advice == MADV_HUGEPAGE ? "huge" : "small", 4e-9 * n / best[0], 4e-9 * n / best[1]);
    munmap(w, 4 * n);
  }
  return total == 12345;
}
