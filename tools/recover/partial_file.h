#pragma once
// A file on its way to its place: written under another name in the same folder, and renamed when
// it is whole. Whatever ends the program before that removes it, also a signal, unless it cannot be
// caught (SIGKILL).

#include <sys/stat.h>

#include <string>

namespace recover {

class PartialFile {
 public:
  /// Makes the file beside `target`. The descriptor is open for writing and the caller's to close.
  /// Throws std::system_error.
  PartialFile(const std::string& target, int& descriptor);
  ~PartialFile();
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  /// Renames it to the target. Throws std::system_error.
  void put_in_place();

 private:
  struct Slot;
  static Slot slots_[];
  static void remove_all(int signal_number);
  static void catch_signals();

  std::string target_;
  Slot* slot_;
};

}  // namespace recover
