#pragma once
// Sums made in long double, with the scale of what rounding may do to them.

#include <cmath>
#include <limits>
#include <vector>

#include <nablur/autodiff/tensor.h>

namespace nablur::sums {

using Wide = long double;

/// A number and the sum of the magnitudes it was made of, which scales its rounding error.
struct Sum {
  Wide value = 0, magnitude = 0;
  void add(Wide x) { value += x, magnitude += std::abs(x); }
};

/// Any order of summation errs by at most (number of terms) roundings of the sum of magnitudes.
template <class T>
bool near(const Tensor<T>& got, const std::vector<Sum>& want, std::int64_t terms) {
  if (static_cast<std::size_t>(got.size()) != want.size()) return false;
  for (std::size_t i = 0; i < want.size(); ++i) {
    const Wide limit =
        std::numeric_limits<T>::epsilon() * static_cast<Wide>(terms) * want[i].magnitude;
    if (!(std::abs(got.data()[i] - want[i].value) <= limit)) return false;
  }
  return true;
}

}  // namespace nablur::sums
