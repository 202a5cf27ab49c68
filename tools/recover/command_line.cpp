#include "command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "figure.h"
#include "numbers.h"

namespace recover {
namespace {

using nablur::fail;

CLI::Option* add_option(CLI::App& app, const char* name, const char* type,
                        std::function<void(const std::string&)> take, const char* help) {
  return app.add_option_function<std::string>(name, std::move(take), help)->type_name(type);
}

// CLI11's own conversions would take 010 for 8.
void add_number(CLI::App& app, const char* name, double& to, bool (*valid)(double),
                const char* range, const char* help) {
  const auto take = [=, &to](const std::string& text) {
    const std::optional<double> number = parse_decimal(text);
    if (!number || !valid(*number))
      fail(name, " must be a number ", range, ", got ", in_quotes(text));
    to = *number + 0.0;  // −0 is 0
  };
  add_option(app, name, "NUMBER", take, help)->default_str(shortest(to));
}

void add_count(CLI::App& app, const char* name, std::int64_t& to, std::int64_t low,
               std::int64_t high, const char* help) {
  const auto take = [=, &to](const std::string& text) {
    const std::optional<std::int64_t> number = parse_whole(text);
    if (!number || *number < low || *number > high) {
      fail(name, " must be a whole number from ", low, " to ", high, ", got ", in_quotes(text));
    }
    to = *number;
  };
  add_option(app, name, "NUMBER", take, help)->default_str(std::to_string(to));
}

// `check` may refuse the name.
CLI::Option* add_file(CLI::App& app, const char* name, std::optional<std::string>& to,
                      const char* help, const std::function<void(const std::string&)>& check = {}) {
  const auto take = [=, &to](const std::string& text) {
    if (text.empty()) fail(name, " needs the name of a file, which is empty");
    if (text == "-") fail(name, " does not take -; there are /dev/stdin and /dev/stdout");
    if (check) check(text);
    to = text;
  };
  return add_option(app, name, "FILE", take, help);
}

void add_options(CLI::App& app, Setting& setting) {
  add_number(
      app, "--sigma", setting.sigma, [](double v) { return v >= 0 && v <= 1e6; },
      "from 0 to 1000000", "true scale of the experiment, in samples");
  add_count(app, "--length", setting.length, 1, kMaxLength,
            "length of its random signal, in samples");
  add_count(app, "--seed", setting.seed, 0, 0xffffffff,
            "seed of its random numbers, as numpy.random.seed takes it");
  add_count(app, "--iterations", setting.iterations, 1, 100'000'000,
            "steps of its gradient descent");
  add_number(
      app, "--step", setting.step, [](double v) { return v > 0 && std::isfinite(v); },
      "above 0 and finite", "length of a step: s is lowered by this times d_s");
  add_option(
      app, "--border", "NAME",
      [&](const std::string& name) { setting.border = nablur::border_from_name(name); },
      "beyond the ends: zero, replicate, symmetric, mirror or circular")
      ->default_str(nablur::to_string(setting.border));
  add_number(
      app, "--truncate", setting.truncate, [](double v) { return v > 0 && v <= 100; },
      "above 0 and at most 100", "where the filter ends, in sigmas (SciPy's default is 4)");
  add_file(app, "--csv", setting.csv,
           "write iteration,s,sigma,loss,d_s to this file, one row a step");
  add_file(app, "--figure", setting.figure, "draw the run with gnuplot: .svg, .png or .pdf",
           figure_format);
  auto* const signal =
      add_file(app, "--signal", setting.signal,
               "a signal of your own: numbers separated by white space, commas or newlines");
  auto* const smoothed = add_file(
      app, "--smoothed", setting.smoothed,
      "the same signal smoothed; prints the sigma, in samples, that turns the one into the other");
  signal->needs(smoothed);
  smoothed->needs(signal);
  app.footer(
      "Numbers are decimal.\n"
      "Exit code: 0 if all is well, 1 if a result is wrong, 2 for bad input or a file that cannot "
      "be read or\n"
      "written, 3 if no sigma can be told because the smoothed signal is not a Gaussian blur of "
      "the signal.");
}

// CLI11 alone would take the next argument for the value of "--csv=", an option for a value, and
// -hx for --help.
void check_arguments(const CLI::App& app, const std::vector<std::string>& arguments) {
  std::set<std::string> given;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--help" || arguments[i] == "-h") continue;
    const std::size_t equals = arguments[i].find('=');
    const std::string name = arguments[i].substr(0, equals);
    if (!name.starts_with("--") || name == "--help" || app.get_option_no_throw(name) == nullptr) {
      fail(in_quotes(arguments[i]), " is not an option; --help lists them");
    }
    if (!given.insert(name).second) fail(name, " is given twice");
    if (equals != std::string::npos) {
      if (equals + 1 == arguments[i].size()) fail(name, " needs a value after the equals sign");
      continue;
    }
    ++i;
    if (i == arguments.size()) fail(name, " needs a value");
    if (arguments[i].starts_with("--") || arguments[i] == "-h")
      fail(name, " needs a value, and ", in_quotes(arguments[i]), " looks like an option");
  }
}

}  // namespace

CommandLine parse_command_line(const std::vector<std::string>& arguments) {
  CommandLine line;
  CLI::App app{
      "Learns the scale of a Gaussian blur from a signal and its smoothed version, by gradient "
      "descent through the blur.",
      "recover_sigma"};
  add_options(app, line.setting);
  try {
    check_arguments(app, arguments);
    app.parse(std::vector<std::string>(arguments.rbegin(),
                                       arguments.rend()));  // which takes the last first
  } catch (const CLI::CallForHelp&) {
    line.help = app.help();
    return line;
  } catch (const CLI::Error& error) {
    fail(error.what());
  }
  for (const char* option : {"--sigma", "--length", "--seed", "--iterations", "--step"}) {
    if (app.count(option) == 0) continue;
    line.notebook = false;
    if (line.setting.signal) {
      line.notes.push_back(std::string(option) +
                           " belongs to the experiment and is not used with --signal");
    }
  }
  line.notebook = line.notebook && app.count("--border") == 0 && app.count("--truncate") == 0;
  return line;
}

}  // namespace recover
