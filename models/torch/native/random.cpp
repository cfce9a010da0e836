//go:build ignore

// The default CPU generator: seeding, its state as bytes, and filling tensors from it.
#include "native.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <c10/core/GradMode.h>
#include <cmath>
#include <cstring>
#include <mutex>
#include <torch/utils.h>

namespace {
at::Tensor &T(cloze_tensor t) { return *static_cast<at::Tensor *>(t); }
} // namespace

extern "C" {

int cloze_seed(int64_t seed) {
  return cloze_guard([&] { torch::manual_seed(uint64_t(seed)); }); // every device's generator, where there are others
}

int cloze_rng_state(void *data, int64_t capacity, int64_t *bytes) {
  return cloze_guard([&] {
    auto generator = at::detail::getDefaultCPUGenerator();
    std::lock_guard<std::mutex> lock(generator.mutex());
    at::Tensor state = generator.get_state();
    *bytes = state.nbytes();
    if (capacity == 0)
      return;
    TORCH_CHECK(capacity >= *bytes, "room for ", capacity, " bytes, the state has ", *bytes);
    std::memcpy(data, state.const_data_ptr(), state.nbytes());
  });
}

int cloze_set_rng_state(const void *data, int64_t bytes) {
  return cloze_guard([&] {
    auto generator = at::detail::getDefaultCPUGenerator();
    std::lock_guard<std::mutex> lock(generator.mutex());
    at::Tensor state = at::empty({bytes}, at::kByte);
    if (bytes > 0)
      std::memcpy(state.mutable_data_ptr(), data, bytes);
    generator.set_state(state); // checks the length and the engine's own validity
  });
}

int cloze_normal(cloze_tensor t, double mean, double std) {
  return cloze_guard([&] {
    at::NoGradGuard no_grad;
    T(t).normal_(mean, std);
  });
}

int cloze_uniform(cloze_tensor t, double from, double to) {
  return cloze_guard([&] {
    at::NoGradGuard no_grad;
    T(t).uniform_(from, to);
  });
}

// The inverse of the normal's distribution function on a uniform draw between its values at low and high: the same numbers as
// torch.nn.init.trunc_normal_ from the same seed.
int cloze_trunc_normal(cloze_tensor t, double mean, double std, double low, double high) {
  return cloze_guard([&] {
    at::NoGradGuard no_grad;
    auto cdf = [](double x) { return (1. + std::erf(x / std::sqrt(2.))) / 2.; };
    at::Tensor &x = T(t);
    double l = cdf((low - mean) / std), u = cdf((high - mean) / std);
    x.uniform_(2 * l - 1, 2 * u - 1);
    x.erfinv_().mul_(std * std::sqrt(2.)).add_(mean).clamp_(low, high);
  });
}
}
