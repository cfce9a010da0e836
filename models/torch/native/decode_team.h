//go:build ignore

// Threads that go through a decoding step together. A step is a hundred short pieces of work one after another; waking threads for each of
// them costs more than some of the pieces, so all threads run the whole step and meet after each piece.
#pragma once
#include <ATen/Parallel.h>
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <omp.h>
#include <thread>

class Team {
public:
  // Runs body() on as many threads as libtorch may use, or on this one alone. It must not throw.
  template <class F> static void run(bool alone, F body) {
    const int wanted = alone ? 1 : at::get_num_threads();
    Team team;
    if (wanted < 2 || omp_in_parallel()) {
      body(team);
      return;
    }
#pragma omp parallel num_threads(wanted)
    {
#pragma omp single
      team.members_ = omp_get_num_threads(); // which may be fewer than wanted; all wait here for the number
      body(team);
    }
  }

  // Calls f(from, to) for pieces of [0,n), multiples of `grain` but for the last, `cost` multiplications an item, and returns when all is done.
  // All members call it. They take pieces as they get to them: one that is held up does not hold up the others.
  template <class F> void share(int64_t n, int64_t cost, int64_t grain, F f) {
    if (members_ == 1) {
      f(0, n);
      return;
    }
    const int64_t least = 65536 / std::max<int64_t>(cost, 1); // multiplications that are worth a hand-over
    const int64_t piece = std::max<int64_t>(1, (std::max(n / (8 * members_), least) + grain - 1) / grain) * grain;
    for (int64_t i; (i = next_.fetch_add(piece)) < n;)
      f(i, std::min(i + piece, n));
    meet();
  }

  // One member calls f, the others wait.
  template <class F> void once(F f) {
    if (next_.fetch_add(1) == 0)
      f();
    meet();
  }

  // Lets nobody on before all are here.
  void meet() {
    if (members_ == 1) {
      next_.store(0);
      return;
    }
    const unsigned phase = phase_.load();
    if (arrived_.fetch_add(1) + 1 == members_) {
      arrived_.store(0), next_.store(0);
      phase_.store(phase + 1);
      return;
    }
    for (int spins = 0; phase_.load() == phase; spins++) {
      if (spins > 4000) { // another program has the other core: let it go on, the one that we wait for perhaps
        std::this_thread::yield();
        continue;
      }
#if defined(__x86_64__)
      __builtin_ia32_pause();
#endif
    }
  }

  // This member's number, from 0.
  int member() const { return members_ == 1 ? 0 : omp_get_thread_num(); }

private:
  int members_ = 1;
  alignas(64) std::atomic<int64_t> next_{0}; // each on a cache line of its own
  alignas(64) std::atomic<int> arrived_{0};
  alignas(64) std::atomic<unsigned> phase_{0};
};
