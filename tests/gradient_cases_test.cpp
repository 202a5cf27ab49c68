// Everything that is derived from the table of gradient cases.

#include "gradient_cases.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

using namespace nablur;
using nablur::cases::Function;
using nablur::cases::GradientCase;
using nablur::cases::Inputs;
using nablur::cases::Kind;

namespace {

template <class T>
struct Result {
  Tensor<T> value;
  std::vector<Tensor<T>> gradients;
};

template <class T>
std::vector<Tensor<T>> cast(const Inputs& inputs) {
  std::vector<Tensor<T>> out;
  for (const auto& x : inputs) out.push_back(x.cast<T>());
  return out;
}

template <class T>
Result<T> reverse(const Function<T>& f, const std::vector<Tensor<T>>& inputs,
                  const Tensor<T>* seed = nullptr) {
  Tape<T> tape;
  std::vector<Variable<T>> x;
  for (const auto& t : inputs) x.push_back(tape.variable(t));
  const auto y = f(x);
  const auto d = gradients(y, seed != nullptr ? *seed : Tensor<T>::ones(y.shape()));
  Result<T> result{y.value(), {}};
  for (const auto& v : x) result.gradients.push_back(d[v]);
  return result;
}

Tensor<double> forward(const GradientCase& c, const Inputs& inputs, const Inputs& v) {
  std::vector<Variable<Dual<double>>> x;
  for (std::size_t i = 0; i < inputs.size(); ++i) x.emplace_back(make_dual(inputs[i], v[i]));
  return tangent_of(c.f_dual(x).value());
}

Inputs randoms_like(const Inputs& inputs, std::uint32_t seed) {
  Random random(seed);
  Inputs out;
  for (const auto& x : inputs) out.push_back(Tensor<double>::normal(x.shape(), random));
  return out;
}

double dot(const Tensor<double>& a, const Tensor<double>& b, double* scale = nullptr) {
  double s = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    s += a.data()[i] * b.data()[i];
    if (scale != nullptr) *scale += std::abs(a.data()[i] * b.data()[i]);
  }
  return s;
}

void expect_close(const Tensor<double>& a, const Tensor<double>& b, double relative,
                  const std::string& what) {
  ASSERT_EQ(to_string(a.shape()), to_string(b.shape())) << what;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    const double x = a.data()[i];
    const double y = b.data()[i];
    if (std::isnan(y) || std::isinf(y)) {
      EXPECT_TRUE(x == y || (std::isnan(x) && std::isnan(y)))
          << what << ", element " << i << ": " << x << " and " << y;
    } else {
      EXPECT_LE(std::abs(x - y), relative * std::max(std::abs(y), 1e-300))
          << what << ", element " << i << ": " << x << " and " << y;
    }
  }
}

class GradientCases : public testing::TestWithParam<std::size_t> {
 protected:
  const GradientCase& row() const { return cases::gradient_cases()[GetParam()]; }
};
class GradientEdges : public GradientCases {};
class ElementwiseCases : public GradientCases {};

// The places of the rows that a suite is for.
template <class Keep>
std::vector<std::size_t> rows_where(const Keep& keep) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < cases::gradient_cases().size(); ++i) {
    if (keep(cases::gradient_cases()[i])) places.push_back(i);
  }
  return places;
}

TEST_P(GradientCases, ValueEqualsAnIndependentFormula) {
  const auto value = reverse(row().f, row().inputs).value;
  const auto expected = row().expected(row().inputs);
  ASSERT_EQ(to_string(value.shape()), to_string(expected.shape()));
  double scale = 0;
  for (const double e : expected) scale = std::max(scale, std::abs(e));
  for (std::int64_t i = 0; i < value.size(); ++i)
    EXPECT_NEAR(value.data()[i], expected.data()[i], 1e-14 * scale);
}

TEST_P(GradientCases, ReverseModeIsTheAdjointOfForwardMode) {
  const Inputs v = randoms_like(row().inputs, 1);
  const auto jv = forward(row(), row().inputs, v);
  const Tensor<double> w = randoms_like({jv}, 2)[0];
  double scale = 0;
  const double left = dot(w, jv, &scale);
  const auto result = reverse(row().f, row().inputs, &w);
  double right = 0;
  for (std::size_t i = 0; i < v.size(); ++i) right += dot(result.gradients[i], v[i], &scale);
  EXPECT_NEAR(left, right, 1e-12 * scale);
  EXPECT_GT(scale, 0);
}

TEST_P(GradientCases, AgreesWithCentralDifferences) {
  const auto report = row().compare({});
  EXPECT_TRUE(report.agrees()) << report;
  EXPECT_GE(report.rows.size(), 2 * row().inputs.size() + 1);
}

// ∇²L v against differences of gradients along v, extrapolated once; L = ½ Σ w f².
TEST_P(GradientCases, HessianVectorProductAgreesWithDifferencesOfGradients) {
  const Inputs v = randoms_like(row().inputs, 3);
  const auto weights = randoms_like({row().expected(row().inputs)}, 4)[0];
  const auto loss_gradients = [&](const auto& f, const auto& inputs) {
    using T = typename std::decay_t<decltype(inputs[0])>::value_type;
    Tape<T> tape;
    std::vector<Variable<T>> x;
    for (const auto& t : inputs) x.push_back(tape.variable(t));
    const auto d = gradients(0.5 * sum(weights.template cast<T>() * square(f(x))));
    std::vector<Tensor<T>> out;
    for (const auto& variable : x) out.push_back(d[variable]);
    return out;
  };
  std::vector<Tensor<Dual<double>>> dual;
  for (std::size_t i = 0; i < v.size(); ++i) dual.push_back(make_dual(row().inputs[i], v[i]));
  const auto hv = loss_gradients(row().f_dual, dual);
  const auto difference = [&](double h) {
    Inputs plus;
    Inputs minus;
    for (std::size_t i = 0; i < v.size(); ++i) {
      plus.push_back(row().inputs[i] + h * v[i]);
      minus.push_back(row().inputs[i] - h * v[i]);
    }
    const auto a = loss_gradients(row().f, plus);
    const auto b = loss_gradients(row().f, minus);
    Inputs out;
    for (std::size_t i = 0; i < v.size(); ++i) out.push_back((a[i] - b[i]) / (2 * h));
    return out;
  };
  const Inputs coarse = difference(2e-4);
  const Inputs fine = difference(1e-4);
  for (std::size_t i = 0; i < v.size(); ++i) {
    const auto expected = (4.0 * fine[i] - coarse[i]) / 3.0;
    const auto found = tangent_of(hv[i]);
    double scale = 1;
    for (const double e : expected) scale = std::max(scale, std::abs(e));
    for (std::int64_t k = 0; k < found.size(); ++k)
      EXPECT_NEAR(found.data()[k], expected.data()[k], 1e-8 * scale);
  }
}

TEST_P(GradientEdges, HaveTheRightValueAndOneDerivativeInBothModes) {
  for (const Inputs& edge : row().edges) {
    const auto result = reverse(row().f, edge);
    expect_close(result.value, row().expected(edge), 4e-16, "value");
    if (row().kind != Kind::elementwise) continue;
    for (std::size_t i = 0; i < edge.size(); ++i) {
      Inputs v;
      for (std::size_t k = 0; k < edge.size(); ++k)
        v.push_back(Tensor<double>(edge[k].shape(), k == i ? 1.0 : 0.0));
      const auto slopes = forward(row(), edge, v);
      for (std::int64_t k = 0; k < slopes.size(); ++k) {
        const double r = result.gradients[i].data()[k];
        const double s = slopes.data()[k];
        EXPECT_TRUE(r == s || std::abs(r - s) <= 1e-14 * std::abs(s) + 1e-323 ||
                    (std::isnan(r) && std::isnan(s)))
            << "input " << i << " at " << edge[i].data()[k] << ": reverse " << r << ", forward "
            << s;
        if (!std::isnan(result.value.data()[k])) {
          EXPECT_FALSE(std::isnan(r))
              << "a NaN that the mathematics does not have, at " << edge[0].data()[k];
        }
      }
    }
  }
}

TEST_P(GradientCases, OneVariableUsedTwiceGetsBothGradients) {
  const auto once = reverse(row().f, row().inputs);
  Tape<double> tape;
  std::vector<Variable<double>> x;
  for (const auto& t : row().inputs) x.push_back(tape.variable(t));
  const auto d = gradients(sum(row().f(x)) + 2.0 * sum(row().f(x)));
  for (std::size_t i = 0; i < x.size(); ++i) {
    double scale = 1e-300;
    for (const double g : once.gradients[i]) scale = std::max(scale, std::abs(g));
    for (std::int64_t k = 0; k < x[i].size(); ++k) {
      EXPECT_NEAR(d[x[i]].data()[k], 3 * once.gradients[i].data()[k], 1e-14 * scale);
    }
  }
  if (x.size() == 2 && row().kind == Kind::elementwise) {  // f(x, x)
    const Inputs same{row().inputs[0], row().inputs[0]};
    const auto apart = reverse(row().f, same);
    const auto y = tape.variable(same[0]);
    expect_close(gradients(sum(row().f({y, y})))[y], apart.gradients[0] + apart.gradients[1], 1e-15,
                 "f(x, x)");
  }
}

TEST_P(GradientCases, FloatAgreesWithDouble) {
  const auto wide = reverse(row().f, row().inputs);
  const auto narrow = reverse(row().f_float, cast<float>(row().inputs));
  const auto compare = [](const Tensor<float>& a, const Tensor<double>& b) {
    double scale = 1;
    for (const double x : b) scale = std::max(scale, std::abs(x));
    for (std::int64_t i = 0; i < a.size(); ++i)
      EXPECT_NEAR(static_cast<double>(a.data()[i]), b.data()[i], 1e-5 * scale);
  };
  compare(narrow.value, wide.value);
  for (std::size_t i = 0; i < wide.gradients.size(); ++i)
    compare(narrow.gradients[i], wide.gradients[i]);
}

TEST_P(GradientCases, TwoRunsAreBitIdentical) {
  const auto a = reverse(row().f, row().inputs);
  const auto b = reverse(row().f, row().inputs);
  const auto same = [](const Tensor<double>& x, const Tensor<double>& y) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end());
  };
  EXPECT_TRUE(same(a.value, b.value));
  for (std::size_t i = 0; i < a.gradients.size(); ++i)
    EXPECT_TRUE(same(a.gradients[i], b.gradients[i]));
}

TEST_P(GradientCases, ConstantsRecordNothing) {
  std::vector<Variable<double>> x(row().inputs.begin(), row().inputs.end());
  EXPECT_TRUE(row().f(x).is_constant());
}

// ---- elementwise rows only --------------------------------------------------------------------

TEST_P(ElementwiseCases, HoldForRankZeroAndForNoElements) {
  Inputs scalars;
  Inputs nothing;
  for (const auto& x : row().inputs) {
    scalars.emplace_back(x.data()[0]);
    nothing.push_back(Tensor<double>::zeros({0, 3}));
  }
  const auto one = reverse(row().f, scalars);
  EXPECT_EQ(one.value.rank(), 0);
  EXPECT_EQ(one.gradients[0].rank(), 0);
  EXPECT_NEAR(one.value.item(), row().expected(scalars).item(), 1e-14 * std::abs(one.value.item()));
  const auto none = reverse(row().f, nothing);
  EXPECT_EQ(to_string(none.value.shape()), "(0, 3)");
  EXPECT_EQ(to_string(none.gradients[0].shape()), "(0, 3)");
}

TEST_P(ElementwiseCases, LetNanThrough) {
  for (std::size_t i = 0; i < row().inputs.size(); ++i) {
    Inputs inputs;
    for (const auto& x : row().inputs) inputs.emplace_back(x.data()[0]);
    inputs[i] = std::numeric_limits<double>::quiet_NaN();
    EXPECT_TRUE(std::isnan(reverse(row().f, inputs).value.item())) << "input " << i;
  }
}

TEST_P(ElementwiseCases, DependOnTheElementAloneNotOnItsPlace) {
  for (std::int64_t n = 1; n <= 20; ++n) {
    Inputs inputs;
    for (const auto& x : row().inputs)
      inputs.push_back(Tensor<double>::full({n}, x.data()[1 % x.size()]));
    const auto result = reverse(row().f, inputs);
    EXPECT_EQ(std::count(result.value.begin(), result.value.end(), result.value(0)), n);
    for (const auto& g : result.gradients) EXPECT_EQ(std::count(g.begin(), g.end(), g(0)), n);
  }
}

std::string test_name(const testing::TestParamInfo<std::size_t>& info) {
  static const std::vector<std::pair<std::string, std::string>> words = {
      {"operator+=", "add_assign"},
      {"operator-=", "subtract_assign"},
      {"operator*=", "multiply_assign"},
      {"operator/=", "divide_assign"},
      {"operator+", "add"},
      {"operator-", "subtract"},
      {"operator*", "multiply"},
      {"operator/", "divide"}};
  const auto& row = cases::gradient_cases()[info.param];
  std::string name = row.name;
  for (const auto& [sign, word] : words) {
    if (name == sign) name = word;
  }
  name += "_" + row.variant + "_" + std::to_string(info.param);
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

const auto all = rows_where([](const GradientCase&) { return true; });
const auto with_edges = rows_where([](const GradientCase& c) { return !c.edges.empty(); });
const auto elementwise =
    rows_where([](const GradientCase& c) { return c.kind == Kind::elementwise; });
INSTANTIATE_TEST_SUITE_P(Table, GradientCases, testing::ValuesIn(all), test_name);
INSTANTIATE_TEST_SUITE_P(Table, GradientEdges, testing::ValuesIn(with_edges), test_name);
INSTANTIATE_TEST_SUITE_P(Table, ElementwiseCases, testing::ValuesIn(elementwise), test_name);

}  // namespace
