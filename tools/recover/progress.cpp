#include "progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

namespace recover {
namespace {

std::string duration(double seconds) {
  char text[64];
  if (seconds < 100) {
    std::snprintf(text, sizeof text, "%.0f s", seconds);
  } else if (seconds < 6000) {
    std::snprintf(text, sizeof text, "%.0f min", seconds / 60);
  } else {
    std::snprintf(text, sizeof text, "%.1f h", seconds / 3600);
  }
  return text;
}

}  // namespace

Progress::Progress(double total)
    : total_(total),
      terminal_(isatty(STDERR_FILENO) != 0),
      next_(start_ + std::chrono::seconds(1)) {}

void Progress::update(double done, double loss, double sigma) {
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  next_ = now + (terminal_ ? std::chrono::milliseconds(200) : std::chrono::milliseconds(5000));
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  const double share = std::clamp(done / total_, 1e-9, 1.0);
  const std::string left = duration(elapsed * (1 - share) / share);
  std::fprintf(stderr,
               terminal_ ? "\r%5.1f %%  loss %-11.5g sigma %-9.5g %s left \x1b[K"
                         : "%5.1f %%  loss %.5g  sigma %.5g  %s left\n",
               100 * share, loss, sigma, left.c_str());
  std::fflush(stderr);
  shown_ = terminal_;
}

void Progress::clear() {
  if (!shown_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  shown_ = false;
}

}  // namespace recover
