// The names of the borders, ours and other libraries'.

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include <nablur/ops/border.h>
#include <nablur/ops/convolve.h>
#include <nablur/ops/gaussian_blur.h>

#include "../messages.h"

namespace {

using namespace nablur;

constexpr Border kAll[] = {Border::zero, Border::replicate, Border::symmetric, Border::mirror,
                           Border::circular};

TEST(Border, IsOneOfFiveNumbers) {
  const auto none = static_cast<Border>(77);
  const Tensor<double> x{1, 2, 3};
  EXPECT_STREQ(to_string(none), "unknown");
  EXPECT_EQ(message_of([&] { gaussian_blur(x, 1.0, {.border = none}); }),
            "gaussian_blur: 77 is none of the five borders");
  EXPECT_EQ(message_of([&] { convolve(x, x, 0, static_cast<Border>(-1)); }),
            "convolve: -1 is none of the five borders");
}

TEST(Border, NamesReadBack) {
  const char* const names[] = {"zero", "replicate", "symmetric", "mirror", "circular"};
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_STREQ(to_string(kAll[i]), names[i]);
    EXPECT_EQ(border_from_name(names[i]), kAll[i]);
  }
  EXPECT_STRNE(to_string(static_cast<Border>(77)), "");
}

TEST(Border, ReflectIsRefusedByAMessageThatNamesBothMeanings) {
  expect_message("border_from_name", {"reflect", "symmetric", "mirror", "ba|abcd|dc", "cb|abcd|cb"},
                 [] { border_from_name("reflect"); });
}

TEST(Border, OtherNamesAreRefusedWithTheKnownOnes) {
  for (const char* name : {"Zero", "", "nearest", "zero "}) {
    expect_message(
        "border_from_name",
        {std::string("\"") + name + '"', "zero", "replicate", "symmetric", "mirror", "circular"},
        [&] { border_from_name(name); });
  }
}

// https://docs.scipy.org/doc/scipy/reference/generated/scipy.ndimage.correlate1d.html
TEST(Border, ScipyModesMeanWhatTheirDocumentationDraws) {
  const std::pair<const char*, Border> modes[] = {
      {"reflect", Border::symmetric},  // d c b a | a b c d | d c b a
      {"grid-mirror", Border::symmetric},
      {"constant", Border::zero},  // k k k k | a b c d | k k k k
      {"grid-constant", Border::zero},
      {"nearest", Border::replicate},  // a a a a | a b c d | d d d d
      {"mirror", Border::mirror},      // d c b | a b c d | c b a
      {"grid-wrap", Border::circular},
      {"wrap", Border::circular},  // a b c d | a b c d | a b c d
  };
  for (const auto& [mode, border] : modes) EXPECT_EQ(border_from_scipy(mode), border) << mode;
  expect_message("border_from_scipy", {"\"symmetric\"", "nearest"},
                 [] { border_from_scipy("symmetric"); });
}

// https://docs.opencv.org/4.x/d2/de8/group__core__array.html: CONSTANT = 0, REPLICATE = 1, REFLECT
// = 2, WRAP = 3, REFLECT_101 = 4
TEST(Border, OpencvTypesMeanWhatTheirDocumentationDraws) {
  const std::pair<std::string, Border> types[] = {
      {"CONSTANT", Border::zero},        // iiiiii|abcdefgh|iiiiiii
      {"REPLICATE", Border::replicate},  // aaaaaa|abcdefgh|hhhhhhh
      {"REFLECT", Border::symmetric},    // fedcba|abcdefgh|hgfedcb
      {"WRAP", Border::circular},        // cdefgh|abcdefgh|abcdefg
      {"REFLECT_101", Border::mirror},   // gfedcb|abcdefgh|gfedcba
  };
  for (int number = 0; number < 5; ++number) {
    const auto& [type, border] = types[number];
    EXPECT_EQ(border_from_opencv(number), border) << number;
    EXPECT_EQ(border_from_opencv(type), border) << type;
    EXPECT_EQ(border_from_opencv("BORDER_" + type), border) << type;
  }
  EXPECT_EQ(border_from_opencv("BORDER_DEFAULT"), Border::mirror);
  EXPECT_EQ(border_from_opencv("BORDER_REFLECT101"), Border::mirror);
  expect_message("border_from_opencv", {"\"BORDER_TRANSPARENT\"", "REPLICATE"},
                 [] { border_from_opencv("BORDER_TRANSPARENT"); });
  expect_message("border_from_opencv", {"5"}, [] { border_from_opencv(5); });
  expect_message("border_from_opencv", {"-1"}, [] { border_from_opencv(-1); });
}

// https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pad.html, and
// torch.nn.Conv2d's padding_mode
TEST(Border, TorchModesMeanWhatTheirDocumentationSays) {
  EXPECT_EQ(border_from_torch("constant"), Border::zero);
  EXPECT_EQ(border_from_torch("zeros"), Border::zero);
  EXPECT_EQ(border_from_torch("reflect"), Border::mirror);
  EXPECT_EQ(border_from_torch("replicate"), Border::replicate);
  EXPECT_EQ(border_from_torch("circular"), Border::circular);
  expect_message("border_from_torch", {"\"symmetric\"", "circular"},
                 [] { border_from_torch("symmetric"); });
}

}  // namespace
