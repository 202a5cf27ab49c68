#include <nablur/autodiff/shape.h>

#include <sstream>
#include <vector>

#include "../checks.h"

void checks::shape() {
  using nablur::Axes;
  const std::vector<std::int64_t> sizes = {2, 1, 3, 1, 5};
  const Shape far{std::span<const std::int64_t>(sizes)};
  const Shape near = {2, 3};
  expect("Shape::Shape", Shape().rank() == 0);
  expect("Shape::rank", far.rank() == 5);
  expect("Shape::size", far.size() == 30);
  expect("Shape::operator[]", far[-1] == 5 && near[0] == 2 &&
                                  throws<nablur::Error>([&] { static_cast<void>(near[2]); }));
  expect("Shape::sizes", near.sizes().count() == 2 && near.sizes()[1] == 3);
  expect("Shape::begin", *far.begin() == 2);
  expect("Shape::end", far.end() - far.begin() == 5);
  expect("Shape::operator==", Shape(far) == far && !(far == near));

  const std::int64_t list[] = {-1, 0};
  expect("Axes::Axes",
         Axes{0, 1}.count() == 2 && Axes(std::span<const std::int64_t>(list)).count() == 2);
  expect("Axes::all", Axes().all() && !Axes(-1).all());
  expect("Axes::count", Axes(-1).count() == 1);
  expect("Axes::operator[]", Axes{0, -1}[1] == -1);
  expect("Axes::begin", *Axes(4).begin() == 4);
  expect("Axes::end", [](const Axes& axes) { return axes.end() - axes.begin(); }(Axes{1, 2}) == 2);
  expect("Axes::resolve", Axes{0, -1}.resolve("sum", 3)[1] == 2);

  expect("resolve_axis", nablur::resolve_axis("sum", -1, 3) == 2);
  expect("broadcast", nablur::broadcast("add", {2, 1}, {3}) == near);
  expect("broadcasts", nablur::broadcasts({2, 1}, {3}) && !nablur::broadcasts({2}, {3}));
  expect("broadcasts_to", nablur::broadcasts_to({3}, near) && !nablur::broadcasts_to(near, {3}));
  expect("to_string", nablur::to_string(near) == "(2, 3)");
  std::ostringstream out;
  out << near;
  expect("operator<<", out.str() == "(2, 3)");
  std::string text = "shape ";
  nablur::append(text, near);
  expect("append", text == "shape (2, 3)");
}
