#pragma once
// Private: lists of tensors as one long vector.

#include <cmath>
#include <span>
#include <vector>

#include <nablur/autodiff/sum.h>
#include <nablur/optimize/optimize.h>

namespace nablur::detail {

template <class T>
using List = std::vector<Tensor<T>>;

/// Throws in the name of `op` unless there is one of `what` for each parameter, of its shape.
template <class T>
void require_alike(const char* op, const char* what, const Parameters<T>& x,
                   std::span<const Tensor<T>> list) {
  if (list.size() != x.size()) {
    fail(op, ": ", x.size(), " parameters, and a ", what, " of ", list.size(), " tensors");
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (!(list[i].shape() == x[i].shape())) {
      fail(op, ": parameter ", i, " has shape ", x[i].shape(), ", its ", what, " ",
           list[i].shape());
    }
  }
}

template <class T>
T dot(const List<T>& a, const List<T>& b) {
  T sum(0);
  for (std::size_t i = 0; i < a.size(); ++i) sum += sum_over(a[i] * b[i]).item();
  return sum;
}

/// a + factor·b
template <class T>
List<T> combined(const List<T>& a, T factor, const List<T>& b) {
  List<T> out;
  out.reserve(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) out.push_back(a[i] + factor * b[i]);
  return out;
}

}  // namespace nablur::detail
