//go:build ignore

// One decoding step: the next token of each of some rows through all layers in one call. Every weight is read from memory once for
// all rows together, which is what such a step takes its time for; nothing is dispatched, recorded or allocated in between. A
// number's terms are added in the same order whatever the other rows are: a row in a batch gets the bits it gets alone.
#include "native.h"
#include "vector_math.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <algorithm>
#include <atomic>
#include <cmath>
#include <vector>

namespace {

using at::Tensor;

struct Matrix { // y = W x + b, W [out,in]
  const float *w = nullptr, *b = nullptr;
  int64_t out = 0, in = 0;
};

struct Norm {
  const float *w = nullptr, *b = nullptr;
};

struct Layer {
  Norm norm1, norm2;
  Matrix q, k, v, o, gate, up, down; // k and v empty: q holds all three, one below the other; gate empty: a plain MLP
  float *keys, *values;              // the cache, [rows,capacity,G,K]
};

// The products of R weight rows with B inputs, x [B,in]. Two sums a product, whatever R and B are, so that a product has the same bits
// in every tile; they keep additions from waiting for each other.
template <int R, int B> CLOZE_INLINE void dots(const float *w, const float *x, int64_t in, float *sums) {
  v8 acc[R][B][2];
  for (int r = 0; r < R; r++)
    for (int b = 0; b < B; b++)
      acc[r][b][0] = acc[r][b][1] = all8(0);
  int64_t i = 0;
  for (; i + 16 <= in; i += 16)
    for (int j = 0; j < 2; j++) {
      v8 xs[B];
      for (int b = 0; b < B; b++)
        xs[b] = load8(x + b * in + i + 8 * j);
      for (int r = 0; r < R; r++) {
        const v8 ws = load8(w + r * in + i + 8 * j);
        for (int b = 0; b < B; b++)
          acc[r][b][j] += ws * xs[b];
      }
    }
  for (int r = 0; r < R; r++)
    for (int b = 0; b < B; b++) {
      float s = sum_of(acc[r][b][0] + acc[r][b][1]);
      for (int64_t j = i; j < in; j++)
        s += w[r * in + j] * x[b * in + j];
      sums[r * B + b] = s;
    }
}

template <int R, int B> CLOZE_INLINE void tile(const Matrix &m, const float *x, float *y, int64_t stride, int64_t r, bool add) {
  float sums[R * B];
  dots<R, B>(m.w + r * m.in, x, m.in, sums);
  for (int i = 0; i < R; i++)
    for (int b = 0; b < B; b++) {
      const float s = sums[i * B + b] + (m.b ? m.b[r + i] : 0.f);
      float *to = y + b * stride + r + i;
      *to = add ? *to + s : s;
    }
}

// y[b,r] of the weight rows [from,to) for all inputs, y with the stride of an input; add: y is added to. For one input a weight row
// is read as one stream, which a processor fetches ahead at twice the speed of four rows side by side (docs/bench/generate.md). For more,
// tiles of two by two load a number for each multiplication; after the first a weight row is in the nearest cache.
CLOZE_INLINE void all_products(const Matrix &m, const float *x, int64_t rows, float *y, int64_t stride, int64_t from, int64_t to, bool add) {
  int64_t r = from;
  for (; rows > 1 && r + 2 <= to; r += 2) {
    int64_t b = 0;
    for (; b + 2 <= rows; b += 2)
      tile<2, 2>(m, x + b * m.in, y + b * stride, stride, r, add);
    if (b < rows)
      tile<2, 1>(m, x + b * m.in, y + b * stride, stride, r, add);
  }
  for (; r < to; r++)
    for (int64_t b = 0; b < rows; b++)
      tile<1, 1>(m, x + b * m.in, y + b * stride, stride, r, add);
}

void plain_product(const Matrix &m, const float *x, int64_t rows, float *y, int64_t stride, int64_t from, int64_t to, bool add) {
  all_products(m, x, rows, y, stride, from, to, add);
}
#if defined(__x86_64__)
// The same with eight lanes and the fused multiply-add of processors since 2013.
__attribute__((target("avx2,fma"), optimize("fp-contract=fast"))) void fused_product(const Matrix &m, const float *x, int64_t rows, float *y,
                                                                                     int64_t stride, int64_t from, int64_t to, bool add) {
  all_products(m, x, rows, y, stride, from, to, add);
}
const bool has_fused = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
constexpr bool has_fused = false;
constexpr auto fused_product = plain_product;
#endif

void product(const Matrix &m, const float *x, int64_t rows, float *y, int64_t stride, int64_t from, int64_t to, bool add) {
  (has_fused ? fused_product : plain_product)(m, x, rows, y, stride, from, to, add);
}

// Runs f(from, to) over [0,n), `cost` multiplications an item. Threads take pieces as they get to them: one that is held up does
// not hold up the others. Below the cost of waking them, one thread does it all.
template <class F> void share(int64_t n, int64_t cost, F f) {
  const int64_t threads = at::get_num_threads();
  if (threads < 2 || n * cost < 400000) {
    f(0, n);
    return;
  }
  const int64_t piece = std::max<int64_t>({4, n / (8 * threads) / 4 * 4, 65536 / std::max<int64_t>(cost, 1) / 4 * 4});
  std::atomic<int64_t> next{0};
  at::parallel_for(0, threads, 1, [&](int64_t, int64_t) {
    for (int64_t i; (i = next.fetch_add(piece)) < n;)
      f(i, std::min(i + piece, n));
  });
}

void multiply(const Matrix &m, const float *x, int64_t rows, float *y, bool add = false) {
  share(m.out, m.in * rows, [&](int64_t from, int64_t to) { product(m, x, rows, y, m.out, from, to, add); });
}

void normalise(const Norm &n, bool rms, float epsilon, const float *x, int64_t dim, float *y) {
  double mean = 0, square = 0;
  if (!rms) {
    for (int64_t i = 0; i < dim; i++)
      mean += x[i];
    mean /= dim;
  }
  for (int64_t i = 0; i < dim; i++)
    square += (x[i] - mean) * (x[i] - mean);
  const float scale = float(1 / std::sqrt(square / dim + epsilon)), shift = float(mean);
  for (int64_t i = 0; i < dim; i++)
    y[i] = (x[i] - shift) * scale * (n.w ? n.w[i] : 1.f) + (n.b ? n.b[i] : 0.f);
}

CLOZE_CLONES void activate(float *x, int64_t n, int kind) {
  for (int64_t i = 0; i < n; i += 8) {
    const int64_t count = std::min<int64_t>(8, n - i);
    v8 v = count == 8 ? load8(x + i) : load_part(x + i, count, 0);
    switch (kind) {
    case CLOZE_RELU:
      v = v > 0.f ? v : all8(0);
      break;
    case CLOZE_SILU:
      v = v / (exp8(-v) + 1.f);
      break;
    case CLOZE_GELU_TANH: // x sigmoid(2u), u = sqrt(2/pi) (x + 0.044715 x^3)
      v = v / (exp8(v * -1.5957691216f * (v * v * 0.044715f + 1.f)) + 1.f);
      break;
    default: // the exact GELU
      for (int j = 0; j < count; j++)
        v[j] = 0.5f * v[j] * (1.f + std::erf(v[j] * 0.70710678f));
    }
    std::memcpy(x + i, &v, sizeof(float) * count);
  }
}

// One head of one row: q [K] over `length` keys and values a stride apart; scores is room for length numbers.
CLOZE_CLONES void attend(const float *q, const float *keys, const float *values, int64_t length, int64_t stride, int64_t width, float *scores,
                         float *out) {
  const float scale = 1 / std::sqrt(float(width));
  float most = -INFINITY;
  for (int64_t t = 0; t < length; t++) {
    dots<1, 1>(keys + t * stride, q, width, scores + t);
    scores[t] *= scale;
    most = std::max(most, scores[t]);
  }
  double total = 0;
  for (int64_t t = 0; t < length; t += 8) {
    const int64_t count = std::min<int64_t>(8, length - t);
    v8 e = exp8((count == 8 ? load8(scores + t) : load_part(scores + t, count, -INFINITY)) - most);
    std::memcpy(scores + t, &e, sizeof(float) * count);
    total += sum_of(e);
  }
  std::fill(out, out + width, 0.f);
  for (int64_t t = 0; t < length; t++) {
    const float p = scores[t];
    const float *v = values + t * stride;
    int64_t i = 0;
    for (; i + 8 <= width; i += 8)
      store8(out + i, load8(out + i) + load8(v + i) * p);
    for (; i < width; i++)
      out[i] += v[i] * p;
  }
  for (int64_t i = 0; i < width; i++)
    out[i] = float(out[i] / total);
}

// Turns numbers i and i + K/2 of each head by position * frequency[i], as rotary.cpp does.
void rotate(float *x, int64_t heads, int64_t width, float position, const float *frequencies) {
  const int64_t half = width / 2;
  for (int64_t i = 0; i < half; i++) {
    const float angle = position * frequencies[i], c = std::cos(angle), s = std::sin(angle);
    for (float *a = x + i, *end = a + heads * width; a < end; a += width) {
      const float first = a[0], second = a[half];
      a[0] = first * c - second * s;
      a[half] = second * c + first * s;
    }
  }
}

struct Step {
  const cloze_decoder &d;
  std::vector<Layer> layers;
  Norm norm;
  Matrix head;
  const float *tokens, *positions;
  int64_t dim, width, inner = 0, kv, vocab, table_positions = 0;

  static const float *data(cloze_tensor t) {
    if (!t)
      return nullptr;
    const Tensor &x = *static_cast<Tensor *>(t);
    TORCH_CHECK(x.is_cpu() && x.scalar_type() == at::kFloat && x.is_contiguous(), "decoding needs dense float32 tensors on the CPU");
    return static_cast<const float *>(x.const_data_ptr());
  }
  static const Tensor &tensor(cloze_tensor t) { return *static_cast<Tensor *>(t); }
  static Matrix matrix(cloze_tensor w, cloze_tensor b, int64_t in) {
    Matrix m;
    if (w) {
      TORCH_CHECK(tensor(w).dim() == 2 && tensor(w).size(1) == in, "a matrix must have ", in, " columns, not the shape ", tensor(w).sizes());
      m = {data(w), data(b), tensor(w).size(0), in};
      TORCH_CHECK(!b || tensor(b).numel() == m.out, "a bias must have ", m.out, " numbers");
    }
    return m;
  }

  Step(const cloze_decoder &decoder, const cloze_tensor *keys, const cloze_tensor *values) : d(decoder) {
    tokens = data(d.tokens), positions = data(d.positions);
    dim = tensor(d.tokens).size(1), width = d.head_width, kv = d.kv_heads * width;
    if (positions)
      table_positions = tensor(d.positions).size(0);
    norm = {data(d.norm), data(d.norm_bias)};
    head = matrix(d.head, d.head_bias, dim);
    vocab = head.out;
    for (int l = 0; l < d.layers; l++) {
      const cloze_tensor *t = d.weights + l * CLOZE_SLOTS;
      Layer y;
      y.norm1 = {data(t[0]), data(t[1])}, y.norm2 = {data(t[2]), data(t[3])};
      y.q = matrix(t[4], t[5], dim), y.k = matrix(t[6], t[7], dim), y.v = matrix(t[8], t[9], dim);
      y.o = matrix(t[10], t[11], d.heads * width);
      y.gate = matrix(t[12], t[13], dim), y.up = matrix(t[14], t[15], dim), y.down = matrix(t[16], t[17], y.up.out);
      TORCH_CHECK(y.q.out + y.k.out + y.v.out == d.heads * width + 2 * kv, "queries, keys and values do not fit the heads");
      TORCH_CHECK(y.o.out == dim && y.down.out == dim && (!y.gate.w || y.gate.out == y.up.out), "the matrices of a layer do not fit");
      TORCH_CHECK(tensor(keys[l]).numel() == d.cache_rows * d.capacity * kv && tensor(values[l]).sizes() == tensor(keys[l]).sizes(),
                  "the cache does not fit the model");
      y.keys = const_cast<float *>(data(keys[l])), y.values = const_cast<float *>(data(values[l]));
      inner = std::max(inner, y.up.out);
      layers.push_back(y);
    }
  }

  void attention(const Layer &y, int64_t rows, const int32_t *cache_rows, const int32_t *lengths, const int32_t *at, const float *h,
                 float *qkv, float *mixed) {
    const int64_t q_width = d.heads * width, all = q_width + 2 * kv;
    auto place = [&](const Matrix &m, int64_t start) { // one matrix of three, or all in one
      share(m.out, m.in * rows, [&](int64_t from, int64_t to) { product(m, h, rows, qkv + start, all, from, to, false); });
    };
    place(y.q, 0);
    if (y.k.w)
      place(y.k, q_width), place(y.v, q_width + kv);
    int64_t longest = 0;
    for (int64_t b = 0; b < rows; b++) {
      float *q = qkv + b * all, *k = q + q_width, *v = k + kv;
      if (d.frequencies) // the heads of queries and keys lie one after another
        rotate(q, d.heads + d.kv_heads, width, float(at[b]), d.frequencies);
      const int64_t to = (cache_rows[b] * d.capacity + lengths[b]) * kv;
      std::copy(k, k + kv, y.keys + to);
      std::copy(v, v + kv, y.values + to);
      longest = std::max<int64_t>(longest, lengths[b] + 1);
    }
    share(rows * d.heads, 2 * longest * width, [&](int64_t from, int64_t to) {
      std::vector<float> scores(longest);
      for (int64_t i = from; i < to; i++) {
        const int64_t b = i / d.heads, head_index = i % d.heads, group = head_index / (d.heads / d.kv_heads);
        const int64_t start = cache_rows[b] * d.capacity * kv + group * width;
        attend(qkv + b * all + head_index * width, y.keys + start, y.values + start, lengths[b] + 1, kv, width, scores.data(),
               mixed + b * q_width + head_index * width);
      }
    });
  }

  void mlp(const Layer &y, int64_t rows, const float *h, float *up, float *gate) {
    share(y.up.out, y.up.in * rows * (y.gate.w ? 2 : 1), [&](int64_t from, int64_t to) {
      product(y.up, h, rows, up, y.up.out, from, to, false);
      if (y.gate.w)
        product(y.gate, h, rows, gate, y.up.out, from, to, false);
      for (int64_t b = 0; b < rows; b++) {
        float *u = up + b * y.up.out;
        if (!y.gate.w) {
          activate(u + from, to - from, d.activation);
          continue;
        }
        float *g = gate + b * y.up.out;
        activate(g + from, to - from, d.activation);
        for (int64_t i = from; i < to; i++)
          u[i] *= g[i];
      }
    });
  }

  void run(int64_t rows, const int32_t *ids, const int32_t *cache_rows, const int32_t *lengths, const int32_t *at, float *logits) {
    const int64_t q_width = d.heads * width;
    std::vector<float> x(rows * dim), h(rows * dim), qkv(rows * (q_width + 2 * kv)), mixed(rows * q_width), up(rows * inner),
        gate(rows * inner);
    for (int64_t b = 0; b < rows; b++) {
      TORCH_CHECK(ids[b] >= 0 && ids[b] < tensor(d.tokens).size(0), "id ", ids[b], " has no row in the token table");
      TORCH_CHECK(cache_rows[b] >= 0 && cache_rows[b] < d.cache_rows && lengths[b] >= 0 && lengths[b] < d.capacity, "row ", cache_rows[b],
                  " of the cache has no room after ", lengths[b], " tokens");
      TORCH_CHECK(at[b] >= 0 && (table_positions == 0 || at[b] < table_positions), "position ", at[b], " is beyond the context");
      for (int64_t i = 0; i < dim; i++)
        x[b * dim + i] = tokens[ids[b] * dim + i] + (positions ? positions[at[b] * dim + i] : 0.f);
    }
    auto normed = [&](const Norm &n) {
      for (int64_t b = 0; b < rows; b++)
        normalise(n, d.rms_norm, float(d.epsilon), x.data() + b * dim, dim, h.data() + b * dim);
    };
    for (const Layer &y : layers) {
      normed(y.norm1);
      attention(y, rows, cache_rows, lengths, at, h.data(), qkv.data(), mixed.data());
      multiply(y.o, mixed.data(), rows, x.data(), true);
      normed(y.norm2);
      mlp(y, rows, h.data(), up.data(), gate.data());
      multiply(y.down, up.data(), rows, x.data(), true);
    }
    normed(norm);
    multiply(head, h.data(), rows, logits);
  }
};

} // namespace

extern "C" int cloze_decode(const cloze_decoder *decoder, const cloze_tensor *keys, const cloze_tensor *values, int rows, const int32_t *ids,
                            const int32_t *cache_rows, const int32_t *lengths, const int32_t *positions, float *logits) {
  return cloze_guard([&] {
    TORCH_CHECK(decoder->heads > 0 && decoder->kv_heads > 0 && decoder->heads % decoder->kv_heads == 0, "heads must be a multiple of key heads");
    Step(*decoder, keys, values).run(rows, ids, cache_rows, lengths, positions, logits);
  });
}
