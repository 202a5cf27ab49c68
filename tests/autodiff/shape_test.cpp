#include <gtest/gtest.h>
#include <nablur/autodiff/shape.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "../messages.h"

using namespace nablur;

namespace {

using Sizes = std::vector<std::int64_t>;

Shape shape_of(const Sizes& sizes) { return Shape(std::span<const std::int64_t>(sizes)); }

// NumPy's manual: line the shapes up at their last axes, with ones on the left of the shorter; the
// sizes along an axis must be equal, or one of them 1.
std::optional<Sizes> numpy_broadcast(Sizes a, Sizes b) {
  a.insert(a.begin(), std::max(a.size(), b.size()) - a.size(), 1);
  b.insert(b.begin(), a.size() - b.size(), 1);
  Sizes out;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i]) {
      out.push_back(a[i]);
    } else if (a[i] == 1) {
      out.push_back(b[i]);
    } else if (b[i] == 1) {
      out.push_back(a[i]);
    } else {
      return std::nullopt;
    }
  }
  return out;
}

// Up to rank 6, past what a Shape holds inline; mostly ones, or hardly any pair would broadcast.
rc::Gen<Sizes> any_sizes() {
  return rc::gen::resize(6, rc::gen::container<Sizes>(rc::gen::weightedElement<std::int64_t>(
                                {{5, 1}, {4, 3}, {2, 2}, {1, 4}, {1, 0}})));
}

}  // namespace

TEST(Shape, OfRankZeroHasOneElement) {
  const Shape s;
  EXPECT_EQ(s.rank(), 0);
  EXPECT_EQ(s.size(), 1);
  EXPECT_EQ(to_string(s), "()");
  EXPECT_EQ(s, Shape{});
}

TEST(Shape, CountsItsElements) {
  EXPECT_EQ((Shape{2, 3}).size(), 6);
  EXPECT_EQ((Shape{2, 0, 3}).size(), 0);
  EXPECT_EQ((Shape{1, 2, 3, 4, 5, 6}).size(), 720);
}

TEST(Shape, IndexesItsAxesFromBothEnds) {
  const Shape s{2, 3, 5};
  EXPECT_EQ(s[0], 2);
  EXPECT_EQ(s[2], 5);
  EXPECT_EQ(s[-1], 5);
  EXPECT_EQ(s[-3], 2);
  EXPECT_EQ(message_of([&] { static_cast<void>(s[3]); }), "shape: (2, 3, 5) has no axis 3");
  EXPECT_EQ(message_of([&] { static_cast<void>(s[-4]); }), "shape: (2, 3, 5) has no axis -4");
  EXPECT_THROW(static_cast<void>(Shape{}[0]), Error);
  EXPECT_THROW(static_cast<void>(s[std::numeric_limits<std::int64_t>::min()]), Error);
}

TEST(Shape, IsWrittenAsInPython) {
  EXPECT_EQ(to_string(Shape{3}), "(3,)");
  EXPECT_EQ(to_string(Shape{2, 3}), "(2, 3)");
  EXPECT_EQ(to_string(Shape{0, 1, 2, 3, 4}), "(0, 1, 2, 3, 4)");
}

TEST(Shape, RefusesNegativeSizes) {
  EXPECT_EQ(message_of([] { Shape{2, -1}; }), "shape: sizes must be at least 0, got (2, -1)");
  EXPECT_THROW((Shape{0, -1}), Error);
  EXPECT_THROW((Shape{1, 1, 1, 1, 1, -5}), Error);
}

TEST(Shape, RefusesMoreElementsThanFit63Bits) {
  constexpr std::int64_t k32 = std::int64_t{1} << 32;
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ((Shape{kMax}).size(), kMax);
  EXPECT_EQ((Shape{k32, k32 / 4}).size(), std::int64_t{1} << 62);
  EXPECT_THROW((Shape{k32, k32 / 2}), Error);
  EXPECT_THROW((Shape{k32, k32}), Error);
  EXPECT_THROW((Shape{kMax, 2}), Error);
  EXPECT_THROW((Shape{k32, k32, 0}), Error);
  EXPECT_THROW((Shape{k32, 0, k32}), Error);
}

TEST(Shape, CopiesAndMovesAtEveryRank) {
  for (std::size_t rank = 0; rank <= 8; ++rank) {
    Sizes sizes(rank, 2);
    if (rank > 0) sizes[rank - 1] = 3;
    const Shape original = shape_of(sizes);
    Shape copy(original);
    EXPECT_EQ(copy, original);
    const Shape moved(std::move(copy));
    EXPECT_EQ(moved, original);
    Shape assigned{7, 7, 7, 7, 7};
    assigned = original;
    EXPECT_EQ(assigned, original);
    const Shape& self = assigned;
    assigned = self;
    EXPECT_EQ(assigned, original);
    Shape small{9};
    small = std::move(assigned);
    EXPECT_EQ(small, original);
    EXPECT_TRUE(std::equal(small.begin(), small.end(), sizes.begin(), sizes.end()));
  }
}

TEST(Shape, ComparesRankAndSizes) {
  EXPECT_FALSE(Shape{1} == Shape{});
  EXPECT_FALSE((Shape{2, 3}) == (Shape{3, 2}));
  EXPECT_FALSE((Shape{1, 2, 3, 4, 5}) == (Shape{1, 2, 3, 4, 6}));
}

TEST(Axes, DefaultToAll) {
  const Axes resolved = Axes{}.resolve("sum", 3);
  EXPECT_TRUE(Axes{}.all());
  EXPECT_EQ(Sizes(resolved.begin(), resolved.end()), (Sizes{0, 1, 2}));
  EXPECT_EQ(Axes{}.resolve("sum", 0).count(), 0);
}

TEST(Axes, OfAnEmptyListAreNone) {
  const std::vector<std::int64_t> empty;
  EXPECT_FALSE(Axes(empty).all());
  EXPECT_EQ(Axes(empty).resolve("sum", 3).count(), 0);
  EXPECT_FALSE(Axes(empty).resolve("sum", 3).all());
  EXPECT_FALSE(Axes{}.resolve("sum", 0).all()) << "resolved axes are given, also if there are none";
}

TEST(Shape, HasAtMostSixtyFourAxes) {
  const std::vector<std::int64_t> ones(65, 1);
  EXPECT_EQ(Shape(std::span<const std::int64_t>(ones).first(64)).rank(), 64);
  EXPECT_EQ(message_of([&] { Shape{std::span<const std::int64_t>(ones)}; }),
            "shape: the rank must be at most 64, got 65");
}

TEST(Axes, CountFromTheEndWhereNegative) {
  const Axes resolved = (Axes{-1, 0}).resolve("sum", 6);
  EXPECT_EQ(Sizes(resolved.begin(), resolved.end()), (Sizes{5, 0}));
  EXPECT_EQ(resolve_axis("sum", -6, 6), 0);
  EXPECT_EQ(Axes(2)[0], 2);
}

TEST(Axes, RefuseWhatIsNotThereOrNamedTwice) {
  EXPECT_EQ(message_of([] { Axes(2).resolve("sum", 2); }),
            "sum: axis 2 is out of range for rank 2");
  EXPECT_EQ(message_of([] { Axes(-3).resolve("max", 2); }),
            "max: axis -3 is out of range for rank 2");
  EXPECT_THROW(Axes(0).resolve("sum", 0), Error);
  EXPECT_EQ(message_of([] { (Axes{1, -1}).resolve("flip", 2); }), "flip: axis -1 is named twice");
}

// The examples of NumPy's manual, "Broadcasting".
TEST(Broadcast, FollowsTheExamplesOfNumPysManual) {
  EXPECT_EQ(broadcast("add", {256, 256, 3}, {3}), (Shape{256, 256, 3}));
  EXPECT_EQ(broadcast("add", {8, 1, 6, 1}, {7, 1, 5}), (Shape{8, 7, 6, 5}));
  EXPECT_EQ(broadcast("add", {5, 4}, {1}), (Shape{5, 4}));
  EXPECT_EQ(broadcast("add", {15, 3, 5}, {15, 1, 5}), (Shape{15, 3, 5}));
  EXPECT_THROW(broadcast("add", {3}, {4}), Error);
  EXPECT_THROW(broadcast("add", {2, 1}, {8, 4, 3}), Error);
}

TEST(Broadcast, NamesTheOperatorTheShapesAndTheAxis) {
  EXPECT_EQ(message_of([] { broadcast("add", {3, 4}, {5}); }),
            "add: shapes (3, 4) and (5,) do not broadcast at axis 1");
}

TEST(Broadcast, StretchesOneToZeroButNotTwo) {
  EXPECT_EQ(broadcast("add", {1, 3}, {0, 1}), (Shape{0, 3}));
  EXPECT_EQ(broadcast("add", {}, {0}), (Shape{0}));
  EXPECT_THROW(broadcast("add", {2}, {0}), Error);
}

TEST(Broadcast, RefusesAResultThatDoesNotFit) {
  constexpr std::int64_t k32 = std::int64_t{1} << 32;
  EXPECT_THROW(broadcast("add", {k32, 1}, {1, k32}), Error);
}

RC_GTEST_PROP(Broadcast, IsNumPys, ()) {
  const Sizes a = *any_sizes();
  const Sizes b = *any_sizes();
  const auto expected = numpy_broadcast(a, b);
  RC_CLASSIFY(expected.has_value(), "broadcasts");
  if (expected) {
    RC_ASSERT(broadcast("add", shape_of(a), shape_of(b)) == shape_of(*expected));
  } else {
    RC_ASSERT_THROWS_AS(broadcast("add", shape_of(a), shape_of(b)), Error);
  }
  RC_ASSERT(broadcasts_to(shape_of(a), shape_of(b)) == (expected == b));
}
