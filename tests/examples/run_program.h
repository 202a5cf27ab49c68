#pragma once
// Runs a program as a user does, in a folder of its own, and looks at what it leaves behind.

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

struct Outcome {
  int exit_code = -1;  // -1 if a signal ended it
  int signal = 0;
  std::string out;
  std::string error;
};

/// Environment variables that are set on top of the test's own.
using Environment = std::map<std::string, std::string>;

/// A folder that is deleted at the end.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::filesystem::path path(const std::string& name) const { return folder_ / name; }
  void write(const std::string& name, const std::string& text) const;
  std::string read(const std::string& name) const;
  /// The names of all files, sorted, hidden ones included.
  std::vector<std::string> files() const;

  /// Runs to the end, in this folder.
  Outcome run(const std::string& program, const std::vector<std::string>& arguments,
              const Environment& environment = {}) const;
  /// Runs until standard error (a terminal if `terminal` is set) holds `text`, then sends the
  /// signal and waits.
  Outcome run_until(const std::string& program, const std::vector<std::string>& arguments,
                    const std::string& text, int signal, bool terminal) const;

 private:
  std::filesystem::path folder_;
};

/// Standard error without the lines that tell the progress of a run that takes longer than a
/// second.
std::string without_progress(const std::string& error);

std::vector<std::string> lines_of(const std::string& text);
/// The numbers between commas.
std::vector<double> numbers_of(const std::string& line);
