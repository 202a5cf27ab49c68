#pragma once
// Recycled memory. Everything that the library allocates in a loop comes from here, so that from
// the second iteration on nothing is asked of the system, and no page is touched for the first
// time: first touch of fresh memory costs more than the arithmetic done in it.
//
//   void* p = pool::allocate(1000);       // aligned to 64 bytes
//   pool::release(p, 1000);
//   pool::usage().in_use;                 // bytes that tensors and tapes hold
//
// The memory held is bounded, however long a loop runs and however its shapes change. The bound for
// blocks above 32 KiB is twice the most that was in use recently (in about the last hundred
// thousand allocations) plus 16 MiB. Smaller blocks are cut from slabs of 256 KiB; their bound is
// twice the most in use recently plus 8 MiB for each thread that uses the pool. Beyond the bound, a
// request for more first returns to the system the blocks that have been free longest, and slabs in
// which every block is free (so a few long-lived small blocks can keep more slabs than the bound
// says). A loop makes no system calls if what all its iterations need, summed by block size, is
// within the bound.

#include <cstddef>
#include <limits>
#include <vector>

#include <nablur/support/error.h>

namespace nablur::pool {

/// At least `bytes` bytes (0 included), aligned to 64, not initialised. Throws OutOfMemory if the
/// system has no more.
NABLUR_API void* allocate(std::size_t bytes);

/// Gives a block back; `bytes` as in allocate. Any thread may do so. Never fails, and asks the
/// system for no memory.
NABLUR_API void release(void* block, std::size_t bytes) noexcept;

/// What the pool holds, in bytes.
struct Usage {
  std::size_t in_use;        ///< bytes handed out and not given back
  std::size_t peak;          ///< the most that was in use since the last reset_peak()
  std::size_t held;          ///< bytes taken from the system, free ones included
  std::size_t system_calls;  ///< how often the system was asked for memory
};

/// Counts over all threads. Small blocks (up to 32 KiB) are counted in steps of 64 KiB for each
/// thread, so the peak may be too low by that much for each thread, and the other counts may be off
/// by that much for each of the other threads.
NABLUR_API Usage usage() noexcept;

/// Lets `peak` start anew from what is in use now.
NABLUR_API void reset_peak() noexcept;

/// Returns to the system all free blocks above 32 KiB and all slabs in which no block is in use.
/// Small blocks cached by other threads stay, at most 8 MiB each.
NABLUR_API void trim() noexcept;

/// The pool as an allocator for the standard containers.
template <class T>
struct Allocator {
  using value_type = T;
  Allocator() = default;
  template <class U>
  Allocator(const Allocator<U>&) noexcept {}
  T* allocate(std::size_t n) {
    if (n > std::numeric_limits<std::size_t>::max() / sizeof(T))
      fail("pool: ", n, " elements exceed the address space");
    return static_cast<T*>(pool::allocate(n * sizeof(T)));
  }
  void deallocate(T* p, std::size_t n) noexcept { pool::release(p, n * sizeof(T)); }
  template <class U>
  bool operator==(const Allocator<U>&) const noexcept {
    return true;
  }
};

/// A vector whose memory comes from the pool.
template <class T>
using Vector = std::vector<T, Allocator<T>>;

}  // namespace nablur::pool
