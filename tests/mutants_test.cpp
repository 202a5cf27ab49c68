// The mutants of scripts/mutate.py still fit the sources: whoever changes a line that one of them
// spoils hears of it here.

#include <gtest/gtest.h>

#include <cctype>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>

namespace {

std::string text_of(const std::string& file) {
  std::stringstream text;
  text << std::ifstream(std::string(NABLUR_SOURCE_DIR "/") + file).rdbuf();
  return text.str();
}

// Line breaks and indentation are clang-format's business.
std::string without_spaces(std::string text) {
  std::erase_if(text, [](unsigned char c) { return std::isspace(c) != 0; });
  return text;
}

int occurrences(const std::string& text, const std::string& part) {
  int count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

TEST(Mutants, EachSpoilsATextThatStandsExactlyOnceInItsFile) {
  const auto list = nlohmann::json::parse(text_of("tests/mutants.json")).at("mutants");
  ASSERT_GE(list.size(), 45u);
  std::set<std::string> names;
  for (const auto& mutant : list) {
    const auto name = mutant.at("name").get<std::string>();
    const auto file = mutant.at("file").get<std::string>();
    const auto old = mutant.at("old").get<std::string>();
    EXPECT_TRUE(names.insert(name).second) << "two mutants are called " << name;
    EXPECT_EQ(occurrences(without_spaces(text_of(file)), without_spaces(old)), 1)
        << file << ", mutant \"" << name << "\": mend tests/mutants.json";
    EXPECT_NE(old, mutant.at("new").get<std::string>()) << name;
    EXPECT_FALSE(mutant.at("tests").get<std::string>().empty()) << name;
  }
}

}  // namespace
