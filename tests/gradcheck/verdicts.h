#pragma once
// Reading a report, and functions for compare_gradients to judge.

#include <gtest/gtest.h>

#include <string>
#include <type_traits>
#include <vector>

#include <nablur/gradcheck/compare_gradients.h>
#include <nablur/ops/reduce.h>

template <class X>
using ScalarOf = typename std::remove_cvref_t<X>::value_type;

/// The row of a derivation against another; of input `input` if there are several.
inline nablur::GradientRow row_of(const nablur::GradientReport& report,
                                  const std::string& derivation, const std::string& against,
                                  std::size_t input = 0) {
  for (const nablur::GradientRow& row : report.rows) {
    if (row.derivation != derivation || row.against != against) continue;
    if (input-- == 0) return row;
  }
  ADD_FAILURE() << "no row for " << derivation << " against " << against << "\n" << report;
  return {};
}

inline nablur::Verdict verdict_of(const nablur::GradientReport& report,
                                  const std::string& derivation = "tape",
                                  const std::string& against = "differences",
                                  std::size_t input = 0) {
  return row_of(report, derivation, against, input).verdict;
}

/// The rows that differ are exactly those of these derivations.
inline void expect_only_differ(const nablur::GradientReport& report,
                               const std::vector<std::string>& derivations) {
  for (const std::string& derivation : derivations) {
    bool found = false;
    for (const nablur::GradientRow& row : report.rows) {
      found = found || (row.derivation == derivation && row.verdict == nablur::Verdict::differs);
    }
    EXPECT_TRUE(found) << derivation << " is not accused\n" << report;
  }
  for (const nablur::GradientRow& row : report.rows) {
    bool named = false;
    for (const std::string& derivation : derivations) named = named || row.derivation == derivation;
    EXPECT_TRUE(named || row.verdict != nablur::Verdict::differs)
        << row.derivation << " is accused\n"
        << report;
  }
  EXPECT_TRUE(report.differs());
  EXPECT_FALSE(report.agrees());
}

/// An operator on each element, with a slope that may be another one than the value's.
template <class T, class Value, class Slope>
nablur::Variable<T> pointwise(const nablur::Variable<T>& x, const Value& value,
                              const Slope& slope) {
  auto y = nablur::Tensor<T>::empty(x.shape());
  auto d = nablur::Tensor<T>::empty(x.shape());
  for (std::int64_t i = 0; i < x.size(); ++i) {
    y.mutable_data()[i] = value(x.value().data()[i]);
    d.mutable_data()[i] = slope(x.value().data()[i]);
  }
  return nablur::record("pointwise", y, {{x, [d](const nablur::Tensor<T>& g) { return g * d; }}});
}

/// A number without its tangent.
template <class T>
double plain(const T& x) {
  if constexpr (nablur::is_dual<T>) {
    return static_cast<double>(x.value);
  } else {
    return static_cast<double>(x);
  }
}

/// The verdict on a derivative at one point; the true one (the tape's) if none is given.
template <class T, class F>
nablur::Verdict judge(const F& f, double x) {
  const auto report = nablur::compare_gradients(f, nablur::Tensor<T>{static_cast<T>(x)});
  EXPECT_NE(verdict_of(report), nablur::Verdict::differs) << report;
  EXPECT_NE(verdict_of(report, "forward mode"), nablur::Verdict::differs) << report;
  return verdict_of(report);
}
template <class T, class F>
nablur::Verdict judge(const F& f, double x, double claim) {
  const nablur::Tensor<T> gradient{static_cast<T>(claim)};
  const auto report = nablur::compare_gradients(f, nablur::Tensor<T>{static_cast<T>(x)}, {},
                                                {nablur::NamedGradients<T>{"by hand", {gradient}}});
  return verdict_of(report, "by hand");
}

/// x ↦ sum(f(x)).
inline constexpr auto sum_of = [](const auto& f) {
  return [f](const auto& x) { return sum(f(x)); };
};
