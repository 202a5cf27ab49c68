// Private, compiled once for each instruction set: transposes a square of L × L elements (L lanes)
// in registers. First within blocks of 16 bytes, which every instruction set can interleave, then
// whole blocks between vectors.
#if defined(NABLUR_OPS_DETAIL_TRANSPOSE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NABLUR_OPS_DETAIL_TRANSPOSE_INL_H_
#undef NABLUR_OPS_DETAIL_TRANSPOSE_INL_H_
#else
#define NABLUR_OPS_DETAIL_TRANSPOSE_INL_H_
#endif

#include <nablur/ops/detail/fold-inl.h>

HWY_BEFORE_NAMESPACE();
namespace nablur::detail::HWY_NAMESPACE {

// Within blocks of 16 bytes: the rows of one group (as many as a block has numbers) become columns.
// For floats, four rows a, b, c, e and one block of each:
//
//   a0 a1 a2 a3      a0 b0 a1 b1  ab01      a0 b0 c0 e0
//   b0 b1 b2 b3  ─▶  a2 b2 a3 b3  ab23  ─▶  a1 b1 c1 e1
//   c0 c1 c2 c3      c0 e0 c1 e1  ce01      a2 b2 c2 e2
//   e0 e1 e2 e3      c2 e2 c3 e3  ce23      a3 b3 c3 e3
//
// The second step moves pairs of floats, as 64-bit integers.
template <class T, std::size_t group, std::size_t lanes>
HWY_INLINE void TransposeInBlocks(Registers<Vec<T>, lanes>& r) {
  const hn::ScalableTag<T> d;
  if constexpr (sizeof(T) == 8) {
    constexpr std::size_t i = 2 * group;
    const Vec<T> a = r.v[i], b = r.v[i + 1];
    r.v[i] = hn::InterleaveLower(d, a, b);
    r.v[i + 1] = hn::InterleaveUpper(d, a, b);
  } else {
    constexpr std::size_t i = 4 * group;
    const hn::RepartitionToWide<hn::RebindToUnsigned<hn::ScalableTag<T>>> wide;
    const auto ab01 = hn::BitCast(wide, hn::InterleaveLower(d, r.v[i], r.v[i + 1]));
    const auto ab23 = hn::BitCast(wide, hn::InterleaveUpper(d, r.v[i], r.v[i + 1]));
    const auto ce01 = hn::BitCast(wide, hn::InterleaveLower(d, r.v[i + 2], r.v[i + 3]));
    const auto ce23 = hn::BitCast(wide, hn::InterleaveUpper(d, r.v[i + 2], r.v[i + 3]));
    r.v[i] = hn::BitCast(d, hn::InterleaveLower(wide, ab01, ce01));
    r.v[i + 1] = hn::BitCast(d, hn::InterleaveUpper(wide, ab01, ce01));
    r.v[i + 2] = hn::BitCast(d, hn::InterleaveLower(wide, ab23, ce23));
    r.v[i + 3] = hn::BitCast(d, hn::InterleaveUpper(wide, ab23, ce23));
  }
}

// Across blocks: after the first step vector j of every group holds, in its block number b, the
// group's rows of column j + b · numbers in a block. A transpose of whole blocks finishes the job:
// vectors of two blocks need one exchange, vectors of four two. With vectors of a single block
// nothing is left to do (and Highway has none of these operations there, hence the #if).
template <class T, std::size_t j, std::size_t lanes>
HWY_INLINE void TransposeBlocks([[maybe_unused]] Registers<Vec<T>, lanes>& r) {
  constexpr std::size_t per_block = 16 / sizeof(T);
#if HWY_TARGET != HWY_SSSE3 && HWY_TARGET != HWY_SSE4 && HWY_TARGET != HWY_NEON
  const hn::ScalableTag<T> d;
  if constexpr (lanes == 2 * per_block) {
    const Vec<T> a = r.v[j], b = r.v[per_block + j];
    r.v[j] = hn::ConcatLowerLower(d, b, a);
    r.v[per_block + j] = hn::ConcatUpperUpper(d, b, a);
  } else if constexpr (lanes == 4 * per_block) {
    const Vec<T> a = r.v[j], b = r.v[per_block + j], c = r.v[2 * per_block + j],
                 e = r.v[3 * per_block + j];
    const Vec<T> even_ab = hn::OddEvenBlocks(hn::SwapAdjacentBlocks(b), a);  // a0 b0 a2 b2
    const Vec<T> odd_ab = hn::OddEvenBlocks(b, hn::SwapAdjacentBlocks(a));   // a1 b1 a3 b3
    const Vec<T> even_ce = hn::OddEvenBlocks(hn::SwapAdjacentBlocks(e), c);
    const Vec<T> odd_ce = hn::OddEvenBlocks(e, hn::SwapAdjacentBlocks(c));
    r.v[j] = hn::ConcatLowerLower(d, even_ce, even_ab);
    r.v[per_block + j] = hn::ConcatLowerLower(d, odd_ce, odd_ab);
    r.v[2 * per_block + j] = hn::ConcatUpperUpper(d, even_ce, even_ab);
    r.v[3 * per_block + j] = hn::ConcatUpperUpper(d, odd_ce, odd_ab);
  }
#endif
  static_assert(lanes == per_block || lanes == 2 * per_block || lanes == 4 * per_block);
}

template <class T, std::size_t lanes, std::size_t... group, std::size_t... j>
HWY_INLINE void TransposeAll(Registers<Vec<T>, lanes>& r, std::index_sequence<group...>,
                             std::index_sequence<j...>) {
  (TransposeInBlocks<T, group>(r), ...);
  (TransposeBlocks<T, j>(r), ...);
}

// In place: r.v[i] is row i before and column i after. All L rows count; the caller fills with
// zeros what its image does not have.
template <class T, std::size_t lanes>
HWY_INLINE void Transpose(Registers<Vec<T>, lanes>& r) {
  constexpr std::size_t per_block = 16 / sizeof(T);
  TransposeAll<T>(r, std::make_index_sequence<lanes / per_block>(),
                  std::make_index_sequence<per_block>());
}

}  // namespace nablur::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
