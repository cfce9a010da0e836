//go:build ignore

// One decoding step: the next token of each of some rows through all layers in one call. Every weight is read from memory once for
// all rows together, which is what such a step takes its time for; nothing is dispatched, recorded or allocated in between. A
// number's terms are added in the same order whatever the other rows are: a row in a batch gets the bits it gets alone.
#include "native.h"
#include "decode_products.h"
#include "decode_screen.h"
#include "decode_team.h"

#include <ATen/ATen.h>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <omp.h>
#include <vector>

namespace {

using at::Tensor;

struct Norm {
  const float *w = nullptr, *b = nullptr;
};

struct Layer {
  Norm norm1, norm2;
  Matrix q, k, v, o, gate, up, down; // k and v empty: q holds all three, one below the other; gate empty: a plain MLP
  float *keys, *values;              // the cache, [rows,capacity,G,K]
};

// The sum of n terms, in four sums so that additions do not wait for each other.
template <class F> double sum_over(int64_t n, F term) {
  double sums[4] = {0, 0, 0, 0};
  int64_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (int j = 0; j < 4; j++)
      sums[j] += term(i + j);
  for (; i < n; i++)
    sums[0] += term(i);
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

void normalise(const Norm &n, bool rms, float epsilon, const float *x, int64_t dim, float *y) {
  double mean = rms ? 0 : sum_over(dim, [x](int64_t i) { return double(x[i]); }) / dim;
  const double square = sum_over(dim, [x, mean](int64_t i) { return (x[i] - mean) * (x[i] - mean); });
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

// Adds to the numbers [i,i + 8 N) of out what N times eight numbers of each of `length` values, a stride apart, weigh.
template <int N> CLOZE_INLINE void weigh(const float *values, const float *weights, int64_t length, int64_t stride, int64_t i, float *out) {
  v8 sums[N];
  for (int j = 0; j < N; j++)
    sums[j] = all8(0);
  for (int64_t t = 0; t < length; t++)
    for (int j = 0; j < N; j++)
      sums[j] += load8(values + t * stride + i + 8 * j) * weights[t];
  for (int j = 0; j < N; j++)
    store8(out + i + 8 * j, sums[j]);
}

// One head of one row: q [K] over `length` keys and values a stride apart; scores is room for length numbers.
CLOZE_INLINE void attend_over(const float *q, const float *keys, const float *values, int64_t length, int64_t stride, int64_t width, float *scores,
                              float *out) {
  const float scale = 1 / std::sqrt(float(width));
  float most = -INFINITY;
  int64_t first = 0;
  for (; first + 4 <= length && width % 16 == 0; first += 4) { // four products at a time, each added up as dot does
    v8 sums[4][2] = {};
    for (int64_t i = 0; i < width; i += 16)
      for (int t = 0; t < 4; t++)
        for (int j = 0; j < 2; j++)
          sums[t][j] += load8(keys + (first + t) * stride + i + 8 * j) * load8(q + i + 8 * j);
    for (int t = 0; t < 4; t++)
      scores[first + t] = sum_of(sums[t][0] + sums[t][1]);
  }
  for (; first < length; first++)
    scores[first] = dot(keys + first * stride, q, width);
  for (int64_t t = 0; t < length; t++) {
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
  int64_t i = 0;
  for (; i + 64 <= width; i += 64)
    weigh<8>(values, scores, length, stride, i, out);
  for (; i + 8 <= width; i += 8)
    weigh<1>(values, scores, length, stride, i, out);
  for (; i < width; i++) {
    out[i] = 0;
    for (int64_t t = 0; t < length; t++)
      out[i] += values[t * stride + i] * scores[t];
  }
  for (int64_t k = 0; k < width; k++)
    out[k] = float(out[k] / total);
}

void plain_attend(const float *q, const float *keys, const float *values, int64_t length, int64_t stride, int64_t width, float *scores, float *out) {
  attend_over(q, keys, values, length, stride, width, scores, out);
}
#if defined(__x86_64__)
__attribute__((target("avx2,fma"), optimize("fp-contract=fast"))) void fused_attend(const float *q, const float *keys, const float *values, int64_t length,
                                                                                    int64_t stride, int64_t width, float *scores, float *out) {
  attend_over(q, keys, values, length, stride, width, scores, out);
}
#else
constexpr auto fused_attend = plain_attend;
#endif

// Turns numbers i and i + K/2 of each head by an angle of which turns[2i] is the cosine and turns[2i + 1] the sine, as rotary.cpp does.
void rotate(float *x, int64_t heads, int64_t width, const float *turns) {
  const int64_t half = width / 2;
  for (float *end = x + heads * width; x < end; x += width)
    for (int64_t i = 0; i < half; i++) {
      const float first = x[i], second = x[i + half], c = turns[2 * i], s = turns[2 * i + 1];
      x[i] = first * c - second * s;
      x[i + half] = second * c + first * s;
    }
}

// Memory whose rows begin at cache lines where their length allows it.
struct Buffer {
  std::unique_ptr<float, void (*)(void *)> memory{nullptr, std::free};
  void take(int64_t n) {
    memory.reset(static_cast<float *>(std::aligned_alloc(64, (n * sizeof(float) / 64 + 1) * 64)));
    TORCH_CHECK(memory != nullptr, "no memory for ", n, " numbers");
  }
  operator float *() const { return memory.get(); }
};

// A matrix and what it is multiplied with.
struct Product {
  const Matrix m;
  const float *x;
  int64_t rows;
  float *y;
  int64_t stride;
  bool add;
};

void multiply(Team &team, std::initializer_list<Product> products) {
  int64_t n = 0, cost = 1;
  for (const Product &p : products)
    n += p.m.out, cost = std::max(cost, p.m.in * p.rows);
  team.share(n, cost, 2 * kPanel, [&](int64_t from, int64_t to) {
    int64_t start = 0; // of a product's rows among all
    for (const Product &p : products) {
      const int64_t a = std::max(from, start) - start, b = std::min(to - start, p.m.out);
      if (a < b)
        product(p.m, p.x, p.rows, p.y, p.stride, a, b, p.add);
      start += p.m.out;
    }
  });
}

// The id of the largest logit, the lowest of equal ones, or -1 - id of the first that is no number.
int32_t largest(const float *logits, int64_t n) {
  int32_t best = 0;
  for (int64_t i = 0; i < n; i++) {
    if (logits[i] != logits[i])
      return int32_t(-1 - i);
    best = logits[i] > logits[best] ? int32_t(i) : best;
  }
  return best;
}

struct Step {
  const cloze_decoder &d;
  std::vector<Layer> layers;
  Norm norm;
  Matrix head;
  const float *tokens, *positions;
  int64_t dim, width, inner = 0, kv, table_positions = 0, weights = 0; // weights: numbers in all matrices
  int64_t rows = 0, longest = 0;
  const int32_t *cache_rows, *lengths, *at;
  std::vector<int64_t> all, last; // tokens: all, and the last one of each row of the cache
  Buffer x, h, q, kv_new, mixed, up, gate, scores, turns; // turns: cosine and sine of each token's rotary angles

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
      for (const Matrix *m : {&y.q, &y.k, &y.v, &y.o, &y.gate, &y.up, &y.down})
        weights += m->out * m->in;
      layers.push_back(y);
    }
  }

  // Several tokens of one row of the cache stand in their order, each a place behind the one before.
  void take(int64_t n, const int32_t *ids, const int32_t *cache, const int32_t *held, const int32_t *places) {
    rows = n, cache_rows = cache, lengths = held, at = places;
    std::vector<int64_t> newest(d.cache_rows, -1);
    for (int64_t b = 0; b < rows; b++) {
      TORCH_CHECK(ids[b] >= 0 && ids[b] < tensor(d.tokens).size(0), "id ", ids[b], " has no row in the token table");
      TORCH_CHECK(cache[b] >= 0 && cache[b] < d.cache_rows && held[b] >= 0 && held[b] < d.capacity, "row ", cache[b],
                  " of the cache has no room after ", held[b], " tokens");
      TORCH_CHECK(at[b] >= 0 && (table_positions == 0 || at[b] < table_positions), "position ", at[b], " is beyond the context");
      int64_t &before = newest[cache[b]];
      TORCH_CHECK(before < 0 || held[b] == held[before] + 1, "two tokens of row ", cache[b], " of the cache do not follow each other");
      before = b;
      longest = std::max<int64_t>(longest, held[b] + 1);
    }
    for (int64_t b = 0; b < rows; b++) {
      all.push_back(b);
      if (newest[cache[b]] == b)
        last.push_back(b);
    }
    const int64_t q_width = d.heads * width;
    x.take(rows * dim), h.take(rows * dim), q.take(rows * q_width), kv_new.take(rows * 2 * kv), mixed.take(rows * q_width);
    up.take(rows * inner), gate.take(rows * inner), scores.take(std::max(1, at::get_num_threads()) * longest);
    turns.take(d.frequencies ? rows * width : 0);
    for (int64_t b = 0; d.frequencies && b < rows; b++)
      for (int64_t i = 0; i < width / 2; i++) {
        const float angle = float(at[b]) * d.frequencies[i];
        turns[b * width + 2 * i] = std::cos(angle), turns[b * width + 2 * i + 1] = std::sin(angle);
      }
    for (int64_t b = 0; b < rows; b++)
      for (int64_t i = 0; i < dim; i++)
        x[b * dim + i] = tokens[ids[b] * dim + i] + (positions ? positions[at[b] * dim + i] : 0.f);
  }

  void normed(Team &team, const Norm &n, int64_t count) {
    team.share(count, 8 * dim, 1, [&](int64_t from, int64_t to) {
      for (int64_t b = from; b < to; b++)
        normalise(n, d.rms_norm, float(d.epsilon), x + b * dim, dim, h + b * dim);
    });
  }

  // Leaves the rows of x and h that `live` names, where it does not name all. One thread does it.
  void keep(const std::vector<int64_t> &live) {
    for (size_t i = 0; i < live.size() && live.size() < all.size(); i++)
      for (float *m : {(float *)x, (float *)h})
        std::copy_n(m + live[i] * dim, dim, m + i * dim);
  }

  // What the tokens `live` take from the values of all; keys and values of all are kept. Behind it x and h hold the live ones alone.
  void attention(Team &team, const Layer &y, const std::vector<int64_t> &live) {
    const int64_t q_width = d.heads * width, kept = live.size();
    const Matrix k = y.k.w ? y.k : y.q.rows(q_width, kv), v = y.k.w ? y.v : y.q.rows(q_width + kv, kv), q_only = y.q.rows(0, q_width);
    if (kept == rows) {
      multiply(team, {{q_only, h, rows, q, q_width, false}, {k, h, rows, kv_new, 2 * kv, false}, {v, h, rows, kv_new + kv, 2 * kv, false}});
    } else {
      multiply(team, {{k, h, rows, kv_new, 2 * kv, false}, {v, h, rows, kv_new + kv, 2 * kv, false}});
      team.once([&] { keep(live); });
      multiply(team, {{q_only, h, kept, q, q_width, false}});
    }
    team.share(rows, 8 * kv, 1, [&](int64_t from, int64_t to) {
      for (int64_t b = from; b < to; b++) {
        float *new_k = kv_new + b * 2 * kv, *new_v = new_k + kv;
        if (d.frequencies)
          rotate(new_k, d.kv_heads, width, turns + b * width);
        const int64_t place = (cache_rows[b] * d.capacity + lengths[b]) * kv;
        std::copy(new_k, new_k + kv, y.keys + place);
        std::copy(new_v, new_v + kv, y.values + place);
      }
    });
    team.share(kept * d.heads, 2 * longest * width, 1, [&](int64_t from, int64_t to) {
      for (int64_t i = from; i < to; i++) {
        const int64_t b = live[i / d.heads], head_index = i % d.heads, group = head_index / (d.heads / d.kv_heads);
        const int64_t start = cache_rows[b] * d.capacity * kv + group * width;
        if (d.frequencies)
          rotate(q + i * width, 1, width, turns + b * width);
        (has_fused ? fused_attend : plain_attend)(q + i * width, y.keys + start, y.values + start, lengths[b] + 1, kv, width, scores + team.member() * longest,
               mixed + i * width);
      }
    });
  }

  void mlp(Team &team, const Layer &y, int64_t count) {
    team.share(y.up.out, y.up.in * count * (y.gate.w ? 2 : 1), 2 * kPanel, [&](int64_t from, int64_t to) {
      product(y.up, h, count, up, y.up.out, from, to, false);
      if (y.gate.w)
        product(y.gate, h, count, gate, y.up.out, from, to, false);
      for (int64_t b = 0; b < count; b++) {
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

  // All layers; then h holds, of the last token of each row of the cache, what the head is multiplied with. Of the others the last layer computes keys
  // and values alone.
  void run(Team &team) {
    int64_t count = rows;
    for (const Layer &y : layers) {
      const std::vector<int64_t> &live = &y == &layers.back() ? last : all;
      normed(team, y.norm1, rows);
      attention(team, y, live);
      count = live.size();
      multiply(team, {{y.o, mixed, count, x, dim, true}});
      normed(team, y.norm2, count);
      mlp(team, y, count);
      multiply(team, {{y.down, up, count, x, dim, true}});
    }
    normed(team, norm, count);
  }

  bool small(int64_t count) const { return (weights * rows + head.out * head.in * count) < 4000000; } // not worth a second thread
};

// The copy of the last head that was asked for its likeliest tokens. It is used inside torch.Do alone, by one thread at a time.
std::unique_ptr<Screen> screen;
constexpr int64_t kScreened = 1 << 20; // smaller tables are near anyway

} // namespace

extern "C" int cloze_decode(const cloze_decoder *decoder, const cloze_tensor *keys, const cloze_tensor *values, int rows, const int32_t *ids,
                            const int32_t *cache_rows, const int32_t *lengths, const int32_t *positions, float *logits, int32_t *best, int64_t limit) {
  return cloze_guard([&] {
    TORCH_CHECK(decoder->heads > 0 && decoder->kv_heads > 0 && decoder->heads % decoder->kv_heads == 0, "heads must be a multiple of key heads");
    Step step(*decoder, keys, values);
    step.take(rows, ids, cache_rows, lengths, positions);
    const int64_t count = step.last.size();
    Buffer own;
    std::unique_ptr<Best> search;
    limit = std::min(limit, step.head.out);
    if (best && step.head.out * step.head.in >= kScreened) {
      const Tensor &table = *static_cast<Tensor *>(decoder->head);
      if (!screen || !screen->fits(table))
        screen.reset(), screen = std::make_unique<Screen>(table);
      search = std::make_unique<Best>(step.head, *screen, step.h, count, limit);
    } else if (best) {
      own.take(count * step.head.out);
      logits = own;
    }
    Team::run(step.small(count), [&](Team &team) {
      step.run(team);
      if (search)
        search->find(team);
      else
        multiply(team, {{step.head, step.h, count, logits, step.head.out, false}});
    });
    for (int64_t b = 0; best && b < count; b++)
      best[b] = search ? search->id(b) : largest(logits + b * step.head.out, limit);
  });
}

extern "C" void cloze_forget_screen(void) { screen.reset(); }
