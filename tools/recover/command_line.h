#pragma once
// The command line of recover_sigma: what it asks for, or one sentence about what is wrong with it.
// Touches no file.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nablur/ops/border.h>

namespace recover {

/// What a run is to do. The defaults are the notebook's experiment.
struct Setting {
  double sigma = 3;
  std::int64_t length = 100;
  std::int64_t seed = 1337;
  std::int64_t iterations = 100;
  double step = 0.1;
  double truncate = 3;
  nablur::Border border = nablur::Border::zero;
  std::optional<std::string> csv, figure;
  std::optional<std::string> signal, smoothed;  ///< both or none

  bool operator==(const Setting&) const = default;
};

struct CommandLine {
  Setting setting;
  bool notebook = true;             ///< no option changes the experiment from what the notebook has
  std::vector<std::string> notes;   ///< options that were given and are not used, one sentence each
  std::optional<std::string> help;  ///< to be printed instead of a run
};

/// Parses the arguments, without the program's name. Every option but --help takes one value, as
/// the next argument or after "=", and may be given once; names are not abbreviated. Throws
/// nablur::Error.
CommandLine parse_command_line(const std::vector<std::string>& arguments);

}  // namespace recover
