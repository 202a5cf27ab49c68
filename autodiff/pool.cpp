#include <nablur/autodiff/pool.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#define NABLUR_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NABLUR_ASAN 1
#endif
#endif
#ifdef NABLUR_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace nablur::pool {
namespace {

constexpr std::size_t kUnit = 64;            // every block starts and ends on a multiple of this
constexpr std::size_t kSmall = 32 << 10;     // up to here blocks are cut from slabs and cached per thread
constexpr std::size_t kSlab = 1 << 20;       // untouched pages of a slab cost nothing
constexpr std::size_t kMagazine = 64 << 10;  // bytes that one free list of a thread holds before it is handed on
constexpr std::size_t kMaxBytes = std::size_t{1} << 47;
constexpr int kClasses = 16 + 8 * 39;
constexpr int kSearch = 8;  // a large block up to twice the size will do

// Without these a sanitizer would see the pool as one big live block.
void poison([[maybe_unused]] void* p, [[maybe_unused]] std::size_t n) {
#ifdef NABLUR_ASAN
  __asan_poison_memory_region(p, n);
#endif
}
void unpoison([[maybe_unused]] void* p, [[maybe_unused]] std::size_t n) {
#ifdef NABLUR_ASAN
  __asan_unpoison_memory_region(p, n);
#endif
}

// Size classes: multiples of 64 up to 1 KiB, then eight steps to each doubling, so that at most an eighth is wasted.
int class_of(std::size_t bytes) {
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
  void push(void* p, std::size_t size) {
    auto* block = ::new (p) FreeBlock{head, nullptr, 0};
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

struct Slab {
  char* begin = nullptr;
  char* end = nullptr;
};

// What all threads share. Never destroyed: tensors with static lifetime may outlive everything else.
struct Common {
  std::mutex mutex;
  FreeBlock* batches[kClasses] = {};
  Slab remnants[64] = {};  // what ended threads left of their slabs
  int remnant_count = 0;
  std::atomic<std::ptrdiff_t> in_use{0};
  std::atomic<std::ptrdiff_t> peak{0};
  std::atomic<std::size_t> held{0};
  std::atomic<std::size_t> system_calls{0};

  void count(std::ptrdiff_t bytes) {
    const std::ptrdiff_t now = in_use.fetch_add(bytes, std::memory_order_relaxed) + bytes;
    std::ptrdiff_t seen = peak.load(std::memory_order_relaxed);
    while (now > seen && !peak.compare_exchange_weak(seen, now, std::memory_order_relaxed)) {
    }
  }

  void push_batch(int c, List& list, std::size_t size) {
    unpoison(list.head, sizeof(FreeBlock));
    list.head->batch_count = list.count;
    {
      const std::lock_guard lock(mutex);
      list.head->next_batch = batches[c];
      batches[c] = list.head;
    }
    poison(list.head, size);
    list = {};
  }

  List pop_batch(int c) {
    const std::lock_guard lock(mutex);
    FreeBlock* head = batches[c];
    if (head == nullptr) return {};
    unpoison(head, sizeof(FreeBlock));
    batches[c] = head->next_batch;
    List list;
    list.head = head;
    list.count = head->batch_count;
    poison(head, sizeof(FreeBlock));
    return list;
  }
};
constinit Common common;

void* from_system(std::size_t bytes) {
  void* p = std::aligned_alloc(kUnit, bytes);
  if (p == nullptr) {
    trim();
    p = std::aligned_alloc(kUnit, bytes);
  }
  if (p == nullptr) fail("pool: ", bytes, " bytes of memory could not be had from the system");
  common.system_calls.fetch_add(1, std::memory_order_relaxed);
  common.held.fetch_add(bytes, std::memory_order_relaxed);
  return p;
}

// A large block is led by its true capacity, since it may serve for a smaller request.
struct alignas(kUnit) LargeHeader {
  int capacity_class;
};

void* allocate_large(std::size_t bytes) {
  if (bytes > kMaxBytes) fail("pool: ", bytes, " bytes exceed the address space");
  const int wanted = class_of(bytes);
  char* base = nullptr;
  int c = wanted;
  for (; c < std::min(wanted + kSearch, kClasses) && base == nullptr; ++c) {
    base = static_cast<char*>(static_cast<void*>(common.pop_batch(c).head));
  }
  if (base != nullptr) {
    --c;
    unpoison(base, sizeof(LargeHeader) + class_size(c));
  } else {
    c = wanted;
    base = static_cast<char*>(from_system(sizeof(LargeHeader) + class_size(c)));
  }
  ::new (base) LargeHeader{c};
  common.count(static_cast<std::ptrdiff_t>(bytes));
  char* block = base + sizeof(LargeHeader);
  poison(block + bytes, class_size(c) - bytes);
  return block;
}

void release_large(void* block, std::size_t bytes) noexcept {
  char* base = static_cast<char*>(block) - sizeof(LargeHeader);
  const int c = static_cast<LargeHeader*>(static_cast<void*>(base))->capacity_class;
  const std::size_t size = sizeof(LargeHeader) + class_size(c);
  List list;
  list.push(base, size);
  common.push_batch(c, list, size);
  common.count(-static_cast<std::ptrdiff_t>(bytes));
}

constexpr int kSmallClasses = 16 + 8 * 5;  // class_of(kSmall) + 1

// What stands in every fast path, computed once: the sizes and how many blocks a magazine takes.
struct SmallClass {
  std::size_t size;
  std::size_t capacity;
};
constexpr auto kSmallClass = [] {
  std::array<SmallClass, kSmallClasses> table{};
  for (int c = 0; c < kSmallClasses; ++c) {
    table[static_cast<std::size_t>(c)] = {class_size(c), std::clamp<std::size_t>(kMagazine / class_size(c), 4, 512)};
  }
  return table;
}();

// A thread's own free lists. Two per class, so that a loop at the edge of one does not go back and forth to the common ones.
struct Cache {
  struct Magazine {
    List current;
    List spare;
  };
  Magazine magazines[kSmallClasses];
  Slab slab;
  std::ptrdiff_t pending = 0;  // bytes in use that the common count has not seen

  void count(std::ptrdiff_t bytes) {
    pending += bytes;
    if (pending > static_cast<std::ptrdiff_t>(kMagazine) || pending < -static_cast<std::ptrdiff_t>(kMagazine)) flush_count();
  }
  void flush_count() {
    common.count(pending);
    pending = 0;
  }

  void* take(int c) {
    Magazine& m = magazines[c];
    return m.current.head != nullptr || refill(c) ? m.current.pop() : cut(class_size(c));
  }

  bool refill(int c) {
    Magazine& m = magazines[c];
    std::swap(m.current, m.spare);
    if (m.current.head == nullptr) m.current = common.pop_batch(c);
    return m.current.head != nullptr;
  }

  void give(int c, void* p) {
    Magazine& m = magazines[c];
    const auto [size, capacity] = kSmallClass[static_cast<std::size_t>(c)];
    if (m.current.count >= capacity) {
      if (m.spare.head != nullptr) common.push_batch(c, m.spare, size);
      std::swap(m.current, m.spare);
    }
    m.current.push(p, size);
  }

  void* cut(std::size_t size) {
    if (static_cast<std::size_t>(slab.end - slab.begin) < size) renew_slab(size);
    void* p = slab.begin;
    slab.begin += size;
    return p;
  }

  void renew_slab(std::size_t size) {
    Slab fresh;
    {
      const std::lock_guard lock(common.mutex);
      for (int i = common.remnant_count; i-- > 0 && fresh.begin == nullptr;) {
        if (static_cast<std::size_t>(common.remnants[i].end - common.remnants[i].begin) >= size) {
          fresh = std::exchange(common.remnants[i], common.remnants[--common.remnant_count]);
        }
      }
    }
    if (fresh.begin == nullptr) {
      fresh.begin = static_cast<char*>(from_system(kSlab));
      fresh.end = fresh.begin + kSlab;
      poison(fresh.begin, kSlab);
    }
    while (slab.end - slab.begin >= static_cast<std::ptrdiff_t>(kUnit)) {  // what is left of the old one becomes blocks
      int c = class_of(std::min<std::size_t>(static_cast<std::size_t>(slab.end - slab.begin), kSmall));
      if (class_size(c) > static_cast<std::size_t>(slab.end - slab.begin)) --c;
      unpoison(slab.begin, sizeof(FreeBlock));
      give(c, slab.begin);
      slab.begin += class_size(c);
    }
    slab = fresh;
  }

  void hand_over() {
    for (int c = 0; c < kSmallClasses; ++c) {
      if (magazines[c].current.head != nullptr) common.push_batch(c, magazines[c].current, class_size(c));
      if (magazines[c].spare.head != nullptr) common.push_batch(c, magazines[c].spare, class_size(c));
    }
    const std::lock_guard lock(common.mutex);
    if (slab.end - slab.begin >= static_cast<std::ptrdiff_t>(kUnit) && common.remnant_count < 64) {
      common.remnants[common.remnant_count++] = slab;
    }
    flush_count();
  }
};

constinit thread_local Cache* cache = nullptr;
constinit thread_local bool thread_has_ended = false;

struct AtThreadEnd {
  ~AtThreadEnd() {
    thread_has_ended = true;
    cache->hand_over();
    delete std::exchange(cache, nullptr);
  }
};

// Null where the thread's own destructors already ran: what static objects give back then goes to the common lists.
Cache* make_cache() {
  if (thread_has_ended) return nullptr;
  cache = new Cache;
  thread_local const AtThreadEnd at_thread_end;
  static_cast<void>(at_thread_end);
  return cache;
}

}  // namespace

void* allocate(std::size_t bytes) {
  if (bytes > kSmall) return allocate_large(bytes);
  const int c = class_of(bytes);
  Cache* mine = cache != nullptr ? cache : make_cache();
  void* p = nullptr;
  if (mine != nullptr) {
    p = mine->take(c);
    mine->count(static_cast<std::ptrdiff_t>(bytes));
  } else {
    p = from_system(class_size(c));
    common.count(static_cast<std::ptrdiff_t>(bytes));
  }
  unpoison(p, bytes);
  return p;
}

void release(void* block, std::size_t bytes) noexcept {
  if (block == nullptr) return;
  if (bytes > kSmall) return release_large(block, bytes);
  const int c = class_of(bytes);
  unpoison(block, sizeof(FreeBlock));
  if (Cache* mine = cache != nullptr ? cache : make_cache()) {
    mine->give(c, block);
    mine->count(-static_cast<std::ptrdiff_t>(bytes));
  } else {
    List list;
    list.push(block, class_size(c));
    common.push_batch(c, list, class_size(c));
    common.count(-static_cast<std::ptrdiff_t>(bytes));
  }
}

Usage usage() noexcept {
  if (cache != nullptr) cache->flush_count();
  const auto bytes = [](const std::atomic<std::ptrdiff_t>& n) {
    return static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, n.load(std::memory_order_relaxed)));
  };
  return {bytes(common.in_use), bytes(common.peak), common.held.load(std::memory_order_relaxed),
          common.system_calls.load(std::memory_order_relaxed)};
}

void reset_peak() noexcept {
  if (cache != nullptr) cache->flush_count();
  common.peak.store(common.in_use.load(std::memory_order_relaxed), std::memory_order_relaxed);
}

void trim() noexcept {
  for (int c = kSmallClasses; c < kClasses; ++c) {
    while (FreeBlock* block = common.pop_batch(c).head) {
      unpoison(block, sizeof(LargeHeader) + class_size(c));
      common.held.fetch_sub(sizeof(LargeHeader) + class_size(c), std::memory_order_relaxed);
      std::free(block);
    }
  }
}

}  // namespace nablur::pool
