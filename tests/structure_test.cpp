// What the build cannot see: which file may include which, which files belong together, and that
// the README's code is real.

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

// What a public header may ask of the standard library: nothing that is slow to compile.
const Names light = {"array",     "cmath",  "cstddef",     "cstdint",     "initializer_list",
                     "iosfwd",    "limits", "new",         "optional",    "span",
                     "stdexcept", "string", "string_view", "type_traits", "utility",
                     "vector"};

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
    if (std::regex_match(line, match, pattern))
      includes.push_back({match[1].str()[0], match[2].str()});
  }
  return includes;
}

// The words between a command's name with its first argument, and the closing bracket.
Names words_in_cmake(const std::string& command) {
  const std::string text = text_of("CMakeLists.txt");
  const std::size_t begin = text.find(command);
  if (begin == std::string::npos) return {};
  std::istringstream in(
      text.substr(begin + command.size(), text.find(')', begin) - begin - command.size()));
  Names words;
  for (std::string word; in >> word;) words.insert(word);
  return words;
}

Names public_headers() { return words_in_cmake("set(NABLUR_PUBLIC_HEADERS"); }
Names installed_details() { return words_in_cmake("set(NABLUR_INSTALLED_DETAILS"); }

Names as_set(const Lines& lines) { return {lines.begin(), lines.end()}; }

Lines cmake_files() {
  Lines files = {"CMakeLists.txt"};
  for (const std::string folder : {"cmake", "examples", "tools", "bench", "tests", "docs"}) {
    for (const std::string& file : files_in(folder, {".txt", ".cmake"})) {
      if (folder == "cmake" || fs::path(file).filename() == "CMakeLists.txt") files.push_back(file);
    }
  }
  return files;
}

// The rooms, the lowest first. A room may include those before it, but neither gradcheck nor ops
// the other.
const Lines rooms = {"support", "autodiff", "gradcheck", "ops", "optimize", "io"};

bool may_include(const std::string& room, const std::string& other) {
  return room == other || other == "support" || (other == "autodiff" && room != "support");
}

std::string folder_of(const std::string& path) { return path.substr(0, path.find('/')); }

// Without "detail/" and the ending: what a header and its source share.
std::string stem_of(const std::string& path) {
  return folder_of(path) + "/" + fs::path(path).stem().string();
}

// The files of the rooms, in the order in which the tables of ARCHITECTURE.md name them. A row of
// the route has a number of lines, and does not count.
Lines order_of_files() {
  static const std::regex row(R"re(\| `([a-z_/]+\.(?:h|cpp))` \| [^0-9].*)re");
  Lines order;
  std::smatch match;
  for (const std::string& line : lines_of("ARCHITECTURE.md")) {
    if (std::regex_match(line, match, row)) order.push_back(stem_of(match[1]));
  }
  return order;
}

TEST(Structure, IncludesPointDown) {
  const Lines order = order_of_files();
  const auto place = [&](const std::string& path) {
    return std::find(order.begin(), order.end(), stem_of(path));
  };
  for (const std::string& file : sources_in(rooms)) {
    const std::string room = folder_of(file);
    const bool in_order = room == "support" || room == "autodiff" || room == "gradcheck";
    EXPECT_TRUE(!in_order || place(file) != order.end()) << file << " is not in ARCHITECTURE.md";
    for (const Include& include : includes_of(file)) {
      EXPECT_NE(include.path, "nablur/nablur.h") << file;
      if (!include.path.starts_with("nablur/")) continue;
      const std::string other = include.path.substr(7);
      EXPECT_TRUE(may_include(folder_of(file), folder_of(other))) << file << " includes " << other;
      if (!in_order || folder_of(other) != folder_of(file)) continue;
      const bool own = stem_of(other) == stem_of(file) && fs::path(file).extension() == ".cpp";
      // A source may use all that is private to its room.
      const bool inside =
          fs::path(file).extension() == ".cpp" && other.find("/detail/") != std::string::npos;
      EXPECT_TRUE(own || inside || place(other) < place(file))
          << file << " includes " << other << ", which stands below it";
    }
  }
}

TEST(Structure, TheRouteThroughTheEngineHasTheLinesItSays) {
  static const std::regex row(R"re(\| `([a-z_/]+\.(?:h|cpp))` \| ([0-9]+) \|.*)re");
  std::smatch match;
  int count = 0;
  for (const std::string& line : lines_of("ARCHITECTURE.md")) {
    if (!std::regex_match(line, match, row)) continue;
    ++count;
    EXPECT_NEAR(std::stod(match[2]), static_cast<double>(lines_of(match[1]).size()), 15) << line;
  }
  EXPECT_GT(count, 3);
}

// In quotes stands only what a folder of programs keeps for itself.
TEST(Structure, EveryIncludeOfOursIsSpelledWithNablur) {
  for (const std::string& file : sources_in(
           {"support", "autodiff", "gradcheck", "ops", "examples", "tools", "bench", "tests"})) {
    const std::string folder = file.substr(0, file.find('/') + 1);
    for (const Include& include : includes_of(file)) {
      const std::string target =
          (fs::path(file).parent_path() / include.path).lexically_normal().generic_string();
      if (include.kind == '"') {
        EXPECT_TRUE(std::find(rooms.begin(), rooms.end(), folder_of(file)) == rooms.end() &&
                    target.starts_with(folder))
            << file << " includes " << target;
      } else if (file != "tests/consumer/project/main.cpp") {  // where the other library's
                                                               // <autodiff/...> is meant
        EXPECT_FALSE(include.path.starts_with("autodiff/") || include.path.starts_with("ops/"))
            << file << " includes " << include.path;
      }
    }
  }
}

TEST(Structure, PublicHeadersAreLight) {
  Names headers = public_headers();
  headers.merge(installed_details());
  ASSERT_FALSE(headers.empty());
  for (const std::string& header : headers) {
    for (const Include& include : includes_of(header)) {
      if (include.path.starts_with("nablur/")) {
        EXPECT_EQ(headers.count(include.path.substr(7)), 1u)
            << header << " includes " << include.path << ", which is not installed";
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
  for (const std::string& file :
       sources_in({"examples", "tools", "bench", "tests/consumer", "tests/misuse"})) {
    for (const Include& include : includes_of(file)) {
      if (!include.path.starts_with("nablur/")) continue;
      EXPECT_EQ(headers.count(include.path.substr(7)), 1u)
          << file << " includes " << include.path << ", which is not public";
    }
  }
}
bool is_of_one_instruction_set(const std::string& file) { return file.starts_with("ops/sleef/"); }

TEST(Structure, CMakeListsNamesEveryFileOfTheLibrary) {
  Names open = {"nablur.h"};
  Names closed;
  for (const std::string& folder : rooms) {
    for (const std::string& file : files_in(folder, {".h"}))
      (file.find("/detail/") == std::string::npos ? open : closed).insert(file);
  }
  EXPECT_EQ(public_headers(), open);
  Names details = words_in_cmake("set(NABLUR_PRIVATE_HEADERS");
  details.merge(installed_details());
  EXPECT_EQ(details, closed);

  Names sources;
  for (const std::string& folder : rooms) sources.merge(as_set(files_in(folder, {".cpp"})));
  std::erase_if(sources, is_of_one_instruction_set);
  EXPECT_EQ(words_in_cmake("add_library(nablur\n"), sources);
  for (const std::string& source : files_in("ops/sleef", {".cpp"})) {
    const std::regex set("SLEEF_SETS[ \\w]* " + source.substr(10, source.size() - 14) + "[ )]");
    EXPECT_TRUE(std::regex_search(text_of("CMakeLists.txt"), set)) << source;
  }
}

TEST(Structure, EverySourceHasATestOfItsName) {
  for (const std::string& folder : rooms) {
    const Lines sources = files_in(folder, {".cpp"});
    EXPECT_FALSE(sources.empty());
    for (const std::string& source : sources) {
      if (is_of_one_instruction_set(source)) continue;  // tests/ops/loops_test.cpp
      const std::string test = "tests/" + source.substr(0, source.size() - 4) + "_test.cpp";
      EXPECT_TRUE(fs::exists(root / test)) << source << " has no " << test;
    }
  }
}

TEST(Structure, NoFileIsTooLongToBeReadInOneSitting) {
  Lines files = sources_in(
      {"support", "autodiff", "gradcheck", "ops", "examples", "tools", "bench", "tests"});
  for (const std::string folder : {"cmake", "scripts", "bench"}) {
    for (const std::string& file : files_in(folder, {".cmake", ".sh", ".py"}))
      files.push_back(file);
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
  static const std::regex flag(
      R"re((^|[\s"=;:>])(-W[a-z]\S*|-fsanitize\S*|-O\w+|-march\S*|-m(avx|sse|tune)\S*|-ffast-math))re");
  std::smatch found;
  for (const std::string& file : cmake_files()) {
    const std::string text = std::regex_replace(text_of(file), comment, "");
    ASSERT_FALSE(text.empty()) << file;
    for (auto it = std::sregex_iterator(text.begin(), text.end(), command);
         it != std::sregex_iterator(); ++it) {
      const std::string name = (*it)[1];
      const std::string arguments = (*it)[2];
      if (name == "if" || name == "elseif") continue;  // asking which flags there are is no harm
      if (name == "set_source_files_properties" && is_of_one_instruction_set(arguments)) continue;
      EXPECT_FALSE(std::regex_search(arguments, found, flag))
          << file << ": " << name << "(…" << found.str() << "…)";
    }
  }
}

// scripts/packages.sh on a fresh machine must bring all that the CMake files and the sources ask
// for.
TEST(Structure, TheScriptsInstallWhateverIsAskedFor) {
  static const std::map<std::string, std::string> packages = {
      {"CLI", "libcli11-dev"},
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
      {"sleef", "libsleef-dev"},
      {"opencv2", "libopencv-dev"},
      {"sys", "g++"},
      {"unsupported", "libeigen3-dev"}};
  const std::string script = text_of("scripts/packages.sh");
  ASSERT_FALSE(script.empty());
  const auto expect_installed = [&](const std::string& name, const std::string& file) {
    const auto package = packages.find(name);
    ASSERT_TRUE(package != packages.end())
        << file << " asks for " << name << ": which Debian package is that?";
    const std::regex word("(^|[\\s(])" +
                          std::regex_replace(package->second, std::regex("\\+"), "\\+") +
                          "($|[\\s):])");
    EXPECT_TRUE(std::regex_search(script, word))
        << file << " asks for " << name << "; packages.sh lacks " << package->second;
  };

  static const std::regex module(R"re(find_package\((\w+))re");
  for (const std::string& file : cmake_files()) {
    if (file.starts_with("tests/consumer/")) continue;
    const std::string text = text_of(file);
    for (auto it = std::sregex_iterator(text.begin(), text.end(), module);
         it != std::sregex_iterator(); ++it) {
      expect_installed((*it)[1], file);
    }
  }
  for (const std::string& file : sources_in(
           {"support", "autodiff", "gradcheck", "ops", "examples", "tools", "bench", "tests"})) {
    for (const Include& include : includes_of(file)) {
      const std::size_t slash = include.path.find('/');
      if (include.kind != '<' || slash == std::string::npos) continue;
      const std::string folder = include.path.substr(0, slash);
      if (folder != "nablur" && folder != "autodiff") expect_installed(folder, file);
    }
  }
}

}  // namespace
