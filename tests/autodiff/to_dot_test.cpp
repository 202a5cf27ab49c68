#include <gtest/gtest.h>
#include <nablur/autodiff/to_dot.h>
#include <nablur/ops/arithmetic.h>
#include <nablur/ops/elementwise.h>

#include <sstream>
#include <string>
#include <vector>

using namespace nablur;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

}  // namespace

TEST(ToDot, OfAnEmptyTapeIsAnEmptyGraph) {
  EXPECT_EQ(lines_of(to_dot(Tape<double>())), (std::vector<std::string>{"digraph tape {", "}"}));
}

TEST(ToDot, DrawsABoxForAVariableAndAnEllipseForAnOperator) {
  Tape<double> tape;
  const auto x = tape.variable(Tensor<double>::ones({2, 3}));
  exp(x);
  const std::string dot = to_dot(tape);
  const auto lines = lines_of(dot);
  EXPECT_EQ(count(dot, "shape=box"), 1U);
  EXPECT_EQ(count(dot, "shape=ellipse"), 1U);
  EXPECT_TRUE(contains(lines[1], "n0 [label=\"variable\\n(2, 3)\", shape=box]"));
  EXPECT_TRUE(contains(lines[2], "n1 [label=\"exp\\n(2, 3)\", shape=ellipse]"));
  EXPECT_EQ(lines.back(), "}");
}

TEST(ToDot, DrawsAnArrowForEachUseAndNoneForConstants) {
  Tape<double> tape;
  const auto x = tape.variable(2.0);
  const auto y = tape.variable(3.0);
  const auto z = x * y;  // n2
  z* z;                  // n3
  z + 1.0;               // n4
  record("joint", x.value(), {Variable<double>(1.0), y},
         [](const Tensor<double>& g, Adjoints<double>& d) { d.add(1, g); });
  const std::string dot = to_dot(tape);
  EXPECT_EQ(count(dot, "n0 -> n2;"), 1U);
  EXPECT_EQ(count(dot, "n1 -> n2;"), 1U);
  EXPECT_EQ(count(dot, "n2 -> n3;"), 2U);
  EXPECT_EQ(count(dot, "n2 -> n4;"), 1U);
  EXPECT_EQ(count(dot, "n1 -> n5;"), 1U);
  EXPECT_EQ(count(dot, "->"), 6U);
}

TEST(ToDot, EscapesTheNamesOfOperators) {
  Tape<float> tape;
  const auto x = tape.variable(1.0f);
  record("a\"b\\c", x.value(), {{x, [](const Tensor<float>& g) { return g; }}});
  EXPECT_TRUE(contains(to_dot(tape), "label=\"a\\\"b\\\\c\\n()\""));
}

TEST(ToDot, DrawsTapesOfEveryScalar) {
  Tape<Dual<float>> floats;
  Tape<Dual<double>> doubles;
  floats.variable(Dual<float>(1));
  doubles.variable(Dual<double>(1));
  EXPECT_EQ(to_dot(floats), to_dot(doubles));
}
