// Single operators at sizes that are large for a graph (where the memory and the arithmetic decide)
// and small (where the work around the operator does).

#include <benchmark/benchmark.h>

#include <nablur/nablur.h>

namespace {

using namespace nablur;

template <class T>
Tensor<T> noise(const Shape& shape, int seed) {
  Random random(static_cast<std::uint32_t>(seed));
  return Tensor<T>::normal(shape, random);
}

// f of a constant: forward only, nothing is recorded.
template <class T, class F>
void forward(benchmark::State& state, const Shape& shape, const F& f) {
  const Tensor<T> x = noise<T>(shape, 1);
  for (auto _ : state) benchmark::DoNotOptimize(f(x).data());
}

// One step of an optimisation loop: f of variables, and the gradient by each.
template <class T, class F, class... Shapes>
void step(benchmark::State& state, const F& f, const Shapes&... shapes) {
  const Tensor<T> values[] = {noise<T>(shapes, 1)...};
  Tape<T> tape;
  for (auto _ : state) {
    tape.clear();
    std::vector<Variable<T>> x;
    for (const Tensor<T>& value : values) x.push_back(tape.variable(value));
    const Variable<T> y = f(x);
    const auto d = gradients(y, Tensor<T>(y.shape(), T(1)));
    for (const Variable<T>& v : x) benchmark::DoNotOptimize(d[v].data());
  }
}

constexpr auto kMilliseconds = benchmark::kMillisecond;

template <class T>
void max_last(benchmark::State& state) {
  forward<T>(state, {4096, 4096}, [](const auto& x) { return max(x, -1); });
}
template <class T>
void max_first(benchmark::State& state) {
  forward<T>(state, {4096, 4096}, [](const auto& x) { return max(x, 0); });
}
template <class T>
void max_last_step(benchmark::State& state) {
  step<T>(state, [](const auto& x) { return max(x[0], -1); }, Shape{4096, 4096});
}
template <class T>
void logsumexp_step(benchmark::State& state) {
  step<T>(state, [](const auto& x) { return logsumexp(x[0]); }, Shape{1280000});
}
template <class T>
void transposed(benchmark::State& state) {
  forward<T>(state, {4096, 4096}, [](const auto& x) { return transpose(x); });
}
template <class T>
void convolve_step(benchmark::State& state) {
  step<T>(state, [](const auto& x) { return convolve(x[0], x[1], 0); }, Shape{1000000}, Shape{31});
}
template <class T>
void matmul_step(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  step<T>(state, [](const auto& x) { return matmul(x[0], x[1]); }, Shape{n, n}, Shape{n, n});
}
template <class T>
void relu_step(benchmark::State& state) {
  step<T>(state, [](const auto& x) { return relu(x[0]); }, Shape{1000000});
}
template <class T>
void clamp_step(benchmark::State& state) {
  step<T>(state, [](const auto& x) { return clamp(x[0], -0.5, 0.5); }, Shape{1000000});
}
template <class T>
void maximum_step(benchmark::State& state) {
  step<T>(
      state, [](const auto& x) { return maximum(x[0], flip(x[1])); }, Shape{1000000},
      Shape{1000000});
}
template <class T>
void chain_step(benchmark::State& state) {
  const auto f = [](const auto& x) { return sum(sin(x[0]) * exp(-square(x[0])) + tanh(x[0])); };
  step<T>(state, f, Shape{1000000});
}
BENCHMARK(max_last<float>)->Unit(kMilliseconds);
BENCHMARK(max_first<float>)->Unit(kMilliseconds);
BENCHMARK(max_last_step<float>)->Unit(kMilliseconds);
BENCHMARK(logsumexp_step<double>)->Unit(kMilliseconds);
BENCHMARK(transposed<float>)->Unit(kMilliseconds);
BENCHMARK(transposed<double>)->Unit(kMilliseconds);
BENCHMARK(convolve_step<float>)->Unit(kMilliseconds);
BENCHMARK(convolve_step<double>)->Unit(kMilliseconds);
BENCHMARK(matmul_step<float>)
    ->Arg(4)
    ->Arg(8)
    ->Arg(16)
    ->Arg(32)
    ->Arg(64)
    ->Arg(256)
    ->Arg(1024)
    ->Unit(kMilliseconds);
BENCHMARK(relu_step<float>)->Unit(kMilliseconds);
BENCHMARK(clamp_step<float>)->Unit(kMilliseconds);
BENCHMARK(maximum_step<float>)->Unit(kMilliseconds);
BENCHMARK(chain_step<float>)->Unit(kMilliseconds);
BENCHMARK(chain_step<double>)->Unit(kMilliseconds);

// Small ones: what a node costs beside its arithmetic.
template <class F>
void small(benchmark::State& state, const F& f) {
  const Tensor<double> value = noise<double>({14}, 1);
  const Tensor<double> seed(Shape{14}, 1.0);
  Tape<double> tape;
  for (auto _ : state) {
    tape.clear();
    auto y = tape.variable(value);
    for (int i = 0; i < 100; ++i) y = f(y);
    benchmark::DoNotOptimize(gradients(y, seed));
  }
  state.counters["per_call"] = benchmark::Counter(
      100, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
void small_slice(benchmark::State& state) {
  small(state, [](const auto& x) { return slice(x, {{0, 14}}); });
}
void small_concatenate(benchmark::State& state) {
  small(state,
        [](const auto& x) { return concatenate({slice(x, {{0, 7}}), slice(x, {{7, 14}})}); });
}
BENCHMARK(small_slice);
BENCHMARK(small_concatenate);

}  // namespace
