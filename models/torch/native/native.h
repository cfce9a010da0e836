// Plain C prototypes of the kernels in this folder, for cgo (models/torch) and for the kernels themselves. No torch header is
// needed to read it. Every function that can fail returns 0, or -1 with the reason in cloze_last_error; an out-parameter then
// holds nothing. A cloze_tensor is an at::Tensor* made by new: the caller frees what it was given (at_free of gotch).
#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef void *cloze_tensor;

// core.cpp: identity, errors, data in and out
const char *cloze_native_hash(void);    // hash of these sources when set-up compiled them; "" when built by hand
const char *cloze_torch_compiled(void); // libtorch version of the headers
uint64_t cloze_torch_loaded(void);      // version of the library loaded: bytes major, minor, patch from the top
uint64_t cloze_torch_wanted(void);      // the same of the headers
const char *cloze_last_error(void);     // message of this thread's last failure; valid until the next failure
void cloze_set_error(const char *message);
int cloze_from_data(cloze_tensor *out, const void *data, const int64_t *shape, int dims, int from_type, int to_type);
int cloze_to_data(cloze_tensor t, void *data, int type); // any strides and device, row-major into data
int cloze_from_bytes(cloze_tensor t, const void *data, int64_t bytes);
int cloze_item(cloze_tensor t, double *value);
int cloze_grad_enabled(void);
void cloze_set_threads(int n);
int cloze_threads(void);

// nn.cpp: what gotch lacks, or leaks in
int cloze_gelu(cloze_tensor *out, cloze_tensor x, int tanh_approximation);
int cloze_add_scaled(cloze_tensor t, cloze_tensor other, double factor); // t += factor * other, in place, outside autograd
int cloze_backward(cloze_tensor loss, cloze_tensor grad_or_null, int keep_graph);
int cloze_zero_grad(cloze_tensor t); // drops the gradient

// half.cpp: layers whose float types below float32 need sums in float32, and weights that are kept twice
int cloze_embedding(cloze_tensor *out, cloze_tensor table, cloze_tensor ids);
int cloze_layer_norm(cloze_tensor *out, cloze_tensor x, cloze_tensor w, cloze_tensor bias_or_null, double eps);
int cloze_set_data(cloze_tensor t, cloze_tensor from);                                     // t gets the numbers and the type of from
int cloze_gather_grads(const cloze_tensor *to, const cloze_tensor *from, int n); // adds gradients in the type of to, and drops those of from

// cross_entropy.cpp: float32 sum over the targets that are not ignore_index
int cloze_cross_entropy_sum(cloze_tensor *out, cloze_tensor logits, cloze_tensor targets, int64_t ignore_index);

// linear_cross_entropy.cpp: the same of hidden [N,D] times weight [V,D] plus bias, without logits [N,V]
int cloze_linear_cross_entropy(cloze_tensor *out, cloze_tensor hidden, cloze_tensor weight, cloze_tensor bias_or_null,
                               cloze_tensor targets, int64_t ignore_index);

// products.cpp: x w' + bias
int cloze_linear(cloze_tensor *out, cloze_tensor x, cloze_tensor w, cloze_tensor bias_or_null);

// mlp.cpp: gelu(x up' + up_bias) down' + down_bias
int cloze_mlp(cloze_tensor *out, cloze_tensor x, cloze_tensor up, cloze_tensor up_bias_or_null, cloze_tensor down,
              cloze_tensor down_bias_or_null, int tanh_approximation);

// allocator.cpp: memory of large tensors, kept between steps
int cloze_use_arena(void);
void cloze_memory(int64_t *used, int64_t *most, int64_t *reach); // bytes in use, most so far, addresses touched

// checkpoint.cpp: y, computed from x without a record, gets a node that has f compute the gradient of x from that of y; f owns the two
// tensors it is given and gives one away
typedef int (*cloze_recompute_fn)(uint64_t id, cloze_tensor x, cloze_tensor grad, cloze_tensor *dx);
void cloze_on_recompute(cloze_recompute_fn f);
int cloze_checkpoint(cloze_tensor *out, cloze_tensor x, cloze_tensor y, uint64_t id);
int cloze_backward_of(cloze_tensor y, cloze_tensor grad); // frees y
int cloze_dead_checkpoint(uint64_t *id); // takes one id whose node is gone; 0 when there is none

// random.cpp: the default CPU generator
int cloze_seed(int64_t seed);
int cloze_rng_state(void *data, int64_t capacity, int64_t *bytes); // capacity 0: only the size
int cloze_set_rng_state(const void *data, int64_t bytes);
int cloze_normal(cloze_tensor t, double mean, double std);
int cloze_uniform(cloze_tensor t, double from, double to);
int cloze_trunc_normal(cloze_tensor t, double mean, double std, double low, double high);

// rotary.cpp: rotary positions
int cloze_rotary_angles(cloze_tensor *cos, cloze_tensor *sin, cloze_tensor positions, const float *frequencies, int64_t n);
int cloze_rotary(cloze_tensor *out, cloze_tensor x, cloze_tensor cos, cloze_tensor sin);

// rmsnorm.cpp: x / sqrt(mean(x^2) + eps) * w
int cloze_rms_norm(cloze_tensor *out, cloze_tensor x, cloze_tensor w, double eps);

// attention.cpp: each packed row attends to itself only; k and v may have fewer heads than q
int cloze_attention(cloze_tensor *out, cloze_tensor q, cloze_tensor k, cloze_tensor v, const int32_t *row_offsets, int rows,
                    int causal, double dropout);
int cloze_attention_qkv(cloze_tensor *out, cloze_tensor qkv, int64_t heads, const int32_t *row_offsets, int rows, int causal,
                        double dropout);

// decode.cpp: the next token of some rows through a whole network, with its keys and values of the tokens before kept in a cache
enum { CLOZE_GELU, CLOZE_GELU_TANH, CLOZE_RELU, CLOZE_SILU };
// A layer's tensors, NULL where it has none: norm1, norm2, q, k, v, out, gate, up, down, a weight and a bias each. Matrices are [out,in].
enum { CLOZE_SLOTS = 18 };
typedef struct {
  const cloze_tensor *weights; // layers * CLOZE_SLOTS
  cloze_tensor tokens, positions, norm, norm_bias, head, head_bias;
  const float *frequencies; // K/2 of rotary positions, radians a token; NULL without
  int layers, heads, kv_heads, head_width, rms_norm, activation;
  double epsilon;
  int64_t cache_rows, capacity; // of keys and values, a tensor [cache_rows,capacity,G,K] a layer
} cloze_decoder;
// Of each row of the cache that ids stand in, in the order of their last tokens: logits [rows of the cache,V], or where best is not NULL the id below
// limit with the largest logit, -1 - id for the first whose logit is no number.
int cloze_decode(const cloze_decoder *decoder, const cloze_tensor *keys, const cloze_tensor *values, int rows, const int32_t *ids,
                 const int32_t *cache_rows, const int32_t *lengths, const int32_t *positions, float *logits, int32_t *best, int64_t limit);
void cloze_forget_screen(void); // frees what best keeps of the last head

// encode.cpp: the blocks of a post-norm encoder over packed rows, whose numbers it changes in place. A layer's tensors are qkv, out, norm1, up,
// down, norm2, a weight and a bias each; matrices as cloze_encoder_pack makes them.
enum { CLOZE_ENCODE_GELU, CLOZE_ENCODE_GELU_TANH, CLOZE_ENCODE_RELU };
enum { CLOZE_ENCODER_SLOTS = 12 };
typedef struct {
  const cloze_tensor *weights; // layers * CLOZE_ENCODER_SLOTS
  int layers, heads, activation;
  double epsilon;
} cloze_encoder;
int cloze_can_encode(void); // whether this processor can
int cloze_encoder_pack(cloze_tensor *out, cloze_tensor weight, int int8); // int8: rounded to numbers of 8 bits
int cloze_encode(const cloze_encoder *encoder, cloze_tensor x, const int32_t *row_offsets, int rows, int first); // first: x[:rows] gets the rows' first tokens

// word2vec.cpp: vectors of words, learnt from the words around them. Tables are rows of stride floats, of which dim count and the others are 0.
typedef struct {
  int64_t dim, stride, window, negative;
  int cbow, hierarchical;
  float *input, *output, *position_weights;                     // position_weights: NULL without
  const uint32_t *keep;                                         // NULL keeps all
  const uint64_t *noise;                                        // an alias table of noise_size words: threshold in the upper half, the other word below
  int64_t noise_size, input_rows, output_rows;
  const int64_t *row_offsets;                                   // NULL: word w is row w
  const int32_t *row_ids;
  const int64_t *code_offsets;                                  // of hierarchical softmax
  const uint8_t *codes;
  const int32_t *points;
} cloze_word_vectors;
typedef struct cloze_word_delta cloze_word_delta;
// Trains on sentences tokens[ends[i-1]:ends[i]], beside threads-1 others that do the same with the same tables; with a delta, tables are only
// read and the changes go there.
int cloze_word_train(cloze_word_vectors w, int threads, cloze_word_delta *delta, const int32_t *tokens, const int32_t *ends, int64_t sentences,
                     float lr, uint64_t *rng, double *loss, int64_t *terms);
cloze_word_delta *cloze_word_delta_new(cloze_word_vectors w);
void cloze_word_deltas_add(cloze_word_delta **deltas, int64_t n, float lr); // adds what a round of n deltas changed to the tables and empties them
void cloze_word_delta_free(cloze_word_delta *delta);
int cloze_word_kernels(int most); // which instructions may be used: 0 the plain ones, 1 AVX2 too; returns which are

// optimizer.cpp: all parameters in one call
int cloze_adamw(const cloze_tensor *params, const cloze_tensor *grads, const cloze_tensor *m, const cloze_tensor *v, int n,
                double lr, double beta1, double beta2, double eps, double weight_decay, int64_t step);
int cloze_grad_norm(const cloze_tensor *params, int n, double *norm);
int cloze_scale_grads(const cloze_tensor *params, int n, double factor);

#ifdef __cplusplus
}

#include <exception>

// cloze_guard turns an exception of f into -1 and a message: none may cross into Go.
template <class F> int cloze_guard(F f) noexcept {
  try {
    f();
    return 0;
  } catch (const std::exception &e) {
    cloze_set_error(e.what());
  } catch (...) {
    cloze_set_error("unknown C++ exception");
  }
  return -1;
}
#endif
