#include <gtest/gtest.h>
#include <nablur/autodiff/shape.h>
#include <nablur/support/error.h>
#include <rapidcheck/gtest.h>

#include <cstdlib>
#include <limits>
#include <stdexcept>
#include <string>

#include "../messages.h"

using namespace nablur;

TEST(Error, IsAnInvalidArgumentWithItsMessage) {
  try {
    fail("add: no");
    FAIL();
  } catch (const std::invalid_argument& e) {
    EXPECT_STREQ(e.what(), "add: no");
    EXPECT_NE(dynamic_cast<const Error*>(&e), nullptr);
  }
}

TEST(Error, TellsRefusedMemoryFromBadInput) {
  const OutOfMemory some("pool", 80);
  EXPECT_STREQ(static_cast<const std::exception&>(some).what(),
               "pool: 80 bytes of memory could not be had from the system");
  EXPECT_STREQ(OutOfMemory("to_dot").what(), "to_dot: memory could not be had from the system");
  const std::string long_name(100, 'n');
  EXPECT_EQ(OutOfMemory(long_name.c_str(), std::numeric_limits<std::size_t>::max()).what(),
            long_name.substr(0, 64) +
                ": 18446744073709551615 bytes of memory could not be had from the system");
  EXPECT_EQ(message_of([] { detail::or_out_of_memory("op", [] { throw std::bad_alloc(); }); }),
            "op: memory could not be had from the system");
  EXPECT_THROW(detail::or_out_of_memory("op", [] { throw std::bad_alloc(); }), OutOfMemory);
}

TEST(Error, JoinsTextNumbersAndShapes) {
  const std::string name = "sum";
  EXPECT_EQ(
      detail::concat(name, ": axis ", -3, " of ", Shape{2, 3}, ", ", 7u, std::string_view("!")),
      "sum: axis -3 of (2, 3), 7!");
  EXPECT_EQ(detail::concat(), "");
}

TEST(Error, ShowsTheLimitsOfIntegers) {
  EXPECT_EQ(detail::concat(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(detail::concat(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
}

TEST(Error, ShowsTheShortestDigits) {
  EXPECT_EQ(detail::concat(0.1, " ", 0.1f, " ", -1.0, " ", 2.5), "0.1 0.1 -1 2.5");
  EXPECT_EQ(detail::concat(std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(detail::concat(std::numeric_limits<double>::quiet_NaN()), "nan");
}

RC_GTEST_PROP(Error, ShowsDoublesThatReadBackAsTheSame, (double x)) {
  RC_ASSERT(std::strtod(detail::concat(x).c_str(), nullptr) == x);
}

RC_GTEST_PROP(Error, ShowsFloatsThatReadBackAsTheSame, (float x)) {
  RC_ASSERT(std::strtof(detail::concat(x).c_str(), nullptr) == x);
}
