// No operator is without a row in the table of gradient cases.

#include "gradient_cases.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <string>

using namespace nablur;

namespace {

// The names of all functions in ops/*.h that return a Variable.
std::set<std::string> operators_in_headers() {
  std::set<std::string> names;
  const std::regex function(
      R"((?:std::vector<ResultOf<[^<>]*>>|ResultOf<[^<>]*>|Variable<(?:[^<>]|<[^<>]*>)*>)(?:\s+|\s*&\s*)(operator[^\s(]+|\w+)\()");
  for (const auto& file : std::filesystem::directory_iterator(NABLUR_SOURCE_DIR "/ops")) {
    if (file.path().extension() != ".h") continue;
    std::ifstream in(file.path());
    std::string text;
    for (std::string line; std::getline(in, line);) {
      const bool inner =
          line.find("static") != std::string::npos || line.find("///") != std::string::npos;
      if (!inner) text += line + "\n";
    }
    for (std::sregex_iterator found(text.begin(), text.end(), function), end; found != end; ++found)
      names.insert((*found)[1]);
  }
  return names;
}

TEST(GradientCaseTable, HasALiveRowForEveryOperatorInTheHeaders) {
  std::set<std::string> rows;
  for (const auto& row : cases::gradient_cases()) rows.insert(row.name);
  const auto operators = operators_in_headers();
  EXPECT_GE(operators.size(), 40u) << "the headers are no longer read as they should be";
  for (const auto& name : operators)
    EXPECT_TRUE(rows.count(name)) << name << " has no row in tests/gradient_cases.cpp";
  for (const auto& name : rows)
    EXPECT_TRUE(operators.count(name)) << "the row " << name << " belongs to no operator";
}

// Each line of the page's table is held against the header that it names.
TEST(OperatorsPage, NamesFunctionsThatTheirHeadersHave) {
  std::ifstream page(NABLUR_SOURCE_DIR "/docs/operators.md");
  const std::regex header("^\\| `(ops/[a-z_]+\\.h)` \\|");
  const std::regex function("`([a-z][a-z0-9_]+)`");
  std::set<std::string> found;
  for (std::string line; std::getline(page, line);) {
    std::smatch named;
    if (!std::regex_search(line, named, header)) continue;
    std::ifstream in(NABLUR_SOURCE_DIR "/" + named[1].str());
    const std::string text(std::istreambuf_iterator<char>(in), {});
    for (std::sregex_iterator name(line.begin(), line.end(), function), end; name != end; ++name) {
      EXPECT_NE(text.find(" " + (*name)[1].str() + "("), std::string::npos)
          << named[1] << " has no " << (*name)[1];
      found.insert((*name)[1]);
    }
  }
  EXPECT_GE(found.size(), 50u) << "the page is no longer read as it should be";
}

}  // namespace
