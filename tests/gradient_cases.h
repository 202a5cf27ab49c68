#pragma once
// The table of gradient cases: one row (or more) for every operator of ops/. The tests derive all
// their checks of a gradient from it, examples/compare_gradients prints it, and a test fails if
// an operator has no row.

#include <functional>
#include <string>
#include <vector>

#include <nablur/nablur.h>

namespace nablur::cases {

template <class T>
using Function = std::function<Variable<T>(const std::vector<Variable<T>>&)>;
using Inputs = std::vector<Tensor<double>>;

enum class Kind {
  elementwise,  ///< each element of the result from the elements at its place; shapes broadcast
  other,
};

struct GradientCase {
  std::string name;     ///< as in the header: "exp", "operator+"
  std::string variant;  ///< what sets this row apart from others of the same name
  Kind kind;
  Inputs inputs;              ///< where the operator is smooth
  std::vector<Inputs> edges;  ///< ties, 0, ±800, infinities, ends of the domain
  Function<double> f;
  Function<float> f_float;
  Function<Dual<double>> f_dual;
  Function<Dual<float>> f_dual_float;
  std::function<Tensor<double>(const Inputs&)> expected;  ///< the value by an independent formula
  std::function<GradientReport(const CompareOptions&)> compare;
};

/// All rows.
const std::vector<GradientCase>& gradient_cases();

}  // namespace nablur::cases
