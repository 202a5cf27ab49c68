#include "output_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include <nablur/autodiff/error.h>

namespace recover {
namespace {

// The temporaries that a signal's handler must remove. It may look only at memory that is there already.
struct Slot {
  std::atomic<bool> taken = false;
  char path[PATH_MAX];
};
std::array<Slot, 4> slots;

void remove_temporaries(int signal_number) {
  for (Slot& slot : slots) {
    if (slot.taken) unlink(slot.path);
  }
  raise(signal_number);  // the handler is set to act once: now the signal does what it does by default
}

void install_handler() {
  struct sigaction action = {};
  action.sa_handler = remove_temporaries;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) {
    struct sigaction before = {};
    sigaction(number, nullptr, &before);
    if (before.sa_handler == SIG_DFL) sigaction(number, &action, nullptr);  // nohup ignores SIGHUP: leave it so
  }
}

void remember(const std::string& path) {
  for (Slot& slot : slots) {
    if (slot.taken) continue;
    std::memcpy(slot.path, path.c_str(), path.size() + 1);
    slot.taken = true;
    return;
  }
}

void forget(const std::string& path) {
  for (Slot& slot : slots) {
    if (slot.taken && path == slot.path) slot.taken = false;
  }
}

[[noreturn]] void refuse(const std::string& path, const char* why) { nablur::fail(path, ": cannot be written: ", why); }

bool same_file(const struct stat& a, const struct stat& b) { return a.st_dev == b.st_dev && a.st_ino == b.st_ino; }

// /dev/stdout and the like, also where the shell has led it into a file.
int standard_descriptor(const struct stat& target) {
  for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO}) {
    struct stat own = {};
    if (fstat(descriptor, &own) == 0 && same_file(own, target)) return descriptor;
  }
  return -1;
}

}  // namespace

OutputFile::OutputFile(const std::string& path) : path_(path), target_(path) {
  if (path.empty()) nablur::fail("the name of an output file is empty");
  struct stat there = {};
  const bool exists = stat(path.c_str(), &there) == 0;
  if (exists && S_ISDIR(there.st_mode)) refuse(path, "Is a directory");
  if (exists && access(path.c_str(), W_OK) != 0) refuse(path, std::strerror(errno));
  if (exists) {
    const int standard = standard_descriptor(there);
    if (standard >= 0 || !S_ISREG(there.st_mode)) {
      stream_ = standard >= 0 ? fdopen(dup(standard), "w") : std::fopen(path.c_str(), "w");
      if (stream_ == nullptr) refuse(path, std::strerror(errno));
      return;
    }
    target_ = std::filesystem::canonical(path).string();
  } else if (std::error_code none; std::filesystem::is_symlink(path, none)) {
    refuse(path, "a link that leads nowhere");
  }
  temporary_ = target_ + ".part" + std::to_string(getpid());
  if (temporary_.size() >= PATH_MAX) refuse(path, std::strerror(ENAMETOOLONG));
  install_handler();
  remember(temporary_);
  const int descriptor = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor < 0) {
    const int why = errno;
    forget(temporary_);
    refuse(path, std::strerror(why));
  }
  if (exists) fchmod(descriptor, there.st_mode & 07777);
  stream_ = fdopen(descriptor, "w");
}

OutputFile::~OutputFile() {
  if (stream_ != nullptr) std::fclose(stream_);
  if (temporary_.empty()) return;
  unlink(temporary_.c_str());
  forget(temporary_);
}

void OutputFile::close() {
  const bool failed = std::ferror(stream_) != 0;
  errno = failed ? EIO : 0;
  if (std::fclose(std::exchange(stream_, nullptr)) != 0 || failed) refuse(path_, std::strerror(errno));
}

void OutputFile::rename() {
  if (temporary_.empty()) return;
  if (std::rename(temporary_.c_str(), target_.c_str()) != 0) refuse(path_, std::strerror(errno));
  forget(temporary_);
  temporary_.clear();
}

void require_different(const char* what, const std::string& path, const char* other, const std::string& other_path) {
  if (path.empty() || other_path.empty()) return;
  std::error_code none;
  const bool same = std::filesystem::exists(path, none) && std::filesystem::exists(other_path, none)
                        ? std::filesystem::equivalent(path, other_path, none)
                        : std::filesystem::absolute(path, none).lexically_normal() ==
                              std::filesystem::absolute(other_path, none).lexically_normal();
  if (same) nablur::fail(what, " and ", other, " name the same file, ", path);
}

}  // namespace recover
