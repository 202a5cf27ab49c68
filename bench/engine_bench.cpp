// What the engine costs: one recorded node, one step of the notebook, one long elementwise chain.
//
//   engine_bench --benchmark_repetitions=7 --benchmark_report_aggregates_only=true
//
// bench/notebook_step.py times the notebook's own step in NumPy beside notebook_step.

#include <benchmark/benchmark.h>

#include <nablur/nablur.h>

using namespace nablur;

namespace {

// Recording plus reversing y ← y·a, `nodes` times on one tape, which is cleared and used again. The
// second number is the count of elements (0: rank 0); in scalar_node_by_a the factor a is a
// variable too, and gets its gradient.
void chain(benchmark::State& state, bool a_is_variable) {
  const std::int64_t nodes = state.range(0);
  const Shape shape = state.range(1) == 0 ? Shape{} : Shape{state.range(1)};
  const Tensor<double> start(shape, 1.0);
  const Tensor<double> factor(shape, 1.0000001);
  const Tensor<double> seed(shape, 1.0);
  Tape<double> tape;
  for (auto _ : state) {
    tape.clear();
    const auto x = tape.variable(start);
    const Variable<double> a = a_is_variable ? tape.variable(factor) : Variable<double>(factor);
    auto y = x;
    for (std::int64_t i = 0; i < nodes; ++i) y = y * a;
    const auto d = gradients(y, seed);
    benchmark::DoNotOptimize(d[x].data());
  }
  state.counters["per_node"] =
      benchmark::Counter(static_cast<double>(nodes), benchmark::Counter::kIsIterationInvariantRate |
                                                         benchmark::Counter::kInvert);
}

void scalar_node(benchmark::State& state) { chain(state, false); }
void scalar_node_by_a(benchmark::State& state) { chain(state, true); }
BENCHMARK(scalar_node)
    ->ArgNames({"nodes", "elements"})
    ->Args({1000, 0})
    ->Args({1000, 8})
    ->Args({1000000, 0})
    ->Args({1000000, 8});
BENCHMARK(scalar_node_by_a)
    ->ArgNames({"nodes", "elements"})
    ->Args({1000, 0})
    ->Args({1000, 8})
    ->Args({1000000, 0})
    ->Args({1000000, 8});

// The notebook's experiment: the step at s, without the update, so that every iteration does the
// same work.
void notebook_step(benchmark::State& state) {
  Random random(1337);
  const auto signal = Tensor<double>::normal({100}, random);
  const auto smoothed = gaussian_blur(signal, 3.0).value();
  const Tensor<double> s = 5.93;  // its value at the end of the recovery: R = 9
  Tape<double> tape;
  for (auto _ : state) {
    tape.clear();
    const auto param = tape.variable(s);
    const auto loss = 0.5 * sum(square(gaussian_blur(signal, sigma_from_param(param)) - smoothed));
    benchmark::DoNotOptimize(gradients(loss)[param].data());
  }
}
BENCHMARK(notebook_step);

// Eight elementwise operators and a sum over 10^6 doubles, forward plus backward.
void chain_1e6(benchmark::State& state) {
  Random random(1);
  const auto values = Tensor<double>::uniform({1000000}, random);
  Tape<double> tape;
  for (auto _ : state) {
    tape.clear();
    const auto x = tape.variable(values);
    const auto y = sum(sigmoid(tanh(sqrt(exp(-square(x)) + 1.0)) * 0.5 - x));
    benchmark::DoNotOptimize(gradients(y)[x].data());
  }
}
BENCHMARK(chain_1e6)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
