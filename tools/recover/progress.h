#pragma once
// How far a long run has come, on standard error: one line that is written over on a terminal,
// plain lines elsewhere. Nothing is shown within the first second.

#include <chrono>

namespace recover {

class Progress {
 public:
  /// `total` in any unit of work: what update() counts up to.
  explicit Progress(double total);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void update(double done, double loss, double sigma);
  /// Takes the line off the terminal, so that other text may be printed.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  double total_;
  bool terminal_;
  bool shown_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point next_;
};

}  // namespace recover
