#pragma once
// Memory that is given out in order and taken back all at once, or down to a mark. Keeps its chunks
// for the next use.

#include <cstddef>
#include <cstdint>
#include <vector>

#include <nablur/support/pool.h>

namespace nablur::detail {

class Arena {
 public:
  struct Mark {
    std::size_t chunk = 0;  // of those in use, the last
    std::byte* next = nullptr;
  };

  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() {
    for (const Chunk& c : chunks_) pool::release(c.memory, c.size);
  }

  /// `align` a power of two, at most 64.
  void* allocate(std::size_t bytes, std::size_t align) {
    const std::size_t gap = (align - reinterpret_cast<std::uintptr_t>(next_)) & (align - 1);
    if (gap + bytes > static_cast<std::size_t>(end_ - next_)) return allocate_in_next_chunk(bytes);
    std::byte* const place = next_ + gap;
    next_ = place + bytes;
    return place;
  }

  Mark mark() const noexcept { return {chunk_, next_}; }
  void rewind(const Mark& mark) noexcept {
    chunk_ = mark.chunk;
    next_ = mark.next;
    end_ = chunk_ == 0 ? next_ : chunks_[chunk_ - 1].memory + chunks_[chunk_ - 1].size;
  }

 private:
  static constexpr std::size_t kChunk = 128 << 10;
  struct Chunk {
    std::byte* memory;
    std::size_t size;
  };

  void* allocate_in_next_chunk(std::size_t bytes) {
    while (chunk_ < chunks_.size() && chunks_[chunk_].size < bytes) ++chunk_;
    if (chunk_ == chunks_.size()) {
      chunks_.push_back({nullptr, 0});  // first what may throw without a loss
      try {
        const std::size_t size = bytes > kChunk ? bytes : kChunk;
        chunks_.back() = {static_cast<std::byte*>(pool::allocate(size)), size};
      } catch (...) {
        chunks_.pop_back();
        throw;
      }
    }
    const Chunk& chunk = chunks_[chunk_++];
    next_ = chunk.memory + bytes;
    end_ = chunk.memory + chunk.size;
    return chunk.memory;
  }

  pool::Vector<Chunk> chunks_;
  std::size_t chunk_ = 0;  // how many chunks are in use
  std::byte* next_ = nullptr;
  std::byte* end_ = nullptr;
};

}  // namespace nablur::detail
