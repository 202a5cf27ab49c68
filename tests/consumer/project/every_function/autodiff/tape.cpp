#include <nablur/autodiff/tape.h>

#include <string>
#include <vector>

#include "../checks.h"

namespace {

// The product of two variables, by a pullback for each, and by one for both.
template <class T>
nablur::Variable<T> apart(const nablur::Variable<T>& x, const nablur::Variable<T>& y) {
  const auto by_x = [b = y.value()](const nablur::Tensor<T>& g) { return g * b; };
  const auto by_y = [a = x.value()](const nablur::Tensor<T>& g) { return g * a; };
  return nablur::record("apart", x.value() * y.value(), {{x, by_x}, {y, by_y}});
}
template <class T>
auto joint_pullback(const nablur::Variable<T>& x, const nablur::Variable<T>& y) {
  return [a = x.value(), b = y.value()](const nablur::Tensor<T>& g, nablur::Adjoints<T>& d) {
    if (d.wants(0)) d.add(0, g * b);
    if (d.wants(1)) d.accumulator(1) += g * a;
  };
}
template <class T>
nablur::Variable<T> jointly(const nablur::Variable<T>& x, const nablur::Variable<T>& y) {
  return nablur::record("jointly", x.value() * y.value(), {x, y}, joint_pullback(x, y));
}
template <class T>
nablur::Variable<T> listed(const nablur::Variable<T>& x, const nablur::Variable<T>& y) {
  const std::vector<nablur::Variable<T>> both = {x, y};
  return nablur::record("listed", x.value() * y.value(), std::span<const nablur::Variable<T>>(both),
                        joint_pullback(x, y));
}

template <class T>
void record_products() {
  using checks::expect_all;
  nablur::Tape<T> tape;
  const auto x = tape.variable(checks::points<T>({2, 3}));
  const auto y = tape.variable(checks::points<T>({5, 7}));
  const auto ones = nablur::Tensor<T>::ones({2});
  expect_all("record", gradients(apart(x, y), ones)[y], {2, 3});
  expect_all("Adjoints::add", gradients(jointly(x, y), ones)[x], {5, 7});
  expect_all("Adjoints::accumulator", gradients(jointly(x, y), ones)[y], {2, 3});
  expect_all("Adjoints::wants", gradients(listed(x, y), ones, {y})[y], {2, 3});
  const nablur::Input<T> inputs[] = {
      nablur::Input<T>(x, [](const nablur::Tensor<T>& g) { return g; })};
  expect_all("Input::Input",
             gradients(nablur::Tape<T>::record("same", x.value(), inputs, {}), ones)[x], {1, 1});
  expect_all("Tape::record", nablur::Tape<T>::record("same", x.value(), inputs, {}).value(),
             {2, 3});
}

template <class T>
void look_at_the_tape() {
  using checks::expect;
  nablur::Tape<T> tape;
  expect("Tape::Tape", tape.size() == 0);
  const auto x = tape.variable(T(2));
  checks::expect_near("Tape::variable", x.item(), 2);
  static_cast<void>(apart(x, x));
  expect("Tape::size", tape.size() == 2);
  expect("Tape::node",
         std::string(tape.node(1).name) == "apart" && tape.node(1).inputs[1].index == 0);
  const typename nablur::Tape<T>::Node node("made", nablur::Shape{3}, {}, {});
  expect("Tape::Node::Node", node.shape == nablur::Shape{3} && node.inputs.empty());
  tape.check_finite(true);
  const T infinity = std::numeric_limits<T>::infinity();
  expect("Tape::check_finite",
         checks::throws<nablur::Error>([&] { static_cast<void>(tape.variable(infinity)); }));
  tape.clear();
  expect("Tape::clear", tape.size() == 0 &&
                            checks::throws<nablur::Error>([&] { static_cast<void>(apart(x, x)); }));
}

}  // namespace

void checks::tape() {
  every_scalar([]<class T>() {
    record_products<T>();
    look_at_the_tape<T>();
  });
}
