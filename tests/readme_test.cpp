// The README's code is real: what it shows of the examples stands there, word for word.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

const fs::path root = NABLUR_SOURCE_DIR;

Lines lines_of(const std::string& file) {
  std::ifstream in(root / file);
  Lines lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// The lines between "// [name]" and "// [/name]", without the indentation that they share.
Lines region(const std::string& file, const std::string& name) {
  Lines found;
  bool inside = false;
  std::size_t indent = std::string::npos;
  for (const std::string& line : lines_of(file)) {
    const std::size_t begin = std::min(line.find_first_not_of(' '), line.size());
    if (line.substr(begin) == "// [/" + name + "]") inside = false;
    if (inside) {
      found.push_back(line);
      if (begin < line.size()) indent = std::min(indent, begin);
    }
    if (line.substr(begin) == "// [" + name + "]") inside = true;
  }
  EXPECT_FALSE(inside) << file << " does not close [" << name << ']';
  for (std::string& line : found) line.erase(0, indent);
  return found;
}

TEST(Readme, ShowsTheCodeOfTheExamplesVerbatim) {
  const Lines readme = lines_of("README.md");
  ASSERT_FALSE(readme.empty()) << "there is no README.md";
  static const std::regex mark(R"re(<!-- from (\S+) \[(\w+)\] -->)re");
  int marked = 0;
  std::smatch match;
  for (std::size_t i = 0; i < readme.size(); ++i) {
    if (!std::regex_match(readme[i], match, mark)) continue;
    ++marked;
    const std::string file = match[1];
    ASSERT_TRUE(i + 1 < readme.size() && readme[i + 1] == "```cpp")
        << "no ```cpp below " << readme[i];
    const auto first = readme.begin() + static_cast<std::ptrdiff_t>(i) + 2;
    const Lines shown(first, std::find(first, readme.end(), "```"));
    const Lines code = region(file, match[2]);
    EXPECT_FALSE(code.empty()) << file << " has no region [" << match[2] << ']';
    EXPECT_EQ(shown, code) << "README.md differs from " << file;
  }
  EXPECT_GT(marked, 0) << "README.md shows no code of the examples";
}

}  // namespace
