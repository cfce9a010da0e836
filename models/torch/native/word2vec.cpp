//go:build ignore

// Word vectors trained by their own hand: no graph, a prediction's gradient is applied as soon as it is known. No torch header is needed:
// the tables are plain memory here.
#ifndef CLOZE_WORD2VEC_KERNEL
#include "native.h"
#include "vector_math.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>
#if defined(__x86_64__)
#include <immintrin.h>
#endif
#define CLOZE_INLINE_MEMBER inline __attribute__((always_inline))

// Copies of the rows that one thread changes: each as it was and as it is.
struct Copies {
  static constexpr int64_t kBlock = 256; // rows that are got at a time, so that none ever moves
  float *table = nullptr;
  int64_t stride = 0;
  std::vector<int32_t> place; // of a row of the table, -1 without one
  std::vector<int32_t> rows;  // by place
  std::vector<int32_t> uses;  // by place: how often it was asked for
  std::vector<std::unique_ptr<float[]>> blocks;

  Copies(float *table, int64_t n, int64_t stride) : table(table), stride(stride), place(table ? n : 0, -1) {}
  float *at(int64_t i) { return blocks[i / kBlock].get() + i % kBlock * 2 * stride; }
  float *row(int64_t id) {
    int32_t &p = place[id];
    if (p < 0) {
      p = (int32_t)rows.size();
      if (p / kBlock == (int64_t)blocks.size())
        blocks.emplace_back(new float[kBlock * 2 * stride]);
      rows.push_back((int32_t)id);
      uses.push_back(0);
      std::copy_n(table + id * stride, stride, at(p));
      std::copy_n(table + id * stride, stride, at(p) + stride);
    }
    uses[p]++;
    return at(p);
  }
  void add(size_t p, float share) {
    const float *now = at(p), *was = now + stride;
    float *to = table + rows[p] * stride;
    for (int64_t i = 0; i < stride; i++)
      to[i] += share * (now[i] - was[i]);
  }
  void clear() {
    for (int32_t row : rows)
      place[row] = -1;
    rows.clear();
    uses.clear();
  }
};

struct cloze_word_delta {
  Copies input, output, positions;
};

#define CLOZE_WORD2VEC_KERNEL
namespace plain {
CLOZE_INLINE v8 fma8(v8 a, v8 b, v8 c) { return a * b + c; }
CLOZE_INLINE v8 spread8(const float *p) { return all8(*p); }
#include "word2vec.cpp"
} // namespace plain

#if defined(__x86_64__)
#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace wide {
CLOZE_INLINE v8 fma8(v8 a, v8 b, v8 c) { return (v8)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
CLOZE_INLINE v8 spread8(const float *p) { return (v8)_mm256_broadcast_ss(p); }
#include "word2vec.cpp"
} // namespace wide
#pragma GCC pop_options
#endif

namespace {
int most_kernels = 1;
int kernels() {
#if defined(__x86_64__)
  static const int has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return std::min(most_kernels, has);
#endif
  return 0;
}
template <class T> void train(const cloze_word_vectors &w, int threads, cloze_word_delta *delta, const int32_t *tokens, const int32_t *ends,
                              int64_t sentences, float lr, uint64_t *rng, double *loss, int64_t *terms) {
  auto t = std::make_unique<T>(w, threads, delta, lr, *rng);
  t->run(tokens, ends, sentences);
  *rng = t->rng;
  *loss = t->losses.sum;
  *terms = t->terms;
}
} // namespace

extern "C" {

int cloze_word_train(cloze_word_vectors w, int threads, cloze_word_delta *delta, const int32_t *tokens, const int32_t *ends, int64_t sentences,
                     float lr, uint64_t *rng, double *loss, int64_t *terms) {
  return cloze_guard([&] {
#if defined(__x86_64__)
    if (kernels() == 1)
      return train<wide::Trainer>(w, threads, delta, tokens, ends, sentences, lr, rng, loss, terms);
#endif
    train<plain::Trainer>(w, threads, delta, tokens, ends, sentences, lr, rng, loss, terms);
  });
}

cloze_word_delta *cloze_word_delta_new(cloze_word_vectors w) {
  cloze_word_delta *d = nullptr;
  cloze_guard([&] {
    d = new cloze_word_delta{Copies(w.input, w.input_rows, w.stride), Copies(w.output, w.output_rows, w.stride),
                             Copies(w.position_weights, 2 * w.window, w.stride)};
  });
  return d;
}

// Each delta has moved a row on its own by some fraction f of the way to where it comes to rest, f = 1 - exp(-lr * uses). One after the other, n of them
// would have moved it by 1 - (1 - f)^n; together they moved it by n * f, up to n times too far. So each change is added times (1 - (1 - f)^n) / (n * f):
// all of it where uses are few, their mean where they are many.
void cloze_word_deltas_add(cloze_word_delta **deltas, int64_t n, float lr) {
  for (Copies cloze_word_delta::*table : {&cloze_word_delta::input, &cloze_word_delta::output, &cloze_word_delta::positions}) {
    for (int64_t d = 0; d < n; d++) {
      Copies &c = deltas[d]->*table;
      for (size_t p = 0; p < c.rows.size(); p++) {
        double moved = 0, uses = 0;
        for (int64_t e = 0; e < n; e++) {
          const Copies &o = deltas[e]->*table;
          if (const int32_t q = o.place[c.rows[p]]; q >= 0)
            moved++, uses += o.uses[q];
        }
        const double rest = lr * uses / moved; // -log(1 - f)
        c.add(p, rest > 0 ? (float)(-std::expm1(-rest * moved) / (-std::expm1(-rest) * moved)) : 1.f);
      }
    }
    for (int64_t d = 0; d < n; d++)
      (deltas[d]->*table).clear();
  }
}

void cloze_word_delta_free(cloze_word_delta *d) { delete d; }

int cloze_word_kernels(int most) {
  most_kernels = most;
  return kernels();
}
}

#else // CLOZE_WORD2VEC_KERNEL

// The training of word vectors, compiled once for each set of instructions: this file includes itself in a namespace for each, with fma8 and
// spread8 as those instructions have them.
//
// A step is a small product: M inputs [M,D] with N outputs [N,D] give M*N predictions, all from the rows as they are before it. In skip-gram the inputs are the words around
// one place and the outputs its word with noise words, or the nodes of its path, for all of them: rows are read once, not once a pair.

constexpr int kInputs = 6;   // rows that are updated together: with their changes they fill 12 of AVX2's 16 registers
constexpr int kAhead = 16;   // noise words drawn ahead
constexpr int kOutputs = 64; // outputs of a step; more are cut into several steps
constexpr int64_t kNodes = 512; // that have copies: they and the rows as they were are half a megabyte of 100 dimensions

// The four sums over lanes of a, b, c and d.
CLOZE_INLINE void sums4(v8 a, v8 b, v8 c, v8 d, float *to) {
  v8 ab = __builtin_shuffle(a, b, v8i{0, 8, 1, 9, 4, 12, 5, 13}) + __builtin_shuffle(a, b, v8i{2, 10, 3, 11, 6, 14, 7, 15});
  v8 cd = __builtin_shuffle(c, d, v8i{0, 8, 1, 9, 4, 12, 5, 13}) + __builtin_shuffle(c, d, v8i{2, 10, 3, 11, 6, 14, 7, 15});
  v8 all = __builtin_shuffle(ab, cd, v8i{0, 1, 8, 9, 4, 5, 12, 13}) + __builtin_shuffle(ab, cd, v8i{2, 3, 10, 11, 6, 7, 14, 15});
  typedef float v4 __attribute__((vector_size(16)));
  v4 low, high;
  std::memcpy(&low, &all, 16);
  std::memcpy(&high, (const char *)&all + 16, 16);
  low += high;
  std::memcpy(to, &low, 16);
}

// z[t*M+m] = in[m] . out[t] of T outputs; up to 3 numbers after them are overwritten.
template <int M, int T> CLOZE_INLINE void dots(float *const *in, float *const *out, int64_t columns, float *z) {
  v8 sum[T * M + 3] = {};
  for (int64_t c = 0; c < columns; c += 8) {
    if (T <= M) {
      v8 y[T];
      for (int t = 0; t < T; t++)
        y[t] = load8(out[t] + c);
      for (int m = 0; m < M; m++) {
        v8 x = load8(in[m] + c);
        for (int t = 0; t < T; t++)
          sum[t * M + m] = fma8(x, y[t], sum[t * M + m]);
      }
    } else {
      v8 x[M];
      for (int m = 0; m < M; m++)
        x[m] = load8(in[m] + c);
      for (int t = 0; t < T; t++) {
        v8 y = load8(out[t] + c);
        for (int m = 0; m < M; m++)
          sum[t * M + m] = fma8(x[m], y, sum[t * M + m]);
      }
    }
  }
  for (int i = 0; i < T * M; i += 4)
    sums4(sum[i], sum[i + 1], sum[i + 2], sum[i + 3], z + i);
}

// in += g' out and out += g in, with the rows as they were before: of each, 8 columns are in registers meanwhile. Rows that are the same one get all their changes.
template <int M> CLOZE_INLINE void change(float *const *in, float *const *out, int n, const float *g, int64_t columns) {
  for (int64_t c = 0; c < columns; c += 8) {
    v8 x[M], dx[M];
    for (int m = 0; m < M; m++)
      x[m] = load8(in[m] + c), dx[m] = v8{};
    const float *gn = g;
    for (int t = 0; t < n; t++, gn += M) {
      v8 y = load8(out[t] + c), changed = y;
      for (int m = 0; m < M; m++) {
        v8 e = spread8(gn + m);
        dx[m] = fma8(e, y, dx[m]);
        changed = fma8(e, x[m], changed);
      }
      store8(out[t] + c, changed);
    }
    for (int m = 0; m < M; m++)
      store8(in[m] + c, load8(in[m] + c) + dx[m]);
  }
}

// The sum of losses: a loss is log(1 + e^z), less z of a label of 1. Of the logarithm only the factors are multiplied, and one logarithm is taken of a hundred of them.
struct Losses {
  v8 factors = all8(1), linear = {};
  int count = 0;
  double sum = 0;

  CLOZE_INLINE_MEMBER void add(v8 factor, v8 part) {
    factors *= factor; // in [1,2]
    linear += part;
    if (++count == 100)
      flush();
  }
  void flush() {
    for (int i = 0; i < 8; i++)
      sum += std::log((double)factors[i]) + linear[i];
    factors = all8(1), linear = v8{}, count = 0;
  }
};

// The tree's nodes near the root as one of several threads has them. All threads change these rows with nearly every prediction, and the lines of the cache
// that hold them would go to and fro between the cores. So each thread changes copies; after some uses of a row it adds the difference to the
// table and takes up what others have added. Uses are counted, not time: how far a row moves on its own must stay small, all threads' moves are added.
struct Nodes {
  float *const table;
  const int64_t stride, n, first; // the last n rows have copies, from row first
  const int32_t most;             // uses between two additions
  std::vector<int32_t> uses;      // since the last one; 0 without a copy
  std::unique_ptr<float[]> space;
  float *copies; // [n,stride] from the start of a line, and behind them the rows as they were

  Nodes(float *table, int64_t rows, int64_t n, int64_t stride, int threads)
      : table(table), stride(stride), n(n), first(rows - n), most(std::max(4, 64 / threads)), uses(n), space(new float[2 * n * stride + 16]),
        copies((float *)(((uintptr_t)space.get() + 63) & ~(uintptr_t)63)) {}
  CLOZE_INLINE_MEMBER float *row(int64_t id) {
    const int64_t i = id - first;
    if (i < 0)
      return table + id * stride;
    if (uses[i] == 0 || uses[i] == most)
      meet(i);
    uses[i]++;
    return copies + i * stride;
  }
  void meet(int64_t i) {
    float *now = copies + i * stride, *was = now + n * stride, *to = table + (first + i) * stride;
    for (int64_t c = 0; c < stride; c += 8) {
      v8 x = load8(to + c);
      if (uses[i])
        store8(to + c, x += load8(now + c) - load8(was + c));
      store8(now + c, x);
      store8(was + c, x);
    }
    uses[i] = 0;
  }
  void meet() {
    for (int64_t i = 0; i < n; i++)
      if (uses[i])
        meet(i);
  }
};

struct Trainer {
  const cloze_word_vectors w;
  cloze_word_delta *delta;
  const float lr;
  uint64_t rng;
  const int64_t columns;
  Losses losses;
  int64_t terms = 0;
  alignas(64) float z[kInputs * kOutputs + 8], g[kInputs * kOutputs + 8];
  float *in[kInputs], *out[kOutputs];
  uint8_t label[kOutputs];
  std::vector<int32_t> sentence;
  std::vector<float *> rows;
  // Of skip-gram with sub-words: while a place is in some window its word is a row of its own, the mean of the word's rows. They are read when it comes
  // into the first window and changed when it has left the last one, once for all of its predictions.
  struct Place {
    std::vector<float *> rows;
    float *now, *was;
  };
  std::vector<Place> places; // of 2*window+1 places, place j at j % size
  std::vector<float> space;
  Nodes nodes;

  Trainer(const cloze_word_vectors &w, int threads, cloze_word_delta *delta, float lr, uint64_t rng)
      : w(w), delta(delta), lr(lr), rng(rng), columns((w.dim + 7) & ~7),
        places(w.row_offsets && !w.cbow ? 2 * w.window + 1 : 0), space((3 + 2 * places.size()) * w.stride),
        nodes(w.output, w.output_rows, w.hierarchical && !delta && threads > 1 ? std::min(w.output_rows, kNodes) : 0, w.stride, threads) {
    for (size_t i = 0; i < places.size(); i++)
      places[i].now = space.data() + (3 + 2 * i) * w.stride, places[i].was = places[i].now + w.stride;
  }

  // SplitMix64 (Steele, Lea, Flood 2014): any state is a good one.
  CLOZE_INLINE_MEMBER uint64_t draw() {
    uint64_t v = rng += 0x9e3779b97f4a7c15u;
    v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9u;
    v = (v ^ v >> 27) * 0x94d049bb133111ebu;
    return v ^ v >> 31;
  }
  int64_t below(int64_t n) { return (int64_t)((draw() >> 32) * (uint64_t)n >> 32); }
  CLOZE_INLINE_MEMBER float *input(int64_t id) { return delta ? delta->input.row(id) : w.input + id * w.stride; }
  CLOZE_INLINE_MEMBER float *output(int64_t id) { return delta ? delta->output.row(id) : w.output + id * w.stride; }
  CLOZE_INLINE_MEMBER void ask_for(const float *row) {
    for (int64_t c = 0; c < columns; c += 16)
      __builtin_prefetch(row + c);
  }
  // Noise words are drawn kAhead steps before their turn, and their slots in the alias table asked for; half the way later those are there and say
  // which rows to ask for.
  uint64_t drawn[kAhead];
  int32_t noise[kAhead];
  int turn = 0;
  CLOZE_INLINE_MEMBER void draw_noise(int i) {
    drawn[i] = draw();
    __builtin_prefetch(w.noise + ((drawn[i] >> 32) * (uint64_t)w.noise_size >> 32));
  }
  CLOZE_INLINE_MEMBER void look_up_noise(int i) {
    const uint64_t slot = (drawn[i] >> 32) * (uint64_t)w.noise_size >> 32, entry = w.noise[slot];
    noise[i] = (uint32_t)drawn[i] < entry >> 32 ? (int32_t)slot : (int32_t)(uint32_t)entry;
    if (!delta)
      ask_for(w.output + noise[i] * w.stride);
  }
  CLOZE_INLINE_MEMBER int32_t noise_word() {
    const int32_t id = noise[turn];
    draw_noise(turn);
    turn = (turn + 1) % kAhead;
    look_up_noise((turn + kAhead / 2 - 1) % kAhead);
    return id;
  }
  void start_noise() {
    for (int i = 0; i < kAhead; i++)
      draw_noise(i);
    for (int i = 0; i < kAhead / 2; i++)
      look_up_noise(i);
  }
  float *position(int64_t id) { return delta ? delta->positions.row(id) : w.position_weights + id * w.stride; }

  // One step of M inputs with n outputs.
  template <int M> void step(int n) {
    constexpr int T = M >= 5 ? 2 : M >= 3 ? 3 : 6;
    int t = 0;
    for (; t + T <= n; t += T)
      dots<M, T>(in, out + t, columns, z + t * M);
    for (; t < n; t++)
      dots<M, 1>(in, out + t, columns, z + t * M);
    for (int i = n * M; i & 7; i++)
      z[i] = -1e30f; // no loss
    for (int i = 0; i < n * M; i += 8) {
      v8 s = load8(z + i), size = s < 0 ? -s : s, e = exp8(-size), r = 1.f / (e + 1.f);
      store8(g + i, -lr * (s < 0 ? e * r : r));
      losses.add(e + 1.f, s < 0 ? v8{} : s);
    }
    for (t = 0; t < n; t++)
      if (label[t])
        for (int m = 0; m < M; m++)
          g[t * M + m] += lr, losses.sum -= z[t * M + m];
    change<M>(in, out, n, g, columns);
  }
  void steps(int m, int n) {
    switch (m) {
    case 1: return step<1>(n);
    case 2: return step<2>(n);
    case 3: return step<3>(n);
    case 4: return step<4>(n);
    case 5: return step<5>(n);
    case 6: return step<6>(n);
    }
  }

  // m inputs predict a word.
  void predict(int m, int32_t word) {
    terms += m;
    if (w.hierarchical) {
      for (int64_t i = w.code_offsets[word], end = w.code_offsets[word + 1]; i < end;) {
        int n = 0;
        for (; n < kOutputs && i < end; n++, i++)
          out[n] = delta ? output(w.points[i]) : nodes.row(w.points[i]), label[n] = !w.codes[i];
        steps(m, n);
      }
      return;
    }
    int n = 0;
    out[n] = output(word), label[n++] = 1;
    for (int64_t i = 0; i < w.negative; i++) {
      const int32_t id = noise_word();
      if (id == word)
        continue;
      if (n == kOutputs) {
        steps(m, n);
        n = 0;
      }
      out[n] = output(id), label[n++] = 0;
    }
    steps(m, n);
  }

  // skip-gram: the words around predict the word.
  void skip_gram(int64_t i, int64_t from, int64_t to) {
    int64_t left = to - from - 1;
    for (int64_t j = from; left > 0;) {
      const int64_t groups = (left + kInputs - 1) / kInputs;
      int m = 0;
      for (const int64_t size = (left + groups - 1) / groups; m < size; j++)
        if (j != i)
          in[m++] = w.row_offsets ? place(j).now : input(sentence[j]);
      predict(m, sentence[i]);
      left -= m;
    }
  }

  void gather(int32_t word, std::vector<float *> &rows) {
    if (!w.row_offsets)
      rows.push_back(input(word));
    else
      for (int64_t r = w.row_offsets[word]; r < w.row_offsets[word + 1]; r++)
        rows.push_back(input(w.row_ids[r]));
  }
  // to = the sum of rows[from:]
  void add_up(const std::vector<float *> &rows, size_t from, float *to) {
    for (int64_t c = 0; c < columns; c += 8) {
      v8 s = {};
      for (size_t r = from; r < rows.size(); r++)
        s += load8(rows[r] + c);
      store8(to + c, s);
    }
  }
  // what changed from was to now is added to each row
  void add_change(const std::vector<float *> &rows, const float *now, const float *was) {
    for (int64_t c = 0; c < columns; c += 8) {
      const v8 d = load8(now + c) - load8(was + c);
      for (float *row : rows)
        store8(row + c, load8(row + c) + d);
    }
  }

  Place &place(int64_t j) { return places[j % places.size()]; }
  void enter(int64_t j) {
    Place &p = place(j);
    p.rows.clear();
    gather(sentence[j], p.rows);
    add_up(p.rows, 0, p.now);
    const float share = 1.f / p.rows.size();
    for (int64_t c = 0; c < columns; c++)
      p.was[c] = p.now[c] *= share;
  }
  void leave(int64_t j) { add_change(place(j).rows, place(j).now, place(j).was); }

  void cbow(int64_t i, int64_t from, int64_t to) {
    float *hidden = space.data(), *before = hidden + w.stride, *around = before + w.stride;
    rows.clear();
    std::fill_n(hidden, columns, 0.f);
    for (int64_t j = from; j < to; j++)
      if (j != i) {
        const size_t first = rows.size();
        gather(sentence[j], rows);
        if (!w.position_weights)
          continue;
        add_up(rows, first, around);
        const float *p = position(w.window + j - i - (j > i));
        for (int64_t c = 0; c < columns; c += 8)
          store8(hidden + c, fma8(load8(p + c), load8(around + c), load8(hidden + c)));
      }
    if (rows.empty())
      return;
    if (!w.position_weights)
      add_up(rows, 0, hidden);
    const float share = 1.f / rows.size();
    for (int64_t c = 0; c < columns; c++)
      before[c] = hidden[c] *= share;
    in[0] = hidden;
    predict(1, sentence[i]);
    if (!w.position_weights) {
      add_change(rows, hidden, before);
      return;
    }
    rows.clear();
    for (int64_t j = from; j < to; j++)
      if (j != i) {
        const size_t first = rows.size();
        gather(sentence[j], rows);
        add_up(rows, first, around);
        float *p = position(w.window + j - i - (j > i));
        for (int64_t c = 0; c < columns; c += 8) {
          const v8 d = load8(hidden + c) - load8(before + c), weight = load8(p + c);
          for (size_t r = first; r < rows.size(); r++)
            store8(rows[r] + c, fma8(weight, d, load8(rows[r] + c)));
          store8(p + c, fma8(load8(around + c) * share, d, weight));
        }
      }
  }

  void run(const int32_t *tokens, int64_t n) {
    sentence.clear();
    for (int64_t i = 0; i < n; i++)
      if (!w.keep || (uint32_t)(draw() >> 32) <= w.keep[tokens[i]])
        sentence.push_back(tokens[i]);
    const int64_t kept = (int64_t)sentence.size(), kSoon = w.window + 2;
    int64_t entered = 0, left = 0;
    for (int64_t i = 0; i < kept; i++) {
      if (!delta && i + kSoon < kept) {
        ask_for(w.input + sentence[i + kSoon] * w.stride);
        if (!w.hierarchical)
          ask_for(w.output + sentence[i + 2] * w.stride);
      }
      if (!places.empty()) {
        for (; left < i - w.window; left++)
          leave(left);
        for (; entered < std::min(kept, i + w.window + 1); entered++)
          enter(entered);
      }
      const int64_t b = 1 + below(w.window), from = std::max<int64_t>(0, i - b), to = std::min(kept, i + b + 1);
      if (w.cbow)
        cbow(i, from, to);
      else
        skip_gram(i, from, to);
    }
    for (; left < entered; left++)
      leave(left);
  }

  void run(const int32_t *tokens, const int32_t *ends, int64_t sentences) {
    int64_t from = 0;
    if (!w.hierarchical)
      start_noise();
    for (int64_t i = 0; i < sentences; i++) {
      run(tokens + from, ends[i] - from);
      from = ends[i];
    }
    losses.flush();
    nodes.meet();
  }
};

#endif
