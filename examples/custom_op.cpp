// An operator of one's own: the value and, beside it, its pullback, written by hand and then
// checked.

#include <cmath>
#include <iostream>

#include <nablur/nablur.h>

using namespace nablur;

// [huber]
// The pseudo-Huber loss δ² (√(1 + (x/δ)²) − 1): x²/2 near 0, δ |x| far away.
template <class T>
Variable<T> pseudo_huber(const Variable<T>& x, double delta) {
  using std::sqrt;
  const Tensor<T>& v = x.value();
  auto y = Tensor<T>::empty(v.shape());
  auto slope = Tensor<T>::empty(v.shape());
  for (std::int64_t i = 0; i < v.size(); ++i) {
    const T u = v.data()[i] / T(delta);
    const T root = sqrt(T(1) + u * u);
    y.mutable_data()[i] = T(delta * delta) * (root - T(1));
    slope.mutable_data()[i] = v.data()[i] / root;  // ∂y/∂x = x / √(1 + (x/δ)²)
  }
  return record("pseudo_huber", y, {{x, [slope](const Tensor<T>& g) { return g * slope; }}});
}
// [/huber]

int main() {
  // [check]
  const auto f = [](const auto& x) { return sum(pseudo_huber(x, 1.5)); };
  const auto report = compare_gradients(f, Tensor<double>{-4.0, -0.5, 0.0, 0.1, 3.0});
  std::cout << report;
  // [/check]
  return report.agrees() ? 0 : 1;
}
