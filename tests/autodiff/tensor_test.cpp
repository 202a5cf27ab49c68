#include <gtest/gtest.h>
#include <nablur/autodiff/tensor.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "../messages.h"
#include "../numbers.h"

using namespace nablur;

namespace {

// Counts how often it is destroyed while it owns something.
struct Owner {
  explicit Owner(int* count) : destroyed(count) {}
  Owner(Owner&& other) noexcept : destroyed(std::exchange(other.destroyed, nullptr)) {}
  Owner& operator=(Owner&&) = delete;
  ~Owner() {
    if (destroyed != nullptr) ++*destroyed;
  }
  int* destroyed;
};

struct OwnerThatCannotMove {
  OwnerThatCannotMove() = default;
  OwnerThatCannotMove(OwnerThatCannotMove&&) { throw std::runtime_error("cannot move"); }
};

TEST(Tensor, ReadsAndWritesElementsAndRows) {
  Tensor<double> x{{1, 2}, {3, 4}};
  const Tensor<double> before = x;
  x.set({1, -2}, 30);
  EXPECT_EQ(x(1, 0), 30);
  EXPECT_EQ(before(1, 0), 3) << "another holder sees the write";
  EXPECT_EQ(x[1].shape(), Shape{2});
  EXPECT_EQ(x[1](0), 30);
  EXPECT_EQ(x[-2][1].item(), 2);
  EXPECT_EQ(x[0].data(), x.data()) << "copied";
  EXPECT_EQ(x.value().data(), x.data());
  EXPECT_THROW(x.set({0}, 1), Error);
  EXPECT_THROW(x.set({0, 2}, 1), Error);
  EXPECT_THROW(x[2], Error);
  EXPECT_THROW(x[0][0][0], Error);
}

TEST(Tensor, TakesShapesKnownAtRunTime) {
  const std::vector<int> sizes{2, 3};
  EXPECT_EQ(Tensor<double>::ones(sizes).shape(), (Shape{2, 3}));
  EXPECT_EQ(Tensor<float>::zeros(std::vector<std::int64_t>{}).rank(), 0);
  EXPECT_THROW(Tensor<double>::ones(std::vector<int>{-1}), Error);
}

}  // namespace

TEST(Tensor, IsCastToIntegersOnlyIfTheyFit) {
  EXPECT_EQ(numbers((Tensor<double>{-2.9, 2.9, -0x1p63}).cast<std::int64_t>()),
            (std::vector<std::int64_t>{-2, 2, std::numeric_limits<std::int64_t>::min()}));
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(message_of([&] { Tensor<float>{infinity}.cast<std::int64_t>(); }),
            "cast: inf does not fit a 64-bit integer");
  EXPECT_EQ(message_of([] { Tensor<double>{0x1p63}.cast<std::int64_t>(); }),
            "cast: 9223372036854775808 does not fit a 64-bit integer");
  const Tensor<Dual<double>> nan(Shape{},
                                 Dual<double>(std::numeric_limits<double>::quiet_NaN(), 1));
  EXPECT_THROW(nan.cast<std::int64_t>(), Error);
  EXPECT_TRUE(nan.cast<bool>().item()) << "as static_cast has it";
}

TEST(Tensor, StartsWithoutElements) {
  const Tensor<double> t;
  EXPECT_EQ(t.shape(), Shape{0});
  EXPECT_EQ(t.size(), 0);
  EXPECT_EQ(t.begin(), t.end());
  EXPECT_THROW(t.item(), Error);
}

TEST(Tensor, IsMadeFromNumbers) {
  EXPECT_EQ(Tensor<double>(2.5).rank(), 0);
  EXPECT_EQ(Tensor<double>(3).item(), 3);
  EXPECT_EQ((Tensor<float>{1, 2, 3}).shape(), Shape{3});
  EXPECT_EQ(numbers(Tensor<double>({2, 2}, {1, 2, 3, 4})), (std::vector<double>{1, 2, 3, 4}));
  EXPECT_EQ(numbers(Tensor<double>::full({3}, 7)), (std::vector<double>{7, 7, 7}));
  EXPECT_EQ(numbers(Tensor<double>::ones({2})), (std::vector<double>{1, 1}));
  EXPECT_EQ(Tensor<double>::zeros({0, 4}).size(), 0);
  EXPECT_THROW((Tensor<double>({2, 2}, {1, 2, 3})), Error);
}

TEST(Tensor, OwnBuffersStartOn64Bytes) {
  for (std::int64_t n = 0; n < 40; ++n) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(Tensor<float>::zeros({n}).data()) % 64, 0U);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(Tensor<Dual<double>>::zeros({n, n * n}).data()) % 64,
              0U);
    EXPECT_EQ(
        reinterpret_cast<std::uintptr_t>(Tensor<double>::zeros({1, 1, 1, 1, 1, n}).data()) % 64,
        0U);
  }
}

TEST(Tensor, ARangeIsNumPys) {
  EXPECT_EQ(numbers(Tensor<double>::arange(3)), (std::vector<double>{0, 1, 2}));
  EXPECT_EQ(numbers(Tensor<std::int64_t>::arange(1, 6, 2)), (std::vector<std::int64_t>{1, 3, 5}));
  EXPECT_EQ(numbers(Tensor<double>::arange(2, 0, -0.5)), (std::vector<double>{2, 1.5, 1, 0.5}));
  EXPECT_EQ(Tensor<double>::arange(2, 0).size(), 0);
  EXPECT_THROW(Tensor<double>::arange(0, 1, 0), Error);
  EXPECT_THROW(Tensor<double>::arange(0, std::numeric_limits<double>::infinity()), Error);
  EXPECT_THROW(Tensor<double>::arange(std::numeric_limits<double>::quiet_NaN()), Error);
  EXPECT_THROW(Tensor<double>::arange(0, 1e300), Error);
  EXPECT_THROW(Tensor<double>::arange(1e19), Error);
  EXPECT_EQ(message_of([] { Tensor<std::int64_t>::arange(1e19, 1.5e19, 1e18); }),
            "arange: 1e+19 does not fit a 64-bit integer");
}

TEST(Tensor, LinspaceHoldsBothEnds) {
  EXPECT_EQ(numbers(Tensor<double>::linspace(0, 1, 5)),
            (std::vector<double>{0, 0.25, 0.5, 0.75, 1}));
  EXPECT_EQ(Tensor<double>::linspace(0, 0.1, 8)(-1), 0.1);
  EXPECT_EQ(numbers(Tensor<double>::linspace(3, 9, 1)), (std::vector<double>{3}));
  EXPECT_EQ(Tensor<double>::linspace(3, 9, 0).size(), 0);
  EXPECT_THROW(Tensor<double>::linspace(0, 1, -1), Error);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(message_of([&] { Tensor<double>::linspace(0, nan, 3); }),
            "linspace: first and last must be finite, got 0 and nan");
  EXPECT_THROW(Tensor<std::int64_t>::linspace(nan, 0, 3), Error);
  EXPECT_EQ(message_of([] { Tensor<std::int64_t>::linspace(0, 1e30, 3); }),
            "linspace: 5e+29 does not fit a 64-bit integer");
  EXPECT_EQ(numbers(Tensor<double>::linspace(-1.5e308, 1.5e308, 3)),
            (std::vector<double>{-1.5e308, 0, 1.5e308}));
}

TEST(Tensor, CopiesShareUntilOneIsWrittenTo) {
  Tensor<double> a{1, 2, 3};
  auto b = a;
  EXPECT_EQ(a.data(), b.data());
  b.mutable_data()[0] = 9;
  EXPECT_EQ(numbers(a), (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(numbers(b), (std::vector<double>{9, 2, 3}));
  const double* place = b.data();
  b.mutable_data()[1] = 8;
  EXPECT_EQ(b.data(), place) << "a sole holder writes in place";
  const Tensor<double> moved = std::move(b);
  EXPECT_EQ(moved.data(), place);
}

TEST(Tensor, AssignsToItself) {
  Tensor<double> a{1, 2};
  const Tensor<double>& same = a;
  a = same;
  EXPECT_EQ(numbers(a), (std::vector<double>{1, 2}));
  a += same;
  EXPECT_EQ(numbers(a), (std::vector<double>{2, 4}));
}

TEST(Tensor, IndexesFromBothEnds) {
  const Tensor<double> t({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(t(1, 2), 6);
  EXPECT_EQ(t(-1, -3), 4);
  EXPECT_EQ(Tensor<double>(5.0)(), 5);
  EXPECT_THROW(t(2, 0), Error);
  EXPECT_THROW(t(0, -4), Error);
  EXPECT_THROW(t(0), Error);
  EXPECT_THROW(t(0, 0, 0), Error);
  EXPECT_THROW(t.item(), Error);
  EXPECT_EQ((Tensor<double>({1, 1}, {4})).item(), 4);
}

TEST(Tensor, ReshapedSharesTheNumbers) {
  const auto t = Tensor<double>::arange(6);
  const auto r = t.reshaped({2, 3});
  EXPECT_EQ(r.data(), t.data());
  EXPECT_EQ(r(1, 0), 3);
  EXPECT_THROW(t.reshaped({4}), Error);
  EXPECT_EQ(Tensor<double>().reshaped({3, 0}).shape(), (Shape{3, 0}));
  auto far = t.reshaped({1, 1, 1, 1, 6});
  far.mutable_data()[0] = 50;
  EXPECT_EQ(t(0), 0);
}

TEST(Tensor, RowsShareTheNumbersAndKeepThemAlive) {
  auto t = Tensor<double>::arange(8).reshaped({4, 2});
  auto middle = t.rows(1, 3);
  EXPECT_EQ(middle.data(), t.data() + 2);
  const auto last = middle.rows(1, 2);
  t = {};
  middle = {};
  EXPECT_EQ(numbers(last), (std::vector<double>{4, 5}));
}

TEST(Tensor, WritingToRowsLeavesTheWholeAlone) {
  const Tensor<double> t({2, 2}, {1, 2, 3, 4});
  auto row = t.rows(0, 1);
  row.mutable_data()[0] = 9;
  EXPECT_EQ(t(0, 0), 1);
  EXPECT_EQ(row(0, 0), 9);
  auto whole = t;
  const auto kept = whole.rows(1, 2);
  whole.mutable_data()[2] = 7;
  EXPECT_EQ(kept(0, 0), 3);
}

TEST(Tensor, RowsRefuseWhatIsNotThere) {
  const auto t = Tensor<double>::ones({3, 2});
  EXPECT_EQ(t.rows(3, 3).shape(), (Shape{0, 2}));
  EXPECT_EQ(Tensor<double>::ones({0, 2}).rows(0, 0).size(), 0);
  EXPECT_THROW(t.rows(-1, 2), Error);
  EXPECT_THROW(t.rows(2, 1), Error);
  EXPECT_THROW(t.rows(0, 4), Error);
  EXPECT_THROW(Tensor<double>(1.0).rows(0, 0), Error);
}

TEST(Tensor, WrapAdoptsMemoryWithoutACopyAndLetsItsOwnerGoOnce) {
  std::vector<double> memory{1, 2, 3, 4};
  int destroyed = 0;
  {
    auto t = Tensor<double>::wrap(memory.data(), {2, 2}, Owner(&destroyed));
    EXPECT_EQ(t.data(), memory.data());
    auto copy = t;
    const auto row = t.rows(1, 2);
    t = {};
    copy.mutable_data()[0] = 9;
    EXPECT_EQ(destroyed, 0) << "a row still looks at the memory";
    EXPECT_EQ(numbers(row), (std::vector<double>{3, 4}));
    EXPECT_EQ(copy(0, 0), 9);
  }
  EXPECT_EQ(destroyed, 1);
  EXPECT_EQ(memory, (std::vector<double>{1, 2, 3, 4})) << "foreign memory is never written";
}

TEST(Tensor, ASoleHolderOfWrappedMemoryDoesNotWriteIt) {
  const std::vector<double> memory{1, 2};
  auto t = Tensor<double>::wrap(memory.data(), {2}, 0);
  t += Tensor<double>(1.0);
  t.mutable_data()[0] = 7;
  EXPECT_EQ(memory, (std::vector<double>{1, 2}));
  EXPECT_EQ(numbers(t), (std::vector<double>{7, 3}));
}

TEST(Tensor, WrapTakesMoveOnlyOwnersAndAnyAlignment) {
  auto memory = std::make_unique<float[]>(5);
  memory[1] = 3;
  const float* odd = memory.get() + 1;
  const auto t = Tensor<float>::wrap(odd, {4}, std::move(memory));
  EXPECT_EQ(t(0), 3);
  EXPECT_EQ((t + t)(0), 6);
}

TEST(Tensor, WrapLeaksNothingWhereItThrows) {
  const double x = 1;
  const auto held = Tensor<double>::ones({100});
  const auto before = pool::usage().in_use;
  EXPECT_THROW(Tensor<double>::wrap(&x, {}, OwnerThatCannotMove()), std::runtime_error);
  EXPECT_THROW(Tensor<double>::wrap(&x, {1, 1, 1, 1, 1}, OwnerThatCannotMove()),
               std::runtime_error);
  EXPECT_THROW(Tensor<double>::wrap(nullptr, {2}, 0), Error);
  EXPECT_EQ(pool::usage().in_use, before);
  EXPECT_EQ(Tensor<double>::wrap(nullptr, {0}, 0).size(), 0);
}

TEST(Tensor, ConvertsElements) {
  EXPECT_EQ(numbers(Tensor<double>({1.9, -1.9}).cast<std::int64_t>()),
            (std::vector<std::int64_t>{1, -1}));
  EXPECT_EQ(numbers(Tensor<bool>({true, false}).cast<double>()), (std::vector<double>{1, 0}));
  const Tensor<double> same{1, 2};
  EXPECT_EQ(same.cast<double>().data(), same.data());
  const auto dual = same.cast<Dual<double>>();
  EXPECT_EQ(dual(1).value, 2);
  EXPECT_EQ(dual(1).tangent, 0);
  EXPECT_EQ(make_dual(same, Tensor<double>{5, 6}).cast<float>()(0), 1.0f);
}

TEST(Tensor, ComputesWithItsLikeAndWithNumbers) {
  const Tensor<double> a{1, 2};
  const Tensor<double> b{4, 8};
  EXPECT_EQ(numbers(a + b), (std::vector<double>{5, 10}));
  EXPECT_EQ(numbers(a - b), (std::vector<double>{-3, -6}));
  EXPECT_EQ(numbers(a * b), (std::vector<double>{4, 16}));
  EXPECT_EQ(numbers(a / b), (std::vector<double>{0.25, 0.25}));
  EXPECT_EQ(numbers(-a), (std::vector<double>{-1, -2}));
  EXPECT_EQ(numbers(8.0 / b), (std::vector<double>{2, 1}));
  EXPECT_EQ(numbers(b - 1.0), (std::vector<double>{3, 7}));
  EXPECT_EQ(numbers(1.0 - b), (std::vector<double>{-3, -7}));
  EXPECT_EQ((Tensor<double>(1.0) + Tensor<double>(2.0)).rank(), 0);
  EXPECT_THROW(a + Tensor<double>({1, 2, 3}), Error);
  EXPECT_EQ((a + a.reshaped({1, 2})).shape(), (Shape{1, 2}));
  EXPECT_EQ(numbers(a * Tensor<double>{3}), (std::vector<double>{3, 6}));
  EXPECT_THROW((Tensor<bool>{true} + Tensor<bool>{true}), Error);
}

TEST(Tensor, UpdatesInPlaceWhereNobodyElseLooks) {
  Tensor<double> a{1, 2};
  const double* place = a.data();
  a += Tensor<double>{10, 20};
  a -= 1.0;
  EXPECT_EQ(a.data(), place);
  EXPECT_EQ(numbers(a), (std::vector<double>{10, 21}));
  const auto shared = a;
  a += 1.0;
  EXPECT_EQ(numbers(shared), (std::vector<double>{10, 21}));
  EXPECT_EQ(numbers(a), (std::vector<double>{11, 22}));
  EXPECT_THROW(a += Tensor<double>({1, 2, 3}), Error);
  Tensor<double> number = 1.0;
  EXPECT_THROW(number += a, Error);
}

TEST(Tensor, RefusesToDivideIntegersWithoutAResult) {
  const Tensor<std::int64_t> least{std::numeric_limits<std::int64_t>::min(), 6};
  EXPECT_THROW((least / Tensor<std::int64_t>{1, 0}), Error);
  EXPECT_THROW((least / Tensor<std::int64_t>(-1)), Error) << "2^63 is no int64";
  EXPECT_EQ(numbers(least / Tensor<std::int64_t>{2, -3}),
            (std::vector<std::int64_t>{-(std::int64_t{1} << 62), -2}));
}

TEST(Tensor, ThrowsWhereItsBytesCannotBeHad) {
  EXPECT_THROW(Tensor<double>::zeros({std::int64_t{1} << 62}), Error);
  EXPECT_THROW(Tensor<double>::zeros({std::int64_t{1} << 44}), Error);
  EXPECT_THROW(Tensor<float>::empty({std::numeric_limits<std::int64_t>::max()}), Error);
}

TEST(Tensor, JoinsValuesAndTangents) {
  const auto d = make_dual(Tensor<double>{1, 2}, Tensor<double>{3, 4});
  EXPECT_EQ(d(1).value, 2);
  EXPECT_EQ(numbers(tangent_of(d)), (std::vector<double>{3, 4}));
  EXPECT_THROW(make_dual(Tensor<double>{1, 2}, Tensor<double>{3}), Error);
}
