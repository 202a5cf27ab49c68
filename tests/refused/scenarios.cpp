#include "scenarios.h"

#include <unistd.h>

#include <ostream>
#include <streambuf>
#include <string>
#include <string_view>

namespace nablur::refused_test {
namespace {

using V = Variable<double>;
using T = Tensor<double>;

T some(const Shape& shape, double from = 0.1) {
  return T::linspace(from, 1, shape.size()).reshaped(shape);
}

// A function of every family of operators, in ranks 2 and 6.
constexpr auto many_operators = [](const auto& x) {
  const auto h = tanh(x * 0.5) + sigmoid(x) / (abs(x) + 1.0) - relu(x - 0.5);
  const auto product = matmul(h, transpose(h)) + sum(logsumexp(h, 1, true)) + maximum(h, 0.3) * 0.1;
  const auto joined =
      concatenate({slice(product, {{0, 2}}), product, stack({sum(h, 0), max(h, 0)})});
  const auto taken = take(pad(flip(joined), {{1, 1}, {0, 2}}), Tensor<std::int64_t>{0, 3, 3, 1});
  const auto smooth = convolve(softplus(taken), Tensor<double>{0.25, 0.5, 0.25}, 1, Border::mirror);
  const auto deep = broadcast_to(reshape(slice(smooth, {{0, 2}, {0, 2}}), {1, 2, 1, 1, 2, 1}),
                                 Shape{2, 2, 1, 3, 2, 1});
  return sum(square(deep)) + mean(pow(abs(smooth) + 0.1, 1.5)) +
         sum(where(greater(taken, 0.4), taken, exp(-taken)));
};

void records_and_sweeps(Numbers& numbers) {
  Tape<double> tape;
  const V x = tape.variable(some({4, 4}));
  const V loss = many_operators(x);
  numbers.add(loss.value());
  numbers.add(gradients(loss)[x]);
  numbers.add(static_cast<double>(tape.size()));
}

void reverses_by_name_and_with_a_seed(Numbers& numbers) {
  Tape<double> tape;
  const V x = tape.variable(some({3, 4}));
  const V y = exp(x) * x;
  const V z = square(y) + some({4});
  numbers.add(gradients(sum(z), {x, y})[y]);
  numbers.add(gradients(z, some({3, 4}), {x})[x]);
  numbers.add(gradients(z, some({3, 4}))[x]);
}

void clears_and_records_again(Numbers& numbers) {
  Tape<double> tape;
  tape.check_finite(true);
  for (int i = 0; i < 3; ++i) {
    tape.clear();
    V x = tape.variable(some({5}));
    for (int k = 0; k < 50 * (i + 1); ++k) x = x * 0.99 + 0.01;
    numbers.add(x.value());
  }
}

void blurs(Numbers& numbers, int n, Border border) {
  set_threads(n);
  Tape<double> tape;
  const V x = tape.variable(some({600, 500}));
  const V sigma = tape.variable(T{2.0, 3.0});
  const V y = gaussian_blur(x, sigma, {.radius = 9, .border = border});
  const auto d = gradients(sum(square(y)));
  numbers.add(y.value()(0, 0));
  numbers.add(y.value()(300, 499));
  numbers.add(d[x](0, 0));
  numbers.add(d[x](599, 123));
  numbers.add(d[sigma]);
}
void blurs_on_one_thread(Numbers& numbers) { blurs(numbers, 1, Border::mirror); }
void blurs_on_two_threads(Numbers& numbers) { blurs(numbers, 2, Border::replicate); }
void blurs_on_eight_threads(Numbers& numbers) { blurs(numbers, 8, Border::zero); }

void blurs_blocks_and_lines_and_duals(Numbers& numbers) {
  set_threads(2);
  const auto f = [](const auto& x) {
    return sum(square(gaussian_blur(x, 1.5, {.axes = {0, 1, 2}, .border = Border::circular})));
  };
  const T x = some({12, 40, 30});
  numbers.add(vjp(f, x, 1.0)(3, 3, 3));
  numbers.add(hvp(f, x, x)(1, 2, 3));
  const Tensor<float> line = Tensor<float>::linspace(0, 1, 200001);
  numbers.add(gaussian_blur(line, 3.0f).value()(777));
}

void differentiates_in_every_way(Numbers& numbers) {
  const auto f = [](const auto& x) { return many_operators(x); };
  const auto vector = [](const auto& x) { return exp(slice(x, {{0, 2}})) * 2.0; };
  const T x = some({2, 2});
  numbers.add(jvp(f, x, x));
  numbers.add(vjp(vector, x, some({2, 2})));
  numbers.add(hvp(f, x, x));
  numbers.add(jacobian(vector, x));
  numbers.add(hessian([](const auto& y) { return sum(tanh(y) * y); }, x));
}

void recomputes_at_a_checkpoint(Numbers& numbers) {
  Tape<double> tape;
  const V x = tape.variable(some({3}));
  const V w = tape.variable(some({3}, 2));
  const V y = checkpoint([](const auto& a, const auto& b) { return tanh(a * b) + exp(a); }, {x, w});
  const auto d = gradients(sum(y * y));
  numbers.add(d[x]);
  numbers.add(d[w]);
}

void makes_kernels(Numbers& numbers) {
  const auto taps = gaussian_taps(2.5, 40);
  numbers.add(taps.w);
  numbers.add(taps.dw_dsigma);
  numbers.add(gaussian_kernel(V(1.5)).value());
  numbers.add(sigma_from_param(V(0.7)).value());
}

void makes_tensors_of_many_kinds(Numbers& numbers) {
  Random random(1337);
  numbers.add(T::normal({3, 2}, random));
  numbers.add(T::uniform({4}, random));
  numbers.add(T{{1, 2}, {3, 4}});
  numbers.add(some({1, 2, 1, 2, 1, 2, 1}).reshaped({8}).rows(2, 7));
  static constexpr std::array<double, 10> mine{2, 3, 5, 7};
  numbers.add(T::wrap(mine.data(), {10}, Tensor<double>::ones({3})));
  T sum = some({5});
  const T kept = sum;
  sum += kept;
  numbers.add(sum - kept * 2.0);
  numbers.add(tangent_of(make_dual(sum, kept)));
  numbers.add(concatenate({some({2}), some({3})}).value());
}

void describes(Numbers& numbers) {
  Tape<double> tape;
  const V x = tape.variable(some({3, 2}));
  static_cast<void>(sum(exp(x) * x));
  numbers.add(static_cast<double>(to_dot(tape).size()));
  numbers.add(static_cast<double>(to_string(Shape{123456789, 0, 987654321, 1, 2, 3, 4}).size()));
  numbers.add(static_cast<double>(simd_targets().size() + simd_target().size()));
  set_simd_target(simd_target());
  struct Counter : std::streambuf {
    std::streamsize count = 0;
    std::streamsize xsputn(const char*, std::streamsize n) override {
      count += n;
      return n;
    }
  } counter;
  std::ostream(&counter) << some({7, 2, 1, 3, 9});
  numbers.add(static_cast<double>(counter.count));
}

// Errors are told of with strings: a sentence of each length.
void refuses_bad_input(Numbers& numbers) {
  const auto count = [&](const auto& f) {
    try {
      f();
    } catch (const OutOfMemory&) {
      throw;
    } catch (const Error& error) {
      numbers.add(static_cast<double>(std::string_view(error.what()).size()));
    }
  };
  count([] { static_cast<void>(V(some({3, 4})) + V(some({5}))); });
  count([] { set_threads(0); });
  count([] { set_simd_target("a set of instructions that no machine has"); });
  count([] { static_cast<void>(some({2, 2, 2, 2, 2, 2})(0, 0)); });
  count([] { static_cast<void>(border_from_scipy("no such border, I am afraid")); });
  count([] { static_cast<void>(Shape{-1}); });
}

void compares_gradients(Numbers& numbers) {
  const auto f = [](const auto& x) { return sum(exp(x) * x); };
  const auto report = compare_gradients(f, some({2, 2}));
  numbers.add(report.agrees() ? 1 : 0);
}

// f = Σ (x − 1)² + Σ (x − 1)⁴ from 0, by each optimiser.
void optimises(Numbers& numbers) {
  const auto loss = [](const auto& v) {
    return sum(square(v - 1.0)) + sum(square(square(v - 1.0)));
  };
  const auto gradient = [&](const T& x) {
    Tape<double> tape;
    const V v = tape.variable(x);
    return gradients(loss(v))[v];
  };
  T x[3] = {T::zeros({4}), T::zeros({4}), T::zeros({4})};
  GradientDescent<double> descent(0.1, {.momentum = 0.5});
  Adam<double> adam(0.1);
  Lbfgs<double> lbfgs({.history = 2});
  for (int i = 0; i < 4; ++i) {
    descent.step({&x[0]}, {gradient(x[0])});
    adam.step({&x[1]}, {gradient(x[1])});
    lbfgs.step({&x[2]}, [&] { return Evaluation<double>{loss(x[2]).item(), {gradient(x[2])}}; });
  }
  for (const T& reached : x) numbers.add(reached);
}

// Made when the program starts: what the caller's string asks for is not the library's to bear.
const std::string path = "/tmp/nablur-refused-" + std::to_string(getpid()) + ".npy";

void saves_and_loads(Numbers& numbers) {
  struct Remove {
    ~Remove() { unlink(path.c_str()); }
  } const remove;
  save_npy(path, some({3, 2}));
  numbers.add(load_npy<double>(path));
}

constexpr Scenario kScenarios[] = {
    {"records_and_sweeps", records_and_sweeps},
    {"reverses_by_name_and_with_a_seed", reverses_by_name_and_with_a_seed},
    {"clears_and_records_again", clears_and_records_again},
    {"blurs_on_one_thread", blurs_on_one_thread},
    {"blurs_on_two_threads", blurs_on_two_threads},
    {"blurs_on_eight_threads", blurs_on_eight_threads},
    {"blurs_blocks_and_lines_and_duals", blurs_blocks_and_lines_and_duals},
    {"differentiates_in_every_way", differentiates_in_every_way},
    {"recomputes_at_a_checkpoint", recomputes_at_a_checkpoint},
    {"makes_kernels", makes_kernels},
    {"makes_tensors_of_many_kinds", makes_tensors_of_many_kinds},
    {"describes", describes},
    {"compares_gradients", compares_gradients},
    {"optimises", optimises},
    {"saves_and_loads", saves_and_loads},
    {"refuses_bad_input", refuses_bad_input},
};

}  // namespace

std::span<const Scenario> scenarios() { return kScenarios; }

}  // namespace nablur::refused_test
