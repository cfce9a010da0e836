//go:build ignore

// Identity of the build, the thread's last error, and data between Go memory and tensors.
#include "native.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <cstring>
#include <string>
#include <torch/csrc/inductor/aoti_torch/c/shim.h>
#include <torch/headeronly/version.h>

#ifndef CLOZE_NATIVE_HASH
#define CLOZE_NATIVE_HASH ""
#endif

namespace {
thread_local std::string last_error;
at::Tensor &T(cloze_tensor t) { return *static_cast<at::Tensor *>(t); }
} // namespace

extern "C" {

const char *cloze_native_hash(void) { return CLOZE_NATIVE_HASH; }
const char *cloze_torch_compiled(void) { return TORCH_VERSION; }
uint64_t cloze_torch_loaded(void) { return aoti_torch_abi_version(); }
uint64_t cloze_torch_wanted(void) { return TORCH_ABI_VERSION; }

const char *cloze_last_error(void) { return last_error.c_str(); }
void cloze_set_error(const char *message) { last_error = message; }

int cloze_from_data(cloze_tensor *out, const void *data, const int64_t *shape, int dims, int from_type, int to_type) {
  return cloze_guard([&] {
    at::IntArrayRef sizes(shape, dims);
    auto from = at::ScalarType(from_type), to = at::ScalarType(to_type);
    at::Tensor t = at::empty(sizes, at::TensorOptions(to));
    if (t.numel() > 0) {
      if (from == to)
        std::memcpy(t.mutable_data_ptr(), data, t.nbytes());
      else
        t.copy_(at::from_blob(const_cast<void *>(data), sizes, at::TensorOptions(from)));
    }
    *out = new at::Tensor(std::move(t));
  });
}

int cloze_to_data(cloze_tensor t, void *data, int type) {
  return cloze_guard([&] {
    at::Tensor x = T(t).detach();
    if (x.numel() == 0)
      return;
    if (x.is_cpu() && x.is_contiguous() && x.scalar_type() == at::ScalarType(type))
      std::memcpy(data, x.const_data_ptr(), x.nbytes());
    else
      at::from_blob(data, x.sizes(), at::TensorOptions(at::ScalarType(type))).copy_(x);
  });
}

int cloze_from_bytes(cloze_tensor t, const void *data, int64_t bytes) {
  return cloze_guard([&] {
    at::Tensor x = T(t).detach();
    TORCH_CHECK(int64_t(x.nbytes()) == bytes, "the tensor holds ", x.nbytes(), " bytes, the data ", bytes);
    if (bytes == 0)
      return;
    if (x.is_cpu() && x.is_contiguous())
      std::memcpy(x.mutable_data_ptr(), data, bytes);
    else
      x.copy_(at::from_blob(const_cast<void *>(data), x.sizes(), at::TensorOptions(x.scalar_type())));
  });
}

int cloze_item(cloze_tensor t, double *value) {
  return cloze_guard([&] { *value = T(t).item().toDouble(); });
}

int cloze_grad_enabled(void) { return c10::GradMode::is_enabled(); }
void cloze_set_threads(int n) { at::set_num_threads(n); }
int cloze_threads(void) { return at::get_num_threads(); }
}
