#include "output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include <nablur/support/error.h>

namespace recover {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const std::string& path, const char* why) {
  nablur::fail(path, ": cannot be written: ", why);
}
[[noreturn]] void refuse(const std::string& path) { refuse(path, std::strerror(errno)); }

bool same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

// /dev/stdout and the like, even if the shell has led it into a file.
int standard_descriptor(const struct stat& target) {
  for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO}) {
    struct stat own = {};
    if (fstat(descriptor, &own) == 0 && same_file(own, target)) return descriptor;
  }
  return -1;
}

// As the file was that is to be replaced; its owner only if the system allows it.
void copy_owner_and_mode(const struct stat& from, int descriptor) {
  if (fchown(descriptor, from.st_uid, from.st_gid) == 0 || from.st_uid == geteuid())
    fchmod(descriptor, from.st_mode & 0777);
}

// With links followed as far as they exist; if that fails, the name as it stands.
fs::path full_name(const std::string& path) {
  std::error_code failed;
  const fs::path name = fs::weakly_canonical(path, failed);
  return (failed || name.is_relative() ? fs::absolute(failed ? fs::path(path) : name, failed)
                                       : name)
      .lexically_normal();
}

}  // namespace

OutputFile::OutputFile(const std::string& path) : path_(path) {
  struct stat there = {};
  const bool exists = stat(path.c_str(), &there) == 0;
  if (exists && S_ISDIR(there.st_mode)) refuse(path, std::strerror(EISDIR));
  if (exists && access(path.c_str(), W_OK) != 0) refuse(path);
  std::error_code none;
  if (!exists && fs::is_symlink(path, none)) refuse(path, "it is a link that leads nowhere");
  int descriptor = exists ? standard_descriptor(there) : -1;
  if (descriptor >= 0) {
    descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  } else if (exists && !S_ISREG(there.st_mode)) {
    descriptor = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  } else {
    try {
      partial_.emplace(exists ? fs::canonical(path).string() : path, descriptor);
    } catch (const std::system_error& error) {
      refuse(path, std::strerror(error.code().value()));
    }
    if (exists) copy_owner_and_mode(there, descriptor);
  }
  if (descriptor < 0) refuse(path);
  stream_ = fdopen(descriptor, "w");
  if (stream_ == nullptr) {
    ::close(descriptor);
    throw nablur::OutOfMemory("output file");
  }
}

OutputFile::~OutputFile() {
  if (stream_ != nullptr) std::fclose(stream_);
}

void OutputFile::write(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stream_) != text.size()) refuse(path_);
}

void OutputFile::close() {
  if (std::fflush(stream_) != 0) refuse(path_);
  if (partial_ && fsync(fileno(stream_)) != 0) refuse(path_);
  if (std::fclose(std::exchange(stream_, nullptr)) != 0) refuse(path_);
}

void OutputFile::put_in_place() {
  try {
    if (partial_) partial_->put_in_place();
  } catch (const std::system_error& error) {
    refuse(path_, std::strerror(error.code().value()));
  }
}

void require_different(const char* what, const std::optional<std::string>& path, const char* other,
                       const std::optional<std::string>& other_path) {
  if (!path || !other_path) return;
  std::error_code none;
  const bool both_exist = fs::exists(*path, none) && fs::exists(*other_path, none);
  const bool same = both_exist ? fs::equivalent(*path, *other_path, none)
                               : full_name(*path) == full_name(*other_path);
  if (same) nablur::fail(what, " and ", other, " name the same file, ", *path);
}

}  // namespace recover
