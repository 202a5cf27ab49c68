#pragma once
// A file that appears whole or not at all: written beside its place under another name, and renamed when it is complete.
// Ctrl-C, a termination or a closed pipe in between removes it.

#include <cstdio>
#include <string>

namespace recover {

class OutputFile {
 public:
  /// Throws nablur::Error where the file could not be written.
  explicit OutputFile(const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  const std::string& path() const { return path_; }
  std::FILE* stream() const { return stream_; }

  /// Everything is written. Throws where the disk did not take it.
  void close();
  /// Puts the closed file in its place.
  void rename();

 private:
  std::string path_;       // as the user wrote it
  std::string target_;     // where links lead to
  std::string temporary_;  // empty for what is not a plain file: /dev/stdout, a pipe
  std::FILE* stream_ = nullptr;
};

/// Throws nablur::Error where both names mean one file; `what` and `other` are the options that gave them.
void require_different(const char* what, const std::string& path, const char* other, const std::string& other_path);

}  // namespace recover
