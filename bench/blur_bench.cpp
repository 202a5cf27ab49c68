// The Gaussian blur and its gradients, beside OpenCV's blur and beside what the machine can do at
// all.
//
//   blur_bench --benchmark_repetitions=5 --benchmark_report_aggregates_only=true
//   --benchmark_enable_random_interleaving=true
//
// Cases, each with the size, sigma and the number of threads behind it, as in
// nablur/forward/float/1024x1024/sigma:3/threads:1:
//
//   nablur/forward             the blurred image
//   nablur/forward_backward    that, dL/dx, and dL/dsigma of each axis, for a given dL/dy
//   nablur/sigma_only          the same without dL/dx: the image is a constant
//   opencv/forward             the same kernel, radius and border
//   limit/copy                 the image copied once, the quickest way
//   limit/fma_add              additions and multiply-adds in pairs, on registers
//
// Every library writes its results to memory that it has written to before: Nablur's come from its
// pool, which hands out the same memory again, OpenCV's into one cv::Mat, the copy's into one
// buffer. All read the same images. Each case does its work once before it is timed.
//
// bench/report.py runs this and writes docs/benchmarks.md.

#include <cmath>
#include <string>
#include <vector>

#include <nablur/nablur.h>
#include <nablur/ops/simd.h>
#include <nablur/support/threads.h>

#include "blur_cases.h"

using namespace nablur;

namespace blur_bench {

std::int64_t Case::radius() const { return gaussian_radius(sigma, 3); }

template <>
const char* scalar_name<float>() {
  return "float";
}
template <>
const char* scalar_name<double>() {
  return "double";
}

template <class T>
Tensor<T> image(const Size& size, int which) {
  const auto make = [](std::uint32_t seed) {
    Random random(seed);
    return Tensor<T>::uniform(kLargest.shape(), random);
  };
  static const Tensor<T> images[] = {make(1), make(2)};
  return Tensor<T>::wrap(images[which].data(), size.shape(), images[which]);
}
template Tensor<float> image<float>(const Size&, int);
template Tensor<double> image<double>(const Size&, int);

std::string name_of(const char* scalar, const Size& size) {
  return std::string(scalar) + "/" + std::to_string(size.width) + "x" + std::to_string(size.height);
}

std::string name_of(const char* what, const char* scalar, const Case& c) {
  const std::string sigma = c.sigma == 0.5 ? "0.5" : std::to_string(std::lround(c.sigma));
  return std::string(what) + "/" + name_of(scalar, c.size) + "/sigma:" + sigma +
         "/threads:" + std::to_string(c.threads);
}

namespace {

GaussianBlurOptions options_of(const Case& c) {
  return {.radius = c.radius(), .border = Border::zero};
}

template <class T>
Tensor<T> scales_of(const Case& c) {
  return Tensor<T>{static_cast<T>(c.sigma), static_cast<T>(c.sigma)};
}

template <class T>
void forward(benchmark::State& state, const Case& c) {
  const Tensor<T> x = image<T>(c.size, 0);
  const Tensor<T> sigma = scales_of<T>(c);
  const GaussianBlurOptions options = options_of(c);
  const auto run = [&] {
    benchmark::DoNotOptimize(gaussian_blur(x, sigma, options).value().data());
  };
  set_threads(c.threads);
  run();
  for (auto _ : state) run();
}

// One step of an optimisation loop: the tape is cleared and used again.
template <class T>
void forward_backward(benchmark::State& state, const Case& c, bool image_is_variable) {
  const Tensor<T> image_x = image<T>(c.size, 0);
  const Tensor<T> g = image<T>(c.size, 1);
  const Tensor<T> scales = scales_of<T>(c);
  const GaussianBlurOptions options = options_of(c);
  Tape<T> tape;
  const auto run = [&] {
    tape.clear();
    const Variable<T> x = image_is_variable ? tape.variable(image_x) : Variable<T>(image_x);
    const Variable<T> sigma = tape.variable(scales);
    const auto d = gradients(gaussian_blur(x, sigma, options), g);
    if (image_is_variable) benchmark::DoNotOptimize(d[x].data());
    benchmark::DoNotOptimize(d[sigma].data());
  };
  set_threads(c.threads);
  run();
  for (auto _ : state) run();
}

template <class T>
void add_cases_of() {
  const char* const scalar = scalar_name<T>();
  for_each_case([scalar](const Case& c) {
    add_case(name_of("nablur/forward", scalar, c),
             [c](benchmark::State& state) { forward<T>(state, c); });
    add_case(name_of("nablur/forward_backward", scalar, c),
             [c](benchmark::State& state) { forward_backward<T>(state, c, true); });
    add_case(name_of("nablur/sigma_only", scalar, c),
             [c](benchmark::State& state) { forward_backward<T>(state, c, false); });
  });
}

std::string compiler() {
#ifdef __clang__
  return "clang " __clang_version__;
#else
  return "g++ " __VERSION__;
#endif
}

}  // namespace

void add_nablur_cases() {
  add_cases_of<float>();
  add_cases_of<double>();
}

}  // namespace blur_bench

int main(int argc, char** argv) {
  // Google Benchmark's half second per case would make the run last for hours; the command line may
  // still say otherwise.
  std::string min_time = "--benchmark_min_time=0.1";
  std::vector<char*> arguments(argv, argv + argc);
  arguments.insert(arguments.begin() + 1, min_time.data());
  int count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);

  benchmark::AddCustomContext("nablur_version", NABLUR_VERSION);
  benchmark::AddCustomContext("nablur_simd", std::string(nablur::simd_target()));
  benchmark::AddCustomContext("limit_simd", blur_bench::limit_target());
  benchmark::AddCustomContext("compiler", blur_bench::compiler());
  blur_bench::add_limit_cases();
  blur_bench::add_nablur_cases();
#ifdef NABLUR_BENCH_OPENCV
  benchmark::AddCustomContext("opencv", blur_bench::opencv_version());
  blur_bench::add_opencv_cases();
#endif
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
