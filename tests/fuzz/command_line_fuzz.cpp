// The command line of examples/recover_sigma: an input is a list of arguments, one a line. What is
// taken must be as --help says, by a plain reading of the arguments; and must come back the same
// from the arguments that spell it out.

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oracle.h"
#include "recover/command_line.h"
#include "recover/numbers.h"

namespace {

using nablur::Error;
using nablur::fuzz::Oracle;
using recover::CommandLine;
using recover::Setting;
using Arguments = std::vector<std::string>;

Oracle accepted("arguments are taken if the plain reader takes them, with the same meaning", 30);
Oracle refused("arguments are refused if the plain reader refuses them, with a sentence", 500);
Oracle helped("help is given if it is asked for, and nothing else", 10);
Oracle round_trip("a setting that is spelled out is the same again, in any order", 10);
Oracle notebook("the notebook's experiment is the default setting", 10);

// ---- the plain reader -------------------------------------------------------------------------

// By name; nothing if an argument is not an option with one value, given once.
std::optional<std::map<std::string, std::string>> read_plainly(const Arguments& arguments,
                                                               bool& help) {
  std::map<std::string, std::string> values;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "-h" || arguments[i] == "--help") {
      help = true;
      continue;
    }
    const std::size_t equals = arguments[i].find('=');
    const std::string name = arguments[i].substr(0, equals);
    const bool joined = equals != std::string::npos;
    if (!joined && ++i == arguments.size()) return std::nullopt;
    const std::string value = joined ? arguments[i].substr(equals + 1) : arguments[i];
    if (joined ? value.empty() : value.starts_with("--") || value == "-h") return std::nullopt;
    if (!values.emplace(name, value).second) return std::nullopt;
  }
  return values;
}

bool spells(const std::string& value, bool point) {
  const std::string_view allowed = point ? "+-.eE0123456789" : "+-0123456789";
  if (value.find_first_not_of(allowed) != std::string::npos) return false;
  char* end = nullptr;
  if (point) {
    std::strtod(value.c_str(), &end);
  } else {
    std::strtoll(value.c_str(), &end, 10);
  }
  return !value.empty() && *end == 0;
}

bool in_range(const std::string& name, const std::string& value) {
  struct Range {
    double low, high;
    bool point, open;
  };
  static const std::map<std::string, Range> ranges = {
      {"--sigma", {0, 1e6, true, false}},
      {"--length", {1, 1e7, false, false}},
      {"--seed", {0, 4294967295, false, false}},
      {"--iterations", {1, 1e8, false, false}},
      {"--step", {0, 1.7976931348623157e308, true, true}},
      {"--truncate", {0, 100, true, true}}};
  const auto range = ranges.find(name);
  if (range == ranges.end()) return false;
  if (!spells(value, range->second.point)) return false;
  const double number = std::strtod(value.c_str(), nullptr);
  const auto [low, high, point, open] = range->second;
  return (open ? number > low : number >= low) && number <= high;
}

bool ends_in(const std::string& name, const char* ending) {
  const std::size_t n = 4;
  if (name.size() < n) return false;
  for (std::size_t i = 0; i < n; ++i) {
    const char c = name[name.size() - n + i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != ending[i]) return false;
  }
  return true;
}

bool is_good(const std::string& name, const std::string& value) {
  if (name == "--border") {
    return value == "zero" || value == "replicate" || value == "symmetric" || value == "mirror" ||
           value == "circular";
  }
  if (name == "--figure") {
    return value != "-" &&
           (ends_in(value, ".svg") || ends_in(value, ".png") || ends_in(value, ".pdf"));
  }
  if (name == "--csv" || name == "--signal" || name == "--smoothed")
    return !value.empty() && value != "-";
  return in_range(name, value);
}

// ---- a setting, spelled out -------------------------------------------------------------------

Arguments spell_out(const Setting& setting) {
  Arguments out = {"--sigma=" + recover::shortest(setting.sigma),
                   "--length=" + std::to_string(setting.length),
                   "--seed=" + std::to_string(setting.seed),
                   "--iterations=" + std::to_string(setting.iterations),
                   "--step=" + recover::shortest(setting.step),
                   "--truncate=" + recover::shortest(setting.truncate),
                   std::string("--border=") + to_string(setting.border)};
  if (setting.csv) out.push_back("--csv=" + *setting.csv);
  if (setting.figure) out.push_back("--figure=" + *setting.figure);
  if (setting.signal) out.push_back("--signal=" + *setting.signal);
  if (setting.smoothed) out.push_back("--smoothed=" + *setting.smoothed);
  return out;
}

void check_meaning(const std::map<std::string, std::string>& values, const Setting& setting) {
  std::map<std::string, std::string> meaning;
  for (const std::string& argument : spell_out(setting)) {
    meaning[argument.substr(0, argument.find('='))] = argument.substr(argument.find('=') + 1);
  }
  for (const auto& [name, value] : values) {
    const bool text = name == "--border" || name == "--csv" || name == "--figure" ||
                      name == "--signal" || name == "--smoothed";
    const std::string& found = meaning[name];
    accepted.expect(
        text ? found == value
             : std::strtod(found.c_str(), nullptr) == std::strtod(value.c_str(), nullptr),
        name, " ", value, " became ", found);
  }
  const Setting defaults;
  for (const std::string& argument : spell_out(defaults)) {
    const std::string name = argument.substr(0, argument.find('='));
    if (values.count(name) == 0)
      accepted.expect(name + "=" + meaning[name] == argument, name, " became ", meaning[name]);
  }
}

void check_round_trip(const Setting& setting, std::size_t turn) {
  Arguments spelled = spell_out(setting);
  std::rotate(spelled.begin(), spelled.begin() + static_cast<std::ptrdiff_t>(turn % spelled.size()),
              spelled.end());
  round_trip.expect(recover::parse_command_line(spelled).setting == setting, spelled.front());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (text.find('\0') != std::string::npos) return 0;  // which no argument holds
  Arguments arguments;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    arguments.push_back(text.substr(at, end - at));
    at = end + 1;
  }

  bool help = false;
  const auto values = read_plainly(arguments, help);
  bool good = values.has_value();
  if (good) {
    for (const auto& [name, value] : *values) good = good && is_good(name, value);
    good = good && (help || values->count("--signal") == values->count("--smoothed"));
  }
  std::optional<CommandLine> line;
  std::string sentence;
  try {
    line = recover::parse_command_line(arguments);
  } catch (const Error& error) {
    sentence = error.what();
  }
  if (!good) {
    refused.expect(!line && !sentence.empty(), text);
    return 0;
  }
  accepted.expect(line.has_value(), sentence);
  helped.expect(line->help.has_value() == help &&
                    (!help || line->help->find("Usage: recover_sigma") != std::string::npos),
                text);
  if (help) return 0;
  check_meaning(*values, line->setting);
  check_round_trip(line->setting, size);
  notebook.expect(!line->notebook || (Setting{.csv = line->setting.csv,
                                              .figure = line->setting.figure,
                                              .signal = line->setting.signal,
                                              .smoothed = line->setting.smoothed} == line->setting),
                  text);
  return 0;
}
