#include <nablur/autodiff/shape.h>

#include <algorithm>
#include <ostream>
#include <utility>

namespace nablur {

Shape::Shape(detail::IntList sizes) : sizes_(std::move(sizes)) {
  if (rank() > kMaxRank) fail("shape: the rank must be at most ", kMaxRank, ", got ", rank());
  std::int64_t product = 1;
  for (const std::int64_t size : sizes_) {
    if (size < 0) fail("shape: sizes must be at least 0, got ", *this);
    // Zeros are left out, so that the strides of an empty array fit too.
    if (size > 0 && __builtin_mul_overflow(product, size, &product)) {
      fail("shape: the number of elements of ", *this, " exceeds 2^63 - 1");
    }
  }
}

void Shape::no_such_axis(std::int64_t axis) const { fail("shape: ", *this, " has no axis ", axis); }

std::int64_t resolve_axis(const char* op, std::int64_t axis, std::int64_t rank) {
  const std::int64_t i = axis < 0 ? axis + rank : axis;
  if (i < 0 || i >= rank) fail(op, ": axis ", axis, " is out of range for rank ", rank);
  return i;
}

Axes Axes::resolve(const char* op, std::int64_t rank) const {
  Axes resolved;
  resolved.all_ = false;
  resolved.axes_ = detail::IntList(all() ? rank : count(), 0);
  std::int64_t* out = resolved.axes_.begin();
  for (std::int64_t i = 0; i < resolved.count(); ++i) {
    out[i] = all() ? i : resolve_axis(op, (*this)[i], rank);
    if (std::find(out, out + i, out[i]) != out + i)
      fail(op, ": axis ", (*this)[i], " is named twice");
  }
  return resolved;
}

Shape detail::broadcast_unequal(const char* op, const Shape& a, const Shape& b) {
  const std::int64_t rank = std::max(a.rank(), b.rank());
  detail::IntList sizes(rank, 1);
  for (std::int64_t back = 1; back <= rank; ++back) {
    const std::int64_t m = back <= a.rank() ? a[-back] : 1;
    const std::int64_t n = back <= b.rank() ? b[-back] : 1;
    if (m != n && m != 1 && n != 1)
      fail(op, ": shapes ", a, " and ", b, " do not broadcast at axis ", rank - back);
    sizes[rank - back] = m == 1 ? n : m;
  }
  return Shape(sizes);
}

bool broadcasts(const Shape& a, const Shape& b) noexcept {
  for (std::int64_t back = 1; back <= std::min(a.rank(), b.rank()); ++back) {
    const std::int64_t m = a.end()[-back];
    const std::int64_t n = b.end()[-back];
    if (m != n && m != 1 && n != 1) return false;
  }
  return true;
}

bool broadcasts_to(const Shape& from, const Shape& to) noexcept {
  if (from.rank() > to.rank()) return false;
  const std::int64_t lead = to.rank() - from.rank();
  for (std::int64_t i = 0; i < from.rank(); ++i) {
    const std::int64_t m = from[i];
    if (m != 1 && m != to[lead + i]) return false;
  }
  return true;
}

void append(std::string& text, const Shape& shape) {
  text += '(';
  for (std::int64_t i = 0; i < shape.rank(); ++i) {
    if (i > 0) text += ", ";
    detail::append(text, static_cast<long long>(shape[i]));
  }
  text += shape.rank() == 1 ? ",)" : ")";
}

std::string to_string(const Shape& shape) {
  return detail::or_out_of_memory("to_string", [&shape] {
    std::string text;
    append(text, shape);
    return text;
  });
}

std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << to_string(shape); }

}  // namespace nablur
