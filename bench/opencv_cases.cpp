// OpenCV's Gaussian blur with Nablur's kernel, radius and border, single channel.

#include <cmath>
#include <memory>
#include <sstream>
#include <string>
#include <type_traits>

#include <nablur/ops/gaussian_blur.h>
#include <opencv2/core.hpp>
#include <opencv2/core/utility.hpp>
#include <opencv2/imgproc.hpp>

#include "blur_cases.h"
#include "quickest.h"

namespace blur_bench {
namespace {

template <class T>
constexpr int kDepth = std::is_same_v<T, float> ? CV_32F : CV_64F;

template <class T>
class OpenCvBlur {
 public:
  explicit OpenCvBlur(const Case& c)
      : case_(c), kernel_(static_cast<int>(2 * c.radius() + 1), 1, kDepth<T>) {
    const nablur::Tensor<double> w = nablur::gaussian_taps(c.sigma, c.radius()).w;
    for (int i = 0; i < kernel_.rows; ++i) kernel_.at<T>(i) = static_cast<T>(w(i));
  }

  // What users call, and the function below it with the taps worked out beforehand.
  void gaussian_blur(const cv::Mat& x, cv::Mat& y) const {
    const int taps = kernel_.rows;
    cv::GaussianBlur(x, y, {taps, taps}, case_.sigma, case_.sigma, cv::BORDER_CONSTANT);
  }
  void sep_filter(const cv::Mat& x, cv::Mat& y) const {
    cv::sepFilter2D(x, y, -1, kernel_, kernel_, {-1, -1}, 0, cv::BORDER_CONSTANT);
  }

 private:
  Case case_;
  cv::Mat kernel_;
};

// A peer that computes something else would be no comparison.
template <class T>
bool agrees(const cv::Mat& y, const nablur::Tensor<T>& x, const Case& c) {
  const auto sigma = static_cast<T>(c.sigma);
  const auto expected =
      nablur::gaussian_blur(x, sigma, {.radius = c.radius(), .border = nablur::Border::zero})
          .value();
  const double tolerance = std::is_same_v<T, float> ? 1e-5 : 1e-13;  // of images in [0, 1)
  const T* ours = expected.data();
  for (int row = 0; row < y.rows; ++row) {
    const T* theirs = y.ptr<T>(row);
    for (int i = 0; i < y.cols; ++i) {
      if (!(std::abs(static_cast<double>(*ours++) - static_cast<double>(theirs[i])) <= tolerance))
        return false;
    }
  }
  return true;
}

template <class T>
void forward(benchmark::State& state, const Case& c, Quickest& quickest) {
  const nablur::Tensor<T> image_x = image<T>(c.size, 0);
  const cv::Mat x(static_cast<int>(c.size.height), static_cast<int>(c.size.width), kDepth<T>,
                  const_cast<T*>(image_x.data()));
  cv::Mat y;
  const OpenCvBlur<T> blur(c);
  const std::vector<Way> ways{{"GaussianBlur", [&] { blur.gaussian_blur(x, y); }},
                              {"sepFilter2D", [&] { blur.sep_filter(x, y); }}};
  const auto is_right = [&] {
    const bool right = agrees(y, image_x, c);
    y.setTo(0);  // so that the next way cannot pass the check with this one's result
    return right;
  };
  cv::setNumThreads(c.threads);
  quickest.measure(state, ways, is_right, " gives another image than Nablur");
}

template <class T>
void add_cases_of() {
  for_each_case([](const Case& c) {
    add_case(name_of("opencv/forward", scalar_name<T>(), c),
             [c, quickest = std::make_shared<Quickest>()](benchmark::State& state) {
               forward<T>(state, c, *quickest);
             });
  });
}

}  // namespace

void add_opencv_cases() {
  add_cases_of<float>();
  add_cases_of<double>();
}

std::string opencv_version() {
  // "    Parallel framework:            TBB (ver 2021.8 interface 12080)"
  const std::string key = "Parallel framework:";
  std::istringstream lines(cv::getBuildInformation());
  for (std::string line; std::getline(lines, line);) {
    const std::size_t at = line.find(key);
    if (at == std::string::npos) continue;
    std::istringstream rest(line.substr(at + key.size()));
    std::string framework;
    if (rest >> framework) return cv::getVersionString() + ", threads by " + framework;
  }
  return cv::getVersionString();
}

}  // namespace blur_bench
