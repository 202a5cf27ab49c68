#pragma once
// Private: work in numbered tasks, spread over the threads.

#include <algorithm>
#include <cstdint>

#include <nablur/support/threads.h>

namespace nablur::detail {

/// Calls run(context, task, slot) once for each task from 0 to count − 1, in any order, on the
/// calling thread and up to `slots` − 1 others, and returns when all are done. No two calls run at
/// the same time with the same slot, 0 ≤ slot < slots. `run` must not throw. Several threads may
/// call at once; a task may itself call.
void run_tasks(std::int64_t count, int slots,
               void (*run)(void* context, std::int64_t task, int slot), void* context);

template <class F>
void for_each_task(std::int64_t count, int slots, const F& f) {
  run_tasks(
      count, slots,
      [](void* context, std::int64_t task, int slot) {
        (*static_cast<const F*>(context))(task, slot);
      },
      const_cast<void*>(static_cast<const void*>(&f)));
}

/// Elements of elementwise work that are worth a task of their own: some ten microseconds of it.
inline constexpr std::int64_t kPiece = 32768;

/// f(begin, end) for pieces of `piece` out of n independent things. It must not throw.
template <class F>
void for_each_piece(std::int64_t n, std::int64_t piece, const F& f) {
  if (n <= piece) return f(std::int64_t{0}, n);
  const std::int64_t count = (n - 1) / piece + 1;
  const auto slots = static_cast<int>(std::min<std::int64_t>(threads(), count));
  if (slots == 1) return f(std::int64_t{0}, n);
  for_each_task(count, slots,
                [&](std::int64_t task, int) { f(task * piece, std::min(n, (task + 1) * piece)); });
}

}  // namespace nablur::detail
