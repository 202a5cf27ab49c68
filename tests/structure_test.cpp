// What the build cannot see: which file may include which, which files belong together, and that the README's code is real.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;
using Names = std::set<std::string>;

const fs::path root = NABLUR_SOURCE_DIR;

// From the ground up: a file of autodiff/ includes only what stands before it.
const Lines order = {"export",      "error",  "detail/process",  "process",     "detail/blocks", "detail/common_pool",
                     "common_pool", "pool",   "detail/parallel", "threads",     "arena",         "shape",
                     "dual",        "random", "tensor",          "eigen",       "sum",           "variable",
                     "tape",        "to_dot", "gradients",       "derivatives", "checkpoint",    "compare_gradients"};

// What a public header may ask of the standard library: nothing that is slow to compile.
const Names light = {"array",    "cmath", "cstddef",   "cstdint", "initializer_list", "iosfwd",      "limits",  "new",
                     "optional", "span",  "stdexcept", "string",  "string_view",      "type_traits", "utility", "vector"};

Lines lines_of(const std::string& file) {
  std::ifstream in(root / file);
  Lines lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string text_of(const std::string& file) {
  std::stringstream text;
  text << std::ifstream(root / file).rdbuf();
  return text.str();
}

// Paths from the root of all files below a folder whose names end so.
Lines files_in(const std::string& folder, const Names& endings) {
  Lines files;
  if (!fs::exists(root / folder)) return files;
  for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
    if (endings.count(entry.path().extension().string()) > 0) {
      files.push_back(entry.path().lexically_relative(root).generic_string());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

Lines sources_in(const Lines& folders) {
  Lines all;
  for (const std::string& folder : folders) {
    const Lines files = files_in(folder, {".h", ".hpp", ".cpp"});
    all.insert(all.end(), files.begin(), files.end());
  }
  return all;
}

struct Include {
  char kind;  // < or "
  std::string path;
};

std::vector<Include> includes_of(const std::string& file) {
  static const std::regex pattern(R"re(\s*#\s*include\s*([<"])([^>"]+)[>"].*)re");
  std::vector<Include> includes;
  std::smatch match;
  for (const std::string& line : lines_of(file)) {
    if (std::regex_match(line, match, pattern)) includes.push_back({match[1].str()[0], match[2].str()});
  }
  return includes;
}

// The words between a command's name with its first argument, and the closing bracket.
Names words_in_cmake(const std::string& command) {
  const std::string text = text_of("CMakeLists.txt");
  const std::size_t begin = text.find(command);
  if (begin == std::string::npos) return {};
  std::istringstream in(text.substr(begin + command.size(), text.find(')', begin) - begin - command.size()));
  Names words;
  for (std::string word; in >> word;) words.insert(word);
  return words;
}

Names public_headers() { return words_in_cmake("set(NABLUR_PUBLIC_HEADERS"); }

Names as_set(const Lines& lines) { return {lines.begin(), lines.end()}; }

Lines cmake_files() {
  Lines files = {"CMakeLists.txt"};
  for (const std::string folder : {"cmake", "examples", "bench", "tests", "docs"}) {
    for (const std::string& file : files_in(folder, {".txt", ".cmake"})) {
      if (folder == "cmake" || fs::path(file).filename() == "CMakeLists.txt") files.push_back(file);
    }
  }
  return files;
}

// In the order, of a path below autodiff/.
Lines::const_iterator place(const std::string& path) {
  return std::find(order.begin(), order.end(), fs::path(path).replace_extension().generic_string());
}

TEST(Structure, AutodiffIncludesOnlyWhatStandsBeforeItInTheOrder) {
  for (const std::string& file : sources_in({"autodiff"})) {
    const auto self = place(file.substr(9));
    ASSERT_TRUE(self != order.end()) << file << " has no place in the order";
    for (const Include& include : includes_of(file)) {
      EXPECT_FALSE(include.path.starts_with("nablur/ops/") || include.path == "nablur/nablur.h")
          << file << " includes " << include.path;
      if (!include.path.starts_with("nablur/autodiff/")) continue;
      const auto other = place(include.path.substr(16));
      const bool own = other == self && fs::path(file).extension() == ".cpp";
      EXPECT_TRUE(other < self || own) << file << " includes " << include.path << ", which stands above it";
    }
  }
}

// In quotes stands only what a folder of programs keeps for itself.
TEST(Structure, EveryIncludeOfOursIsSpelledWithNablur) {
  for (const std::string& file : sources_in({"autodiff", "ops", "examples", "bench", "tests"})) {
    const std::string folder = file.substr(0, file.find('/') + 1);
    for (const Include& include : includes_of(file)) {
      const std::string target = (fs::path(file).parent_path() / include.path).lexically_normal().generic_string();
      if (include.kind == '"') {
        EXPECT_TRUE(folder != "autodiff/" && folder != "ops/" && target.starts_with(folder)) << file << " includes " << target;
      } else if (file != "tests/consumer/project/main.cpp") {  // where the other library's <autodiff/...> is meant
        EXPECT_FALSE(include.path.starts_with("autodiff/") || include.path.starts_with("ops/"))
            << file << " includes " << include.path;
      }
    }
  }
}

TEST(Structure, PublicHeadersAreLight) {
  const Names headers = public_headers();
  ASSERT_FALSE(headers.empty());
  for (const std::string& header : headers) {
    for (const Include& include : includes_of(header)) {
      if (include.path.starts_with("nablur/")) {
        EXPECT_EQ(headers.count(include.path.substr(7)), 1u) << header << " includes " << include.path << ", which is not public";
      } else if (include.path.starts_with("Eigen/")) {
        EXPECT_EQ(header, "autodiff/eigen.h") << header << " includes " << include.path;
      } else {
        EXPECT_EQ(light.count(include.path), 1u) << header << " includes <" << include.path << '>';
      }
    }
  }
}

TEST(Structure, ExamplesBenchmarksAndConsumersSeePublicHeadersOnly) {
  const Names headers = public_headers();
  for (const std::string& file : sources_in({"examples", "bench", "tests/consumer", "tests/misuse"})) {
    for (const Include& include : includes_of(file)) {
      if (!include.path.starts_with("nablur/")) continue;
      EXPECT_EQ(headers.count(include.path.substr(7)), 1u) << file << " includes " << include.path << ", which is not public";
    }
  }
}

TEST(Structure, CMakeListsNamesEveryFileOfTheLibrary) {
  Names open = {"nablur.h"};
  Names closed;
  for (const std::string folder : {"autodiff", "ops"}) {
    for (const std::string& file : files_in(folder, {".h"}))
      (file.find("/detail/") == std::string::npos ? open : closed).insert(file);
  }
  EXPECT_EQ(public_headers(), open);
  EXPECT_EQ(words_in_cmake("set(NABLUR_PRIVATE_HEADERS"), closed);

  Names sources = as_set(files_in("autodiff", {".cpp"}));
  sources.merge(as_set(files_in("ops", {".cpp"})));
  EXPECT_EQ(words_in_cmake("add_library(nablur\n"), sources);
}

TEST(Structure, EverySourceHasATestOfItsName) {
  for (const std::string folder : {"autodiff", "ops"}) {
    const Lines sources = files_in(folder, {".cpp"});
    EXPECT_FALSE(sources.empty());
    for (const std::string& source : sources) {
      const std::string test = "tests/" + source.substr(0, source.size() - 4) + "_test.cpp";
      EXPECT_TRUE(fs::exists(root / test)) << source << " has no " << test;
    }
  }
}

TEST(Structure, NoFileIsTooLongToBeReadInOneSitting) {
  Lines files = sources_in({"autodiff", "ops", "examples", "bench", "tests"});
  for (const std::string folder : {"cmake", "scripts", "bench"}) {
    for (const std::string& file : files_in(folder, {".cmake", ".sh", ".py"})) files.push_back(file);
  }
  for (const std::string& file : files) {
    const std::size_t count = lines_of(file).size();
    EXPECT_LE(count, 350u) << file << " has " << count << " lines";
  }
}

// Flags are the business of presets and of who builds.
TEST(Structure, NoTargetCarriesFlagsOfItsOwn) {
  static const std::regex comment("#[^\n]*");
  static const std::regex command(R"re((\w+)\s*\(([^()]*)\))re");
  static const std::regex flag(R"re((^|[\s"=;:>])(-W[a-z]\S*|-fsanitize\S*|-O\w+|-march\S*|-m(avx|sse|tune)\S*|-ffast-math))re");
  std::smatch found;
  for (const std::string& file : cmake_files()) {
    const std::string text = std::regex_replace(text_of(file), comment, "");
    ASSERT_FALSE(text.empty()) << file;
    for (auto it = std::sregex_iterator(text.begin(), text.end(), command); it != std::sregex_iterator(); ++it) {
      const std::string name = (*it)[1];
      const std::string arguments = (*it)[2];
      if (name == "if" || name == "elseif") continue;  // asking which flags there are is no harm
      EXPECT_FALSE(std::regex_search(arguments, found, flag)) << file << ": " << name << "(…" << found.str() << "…)";
    }
  }
}

// scripts/packages.sh on a fresh machine must bring all that the CMake files and the sources ask for.
TEST(Structure, TheScriptsInstallWhateverIsAskedFor) {
  static const std::map<std::string, std::string> packages = {{"CLI", "libcli11-dev"},
                                                              {"CLI11", "libcli11-dev"},
                                                              {"Doxygen", "doxygen"},
                                                              {"Eigen", "libeigen3-dev"},
                                                              {"Eigen3", "libeigen3-dev"},
                                                              {"GTest", "libgtest-dev"},
                                                              {"OpenCV", "libopencv-dev"},
                                                              {"Threads", "g++"},
                                                              {"benchmark", "libbenchmark-dev"},
                                                              {"gmock", "libgmock-dev"},
                                                              {"gtest", "libgtest-dev"},
                                                              {"hwy", "libhwy-dev"},
                                                              {"nlohmann", "nlohmann-json3-dev"},
                                                              {"nlohmann_json", "nlohmann-json3-dev"},
                                                              {"rapidcheck", "librapidcheck-dev"},
                                                              {"sanitizer", "g++"},
                                                              {"opencv2", "libopencv-dev"},
                                                              {"sys", "g++"},
                                                              {"unsupported", "libeigen3-dev"}};
  const std::string script = text_of("scripts/packages.sh");
  ASSERT_FALSE(script.empty());
  const auto expect_installed = [&](const std::string& name, const std::string& file) {
    const auto package = packages.find(name);
    ASSERT_TRUE(package != packages.end()) << file << " asks for " << name << ": which Debian package is that?";
    const std::regex word("(^|[\\s(])" + std::regex_replace(package->second, std::regex("\\+"), "\\+") + "($|[\\s):])");
    EXPECT_TRUE(std::regex_search(script, word)) << file << " asks for " << name << "; packages.sh lacks " << package->second;
  };

  static const std::regex module(R"re(find_package\((\w+))re");
  for (const std::string& file : cmake_files()) {
    if (file.starts_with("tests/consumer/")) continue;
    const std::string text = text_of(file);
    for (auto it = std::sregex_iterator(text.begin(), text.end(), module); it != std::sregex_iterator(); ++it) {
      expect_installed((*it)[1], file);
    }
  }
  for (const std::string& file : sources_in({"autodiff", "ops", "examples", "bench", "tests"})) {
    for (const Include& include : includes_of(file)) {
      const std::size_t slash = include.path.find('/');
      if (include.kind != '<' || slash == std::string::npos) continue;
      const std::string folder = include.path.substr(0, slash);
      if (folder != "nablur" && folder != "autodiff") expect_installed(folder, file);
    }
  }
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
    ASSERT_TRUE(i + 1 < readme.size() && readme[i + 1] == "```cpp") << "no ```cpp below " << readme[i];
    const auto first = readme.begin() + static_cast<std::ptrdiff_t>(i) + 2;
    const Lines shown(first, std::find(first, readme.end(), "```"));
    const Lines code = region(file, match[2]);
    EXPECT_FALSE(code.empty()) << file << " has no region [" << match[2] << ']';
    EXPECT_EQ(shown, code) << "README.md differs from " << file;
  }
  EXPECT_GT(marked, 0) << "README.md shows no code of the examples";
}

}  // namespace
