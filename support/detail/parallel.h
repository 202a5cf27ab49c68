#pragma once
// Private: work in numbered tasks, spread over the threads.

#include <cstdint>

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

}  // namespace nablur::detail
