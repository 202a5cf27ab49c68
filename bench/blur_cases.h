#pragma once
// What the files of blur_bench share: the grid of cases, their names, and their images.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <utility>

#include <nablur/autodiff/tensor.h>

namespace blur_bench {

struct Size {
  std::int64_t width;
  std::int64_t height;

  std::int64_t samples() const { return width * height; }
  nablur::Shape shape() const { return {height, width}; }
};

inline constexpr Size kSizes[] = {{256, 256}, {512, 512}, {1024, 1024}, {3840, 2160}, {4096, 4096}};
inline constexpr Size kLargest = {4096, 4096};
inline constexpr double kSigmas[] = {0.5, 1, 3, 10, 30};
inline constexpr int kThreads[] = {1, 2};

/// One blur: zero border, R = max(1, ⌈3σ⌉), the same σ on both axes.
struct Case {
  Size size;
  double sigma;
  int threads;

  std::int64_t radius() const;
};

template <class T>
const char* scalar_name();

/// Images of uniform noise. All sizes are the beginning of one large image, made once: else every
/// case would begin with fresh memory, whose first touch takes longer than a small blur. `which` (0
/// or 1) chooses between two images apart in memory.
template <class T>
nablur::Tensor<T> image(const Size& size, int which);

/// "forward/float/1024x1024/sigma:3/threads:1"
std::string name_of(const char* what, const char* scalar, const Case& c);
/// "float/1024x1024"
std::string name_of(const char* scalar, const Size& size);

/// Registers a benchmark that counts wall-clock time: the work of threads other than the caller's
/// is in it.
template <class F>
void add_case(const std::string& name, F&& run) {
  benchmark::RegisterBenchmark(name.c_str(), std::forward<F>(run))
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}

/// Calls f for each case, smallest first.
template <class F>
void for_each_case(F&& f) {
  for (const Size& size : kSizes) {
    for (const double sigma : kSigmas) {
      for (const int threads : kThreads) f(Case{size, sigma, threads});
    }
  }
}

void add_nablur_cases();
void add_limit_cases();
void add_opencv_cases();  ///< if OpenCV was found

/// The instruction set that the limits are measured with.
std::string limit_target();
/// OpenCV's version and what it runs its threads on.
std::string opencv_version();

}  // namespace blur_bench
