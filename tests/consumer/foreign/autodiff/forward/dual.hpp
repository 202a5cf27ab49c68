#pragma once
// Stands for the library of https://autodiff.github.io, which installs <autodiff/...> and lives in namespace autodiff.

#include <cmath>

namespace autodiff {

struct dual {
  double val = 0;
  double grad = 0;
};

inline dual sin(const dual& x) { return {std::sin(x.val), std::cos(x.val) * x.grad}; }

}  // namespace autodiff
