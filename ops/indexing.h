#pragma once
// Operators that choose elements. Axes and indices may be negative and then count from the end, as
// in NumPy. All throw Error for axes, indices and shapes that do not fit.
//
//   auto inner = slice(x, {{1, -1}, {0, 10, 2}});       // x[1:-1, 0:10:2]
//   auto row = x[3];                                    // x[3]
//   for (const auto& column : unbind(x, 1)) …

#include <limits>
#include <vector>

#include <nablur/autodiff/tape.h>

namespace nablur {

/// Indices begin, begin + step, … below end, as Python's begin:end:step: negative bounds count from
/// the end, bounds past the ends are cut. step is at least 1 (see flip for backwards).
struct Range {
  std::int64_t begin = 0;
  std::int64_t end = std::numeric_limits<std::int64_t>::max();
  std::int64_t step = 1;
};

namespace compiled {
template <class T>
struct Indexing;  // at the end of this file
}

/// One range for each leading axis; the other axes are taken whole. A slice of the first axis
/// alone, with step 1, is no copy. The gradient is added in place: a loop of slices costs as much
/// as x and the slices together.
template <Operand X>
ResultOf<X> slice(const X& x, std::initializer_list<Range> ranges) {
  return detail::result<X>(
      compiled::Indexing<Scalar<X>>::slice(x, 0, {ranges.begin(), ranges.size()}));
}
/// The same for a list that is known at run time, such as a std::vector<Range>.
template <Operand X>
ResultOf<X> slice(const X& x, std::span<const Range> ranges) {
  return detail::result<X>(compiled::Indexing<Scalar<X>>::slice(x, 0, ranges));
}
/// A range of one axis.
template <Operand X>
ResultOf<X> slice(const X& x, std::int64_t axis, const Range& range) {
  return detail::result<X>(compiled::Indexing<Scalar<X>>::slice(x, axis, {&range, 1}));
}
/// One index of an axis, without that axis: select(x, i) is x[i]. Along the first axis it is no
/// copy.
template <Operand X>
ResultOf<X> select(const X& x, std::int64_t index, std::int64_t axis = 0) {
  return detail::result<X>(compiled::Indexing<Scalar<X>>::select(x, index, axis));
}
/// x cut into `count` equal parts along an axis, as numpy.split. Throws if its size is no multiple
/// of the count.
template <Operand X>
std::vector<ResultOf<X>> split(const X& x, std::int64_t count, std::int64_t axis = 0) {
  return detail::results<X>(compiled::Indexing<Scalar<X>>::split(x, count, axis));
}
/// x cut into parts of these sizes along an axis, as torch.split. Throws unless they add up to the
/// axis.
template <Operand X>
std::vector<ResultOf<X>> split(const X& x, std::initializer_list<std::int64_t> sizes,
                               std::int64_t axis = 0) {
  return detail::results<X>(compiled::Indexing<Scalar<X>>::split(x, detail::IntList(sizes), axis));
}
template <Operand X, detail::IntegerList L>
std::vector<ResultOf<X>> split(const X& x, const L& sizes, std::int64_t axis = 0) {
  return detail::results<X>(compiled::Indexing<Scalar<X>>::split(x, detail::IntList(sizes), axis));
}
/// All of select(x, i, axis), as torch.unbind.
template <Operand X>
std::vector<ResultOf<X>> unbind(const X& x, std::int64_t axis = 0) {
  return detail::results<X>(compiled::Indexing<Scalar<X>>::unbind(x, axis));
}
/// Elements by index along an axis (by default the first), which gives way to the axes of `indices`
/// (any rank, repeats allowed), as numpy.take.
template <Operand X>
ResultOf<X> take(const X& x, const Tensor<std::int64_t>& indices, std::int64_t axis = 0) {
  return detail::result<X>(compiled::Indexing<Scalar<X>>::take(x, indices, axis));
}
/// The same for a list that is known at run time, such as a std::vector<int>.
template <Operand X, detail::IntegerList L>
ResultOf<X> take(const X& x, const L& indices, std::int64_t axis = 0) {
  const detail::IntList list(indices);
  return take(x, Tensor<std::int64_t>(Shape{list.count()}, std::span(list.begin(), list.end())),
              axis);
}
/// The adjoint of take: x with `source`, of the shape that take(x, indices, axis) has, added at the
/// indices; repeats add up. As torch.index_add.
template <class X, OperandBeside<X> S>
ResultOf<X, S> index_add(const X& x, const Tensor<std::int64_t>& indices, const S& source,
                         std::int64_t axis = 0) {
  return detail::result<X, S>(
      compiled::Indexing<Scalar<X, S>>::index_add(x, indices, source, axis));
}

// What the functions above call, compiled once in the library for each scalar.
namespace compiled {

template <class T>
struct NABLUR_API Indexing {
  static Variable<T> slice(const Variable<T>& x, std::int64_t first_axis,
                           std::span<const Range> ranges);
  static Variable<T> select(const Variable<T>& x, std::int64_t index, std::int64_t axis);
  static std::vector<Variable<T>> split(const Variable<T>& x, std::int64_t count,
                                        std::int64_t axis);
  static std::vector<Variable<T>> split(const Variable<T>& x, const detail::IntList& sizes,
                                        std::int64_t axis);
  static std::vector<Variable<T>> unbind(const Variable<T>& x, std::int64_t axis);
  static Variable<T> take(const Variable<T>& x, const Tensor<std::int64_t>& indices,
                          std::int64_t axis);
  static Variable<T> index_add(const Variable<T>& x, const Tensor<std::int64_t>& indices,
                               const Variable<T>& source, std::int64_t axis);
};

extern template struct Indexing<float>;
extern template struct Indexing<double>;
extern template struct Indexing<Dual<float>>;
extern template struct Indexing<Dual<double>>;

}  // namespace compiled

template <class T>
Variable<T> Variable<T>::operator[](std::int64_t i) const {
  return compiled::Indexing<T>::select(*this, i, 0);
}

}  // namespace nablur
