//go:build ignore

// Gradient checkpointing (Chen et al. 2016, arXiv:1604.06174): a stretch of a network whose inner tensors are not kept. The stretch
// itself is Go: its result was computed without a record, and this node calls back to run it again, recorded, when its gradient is
// wanted. CPU nodes run on the thread that called backward, which is the one that Go's tensors live on.
#include "native.h"

#include <ATen/ATen.h>
#include <mutex>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/engine.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/custom_class.h>
#include <vector>

namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

cloze_recompute_fn recompute = nullptr;
std::mutex dead_mutex;
std::vector<uint64_t> dead; // ids whose nodes are gone; Go asks for them, since a destructor must not call Go

struct Id : torch::CustomClassHolder {
  explicit Id(uint64_t id) : id(id) {}
  ~Id() override {
    std::lock_guard<std::mutex> lock(dead_mutex);
    dead.push_back(id);
  }
  const uint64_t id;
};

struct Result { // not a Tensor: autograd must not take it for an input
  Tensor y;
};

struct Checkpoint : torch::autograd::Function<Checkpoint> {
  static Tensor forward(AutogradContext *ctx, const Tensor &x, const Result &result, uint64_t id) {
    ctx->save_for_backward({x});
    ctx->saved_data["id"] = c10::IValue::make_capsule(c10::make_intrusive<Id>(id));
    return result.y.detach();
  }
  static variable_list backward(AutogradContext *ctx, variable_list grads) {
    auto holder = ctx->saved_data["id"].toCapsule();
    auto id = static_cast<Id *>(holder.get())->id;
    cloze_tensor dx = nullptr;
    Tensor x = ctx->get_saved_variables()[0];
    if (recompute(id, new Tensor(x), new Tensor(grads[0]), &dx) != 0)
      TORCH_CHECK(false, cloze_last_error());
    Tensor out = *static_cast<Tensor *>(dx);
    delete static_cast<Tensor *>(dx);
    return {out, Tensor(), Tensor()};
  }
};

} // namespace

extern "C" void cloze_on_recompute(cloze_recompute_fn f) { recompute = f; }

extern "C" int cloze_checkpoint(cloze_tensor *out, cloze_tensor x, cloze_tensor y, uint64_t id) {
  return cloze_guard([&] {
    *out = new Tensor(Checkpoint::apply(*static_cast<Tensor *>(x), Result{*static_cast<Tensor *>(y)}, id));
  });
}

// The backward pass of y, which is given away: its numbers are no longer needed, and their memory is wanted for gradients.
extern "C" int cloze_backward_of(cloze_tensor y, cloze_tensor grad) {
  return cloze_guard([&] {
    torch::autograd::Edge from;
    {
      std::unique_ptr<Tensor> own(static_cast<Tensor *>(y));
      from = torch::autograd::impl::gradient_edge(*own);
    }
    torch::autograd::Engine::get_default_engine().execute({from}, {*static_cast<Tensor *>(grad)}, /*keep_graph=*/false,
                                                          /*create_graph=*/false, /*accumulate_grad=*/true);
  });
}

extern "C" int cloze_dead_checkpoint(uint64_t *id) {
  std::lock_guard<std::mutex> lock(dead_mutex);
  if (dead.empty())
    return 0;
  *id = dead.back();
  dead.pop_back();
  return 1;
}
