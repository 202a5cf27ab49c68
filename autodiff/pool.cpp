#include <nablur/autodiff/pool.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>
#include <utility>

#include <nablur/autodiff/detail/blocks.h>

namespace nablur::pool {
namespace {

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

  void push_batch(int c, List& list, std::size_t size, std::size_t open = 0) {
    unpoison(list.head, sizeof(FreeBlock));
    list.head->batch_count = list.count;
    {
      const std::lock_guard lock(mutex);
      list.head->next_batch = batches[c];
      batches[c] = list.head;
    }
    poison(reinterpret_cast<char*>(list.head) + open, size - open);
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
  if (p == nullptr) throw OutOfMemory("pool", bytes);
  common.system_calls.fetch_add(1, std::memory_order_relaxed);
  common.held.fetch_add(bytes, std::memory_order_relaxed);
  return p;
}

// A large block is led by its true capacity, since it may serve for a smaller request.
struct alignas(kUnit) LargeHeader {
  int capacity_class;
};

[[gnu::noinline]] void* allocate_large(std::size_t bytes) {
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

[[gnu::noinline]] void release_large(void* block, std::size_t bytes) noexcept {
  char* base = static_cast<char*>(block) - sizeof(LargeHeader);
  const int c = static_cast<LargeHeader*>(static_cast<void*>(base))->capacity_class;
  const std::size_t size = sizeof(LargeHeader) + class_size(c);
  List list;
  // The header stays open: LeakSanitizer does not follow links through poisoned memory.
  list.push(base, size, sizeof(LargeHeader));
  common.push_batch(c, list, size, sizeof(LargeHeader));
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

// The rare paths below are kept out of line: the common ones are a few instructions and save no registers.

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
  [[gnu::noinline]] void flush_count() {
    common.count(pending);
    pending = 0;
  }

  void* take(int c) {
    Magazine& m = magazines[c];
    return m.current.head != nullptr || refill(c) ? m.current.pop() : cut(class_size(c));
  }

  [[gnu::noinline]] bool refill(int c) {
    Magazine& m = magazines[c];
    std::swap(m.current, m.spare);
    if (m.current.head == nullptr) m.current = common.pop_batch(c);
    return m.current.head != nullptr;
  }

  void give(int c, void* p) {
    Magazine& m = magazines[c];
    const auto [size, capacity] = kSmallClass[static_cast<std::size_t>(c)];
    if (m.current.count >= capacity) hand_on(c);
    m.current.push(p, size);
  }

  [[gnu::noinline]] void hand_on(int c) {
    Magazine& m = magazines[c];
    if (m.spare.head != nullptr) common.push_batch(c, m.spare, class_size(c));
    std::swap(m.current, m.spare);
  }

  [[gnu::noinline]] void* cut(std::size_t size) {
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
      hide_from_leak_check(fresh.begin);
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
[[gnu::noinline]] Cache* make_cache() {
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
    hide_from_leak_check(p);
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
