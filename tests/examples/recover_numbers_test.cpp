// The reader of numbers, in process: what it takes, and line and column of what it refuses.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <limits>

#include <nablur/support/error.h>

#include "recover/numbers.h"

namespace {

using recover::parse_numbers;
using Numbers = std::vector<double>;

std::string refusal(std::string_view text) {
  try {
    parse_numbers(text, "f");
  } catch (const nablur::Error& error) {
    return error.what();
  }
  return "";
}

TEST(Numbers, AreSeparatedByWhiteSpaceCommasAndNewlines) {
  EXPECT_EQ(parse_numbers("1 2\t3\v4\f5,6 , 7,8,\n9\n\n10", "f"),
            (Numbers{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
}

TEST(Numbers, StandOnLinesOfAnySystem) {
  for (const char* text :
       {"1,2\n3,4\n", "1,2\r\n3,4\r\n", "1,2\r3,4\r", "1,2\n3,4", "1,2,\r\n3,4,\r\n"}) {
    EXPECT_EQ(parse_numbers(text, "f"), (Numbers{1, 2, 3, 4})) << text;
  }
}

TEST(Numbers, AreSpelledAsProgramsSpellThem) {
  EXPECT_EQ(parse_numbers("1. .5 -.5 +5 -0 1e3 1E+3 1.5e-3 010 00.5 +.5e0", "f"),
            (Numbers{1, 0.5, -0.5, 5, 0, 1000, 1000, 1.5e-3, 10, 0.5, 0.5}));
  EXPECT_TRUE(std::signbit(parse_numbers("-0", "f")[0]));
}

TEST(Numbers, AreRoundedCorrectlyToTheEndsOfTheRange) {
  constexpr double least = std::numeric_limits<double>::denorm_min();
  EXPECT_EQ(
      parse_numbers(
          "4.9406564584124654e-324 2.4703282292062328e-324 2.4703282292062327e-324 1e-999 -1e-999",
          "f"),
      (Numbers{least, least, 0, 0, 0}));
  EXPECT_EQ(parse_numbers("1.7976931348623157e308 1.7976931348623158e308", "f")[1],
            std::numeric_limits<double>::max());
  EXPECT_EQ(parse_numbers("9007199254740993 9007199254740992.9999999999999999999999", "f"),
            (Numbers{9007199254740992, 9007199254740992}));
  EXPECT_EQ(parse_numbers("0." + std::string(1000, '0') + "1e1001", "f"), Numbers{1});
  EXPECT_EQ(parse_numbers("1" + std::string(1000, '0') + "e-1000", "f"), Numbers{1});
}

TEST(Numbers, MayBeWrittenOutToTheLastDigit) {
  char digits[1200];
  for (const double number :
       {std::numeric_limits<double>::denorm_min(), -std::numeric_limits<double>::min()}) {
    std::snprintf(digits, sizeof digits, "%.1074f", number);
    EXPECT_EQ(parse_numbers(digits, "f"), Numbers{number});
  }
}

TEST(Numbers, MayFollowAByteOrderMark) {
  EXPECT_EQ(parse_numbers("\xEF\xBB\xBF"
                          "1,2",
                          "f"),
            (Numbers{1, 2}));
  EXPECT_EQ(parse_numbers("\xEF\xBB\xBF\n 1", "f"), Numbers{1});
  EXPECT_EQ(refusal("\xEF\xBB\xBF"), "f: holds no number");
  EXPECT_EQ(refusal("\xEF\xBB\xBF,1"), "f, line 1, column 1: a number is missing before a comma");
  EXPECT_EQ(refusal("\xEF\xBB\xBF\xEF\xBB\xBF"
                    "1"),
            "f, line 1, column 1: \"\\xef\\xbb\\xbf1\" is not a number");
  EXPECT_EQ(refusal("1 \xEF\xBB\xBF"
                    "2"),
            "f, line 1, column 3: \"\\xef\\xbb\\xbf2\" is not a number");
  EXPECT_EQ(refusal("1\n\xEF\xBB\xBF"
                    "2"),
            "f, line 2, column 1: \"\\xef\\xbb\\xbf2\" is not a number");
  EXPECT_EQ(refusal("\xEF\xBB"
                    "1"),
            "f, line 1, column 1: \"\\xef\\xbb1\" is not a number");
}

TEST(Numbers, AreRefusedWithLineAndColumn) {
  EXPECT_EQ(refusal("1 2\n3 x4\n"), "f, line 2, column 3: \"x4\" is not a number");
  EXPECT_EQ(refusal("1\r2\r\n3 4,\tx"), "f, line 3, column 6: \"x\" is not a number");
  EXPECT_EQ(refusal("1\n\r2 x"), "f, line 3, column 3: \"x\" is not a number");
  EXPECT_EQ(refusal("1,,2"), "f, line 1, column 3: a number is missing before a comma");
  EXPECT_EQ(refusal("1\n,2"), "f, line 2, column 1: a number is missing before a comma");
  EXPECT_EQ(refusal("1\r,2"), "f, line 2, column 1: a number is missing before a comma");
  EXPECT_EQ(refusal(","), "f, line 1, column 1: a number is missing before a comma");
}

TEST(Numbers, AreNothingElse) {
  for (const char* text : {"abc",
                           "1.5.3",
                           "0x10",
                           "0x1p3",
                           "1e",
                           "1e+",
                           "e5",
                           "+",
                           "-",
                           ".",
                           "+-5",
                           "-+5",
                           "++5",
                           "--5",
                           "1-",
                           "1_000",
                           "1'000",
                           "#",
                           "# only a comment",
                           "1;2",
                           "5%",
                           "1f",
                           "1.0f",
                           "1d5",
                           "1L",
                           "NA",
                           "null",
                           "\"1\"",
                           "(1)",
                           "1\xA0"
                           "2",
                           "\xE2\x88\x92"
                           "5",
                           "\xEF\xBC\x91"}) {
    EXPECT_NE(refusal(text).find("is not a number"), std::string::npos)
        << text << ": " << refusal(text);
  }
  for (const char* text :
       {"nan", "NaN", "-nan", "nan(1)", "inf", "-inf", "+inf", "Infinity", "1e999", "-1e309"}) {
    EXPECT_NE(refusal(text).find("is not a finite number"), std::string::npos)
        << text << ": " << refusal(text);
  }
}

TEST(Numbers, AreNotInBinaryNorUtf16Files) {
  using std::string_view_literals::operator""sv;
  for (const std::string_view text : {"1\0"sv, "\0"sv,
                                      "\xFF\xFE"
                                      "1\0\n\0"sv,
                                      "\xFE\xFF\0"
                                      "1"sv,
                                      "1\0 \0002\0"sv}) {
    EXPECT_NE(refusal(text).find("the file is binary or UTF-16"), std::string::npos)
        << refusal(text);
  }
}

TEST(Numbers, MayNotBeMissingAltogether) {
  for (const char* text : {"", " ", "\n\r\n", "\xEF\xBB\xBF  "})
    EXPECT_EQ(refusal(text), "f: holds no number");
}

TEST(Numbers, AreRefusedAtTheFirstFaultOfALineWithoutAnEnd) {
  recover::NumberReader reader("f");
  reader.take("1 ");
  std::string message;
  try {
    for (int i = 0; i < 10'000; ++i) reader.take("9");
  } catch (const nablur::Error& error) {
    message = error.what();
  }
  EXPECT_EQ(message,
            "f, line 1, column 3: \"" + std::string(40, '9') + "...\" is too long for a number");
}

TEST(Numbers, MayBeManyButNotTooMany) {
  recover::NumberReader reader("f");
  const std::string thousand = [] {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "1,";
    return text;
  }();
  for (int i = 0; i < 10'000; ++i) reader.take(thousand);
  try {
    reader.take("1 ");
    ADD_FAILURE() << "one too many was taken";
  } catch (const nablur::Error& error) {
    EXPECT_STREQ(error.what(), "f: holds more than 10000000 numbers");
  }
}

TEST(Numbers, DoNotDependOnThePiecesTheyComeIn) {
  const std::string text =
      "\xEF\xBB\xBF"
      "1.5,\r\n2\r3e1 ,4\n";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    recover::NumberReader reader("f");
    reader.take(std::string_view(text).substr(0, cut));
    reader.take(std::string_view(text).substr(cut));
    EXPECT_EQ(reader.finish(), (Numbers{1.5, 2, 30, 4})) << cut;
  }
}

TEST(Numbers, LeaveTheReaderReadyForAnotherFile) {
  recover::NumberReader reader("f");
  reader.take("1,\n2,");
  EXPECT_EQ(reader.finish(), (Numbers{1, 2}));
  reader.take(
      "\xEF\xBB\xBF"
      "3");
  EXPECT_EQ(reader.finish(), Numbers{3});
}

TEST(Numbers, ArePrintedSoThatTheyReadBackTheSame) {
  for (const double number :
       {0.0, -0.0, 0.1, 1e-5, 123456789012345678.0, 5e-324, 1.7976931348623157e308}) {
    const std::string text = recover::shortest(number);
    EXPECT_EQ(parse_numbers(text, "f"), Numbers{number}) << text;
  }
  EXPECT_EQ(recover::shortest(3), "3.0");
  EXPECT_EQ(recover::shortest(1e-5), "1e-05");
}

TEST(Numbers, AreWholeOnlyIfSpelledSo) {
  EXPECT_EQ(recover::parse_whole("010"), 10);
  EXPECT_EQ(recover::parse_whole("+7"), 7);
  EXPECT_EQ(recover::parse_whole("-7"), -7);
  EXPECT_EQ(recover::parse_whole("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  for (const char* text :
       {"", "+", "-", "+-7", " 7", "7 ", "7.0", "1e3", "0x7", "7u", "9223372036854775808", "inf"}) {
    EXPECT_EQ(recover::parse_whole(text), std::nullopt) << text;
  }
}

}  // namespace
