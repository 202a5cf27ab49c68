#include "partial_file.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <system_error>

namespace recover {
namespace {

[[noreturn]] void refuse(int why) { throw std::system_error(why, std::generic_category()); }

bool ends_the_program(int signal_number) {
  for (const int harmless :
       {SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH}) {
    if (signal_number == harmless) return false;
  }
  return true;
}

}  // namespace

// A signal's handler may look only at memory that is there already, so the names stand here.
struct PartialFile::Slot {
  std::atomic<bool> taken = false;
  char path[PATH_MAX];
};
PartialFile::Slot PartialFile::slots_[2];  // the CSV file and the figure

void PartialFile::remove_all(int signal_number) {
  for (const Slot& slot : slots_) {
    if (slot.taken) unlink(slot.path);
  }
  raise(signal_number);  // the handler is set to act once: now the signal does what it does by
                         // default
}

void PartialFile::catch_signals() {
  struct sigaction action = {};
  action.sa_handler = remove_all;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigfillset(&action.sa_mask);
  for (int number = 1; number <= SIGRTMAX; ++number) {
    struct sigaction before = {};
    // One that is ignored stays so (nohup), and a sanitizer keeps its handlers.
    const bool by_default =
        sigaction(number, nullptr, &before) == 0 && before.sa_handler == SIG_DFL;
    if (by_default && ends_the_program(number)) sigaction(number, &action, nullptr);
  }
}

PartialFile::PartialFile(const std::string& target, int& descriptor)
    : target_(target),
      slot_(std::find_if(std::begin(slots_), std::end(slots_),
                         [](const Slot& slot) { return !slot.taken; })) {
  if (slot_ == std::end(slots_)) refuse(EMFILE);
  catch_signals();
  // A name of its own, not one made from the target's, which may be as long as names can be.
  const std::string folder = std::filesystem::path(target).parent_path().string();
  for (int attempt = 0;; ++attempt) {
    const int length = std::snprintf(
        slot_->path, sizeof slot_->path, "%s%s.recover_sigma.%ld.%d.part", folder.c_str(),
        folder.empty() || folder.back() == '/' ? "" : "/", static_cast<long>(getpid()), attempt);
    if (length >= PATH_MAX) refuse(ENAMETOOLONG);
    slot_->taken = true;
    descriptor = open(slot_->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor >= 0) return;
    const int why = errno;
    slot_->taken = false;
    if (why != EEXIST || attempt == 100) refuse(why);
  }
}

PartialFile::~PartialFile() {
  if (slot_ == nullptr) return;
  unlink(slot_->path);
  slot_->taken = false;
}

void PartialFile::put_in_place() {
  if (std::rename(slot_->path, target_.c_str()) != 0) refuse(errno);
  slot_->taken = false;
  slot_ = nullptr;
}

}  // namespace recover
