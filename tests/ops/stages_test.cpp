// Each stage of the blur's kernels against a plain loop, on every instruction set that this machine
// runs: what is wrong is found by stage.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/stages-inl.h"
#include <hwy/foreach_target.h>  // before highway.h

#include <hwy/highway.h>

#include <nablur/autodiff/tensor.h>
#include <nablur/ops/detail/lines.h>
#include <nablur/ops/detail/targets.h>
#include <nablur/support/random.h>

#include "ops/stages-inl.h"

namespace {

using namespace nablur;
using detail::AxisFilter;
using detail::Plane;
using detail::stages::Stages;
using detail::stages::TargetStages;

struct Target {
  std::string name;
  const Stages<float>* floats;
  const Stages<double>* doubles;
};

std::vector<Target> supported() {
  std::vector<Target> all;
  detail::for_each_target(
      hwy::SupportedTargets(),
      [&]<std::int64_t target>(std::integral_constant<std::int64_t, target>) {
        using Compiled = TargetStages<target>;
        if (Compiled::floats == nullptr) return;
        all.push_back({hwy::TargetName(target), Compiled::floats, Compiled::doubles});
      });
  return all;
}

template <class T>
class KernelStages : public testing::Test {
 protected:
  // check(the stages of an instruction set)
  template <class Check>
  void on_every_target(const Check& check) {
    const auto targets = supported();
    ASSERT_FALSE(targets.empty());
    for (const Target& target : targets) {
      SCOPED_TRACE(target.name);
      if constexpr (std::is_same_v<T, float>) {
        check(*target.floats);
      } else {
        check(*target.doubles);
      }
    }
  }
  // Aligned to 64 bytes.
  Tensor<T> numbers(std::int64_t n) { return Tensor<T>::uniform(Shape{n}, random_) - T(0.25); }

  void expect_near(T got, long double expected, long double magnitude) const {
    EXPECT_NEAR(got, static_cast<double>(expected),
                static_cast<double>(8 * magnitude * std::numeric_limits<T>::epsilon()));
  }

 private:
  Random random_{3};
};

using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(KernelStages, Scalars);

// A vector of the radius before the first output and behind the last, and what a last block reads.
constexpr std::int64_t kBeyond = 16;

TYPED_TEST(KernelStages, FoldSumsTheTapsOfEachLane) {
  using T = TypeParam;
  this->on_every_target([&](const Stages<T>& stages) {
    const std::int64_t L = stages.lanes;
    for (std::int64_t radius = 0; radius <= 23; ++radius) {
      for (const std::int64_t count : {1, 2, 5, 6, 7, 10, 11, 23}) {
        const auto in = this->numbers((count + 2 * radius + kBeyond) * L);
        const auto w = this->numbers(radius + 1);
        const auto h = this->numbers(radius + 1);
        auto out = Tensor<T>::zeros({(count + kBeyond) * L});
        auto out_e = Tensor<T>::zeros({(count + kBeyond) * L});
        const T* const centre = in.data() + radius * L;
        const auto check = [&](const Tensor<T>& got, const Tensor<T>& taps) {
          for (std::int64_t i = 0; i < count * L; ++i) {
            long double sum = 0;
            long double magnitude = 0;
            for (std::int64_t d = -radius; d <= radius; ++d) {
              const long double term =
                  static_cast<long double>(taps(std::abs(d))) * centre[i + d * L];
              sum += term;
              magnitude += std::abs(term);
            }
            this->expect_near(got(i), sum, magnitude);
          }
        };
        stages.fold(centre, w.data(), h.data(), radius, count, out.mutable_data(),
                    out_e.mutable_data());
        check(out, w);
        check(out_e, h);
        stages.fold(centre, w.data(), h.data(), radius, count, out.mutable_data(), nullptr);
        check(out, w);
        stages.fold(centre, w.data(), h.data(), radius, count, nullptr, out_e.mutable_data());
        check(out_e, h);
      }
    }
  });
}

TYPED_TEST(KernelStages, TransposeTurnsRowsIntoColumns) {
  using T = TypeParam;
  this->on_every_target([&](const Stages<T>& stages) {
    const std::int64_t L = stages.lanes;
    const auto in = Tensor<T>::arange(static_cast<double>(L * L));
    auto out = Tensor<T>::zeros({L * L});
    stages.transpose(in.data(), out.mutable_data());
    for (std::int64_t i = 0; i < L; ++i) {
      for (std::int64_t j = 0; j < L; ++j) EXPECT_EQ(out(j * L + i), in(i * L + j));
    }
  });
}

TYPED_TEST(KernelStages, EndsCorrectTheEndSamplesAlone) {
  using T = TypeParam;
  this->on_every_target([&](const Stages<T>& stages) {
    constexpr std::int64_t n = 12;
    const auto tail = this->numbers(8);
    const auto check = [&](auto finish, std::int64_t width, const AxisFilter<T>& axis,
                           std::int64_t first, std::int64_t last) {
      const auto in = this->numbers(n * width);
      const auto before = this->numbers(n * width);
      Tensor<T> out = before;
      finish(axis, first, last, in.data() + first * width, out.mutable_data() + first * width,
             static_cast<T*>(nullptr));
      for (std::int64_t i = 0; i < n * width; ++i) {
        const std::int64_t sample = i / width;
        long double expected = before(i);
        long double magnitude = std::abs(expected);
        const auto end = [&](std::int64_t where, std::int64_t step) {
          if (sample != where) return;
          if (axis.mirror_adjoint) expected *= 0.5L;
          for (std::int64_t k = 0; k < axis.tail_reach; ++k) {
            const long double term =
                static_cast<long double>(tail(k + 1)) * in(i + k * step * width);
            expected += term;
            magnitude += std::abs(term);
          }
        };
        if (first == 0) end(0, 1);
        if (last == n) end(n - 1, -1);
        this->expect_near(out(i), expected, magnitude);
      }
    };
    for (const bool mirror : {true, false}) {
      AxisFilter<T> axis;
      axis.n = n;
      axis.mirror_adjoint = mirror;
      axis.w_tail = mirror ? nullptr : tail.data();
      axis.tail_reach = mirror ? 0 : 7;
      for (const auto& [first, last] : {std::pair{0, 12}, {0, 8}, {4, 12}, {4, 8}}) {
        check(stages.ends, stages.lanes, axis, first, last);
        check(stages.ends_of_line, 1, axis, first, last);
      }
    }
  });
}

TYPED_TEST(KernelStages, DotAddsAllProducts) {
  using T = TypeParam;
  this->on_every_target([&](const Stages<T>& stages) {
    for (std::int64_t count = 0; count <= 70; ++count) {
      const auto a = this->numbers(count * stages.lanes);
      const auto b = this->numbers(count * stages.lanes);
      long double sum = 0;
      long double magnitude = 0;
      for (std::int64_t i = 0; i < a.size(); ++i) {
        const long double term = static_cast<long double>(a(i)) * b(i);
        sum += term;
        magnitude += std::abs(term);
      }
      this->expect_near(static_cast<T>(stages.dot(a.data(), b.data(), count)), sum, magnitude);
    }
  });
}

TYPED_TEST(KernelStages, PanelFiltersAcrossRowsUnderEveryBorder) {
  using T = TypeParam;
  this->on_every_target([&](const Stages<T>& stages) {
    constexpr std::int64_t rows = 9;
    for (const Border border :
         {Border::zero, Border::replicate, Border::symmetric, Border::mirror, Border::circular}) {
      for (const std::int64_t radius : {0, 1, 4, 13}) {
        for (const std::int64_t columns : {1, 7, 16, 40, 64}) {
          const std::int64_t pitch = columns + 3;
          const auto image = this->numbers(rows * pitch);
          const auto w = this->numbers(radius + 1);
          Plane<T> plane;
          plane.across = {.n = rows, .radius = radius, .w = w.data(), .border = border};
          plane.inner = columns;
          plane.pitch = pitch;
          plane.in = image.data();
          constexpr std::int64_t first = 2;
          constexpr std::int64_t last = 9;
          auto scratch = Tensor<T>::zeros({stages.panel_scratch(plane, last - first)});
          auto out = Tensor<T>::zeros({(last - first) * columns});
          stages.panel(plane, first, last, columns, scratch.mutable_data(), out.mutable_data());
          for (std::int64_t i = 0; i < out.size(); ++i) {
            long double sum = 0;
            long double magnitude = 0;
            for (std::int64_t d = -radius; d <= radius; ++d) {
              const std::int64_t row = detail::border_index(first + i / columns + d, rows, border);
              if (row < 0) continue;
              const long double term =
                  static_cast<long double>(w(std::abs(d))) * image(row * pitch + i % columns);
              sum += term;
              magnitude += std::abs(term);
            }
            this->expect_near(out(i), sum, magnitude);
          }
        }
      }
    }
  });
}

}  // namespace
