#include <sys/mman.h>

#include <cstdlib>
#include <mutex>
#include <new>

#include <nablur/support/detail/common_pool.h>
#include <nablur/support/detail/process.h>
#include <nablur/support/error.h>

namespace nablur::pool {

constinit CommonPool
    common;  // never destroyed: tensors with static lifetime may outlive everything else

namespace {

constinit std::mutex mutex;
[[maybe_unused]] const bool over_fork = detail::hold_over_fork<mutex>();

FreeBlock contents_of(FreeBlock* block) {
  unpoison(block, sizeof(FreeBlock));
  const FreeBlock contents = *block;
  poison(block, sizeof(FreeBlock));
  return contents;
}

void write_contents(void* block, const FreeBlock& contents) {
  unpoison(block, sizeof(FreeBlock));
  ::new (block) FreeBlock(contents);
  poison(block, sizeof(FreeBlock));
}

char* address(void* p) { return static_cast<char*>(p); }

// Memory of the system's own, `size` a multiple of kPage; null if it is refused. Not malloc's: what
// is freed there among blocks that live on stays with the process, which then grows and grows in a
// loop whose shapes change.
void* map(std::size_t alignment, std::size_t size) noexcept {
#ifdef NABLUR_ASAN  // which knows of malloc's blocks only: what is returned, and what can be
                    // reached from where
  return std::aligned_alloc(alignment, size);
#else
  const std::size_t all = size + (alignment > kPage ? alignment - kPage : 0);
  void* const memory =
      mmap(nullptr, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  const std::size_t before = -reinterpret_cast<std::uintptr_t>(memory) & (alignment - 1);
  char* const begin = address(memory) + before;
  if (before > 0) munmap(memory, before);
  if (all - before > size) munmap(begin + size, all - before - size);
  return begin;
#endif
}

void unmap(void* memory, [[maybe_unused]] std::size_t size) noexcept {
  unpoison(memory, size);
#ifdef NABLUR_ASAN
  std::free(memory);
#else
  munmap(memory, size);
#endif
}

}  // namespace

// ---- small blocks -----------------------------------------------------------------------------

List CommonPool::pop_batch(int c) noexcept {
  const std::lock_guard lock(mutex);
  List list;
  if (batches_[c] == nullptr) return list;
  const FreeBlock first = contents_of(batches_[c]);
  list.head = std::exchange(batches_[c], first.next_batch);
  list.count = first.batch_count;
  return list;
}

void CommonPool::push_batch(int c, List list) noexcept {
  const std::lock_guard lock(mutex);
  write_contents(list.head, {contents_of(list.head).next, batches_[c], list.count});
  batches_[c] = list.head;
}

Stretch CommonPool::take_stretch() noexcept {
  {
    const std::lock_guard lock(mutex);
    if (stretches_ != nullptr) {
      const FreeBlock first = contents_of(stretches_);
      char* const begin = address(std::exchange(stretches_, first.next));
      return {begin, begin + first.batch_count};
    }
  }
  char* const slab = address(new_slab());
  return slab == nullptr ? Stretch{} : Stretch{slab + sizeof(Slab), slab + kSlab};
}

void CommonPool::give_stretch(Stretch stretch) noexcept {
  if (stretch.size() >= kSmall) {
    const std::lock_guard lock(mutex);
    write_contents(stretch.begin, {stretches_, nullptr, stretch.size()});
    stretches_ = static_cast<FreeBlock*>(static_cast<void*>(stretch.begin));
    return;
  }
  while (stretch.size() > 0) {  // too little for some requests: it becomes blocks
    int c = class_of(stretch.size());
    if (class_size(c) > stretch.size()) --c;
    List list;
    unpoison(stretch.begin, sizeof(FreeBlock));
    list.push(stretch.begin, class_size(c));
    push_batch(c, list);
    stretch.begin += class_size(c);
  }
}

Slab* CommonPool::new_slab() noexcept {
  void* const memory = from_system(small_, kSlab, kSlab);
  if (memory == nullptr) return nullptr;
  hide_from_leak_check(memory);
  auto* slab = ::new (memory) Slab{nullptr, 0};
  poison(slab + 1, kSlab - sizeof(Slab));
  const std::lock_guard lock(mutex);
  slab->next = slabs_;
  slabs_ = slab;
  return slab;
}

bool CommonPool::slabs_are_full() noexcept {
  const std::lock_guard lock(mutex);
  return small_.exceeds_bound(kSlab, spare_for_slabs());
}

// ---- large blocks -----------------------------------------------------------------------------

void* CommonPool::allocate_large(std::size_t bytes) {
  if (bytes > kMaxBytes) fail("pool: ", bytes, " bytes exceed the address space");
  const int wanted = class_of(bytes);
  const auto find = [&] {
    const std::lock_guard lock(mutex);
    LargeBlock* const found = free_large_.pop(wanted, std::min(wanted + kSearch, kClasses));
    if (found != nullptr) add_large(static_cast<std::ptrdiff_t>(bytes));
    return found;
  };
  LargeBlock* block = find();
  if (block == nullptr) {
    void* const memory = from_system(large_, kUnit, LargeBlock::size_of_class(wanted));
    if (memory == nullptr) throw OutOfMemory("pool", bytes);
    block = ::new (memory) LargeBlock{wanted, nullptr, nullptr, nullptr, nullptr};
    const std::lock_guard lock(mutex);
    add_large(static_cast<std::ptrdiff_t>(bytes));
  }
  char* const numbers = address(block + 1);
  unpoison(numbers, bytes);
  poison(numbers + bytes, class_size(block->capacity_class) - bytes);
  return numbers;
}

void CommonPool::release_large(void* numbers, std::size_t bytes) noexcept {
  LargeBlock* const block = static_cast<LargeBlock*>(numbers) - 1;
  poison(numbers, class_size(block->capacity_class));
  const std::lock_guard lock(mutex);
  free_large_.push(block);
  add_large(-static_cast<std::ptrdiff_t>(bytes));
}

// ---- counts -----------------------------------------------------------------------------------

void CommonPool::add_large(std::ptrdiff_t bytes) {
  large_.add(bytes);
  peak_ = std::max(peak_, small_.in_use + large_.in_use);
}

void CommonPool::count_small(std::ptrdiff_t bytes) noexcept {
  const std::lock_guard lock(mutex);
  small_.add(bytes);
  peak_ = std::max(peak_, small_.in_use + large_.in_use);
}

void CommonPool::count_caches(int more) noexcept {
  const std::lock_guard lock(mutex);
  caches_ += more;
}

CommonPool::Counts CommonPool::counts() noexcept {
  const std::lock_guard lock(mutex);
  const auto bytes = [](std::ptrdiff_t n) {
    return static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, n));
  };
  return {bytes(small_.in_use + large_.in_use), bytes(peak_), small_.held + large_.held,
          system_calls_};
}

void CommonPool::reset_peak() noexcept {
  const std::lock_guard lock(mutex);
  peak_ = small_.in_use + large_.in_use;
}

// ---- the system -------------------------------------------------------------------------------

void* CommonPool::from_system(Share& share, std::size_t alignment, std::size_t size) noexcept {
  {
    Returned returned;
    const std::lock_guard lock(mutex);
    if (&share == &large_) {
      while (large_.exceeds_bound(size, kSpare) && free_large_.oldest() != nullptr)
        return_oldest_block(returned);
    } else if (small_.exceeds_bound(size, spare_for_slabs()) && small_.held >= next_search_) {
      return_free_slabs(returned);
    }
    share.held += size;
  }
  void* p = map(alignment, size);
  if (p == nullptr) {
    trim();
    p = map(alignment, size);
  }
  const std::lock_guard lock(mutex);
  if (p == nullptr) {
    share.held -= size;
  } else {
    ++system_calls_;
  }
  return p;
}

void CommonPool::trim() noexcept {
  Returned returned;
  const std::lock_guard lock(mutex);
  while (free_large_.oldest() != nullptr) return_oldest_block(returned);
  return_free_slabs(returned);
}

CommonPool::Returned::~Returned() {
  while (blocks != nullptr) {
    LargeBlock* const block = std::exchange(blocks, blocks->next);
    unmap(block, block->size());
  }
  while (slabs != nullptr) {
    Slab* const slab = std::exchange(slabs, slabs->next);
    unmap(slab, kSlab);
  }
}

void CommonPool::return_oldest_block(Returned& returned) {
  LargeBlock* const block = free_large_.oldest();
  free_large_.remove(block);
  large_.held -= block->size();
  block->next = std::exchange(returned.blocks, block);
}

void CommonPool::return_free_slabs(Returned& returned) {
  searches_.fetch_add(1, std::memory_order_relaxed);
  count_free_bytes_of_slabs();
  drop_what_lies_in_free_slabs();
  for (Slab** link = &slabs_; *link != nullptr;) {
    Slab* const slab = *link;
    if (is_free(*slab)) {
      *link = slab->next;
      slab->next = std::exchange(returned.slabs, slab);
      small_.held -= kSlab;
    } else {
      link = &slab->next;
    }
  }
  next_search_ = small_.held + std::max(small_.held / 4, kWorthwhile);
}

void CommonPool::count_free_bytes_of_slabs() {
  for (Slab* slab = slabs_; slab != nullptr; slab = slab->next) slab->free = 0;
  for (int c = 0; c < kSmallClasses; ++c) {
    for (FreeBlock* batch = batches_[c]; batch != nullptr; batch = contents_of(batch).next_batch) {
      for (FreeBlock* block = batch; block != nullptr; block = contents_of(block).next)
        slab_of(block)->free += class_size(c);
    }
  }
  for (FreeBlock* stretch = stretches_; stretch != nullptr; stretch = contents_of(stretch).next) {
    slab_of(stretch)->free += contents_of(stretch).batch_count;
  }
}

void CommonPool::drop_what_lies_in_free_slabs() {
  for (int c = 0; c < kSmallClasses; ++c) {
    FreeBlock* kept_batches = nullptr;
    for (FreeBlock* batch = batches_[c]; batch != nullptr;) {
      const FreeBlock first = contents_of(batch);
      List kept;
      for (List all{batch, first.batch_count}; all.head != nullptr;) {
        void* const block = all.pop();
        if (!is_free(*slab_of(block))) kept.push(block, class_size(c));
      }
      if (kept.head != nullptr) {
        write_contents(kept.head, {contents_of(kept.head).next, kept_batches, kept.count});
        kept_batches = kept.head;
      }
      batch = first.next_batch;
    }
    batches_[c] = kept_batches;
  }
  FreeBlock* kept_stretches = nullptr;
  for (FreeBlock* stretch = stretches_; stretch != nullptr;) {
    const FreeBlock contents = contents_of(stretch);
    if (!is_free(*slab_of(stretch))) {
      write_contents(stretch, {kept_stretches, nullptr, contents.batch_count});
      kept_stretches = stretch;
    }
    stretch = contents.next;
  }
  stretches_ = kept_stretches;
}

}  // namespace nablur::pool
