// What the machine allows: an image copied once, and arithmetic on registers. Each instruction set
// has kernels of its own, of which the best that the machine runs is taken.

#include <cstddef>
#include <cstdint>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "limit_cases.cpp"
#include <hwy/foreach_target.h>

#include <hwy/cache_control.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace blur_bench::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Chains of dependent operations, enough of them to fill the pipes of both kinds and few enough for
// the registers. AMD's Zen 5 reaches two multiply-adds a cycle with twelve chains, not with eight.
// Of sixteen registers, one holds the constant, and without a multiply-add instruction one holds
// the product.
#if HWY_ARCH_X86 && HWY_TARGET > HWY_AVX2
constexpr int kFmaChains = 6;
constexpr int kAddChains = 6;
#elif HWY_ARCH_X86 && HWY_TARGET > HWY_AVX3
constexpr int kFmaChains = 8;
constexpr int kAddChains = 6;
#else
constexpr int kFmaChains = 12;
constexpr int kAddChains = 12;
#endif
constexpr int kPairsPerRound = 24;  // a multiple of the numbers of chains

// Vectors of some instruction sets can be neither members nor elements: each chain is a local
// variable of one level of this recursion, all of which is inlined.
template <class D, class V, class... Vs>
HWY_INLINE void run_chains(D d, const hn::TFromD<D>* HWY_RESTRICT start,
                           hn::TFromD<D>* HWY_RESTRICT end, std::size_t rounds, V c,
                           Vs&... chains) {
  if constexpr (sizeof...(chains) < kFmaChains + kAddChains) {
    V chain = hn::Load(d, start + sizeof...(chains) * hn::Lanes(d));
    run_chains(d, start, end, rounds, c, chains..., chain);
  } else {
    for (std::size_t round = 0; round < rounds; ++round) {
      for (int i = 0; i < kPairsPerRound / kFmaChains; ++i) {
        int at = 0;
        ((chains = at++ < kFmaChains ? hn::MulAdd(chains, c, chains) : chains), ...);
      }
      for (int i = 0; i < kPairsPerRound / kAddChains; ++i) {
        int at = 0;
        ((chains = at++ < kFmaChains ? chains : hn::Add(chains, c)), ...);
      }
    }
    V sum = c;
    ((sum = hn::Add(sum, chains)), ...);
    hn::Store(sum, d, end);
  }
}

template <class T>
std::size_t fma_add(const T* HWY_RESTRICT start, T* HWY_RESTRICT end, std::size_t rounds) {
  const hn::ScalableTag<T> d;
  run_chains(d, start, end, rounds, hn::Set(d, start[0]));
  return rounds * kPairsPerRound * hn::Lanes(d);
}

std::size_t fma_add_float(const float* start, float* end, std::size_t rounds) {
  return fma_add(start, end, rounds);
}
std::size_t fma_add_double(const double* start, double* end, std::size_t rounds) {
  return fma_add(start, end, rounds);
}

template <bool past_caches, class V, class D>
HWY_INLINE void put(V v, D d, std::uint8_t* to) {
  if constexpr (past_caches) {
    hn::Stream(v, d, to);
  } else {
    hn::Store(v, d, to);
  }
}

// Both 64-byte aligned; bytes a multiple of four vectors, as all the images are.
template <bool past_caches>
HWY_INLINE void copy(const std::uint8_t* HWY_RESTRICT from, std::uint8_t* HWY_RESTRICT to,
                     std::size_t bytes) {
  const hn::ScalableTag<std::uint8_t> d;
  const std::size_t n = hn::Lanes(d);
  for (std::size_t i = 0; i < bytes; i += 4 * n) {
    const auto a = hn::Load(d, from + i);
    const auto b = hn::Load(d, from + i + n);
    const auto c = hn::Load(d, from + i + 2 * n);
    const auto e = hn::Load(d, from + i + 3 * n);
    put<past_caches>(a, d, to + i);
    put<past_caches>(b, d, to + i + n);
    put<past_caches>(c, d, to + i + 2 * n);
    put<past_caches>(e, d, to + i + 3 * n);
  }
  if constexpr (past_caches) hwy::FlushStream();
}

void copy_by_vectors(const std::uint8_t* from, std::uint8_t* to, std::size_t bytes) {
  copy<false>(from, to, bytes);
}
void copy_past_caches(const std::uint8_t* from, std::uint8_t* to, std::size_t bytes) {
  copy<true>(from, to, bytes);
}

const char* target() { return hwy::TargetName(HWY_TARGET); }

}  // namespace blur_bench::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <memory>
#include <utility>

#include "blur_cases.h"
#include "quickest.h"

namespace blur_bench {

HWY_EXPORT(fma_add_float);
HWY_EXPORT(fma_add_double);
HWY_EXPORT(copy_by_vectors);
HWY_EXPORT(copy_past_caches);
HWY_EXPORT(target);

namespace {

std::size_t fma_add(const float* start, float* end, std::size_t rounds) {
  return HWY_DYNAMIC_DISPATCH(fma_add_float)(start, end, rounds);
}
std::size_t fma_add(const double* start, double* end, std::size_t rounds) {
  return HWY_DYNAMIC_DISPATCH(fma_add_double)(start, end, rounds);
}

template <class T>
void fma_add_pairs(benchmark::State& state) {
  // Each chain starts with a number of its own: equal ones would be computed once.
  constexpr std::int64_t kRoom = 1 << 14;
  auto start = nablur::Tensor<T>::arange(1, kRoom + 1);
  auto end = nablur::Tensor<T>::zeros({kRoom});
  start.mutable_data()[0] =
      static_cast<T>(1e-9);  // the factor and the addend: nothing overflows, nothing is subnormal
  std::size_t pairs = 0;
  for (auto _ : state) {
    pairs += fma_add(start.data(), end.mutable_data(), 10000);
    benchmark::ClobberMemory();
  }
  state.counters["pairs_per_second"] =
      benchmark::Counter(static_cast<double>(pairs), benchmark::Counter::kIsRate);
}

template <class T>
void copy_image(benchmark::State& state, const Size& size, Quickest& quickest) {
  const nablur::Tensor<T> x = image<T>(size, 0);
  auto y = nablur::Tensor<T>::zeros(size.shape());
  const auto bytes = static_cast<std::size_t>(size.samples()) * sizeof(T);
  const auto* const from = reinterpret_cast<const std::uint8_t*>(x.data());
  auto* const to = reinterpret_cast<std::uint8_t*>(y.mutable_data());
  const std::vector<Way> ways{{"memcpy", [=] { std::memcpy(to, from, bytes); }},
                              {"vectors",
                               [=] {
                                 HWY_DYNAMIC_DISPATCH(copy_by_vectors)
                                 (from, to, bytes);
                               }},
                              {"vectors past the caches", [=] {
                                 HWY_DYNAMIC_DISPATCH(copy_past_caches)
                                 (from, to, bytes);
                               }}};
  const auto is_right = [=] {
    const bool right = std::memcmp(to, from, bytes) == 0;
    std::memset(to, 0, bytes);  // so that the next way cannot pass the check with this one's result
    return right;
  };
  quickest.measure(state, ways, is_right, " does not copy");
}

template <class T>
void add_cases_of() {
  const std::string scalar = scalar_name<T>();
  add_case("limit/fma_add/" + scalar, fma_add_pairs<T>);
  for (const Size& size : kSizes) {
    add_case("limit/copy/" + name_of(scalar.c_str(), size),
             [size, quickest = std::make_shared<Quickest>()](benchmark::State& state) {
               copy_image<T>(state, size, *quickest);
             });
  }
}

}  // namespace

void add_limit_cases() {
  add_cases_of<float>();
  add_cases_of<double>();
}

std::string limit_target() { return HWY_DYNAMIC_DISPATCH(target)(); }

}  // namespace blur_bench

#endif  // HWY_ONCE
