#include <nablur/ops/border.h>

#include <sstream>

#include <string>

#include "../checks.h"

void checks::border() {
  using nablur::Border;
  expect("to_string", std::string(nablur::to_string(Border::mirror)) == "mirror");
  expect("border_from_name", nablur::border_from_name("circular") == Border::circular);
  expect("border_from_scipy", nablur::border_from_scipy("reflect") == Border::symmetric);
  expect("border_from_opencv", nablur::border_from_opencv("REFLECT_101") == Border::mirror);
  expect("border_from_opencv", nablur::border_from_opencv(4) == Border::mirror);
  expect("border_from_torch", nablur::border_from_torch("reflect") == Border::mirror);
  std::ostringstream out;
  out << nablur::Border::mirror;
  expect("operator<<", out.str() == "mirror");
}
