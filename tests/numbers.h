#pragma once
// The elements of a tensor, to be compared with a list.

#include <vector>

#include <nablur/autodiff/tensor.h>

template <class T>
std::vector<T> numbers(const nablur::Tensor<T>& x) {
  return {x.begin(), x.end()};
}
