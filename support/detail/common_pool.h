#pragma once
// Private: what all threads share of the pool: the free blocks that no thread caches, and the bound
// on what is held.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <utility>

#include <nablur/support/detail/blocks.h>

namespace nablur::pool {

// The bytes of the small or of the large blocks. Those in use may be below 0 while a thread has not
// reported its own yet.
class Share {
 public:
  void add(std::ptrdiff_t bytes) {
    in_use += bytes;
    if (++changes_ % kRecent == 0) recent_peak_[1] = std::exchange(recent_peak_[0], in_use);
    recent_peak_[0] = std::max(recent_peak_[0], in_use);
  }
  // Whether `more` bytes beside those held are too many.
  bool exceeds_bound(std::size_t more, std::size_t spare) const {
    return held + more >
           2 * static_cast<std::size_t>(std::max(recent_peak_[0], recent_peak_[1])) + spare;
  }

  std::ptrdiff_t in_use = 0;
  std::size_t held = 0;

 private:
  static constexpr std::size_t kRecent = 1 << 17;
  std::ptrdiff_t recent_peak_[2] =
      {};  // of the last kRecent changes or fewer, and of as many before
  std::size_t changes_ = 0;
};

// Every function takes one mutex, which is not held while the system gives or takes back memory.
//
// Memory is taken from the system in one place, from_system, which first returns some if the bound
// would be exceeded. A loop that repeats itself finds all its blocks free from the second iteration
// on, so it never gets there and pays nothing for the bound.
class CommonPool {
 public:
  // Free small blocks of one class. An empty list if there are none.
  List pop_batch(int c) noexcept;
  void push_batch(int c, List list) noexcept;

  // At least kSmall bytes, to cut small blocks from; or none, if the system refuses.
  Stretch take_stretch() noexcept;
  void give_stretch(Stretch stretch) noexcept;  // of any size

  // Throws OutOfMemory.
  void* allocate_large(std::size_t bytes);
  void release_large(void* block, std::size_t bytes) noexcept;

  // Adds to the bytes of small blocks in use.
  void count_small(std::ptrdiff_t bytes) noexcept;
  void count_caches(int more) noexcept;
  struct Counts {
    std::size_t in_use;
    std::size_t peak;
    std::size_t held;
    std::size_t system_calls;
  };
  Counts counts() noexcept;
  void reset_peak() noexcept;

  // Returns to the system all large blocks and slabs that are free.
  void trim() noexcept;

  // Counts the searches for free slabs. After one, threads should hand over their caches, so that
  // the next one finds more.
  unsigned searches() const noexcept { return searches_.load(std::memory_order_relaxed); }
  // Whether a new slab would exceed the bound.
  bool slabs_are_full() noexcept;

 private:
  // What goes back to the system, when the mutex is no longer held.
  struct Returned {
    LargeBlock* blocks = nullptr;
    Slab* slabs = nullptr;
    Returned() = default;
    Returned(const Returned&) = delete;
    Returned& operator=(const Returned&) = delete;
    ~Returned();
  };

  // Null if the system refuses.
  void* from_system(Share& share, std::size_t alignment, std::size_t size) noexcept;
  Slab* new_slab() noexcept;

  // With the mutex held:
  void add_large(std::ptrdiff_t bytes);
  std::size_t spare_for_slabs() const {
    return kSpareOfThread * static_cast<std::size_t>(caches_ + 1);
  }
  void return_oldest_block(Returned& returned);
  void return_free_slabs(Returned& returned);
  void count_free_bytes_of_slabs();
  void drop_what_lies_in_free_slabs();

  static bool is_free(const Slab& slab) { return slab.free == kSlab - sizeof(Slab); }

  static constexpr std::size_t kSpare = 16
                                        << 20;  // bytes of large blocks held beside twice the peak
  static constexpr std::size_t kSpareOfThread =
      8 << 20;  // the same of small ones: what a thread's cache holds at most
  static constexpr std::size_t kWorthwhile =
      1 << 20;  // growth after which free slabs are looked for again

  Share small_;
  Share large_;
  FreeBlock* batches_[kSmallClasses] = {};
  FreeBlock* stretches_ = nullptr;  // each of at least kSmall bytes; batch_count is the size
  Slab* slabs_ = nullptr;
  FreeLargeBlocks free_large_;
  std::size_t next_search_ = 0;  // how many bytes there must be in slabs
  std::ptrdiff_t peak_ = 0;
  std::size_t system_calls_ = 0;
  int caches_ = 0;
  std::atomic<unsigned> searches_{0};
};

extern constinit CommonPool common;

}  // namespace nablur::pool
