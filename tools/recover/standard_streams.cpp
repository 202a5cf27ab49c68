#include "standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <nablur/support/error.h>

namespace recover {
namespace {

[[noreturn]] void refuse() {
  nablur::fail("standard output cannot be written: ", std::strerror(errno));
}

}  // namespace

void open_standard_streams() {
  bool lost = false;
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
    lost = lost || descriptor == STDOUT_FILENO;
    if (open("/dev/null", O_RDWR) != descriptor)
      nablur::fail("/dev/null cannot be opened: ", std::strerror(errno));
  }
  if (lost) nablur::fail("standard output is closed, so that no result can be printed");
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
}

void print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) refuse();
}

void flush_standard_output() {
  if (std::fflush(stdout) != 0) refuse();
}

void close_standard_output() {
  if (std::fclose(stdout) != 0) refuse();
}

}  // namespace recover
