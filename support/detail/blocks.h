#pragma once
// Private: what the pool's blocks are: their size classes, and the lists of free ones.

#include <bit>
#include <cstddef>
#include <cstdint>

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

inline constexpr std::size_t kUnit = 64;  // every block starts and ends on a multiple of this
inline constexpr std::size_t kSmall =
    32 << 10;  // up to here blocks are cut from slabs and cached per thread
inline constexpr std::size_t kSlab =
    256 << 10;  // starts on a multiple of its size; untouched pages of it cost nothing
inline constexpr std::size_t kPage = 4 << 10;  // or larger: the system rounds up
inline constexpr std::size_t kMagazine =
    64 << 10;  // bytes that one free list of a thread holds before it is handed on
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

inline constexpr int kSmallClasses = 16 + 8 * 5;  // class_of(kSmall) + 1

// Size classes: multiples of 64 up to 1 KiB, then eight steps to each doubling, so that at most an
// eighth is wasted.
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

// A free block links to the next one of its list; the first of a batch also links to the next
// batch.
struct FreeBlock {
  FreeBlock* next;
  FreeBlock* next_batch;
  std::size_t batch_count;
};

// Free small blocks of one class.
struct List {
  FreeBlock* head = nullptr;
  std::size_t count = 0;
  void push(void* p, std::size_t size) {
    auto* block = static_cast<FreeBlock*>(p);
    block->next = head;  // the other members are for the first of a batch
    head = block;
    ++count;
    poison(p, size);
  }
  void* pop() {
    FreeBlock* block = head;
    unpoison(block, sizeof(FreeBlock));
    head = block->next;
    --count;
    return block;
  }
};

// Small blocks are cut from slabs, which start with this.
struct alignas(kUnit) Slab {
  Slab* next;        // of all slabs
  std::size_t free;  // bytes, while it is counted which slabs are free
};
inline Slab* slab_of(void* block) {
  return reinterpret_cast<Slab*>(reinterpret_cast<std::uintptr_t>(block) &
                                 ~(std::uintptr_t{kSlab} - 1));
}

// A part of a slab from which nothing is cut yet. While nobody cuts from it, it starts with the
// link to the next one.
struct Stretch {
  char* begin = nullptr;
  char* end = nullptr;
  std::size_t size() const { return static_cast<std::size_t>(end - begin); }
};

// What a large block starts with. It stays open to AddressSanitizer: LeakSanitizer does not follow
// links through poisoned memory.
struct alignas(kUnit) LargeBlock {
  int capacity_class;  // may be more than what was asked for
  // While it is free:
  LargeBlock* next;  // of its class, the one released last comes first
  LargeBlock* previous;
  LargeBlock* older;  // of all free ones
  LargeBlock* newer;
  // Of the whole block, this header included.
  static std::size_t size_of_class(int c) {
    return (sizeof(LargeBlock) + class_size(c) + kPage - 1) / kPage * kPage;
  }
  std::size_t size() const { return size_of_class(capacity_class); }
};

// Free large blocks, by class and by how long they have been free.
class FreeLargeBlocks {
 public:
  void push(LargeBlock* block) {
    LargeBlock*& head = heads_[block->capacity_class];
    block->previous = nullptr;
    block->next = head;
    if (head != nullptr) head->previous = block;
    head = block;
    block->newer = nullptr;
    block->older = newest_;
    (newest_ != nullptr ? newest_->newer : oldest_) = block;
    newest_ = block;
  }
  void remove(LargeBlock* block) {
    (block->previous != nullptr ? block->previous->next : heads_[block->capacity_class]) =
        block->next;
    if (block->next != nullptr) block->next->previous = block->previous;
    (block->older != nullptr ? block->older->newer : oldest_) = block->newer;
    (block->newer != nullptr ? block->newer->older : newest_) = block->older;
  }
  // The smallest one of a class from `first` on and below `end`, or null.
  LargeBlock* pop(int first, int end) {
    for (int c = first; c < end; ++c) {
      if (LargeBlock* block = heads_[c]) {
        remove(block);
        return block;
      }
    }
    return nullptr;
  }
  LargeBlock* oldest() const { return oldest_; }

 private:
  LargeBlock* heads_[kClasses] = {};
  LargeBlock* oldest_ = nullptr;
  LargeBlock* newest_ = nullptr;
};

}  // namespace nablur::pool
