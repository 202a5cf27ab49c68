// Private, compiled once for each instruction set: the micro-kernel of the blur.
//
// Layout: consecutive vectors are consecutive samples along the filtered axis; the lanes of a
// vector are independent lines. So the filter runs from vector to vector and never within one,
// whichever axis of the image it filters. Cost for each output vector and tap pair: one addition
// (the filter is symmetric: the two samples at the same distance share a multiply-add) and one
// multiply-add, or two with the derivative. (No include guard of the usual kind: Highway includes
// this file again for each of its targets.)
#if defined(NABLUR_OPS_DETAIL_FOLD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NABLUR_OPS_DETAIL_FOLD_INL_H_
#undef NABLUR_OPS_DETAIL_FOLD_INL_H_
#else
#define NABLUR_OPS_DETAIL_FOLD_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>
#include <utility>

HWY_BEFORE_NAMESPACE();
namespace nablur::detail::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <class T>
using Vec = hn::Vec<hn::ScalableTag<T>>;

// An array of vectors that stays in registers because every index is a compile-time constant.
// (The implicit constructor would not be compiled for the instruction set, and on ARM may not call
// V's.)
template <class V, std::size_t n>
struct Registers {
  HWY_INLINE Registers() {}
  V v[n];
};

// The functions below that take an index_sequence are loops unrolled by fold expressions: a `for`
// with a run-time counter would index the array, and so push it out of the registers into memory.
template <class T, std::size_t n, std::size_t... i>
HWY_INLINE Registers<Vec<T>, n> LoadAllOf(const T* from, std::ptrdiff_t step,
                                          std::index_sequence<i...>) {
  Registers<Vec<T>, n> r;
  ((r.v[i] = hn::LoadU(hn::ScalableTag<T>(), from + static_cast<std::ptrdiff_t>(i) * step)), ...);
  return r;
}

// n vectors, `step` elements apart. Unaligned loads: rows of a caller's image may begin anywhere.
template <class T, std::size_t n>
HWY_INLINE Registers<Vec<T>, n> LoadAll(const T* from, std::ptrdiff_t step) {
  return LoadAllOf<T, n>(from, step, std::make_index_sequence<n>());
}

template <class T, std::size_t n, std::size_t... i>
HWY_INLINE void StoreAllOf(const Registers<Vec<T>, n>& r, T* to, std::ptrdiff_t step,
                           std::index_sequence<i...>) {
  (hn::StoreU(r.v[i], hn::ScalableTag<T>(), to + static_cast<std::ptrdiff_t>(i) * step), ...);
}

template <class T, std::size_t n>
HWY_INLINE void StoreAll(const Registers<Vec<T>, n>& r, T* to, std::ptrdiff_t step) {
  StoreAllOf<T>(r, to, step, std::make_index_sequence<n>());
}

template <class T, std::size_t n, std::size_t... i>
HWY_INLINE void StreamAllOf(const Registers<Vec<T>, n>& r, T* to, std::ptrdiff_t step,
                            std::index_sequence<i...>) {
  (hn::Stream(r.v[i], hn::ScalableTag<T>(), to + static_cast<std::ptrdiff_t>(i) * step), ...);
}

// Non-temporal stores, past the caches. `to` and `step` must be multiples of a vector. Trap: they
// are weakly ordered; whoever hands the memory on calls hwy::FlushStream first.
template <class T, std::size_t n>
HWY_INLINE void StreamAll(const Registers<Vec<T>, n>& r, T* to, std::ptrdiff_t step) {
  StreamAllOf<T>(r, to, step, std::make_index_sequence<n>());
}

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_SSSE3
inline constexpr bool kManyRegisters = false;  // 16
#else
inline constexpr bool kManyRegisters = true;  // 32
#endif

// How many vectors are summed at once, found by measuring. Registers needed for a block of n: n
// sums (2n if joint), n samples below, n above (or none of these with 16 registers), one or two
// taps and a temporary: 10 + 10 + 10 + 2 = 32, 12 + 6 + 6 + 3 = 27; 6 + 6 + 2 = 14, 8 + 4 + 3 = 15.
// Fewer would also leave multiply-adds waiting: each depends on the one before it on the same sum
// (4 cycles on most processors, which have two units), so eight sums should be under way.
inline constexpr std::int64_t kPlainBlock = kManyRegisters ? 10 : 6;
inline constexpr std::int64_t kJointBlock = kManyRegisters ? 6 : 4;
inline constexpr std::int64_t kSlack = 10;  // vectors that a last block may run over

template <class T>
inline constexpr std::int64_t kLanes = hn::MaxLanes(hn::ScalableTag<T>());

// Sums for n rows (or columns) at once, one kernel (joint = false) or two.
template <class T, std::size_t n, bool joint>
struct Sums {
  HWY_INLINE Sums() {}
  Registers<Vec<T>, n> w;
  Registers<Vec<T>, joint ? n : 1> h;
};

// The n samples below and the n samples above the n outputs, at distance k. A step from k to k − 1
// needs one new sample on either side; the others stay in their registers and serve another output.
// So the register of sample i depends on the phase, the number of steps modulo n, which is a
// template argument: after n steps the code begins again. Two loads serve n outputs. With only 16
// registers there is no room for the samples above; they are operands in memory instead.
template <class T, std::size_t n>
struct Windows {
  HWY_INLINE Windows() {}
  Registers<Vec<T>, n> below;
  Registers<Vec<T>, kManyRegisters ? n : 1> above;
};

// The register that holds sample i of the window after `phase` steps. The windows slide in opposite
// directions: below, the samples move towards the outputs' centre, so each step drops the first and
// appends one; above, each drops the last and puts one in front. With n = 3:
//
//   phase   below: samples 0 1 2 in registers   above: samples 0 1 2 in registers
//   0              0 1 2                               0 1 2
//   1              1 2 0                               2 0 1
//   2              2 0 1                               1 2 0
template <std::size_t phase, std::size_t n>
constexpr std::size_t below_slot(std::size_t i) {
  return (i + phase) % n;
}
template <std::size_t phase, std::size_t n>
constexpr std::size_t above_slot(std::size_t i) {
  return (i + n - phase % n) % n;
}

// Σ over the taps for n consecutive outputs, kept in registers from the first tap to the last.
//
// Invariant between steps: `below` and `above` point to the samples of the first output at
// distance k, and the windows hold those of all n outputs. Taps are taken from the tails inwards:
// small terms are added first, and every path through the library adds in this one order, so a
// result does not depend on the block, the tile or the thread that its sample fell to.
template <class T, std::size_t n, bool joint>
struct Fold {
  const T* HWY_RESTRICT below;  // the vector k before that of the first output, aligned
  const T* HWY_RESTRICT above;  // the vector k after it
  const T* HWY_RESTRICT w;      // taps for distances 0 … radius
  const T* HWY_RESTRICT h;
  std::int64_t k;  // from the tails inwards, small terms first

  using D = hn::ScalableTag<T>;
  using All = std::make_index_sequence<n>;
  static constexpr std::ptrdiff_t kLanes = hn::MaxLanes(D());

  HWY_INLINE Fold(const T* centre, const T* w_taps, const T* h_taps, std::int64_t radius)
      : below(centre - radius * kLanes),
        above(centre + radius * kLanes),
        w(w_taps),
        h(h_taps),
        k(radius) {}

  template <std::size_t phase, std::size_t i>
  HWY_INLINE Vec<T> Above(const Windows<T, n>& windows) const {
    if constexpr (kManyRegisters) {
      return windows.above.v[above_slot<phase, n>(i)];
    } else {
      return hn::Load(D(), above + i * kLanes);
    }
  }

  template <std::size_t phase, std::size_t i>
  HWY_INLINE void AddOne(Sums<T, n, joint>& sums, const Windows<T, n>& windows, Vec<T> w_tap,
                         Vec<T> h_tap) const {
    const Vec<T> pair = hn::Add(windows.below.v[below_slot<phase, n>(i)], Above<phase, i>(windows));
    sums.w.v[i] = hn::MulAdd(w_tap, pair, sums.w.v[i]);
    if constexpr (joint) sums.h.v[i] = hn::MulAdd(h_tap, pair, sums.h.v[i]);
  }

  template <std::size_t phase, std::size_t... i>
  HWY_INLINE void Add(Sums<T, n, joint>& sums, const Windows<T, n>& windows,
                      std::index_sequence<i...>) const {
    const Vec<T> w_tap = hn::Set(D(), w[k]);
    const Vec<T> h_tap = joint ? hn::Set(D(), h[k]) : w_tap;
    (AddOne<phase, i>(sums, windows, w_tap, h_tap), ...);
  }

  // The centre tap has no partner: at k = 0 the samples below and above are the same ones.
  template <std::size_t phase, std::size_t... i>
  HWY_INLINE void AddCentre(Sums<T, n, joint>& sums, const Windows<T, n>& windows,
                            std::index_sequence<i...>) const {
    const D d;
    ((sums.w.v[i] =
          hn::MulAdd(hn::Set(d, w[0]), windows.below.v[below_slot<phase, n>(i)], sums.w.v[i])),
     ...);
    if constexpr (joint) {
      ((sums.h.v[i] =
            hn::MulAdd(hn::Set(d, h[0]), windows.below.v[below_slot<phase, n>(i)], sums.h.v[i])),
       ...);
    }
  }

  // Adds the pairs at distance k, then slides both windows to k − 1. The sample that a window lost
  // leaves its register to the one that it gains. After the last step (k = 1) the loads fetch the
  // centre's samples: nothing is read that does not belong to the outputs' reach.
  template <std::size_t phase>
  HWY_INLINE void Step(Sums<T, n, joint>& sums, Windows<T, n>& windows) {
    Add<phase>(sums, windows, All());
    windows.below.v[below_slot<phase, n>(0)] = hn::Load(D(), below + n * kLanes);
    below += kLanes;
    above -= kLanes;
    --k;
    // Else the compiler sees that all samples above but one were loaded for the last step, carries
    // them over in registers, of which there are too few, and spills others in the innermost loop
    // (g++ 12, AVX2: four times as many spills).
    if constexpr (!kManyRegisters) asm("" : "+r"(above));
    if constexpr (kManyRegisters)
      windows.above.v[above_slot<phase, n>(n - 1)] = hn::Load(D(), above);
  }

  // What is left of less than a round, and the centre: at each phase the code asks whether the taps
  // have ended.
  template <std::size_t phase>
  HWY_INLINE void Epilogue(Sums<T, n, joint>& sums, Windows<T, n>& windows) {
    if (k == 0) {
      AddCentre<phase>(sums, windows, All());
    } else if constexpr (phase + 1 < n) {
      Step<phase>(sums, windows);
      Epilogue<phase + 1>(sums, windows);
    }
  }

  // n steps, after which every sample is back in the register with its own number.
  template <std::size_t... phase>
  HWY_INLINE void Round(Sums<T, n, joint>& sums, Windows<T, n>& windows,
                        std::index_sequence<phase...>) {
    (Step<phase>(sums, windows), ...);
  }

  template <std::size_t... i>
  HWY_INLINE void Start(Sums<T, n, joint>& sums, Windows<T, n>& windows,
                        std::index_sequence<i...>) const {
    const D d;
    ((sums.w.v[i] = hn::Zero(d)), ...);
    if constexpr (joint) ((sums.h.v[i] = hn::Zero(d)), ...);
    ((windows.below.v[i] = hn::Load(d, below + i * kLanes)), ...);
    if constexpr (kManyRegisters) ((windows.above.v[i] = hn::Load(d, above + i * kLanes)), ...);
  }

  HWY_INLINE Sums<T, n, joint> Run() {
    Sums<T, n, joint> sums;
    Windows<T, n> windows;
    Start(sums, windows, All());
    while (k >= static_cast<std::int64_t>(n)) Round(sums, windows, All());
    Epilogue<0>(sums, windows);
    return sums;
  }
};

// out[i] = Σ_d w_|d| in[i + d] and out_e[i] = Σ_d h_|d| in[i + d] for `count` vectors; a null out
// or out_e is not wanted. `in` points to the first output's vector and has `radius` vectors before
// it; all pointers are aligned. The last block may read and write up to kSlack vectors past the
// end, whose contents do not matter. Calls between() after every block, for prefetching.
template <class T, class Between>
void FoldAll(const T* in, const T* w, const T* h, std::int64_t radius, std::int64_t count, T* out,
             T* out_e, Between&& between) {
  constexpr std::int64_t L = kLanes<T>;
  if (out != nullptr && out_e != nullptr) {
    for (std::int64_t i = 0; i < count; i += kJointBlock) {
      const auto sums = Fold<T, kJointBlock, true>(in + i * L, w, h, radius).Run();
      StoreAll<T>(sums.w, out + i * L, L);
      StoreAll<T>(sums.h, out_e + i * L, L);
      between();
    }
  } else {
    // Only one of the two kernels: whichever it is, the sums are the plain ones.
    const T* const taps = out != nullptr ? w : h;
    T* const to = out != nullptr ? out : out_e;
    for (std::int64_t i = 0; i < count; i += kPlainBlock) {
      StoreAll<T>(Fold<T, kPlainBlock, false>(in + i * L, taps, nullptr, radius).Run().w,
                  to + i * L, L);
      between();
    }
  }
}

}  // namespace nablur::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
