#pragma once
// Private: what the pool's blocks are: their size classes, and the lists of free ones.

#include <bit>
#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define NABLUR_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NABLUR_ASAN 1
#endif
#endif
#ifdef NABLUR_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#endif

namespace nablur::pool {

inline constexpr std::size_t kUnit = 64;            // every block starts and ends on a multiple of this
inline constexpr std::size_t kSmall = 32 << 10;     // up to here blocks are cut from slabs and cached per thread
inline constexpr std::size_t kSlab = 1 << 20;       // untouched pages of a slab cost nothing
inline constexpr std::size_t kMagazine = 64 << 10;  // bytes that one free list of a thread holds before it is handed on
inline constexpr std::size_t kMaxBytes = std::size_t{1} << 47;
inline constexpr int kClasses = 16 + 8 * 39;
inline constexpr int kSearch = 4;  // a large block of up to half as much again will do

// Without these a sanitizer would see the pool as one big live block.
inline void poison([[maybe_unused]] void* p, [[maybe_unused]] std::size_t n) {
#ifdef NABLUR_ASAN
  __asan_poison_memory_region(p, n);
#endif
}
inline void unpoison([[maybe_unused]] void* p, [[maybe_unused]] std::size_t n) {
#ifdef NABLUR_ASAN
  __asan_unpoison_memory_region(p, n);
#endif
}

// A slab is reached through links in poisoned memory, which LeakSanitizer does not follow.
inline void hide_from_leak_check([[maybe_unused]] void* p) {
#ifdef NABLUR_ASAN
  __lsan_ignore_object(p);
#endif
}

// Size classes: multiples of 64 up to 1 KiB, then eight steps to each doubling, so that at most an eighth is wasted.
inline int class_of(std::size_t bytes) {
  const std::size_t units = bytes == 0 ? 1 : (bytes + kUnit - 1) / kUnit;
  if (units <= 16) return static_cast<int>(units) - 1;
  const int shift = static_cast<int>(std::bit_width(units - 1)) - 4;
  return 8 * shift + static_cast<int>((units - 1) >> shift);
}
constexpr std::size_t class_size(int c) {
  if (c < 16) return kUnit * static_cast<std::size_t>(c + 1);
  const int shift = c / 8 - 1;
  return kUnit * ((static_cast<std::size_t>(c % 8 + 8) + 1) << shift);
}

// A free block links to the next one of its list; the first of a batch also links to the next batch.
struct FreeBlock {
  FreeBlock* next;
  FreeBlock* next_batch;
  std::size_t batch_count;
};

struct List {
  FreeBlock* head = nullptr;
  std::size_t count = 0;
  // `open` bytes at the front stay readable.
  void push(void* p, std::size_t size, std::size_t open = 0) {
    auto* block = static_cast<FreeBlock*>(p);
    block->next = head;  // the other members are for the first of a batch
    head = block;
    ++count;
    poison(static_cast<char*>(p) + open, size - open);
  }
  void* pop() {
    FreeBlock* block = head;
    unpoison(block, sizeof(FreeBlock));
    head = block->next;
    --count;
    return block;
  }
};

}  // namespace nablur::pool
