#include <nablur/support/detail/int_list.h>

#include <algorithm>

#include <nablur/support/pool.h>

namespace nablur::detail {

IntList::IntList(std::int64_t count, std::int64_t value) : count_(0), inline_{} {
  if (count > kInline)
    far_ = static_cast<std::int64_t*>(
        pool::allocate(sizeof(std::int64_t) * static_cast<std::size_t>(count)));
  count_ = count;
  std::fill(begin(), end(), value);
}

void IntList::copy_far(const IntList& other) {
  *this = IntList(std::span(other.begin(), other.end()));
}

bool IntList::same_far(const IntList& other) const noexcept {
  return std::equal(begin(), end(), other.begin());
}

void IntList::release() noexcept {
  pool::release(far_, sizeof(std::int64_t) * static_cast<std::size_t>(count_));
}

}  // namespace nablur::detail
