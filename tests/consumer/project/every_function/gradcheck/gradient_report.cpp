#include <nablur/gradcheck/gradient_report.h>

#include <sstream>

#include "../checks.h"

void checks::gradient_report() {
  using nablur::Verdict;
  nablur::GradientReport report;
  expect("GradientReport::agrees", !report.agrees());
  report.rows.resize(2);
  report.rows[0].derivation = "by hand";
  report.rows[0].verdict = Verdict::agrees;
  report.rows[1].verdict = Verdict::kink;
  expect("GradientReport::differs", !report.differs());
  expect("GradientReport::count",
         report.count(Verdict::kink) == 1 && report.count(Verdict::differs) == 0);
  std::ostringstream table;
  table << report;
  expect("GradientReport::operator<<", table.str().find("by hand") != std::string::npos);
  expect("to_string", std::string(nablur::to_string(Verdict::cannot_tell)) == "cannot tell");
}
