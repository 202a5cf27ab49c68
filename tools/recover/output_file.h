#pragma once
// A file that appears whole or not at all: either what was there before or all that is new stands
// under its name.

#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "partial_file.h"

namespace recover {

class OutputFile {
 public:
  /// /dev/stdout, pipes and devices are written to at once, as they cannot be replaced. Throws
  /// nablur::Error if the file cannot be written.
  explicit OutputFile(const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// Throws nablur::Error, with the system's reason, if it is not taken.
  void write(std::string_view text);
  /// Everything is written, down to the disk. Throws as write() does.
  void close();
  /// Puts the closed file in its place. Throws as write() does.
  void put_in_place();

 private:
  std::string path_;                    // as the user wrote it
  std::optional<PartialFile> partial_;  // none for what cannot be replaced
  std::FILE* stream_ = nullptr;
};

/// Throws nablur::Error if both names mean one file; `what` and `other` are the options that gave
/// them.
void require_different(const char* what, const std::optional<std::string>& path, const char* other,
                       const std::optional<std::string>& other_path);

}  // namespace recover
