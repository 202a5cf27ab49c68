#include <nablur/support/pool.h>

#include <pthread.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <new>
#include <utility>

#include <nablur/support/detail/common_pool.h>
#include <nablur/support/detail/process.h>

namespace nablur::pool {
namespace {

// What stands in every fast path, computed once: the sizes and how many blocks a magazine takes.
struct SmallClass {
  std::size_t size;
  std::size_t capacity;
};
constexpr auto kSmallClass = [] {
  std::array<SmallClass, kSmallClasses> table{};
  for (int c = 0; c < kSmallClasses; ++c) {
    table[static_cast<std::size_t>(c)] = {
        class_size(c), std::clamp<std::size_t>(kMagazine / class_size(c), 2, 512)};
  }
  return table;
}();

// The rare paths below are kept out of line: the common ones are a few instructions and save no
// registers.

// A thread's own free lists. Two per class, so that a loop at the edge of one does not go back and
// forth to the common ones.
class Cache {
 public:
  void count(std::ptrdiff_t bytes) {
    pending_ += bytes;
    if (pending_ > static_cast<std::ptrdiff_t>(kMagazine) ||
        pending_ < -static_cast<std::ptrdiff_t>(kMagazine))
      flush_count();
  }
  [[gnu::noinline]] void flush_count() { common.count_small(std::exchange(pending_, 0)); }

  // Null if the system refuses memory.
  void* take(int c) {
    Magazine& m = magazines_[c];
    return m.current.head != nullptr || refill(c) ? m.current.pop() : cut(class_size(c));
  }

  void give(int c, void* p) {
    Magazine& m = magazines_[c];
    const auto [size, capacity] = kSmallClass[static_cast<std::size_t>(c)];
    if (m.current.count >= capacity) hand_on(c);
    m.current.push(p, size);
  }

  void hand_over_magazines() {
    for (int c = 0; c < kSmallClasses; ++c) {
      for (List* list : {&magazines_[c].current, &magazines_[c].spare}) {
        if (list->head != nullptr) common.push_batch(c, std::exchange(*list, {}));
      }
    }
  }
  void hand_over() {
    hand_over_magazines();
    common.give_stretch(std::exchange(stretch_, {}));
    flush_count();
  }

 private:
  struct Magazine {
    List current;
    List spare;
  };

  [[gnu::noinline]] bool refill(int c) {
    Magazine& m = magazines_[c];
    std::swap(m.current, m.spare);
    if (m.current.head == nullptr) m.current = common.pop_batch(c);
    return m.current.head != nullptr;
  }

  [[gnu::noinline]] void hand_on(int c) {
    Magazine& m = magazines_[c];
    if (common.searches() != searches_) {
      searches_ = common.searches();
      hand_over_magazines();
    }
    if (m.spare.head != nullptr) common.push_batch(c, m.spare);
    m.spare = std::exchange(m.current, {});
  }

  [[gnu::noinline]] void* cut(std::size_t size) {
    if (stretch_.size() < size) {
      if (common.slabs_are_full()) hand_over_magazines();
      const Stretch fresh = common.take_stretch();
      if (fresh.size() == 0) return nullptr;
      common.give_stretch(std::exchange(stretch_, fresh));
    }
    void* p = stretch_.begin;
    stretch_.begin += size;
    return p;
  }

  Magazine magazines_[kSmallClasses];
  Stretch stretch_;
  std::ptrdiff_t pending_ = 0;  // bytes in use that the common count has not seen
  unsigned searches_ = 0;  // that the common pool had made when the magazines were last handed over
};

// A thread without a cache works on the common lists directly. Null if the system refuses memory.
void* take_uncached(int c) noexcept {
  List list = common.pop_batch(c);
  if (list.head != nullptr) {
    void* const p = list.pop();
    if (list.head != nullptr) common.push_batch(c, list);
    return p;
  }
  Stretch stretch = common.take_stretch();
  if (stretch.size() == 0) return nullptr;
  void* const p = stretch.begin;
  stretch.begin += class_size(c);
  common.give_stretch(stretch);
  return p;
}

void give_uncached(int c, void* p) noexcept {
  List list;
  list.push(p, class_size(c));
  common.push_batch(c, list);
}

// Under this model a thread needs no memory when it first looks at these. Under the usual one of a
// shared library it does, and the process ends if that is refused.
[[gnu::tls_model("initial-exec")]] constinit thread_local Cache* cache = nullptr;
[[gnu::tls_model("initial-exec")]] constinit thread_local bool thread_has_ended = false;

// The key whose destructor takes a cache back. A thread_local object with a destructor would end
// the process if the system refused to register it.
constinit std::mutex key_mutex;
[[maybe_unused]] const bool over_fork = detail::hold_over_fork<key_mutex>();
constinit bool key_exists = false;
constinit pthread_key_t key;

void end_thread(void* its_cache) {
  cache = nullptr;
  thread_has_ended = true;
  auto* const mine = static_cast<Cache*>(its_cache);
  mine->hand_over();
  mine->~Cache();
  give_uncached(class_of(sizeof(Cache)), mine);
  common.count_caches(-1);
}

bool have_key() {
  const std::lock_guard lock(key_mutex);
  if (!key_exists) key_exists = pthread_key_create(&key, end_thread) == 0;
  return key_exists;
}

// Null if the thread's own destructors have run already, or the system refuses what a cache needs.
[[gnu::noinline]] Cache* make_cache() noexcept {
  if (thread_has_ended || !detail::stay_loaded() || !have_key()) return nullptr;
  constexpr std::size_t size = sizeof(Cache);
  void* const memory = take_uncached(class_of(size));
  if (memory == nullptr) return nullptr;
  unpoison(memory, size);
  if (pthread_setspecific(key, memory) != 0) {
    give_uncached(class_of(size), memory);
    return nullptr;
  }
  common.count_caches(1);
  return cache = ::new (memory) Cache;
}

}  // namespace

void* allocate(std::size_t bytes) {
  if (bytes > kSmall) return common.allocate_large(bytes);
  const int c = class_of(bytes);
  Cache* mine = cache != nullptr ? cache : make_cache();
  void* const p = mine != nullptr ? mine->take(c) : take_uncached(c);
  if (p == nullptr) throw OutOfMemory("pool", bytes);
  if (mine != nullptr) {
    mine->count(static_cast<std::ptrdiff_t>(bytes));
  } else {
    common.count_small(static_cast<std::ptrdiff_t>(bytes));
  }
  unpoison(p, bytes);
  return p;
}

void release(void* block, std::size_t bytes) noexcept {
  if (block == nullptr) return;
  if (bytes > kSmall) return common.release_large(block, bytes);
  const int c = class_of(bytes);
  unpoison(block, sizeof(FreeBlock));
  if (Cache* mine = cache != nullptr ? cache : make_cache()) {
    mine->give(c, block);
    mine->count(-static_cast<std::ptrdiff_t>(bytes));
  } else {
    give_uncached(c, block);
    common.count_small(-static_cast<std::ptrdiff_t>(bytes));
  }
}

Usage usage() noexcept {
  if (cache != nullptr) cache->flush_count();
  const auto [in_use, peak, held, system_calls] = common.counts();
  return {in_use, peak, held, system_calls};
}

void reset_peak() noexcept {
  if (cache != nullptr) cache->flush_count();
  common.reset_peak();
}

void trim() noexcept {
  if (cache != nullptr) cache->hand_over_magazines();
  common.trim();
}

}  // namespace nablur::pool
