//go:build ignore

// Where large tensors lie. glibc gives every large buffer back to the kernel when a step frees it, so that the next step waits for
// the kernel to fill 400 MB with zeros again; and it never asks for huge pages. Here large blocks come from one range of addresses
// that is reserved once and asks for huge pages. It grows to what a step needs at its peak and stays; freed neighbours are joined,
// so that batches of changing sizes find room. The free block of the lowest address that is large enough is taken: of thirty rules tried on
// the recorded steps of a network it came nearest to no loss among those without a number to tune, best fit lost three times as much
// (docs/log.md). One lock, and a walk over some dozens of free blocks: a step makes a few hundred large tensors.
#include "native.h"

#include <ATen/ATen.h>
#include <c10/core/CPUAllocator.h>
#include <algorithm>
#include <iterator>
#include <map>
#include <mutex>
#include <sys/mman.h>

namespace {

constexpr size_t kSmallest = size_t(64) << 10; // below it malloc is as quick
constexpr size_t kLargest = size_t(4) << 30;   // above it a buffer is rare, and malloc's refusal is wanted
constexpr size_t kPage = 4096;

void release(void *p);

class Arena final : public c10::Allocator {
public:
  // false where the system reserves no addresses (a limit on virtual memory, strict overcommit).
  bool open() {
    for (size_t size = size_t(1) << 40; size >= size_t(1) << 33; size >>= 1) {
      void *p = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      if (p == MAP_FAILED)
        continue;
#ifdef MADV_HUGEPAGE
      madvise(p, size, MADV_HUGEPAGE); // advice: without it all works, slower
#endif
      begin_ = top_ = static_cast<char *>(p);
      end_ = begin_ + size;
      return true;
    }
    return false;
  }

  c10::DataPtr allocate(size_t n) override {
    if (n < kSmallest || n > kLargest)
      return fallback_->allocate(n);
    void *p = take((n + kPage - 1) / kPage * kPage);
    if (p == nullptr)
      return fallback_->allocate(n);
    return {p, p, &release, at::Device(at::kCPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &release; }
  void copy_data(void *to, const void *from, size_t n) const override { default_copy_data(to, from, n); }

  // Takes back a block of either kind.
  void give(void *block) {
    char *p = static_cast<char *>(block);
    if (p < begin_ || p >= end_) {
      fallback_->raw_deallocate(block);
      return;
    }
    std::lock_guard<std::mutex> lock(mutex_);
    auto it = used_.find(p);
    size_t n = it->second;
    used_.erase(it);
    bytes_ -= n;
    auto after = free_.lower_bound(p);
    if (after != free_.end() && after->first == p + n) {
      n += after->second;
      after = free_.erase(after);
    }
    if (after != free_.begin()) {
      auto before = std::prev(after);
      if (before->first + before->second == p) {
        p = before->first;
        n += before->second;
        free_.erase(before);
      }
    }
    if (p + n == top_)
      top_ = p; // its pages stay, for who takes the top next
    else
      free_[p] = n;
  }

  void counts(int64_t *used, int64_t *most, int64_t *reach) {
    std::lock_guard<std::mutex> lock(mutex_);
    *used = int64_t(bytes_), *most = int64_t(most_), *reach = int64_t(reach_);
  }

private:
  char *take(size_t n) {
    std::lock_guard<std::mutex> lock(mutex_);
    char *p = top_;
    auto hole = std::find_if(free_.begin(), free_.end(), [n](const auto &f) { return f.second >= n; });
    if (hole != free_.end()) {
      p = hole->first;
      size_t rest = hole->second - n;
      free_.erase(hole);
      if (rest > 0)
        free_[p + n] = rest;
    } else if (size_t(end_ - top_) >= n) {
      top_ += n;
    } else {
      return nullptr;
    }
    used_[p] = n;
    bytes_ += n;
    most_ = std::max(most_, bytes_);
    reach_ = std::max(reach_, size_t(top_ - begin_));
    return p;
  }

  std::mutex mutex_;
  c10::Allocator *fallback_ = c10::GetDefaultCPUAllocator();
  char *begin_ = nullptr, *top_ = nullptr, *end_ = nullptr; // [begin_,top_) is cut into used and free blocks
  std::map<char *, size_t> used_, free_;
  size_t bytes_ = 0, most_ = 0, reach_ = 0;
};

Arena *arena = nullptr; // never freed: tensors may outlive everything

void release(void *p) { arena->give(p); }

} // namespace

extern "C" int cloze_use_arena(void) {
  return cloze_guard([&] {
    if (arena != nullptr)
      return;
    auto *a = new Arena;
    if (!a->open()) {
      delete a;
      return;
    }
    arena = a;
    c10::SetCPUAllocator(a);
  });
}

extern "C" void cloze_memory(int64_t *used, int64_t *most, int64_t *reach) {
  *used = *most = *reach = 0;
  if (arena != nullptr)
    arena->counts(used, most, reach);
}
