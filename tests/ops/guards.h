#pragma once
// The library's two settings, as they were when a test ends.

#include <string>

#include <nablur/ops/simd.h>
#include <nablur/support/threads.h>

namespace nablur {

/// Runs what follows on another instruction set, or only promises to leave the one in use as it
/// was.
class TargetGuard {
 public:
  TargetGuard() : before_(simd_target()) {}
  explicit TargetGuard(const std::string& name) : TargetGuard() { set_simd_target(name); }
  ~TargetGuard() { set_simd_target(before_); }
  TargetGuard(const TargetGuard&) = delete;
  TargetGuard& operator=(const TargetGuard&) = delete;

 private:
  std::string before_;
};

class ThreadsGuard {
 public:
  ThreadsGuard() : before_(threads()) {}
  explicit ThreadsGuard(int n) : ThreadsGuard() { set_threads(n); }
  ~ThreadsGuard() { set_threads(before_); }
  ThreadsGuard(const ThreadsGuard&) = delete;
  ThreadsGuard& operator=(const ThreadsGuard&) = delete;

 private:
  int before_;
};

}  // namespace nablur
