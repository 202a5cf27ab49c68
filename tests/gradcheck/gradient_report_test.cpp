#include <gtest/gtest.h>
#include <nablur/gradcheck/gradient_report.h>

#include <algorithm>
#include <iomanip>
#include <sstream>
#include <string>
#include <vector>

using namespace nablur;

namespace {

GradientRow row(Verdict verdict, const std::string& place = "x0[1]") {
  GradientRow r;
  r.derivation = "tape";
  r.against = "differences";
  r.place = place;
  r.value = 0.5;
  r.step = 1e-2;
  r.verdict = verdict;
  return r;
}

std::vector<std::string> lines_of(const GradientReport& report) {
  std::stringstream text;
  text << report;
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST(GradientReport, AgreesOnlyIfEveryRowDoes) {
  EXPECT_FALSE(GradientReport{}.agrees());
  EXPECT_FALSE(GradientReport{}.differs());
  EXPECT_TRUE((GradientReport{{row(Verdict::agrees), row(Verdict::agrees)}}).agrees());
  for (const Verdict other : {Verdict::differs, Verdict::cannot_tell, Verdict::kink}) {
    const GradientReport report{{row(Verdict::agrees), row(other)}};
    EXPECT_FALSE(report.agrees()) << to_string(other);
    EXPECT_EQ(report.differs(), other == Verdict::differs) << to_string(other);
    EXPECT_EQ(report.count(other), 1);
    EXPECT_EQ(report.count(Verdict::agrees), 1);
  }
}

TEST(GradientReport, NamesItsVerdicts) {
  EXPECT_STREQ(to_string(Verdict::agrees), "agrees");
  EXPECT_STREQ(to_string(Verdict::differs), "differs");
  EXPECT_STREQ(to_string(Verdict::cannot_tell), "cannot tell");
  EXPECT_STREQ(to_string(Verdict::kink), "kink");
}

TEST(GradientReport, IsATableWithALineForEachRow) {
  const auto lines = lines_of({{row(Verdict::agrees), row(Verdict::differs),
                                row(Verdict::cannot_tell), row(Verdict::kink)}});
  ASSERT_EQ(lines.size(), 5u);
  for (const char* title :
       {"derivation", "against", "worst at", "value", "reference", "step", "estimate", "verdict"}) {
    EXPECT_NE(lines[0].find(title), std::string::npos) << title;
  }
  const char* verdicts[] = {"agrees", "DIFFERS", "cannot tell", "kink"};
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_TRUE(lines[i + 1].ends_with(verdicts[i])) << lines[i + 1];
}

TEST(GradientReport, CutsNothing) {
  GradientRow r = row(Verdict::differs, "x0[100000, 200000, 300000, 400000, 500000]");
  r.derivation = "the gradient by hand, from the paper's third appendix";
  r.against = std::string(400, 'a');
  r.note = std::string(2000, 'n');
  const auto lines = lines_of({{r, row(Verdict::agrees)}});
  for (const std::string& part : {r.derivation, r.against, r.place, r.note}) {
    EXPECT_NE(lines[1].find(part), std::string::npos) << part;
  }
  const std::size_t verdict = lines[0].find("verdict");
  EXPECT_EQ(lines[1].find("DIFFERS"), verdict);
  EXPECT_EQ(lines[2].find("agrees"), verdict);
}

TEST(GradientReport, KeepsItsColumnsWithLettersOfSeveralBytes) {
  GradientRow r = row(Verdict::agrees);
  r.derivation = "∂σ";
  const auto lines = lines_of({{r, row(Verdict::agrees)}});
  EXPECT_EQ(lines[1].find("differences"), lines[2].find("differences") + 3);  // 5 bytes, 2 letters
}

TEST(GradientReport, LeavesBlankWhatARowHasNoNumbersFor) {
  GradientRow r = row(Verdict::agrees, "");
  r.step = 0;
  const auto lines = lines_of({{r, row(Verdict::agrees)}});
  EXPECT_EQ(std::count_if(lines[1].begin(), lines[1].end(),
                          [](unsigned char c) { return std::isdigit(c) != 0; }),
            0)
      << lines[1];
}

TEST(GradientReport, DoesNotTouchTheStream) {
  std::ostringstream out;
  out << std::setprecision(3) << GradientReport{{row(Verdict::agrees)}} << 1.23456;
  EXPECT_TRUE(out.str().ends_with("\n1.23"));
}
