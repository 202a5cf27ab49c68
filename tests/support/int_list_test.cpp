// A short list of integers: inline up to four, pooled beyond, from lists of any integers.

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include <nablur/support/detail/int_list.h>

namespace {

using nablur::detail::IntegerList;
using nablur::detail::IntList;

std::vector<std::int64_t> values(const IntList& list) { return {list.begin(), list.end()}; }

TEST(IntList, IsMadeFromAnyListOfIntegers) {
  EXPECT_EQ(values(IntList(std::vector<int>{3, -1})), (std::vector<std::int64_t>{3, -1}));
  EXPECT_EQ(values(IntList(std::array<unsigned short, 2>{7, 9})),
            (std::vector<std::int64_t>{7, 9}));
  EXPECT_TRUE(values(IntList(std::vector<std::int64_t>{})).empty());
  static_assert(!IntegerList<std::string> && !IntegerList<std::vector<double>>);
}

TEST(IntList, CopiesMovesAndComparesShortAndLong) {
  for (const std::int64_t count : {0, 1, 4, 5, 9}) {
    IntList a(count, 7);
    for (std::int64_t i = 0; i < count; ++i) a[i] = i;
    IntList b = a;
    EXPECT_TRUE(a == b);
    if (count > 0) {
      b[count - 1] = -1;
      EXPECT_FALSE(a == b);
      EXPECT_EQ(a[count - 1], count - 1) << "shared";
    }
    const IntList c = std::move(a);
    EXPECT_EQ(c.count(), count);
    EXPECT_EQ(values(a = c), values(c));
  }
  EXPECT_FALSE(IntList(4, 1) == IntList(5, 1));
}

}  // namespace
