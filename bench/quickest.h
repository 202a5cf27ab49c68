#pragma once
// Chooses the quickest of several ways to do one thing, once: benchmark functions are called anew
// for every repetition.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace blur_bench {

/// One way, by name.
struct Way {
  std::string name;
  std::function<void()> run;
};

class Quickest {
 public:
  /// Chooses, and measures the way that is chosen; a wrong result ends the benchmark with that
  /// way's name and `complaint`.
  void measure(benchmark::State& state, const std::vector<Way>& ways,
               const std::function<bool()>& is_right, const std::string& complaint) {
    choose(ways, is_right);
    if (wrong_) return state.SkipWithError((name_ + complaint).c_str());
    state.SetLabel(name_);
    const std::function<void()>& run = ways[index_].run;
    run();
    for (auto _ : state) {
      run();
      benchmark::ClobberMemory();
    }
  }

 private:
  // The first time: runs each way, asks whether its result is right, and times them in turns. A
  // later way is taken only if it needs 5 % less time than the ones before it, so that noise
  // does not choose.
  void choose(const std::vector<Way>& ways, const std::function<bool()>& is_right) {
    if (!name_.empty()) return;
    for (const Way& way : ways) {
      way.run();
      name_ = way.name;
      wrong_ = !is_right();
      if (wrong_) return;
    }
    const std::vector<double> seconds = least_times(ways);
    for (std::size_t i = 1; i < ways.size(); ++i) {
      if (seconds[i] < 0.95 * seconds[index_]) index_ = i;
    }
    name_ = ways[index_].name;
  }

  // Over the rounds that fit into 100 ms, at least two.
  static std::vector<double> least_times(const std::vector<Way>& ways) {
    using Clock = std::chrono::steady_clock;
    std::vector<double> least(ways.size(), 1e300);
    double total = 0;
    for (int round = 0; round < 2 || total < 0.1; ++round) {
      for (std::size_t i = 0; i < ways.size(); ++i) {
        const auto start = Clock::now();
        ways[i].run();
        const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
        least[i] = std::min(least[i], seconds);
        total += seconds;
      }
    }
    return least;
  }

  std::size_t index_ = 0;
  std::string name_;
  bool wrong_ = false;
};

}  // namespace blur_bench
