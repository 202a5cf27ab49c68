#pragma once
// Memory that is given out in order and taken back all at once, or down to a mark. Keeps its chunks for the next use.

#include <cstddef>
#include <cstdint>
#include <vector>

#include <nablur/autodiff/pool.h>

namespace nablur::detail {

class Arena {
 public:
  struct Mark {
    std::size_t chunk = 0;
    std::size_t used = 0;
  };

  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() {
    for (const Chunk& c : chunks_) pool::release(c.memory, c.size);
  }

  /// `align` a power of two, at most 64.
  void* allocate(std::size_t bytes, std::size_t align) {
    for (; at_.chunk < chunks_.size(); ++at_.chunk, at_.used = 0) {
      const std::size_t begin = (at_.used + align - 1) & ~(align - 1);
      if (begin + bytes <= chunks_[at_.chunk].size) {
        at_.used = begin + bytes;
        return chunks_[at_.chunk].memory + begin;
      }
    }
    const std::size_t size = bytes > kChunk ? bytes : kChunk;
    chunks_.push_back({nullptr, 0});  // first what may throw without a loss
    chunks_.back() = {static_cast<std::byte*>(pool::allocate(size)), size};
    at_.used = bytes;
    return chunks_.back().memory;
  }

  Mark mark() const noexcept { return at_; }
  void rewind(Mark mark) noexcept { at_ = mark; }

 private:
  static constexpr std::size_t kChunk = 128 << 10;
  struct Chunk {
    std::byte* memory;
    std::size_t size;
  };
  std::vector<Chunk, pool::Allocator<Chunk>> chunks_;
  Mark at_;
};

}  // namespace nablur::detail
