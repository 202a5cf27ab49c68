// Private, compiled once for each instruction set: the product of two matrices.
//
// Three loops of blocks around a tile of the result that stays in registers while it adds up
// kDepth terms (K. Goto, R. van de Geijn, "Anatomy of high-performance matrix multiplication",
// 2008). Blocks of a and b are copied, with what a transposed factor needs turned, into the order
// in which the tile reads them:
//
//   b: columns in panels of kTileColumns, row after row     (kDepth × kBlockColumns, in the L2
//   cache) a: rows in panels of kTileRows, column after column     (kBlockRows × kDepth, in the L2
//   cache)
//
// The sizes of blocks are constants, never the machine's caches: an element of the result is a sum
// of sums over kDepth terms, each from the first term to the last, on every machine with this
// instruction set.
#if defined(NABLUR_OPS_DETAIL_GEMM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NABLUR_OPS_DETAIL_GEMM_INL_H_
#undef NABLUR_OPS_DETAIL_GEMM_INL_H_
#else
#define NABLUR_OPS_DETAIL_GEMM_INL_H_
#endif

#include <algorithm>
#include <utility>

#include <nablur/ops/detail/fold-inl.h>
#include <nablur/ops/detail/gemm.h>

HWY_BEFORE_NAMESPACE();
namespace nablur::detail::HWY_NAMESPACE {

// A tile of 12 rows and 2 vectors takes 24 registers for its sums and 2 for b; a's elements are
// broadcast from memory. With 16 registers it is 6 rows: 12, 2, and 1 for the broadcast.
inline constexpr std::int64_t kTileRows = kManyRegisters ? 12 : 6;
template <class T>
inline constexpr std::int64_t kTileColumns = 2 * kLanes<T>;
inline constexpr std::int64_t kDepth = 256;
inline constexpr std::int64_t kBlockRows = 144;
inline constexpr std::int64_t kBlockColumns = 1024;
static_assert(kBlockRows % kTileRows == 0);

inline std::int64_t RoundedUp(std::int64_t n, std::int64_t step) {
  return (n + step - 1) / step * step;
}

// panel[k·width + i] = element k of line i, for `lines` lines of `length` elements; the lines that
// a panel lacks are zeros. `contiguous`: elements of a line are neighbours and lines lie `stride`
// apart; else the other way round.
template <std::int64_t width, class T>
void PackPanel(const T* from, std::int64_t stride, bool contiguous, std::int64_t lines,
               std::int64_t length, T* panel) {
  if (lines < width) std::fill_n(panel, width * length, T(0));
  if (!contiguous) {
    if (lines == width) {
      for (std::int64_t k = 0; k < length; ++k)
        std::copy_n(from + k * stride, width, panel + k * width);
    } else {
      for (std::int64_t k = 0; k < length; ++k)
        std::copy_n(from + k * stride, lines, panel + k * width);
    }
    return;
  }
  // A few elements of every line at a time, so that the part of the panel stays in the first cache.
  constexpr std::int64_t kFew = 16;
  for (std::int64_t begin = 0; begin < length; begin += kFew) {
    const std::int64_t end = std::min(length, begin + kFew);
    for (std::int64_t i = 0; i < lines; ++i) {
      const T* const line = from + i * stride;
      for (std::int64_t k = begin; k < end; ++k) panel[k * width + i] = line[k];
    }
  }
}

// Panels of all `lines` lines, one after the other.
template <std::int64_t width, class T>
void Pack(const T* from, std::int64_t stride, bool contiguous, std::int64_t lines,
          std::int64_t length, T* to) {
  for (std::int64_t i = 0; i < lines; i += width, to += width * length) {
    PackPanel<width>(from + i * (contiguous ? stride : 1), stride, contiguous,
                     std::min(width, lines - i), length, to);
  }
}

// A tile of sizeof...(r) rows: the sum of `depth` terms, added to what is there or put there.
template <class T, std::size_t... r>
HWY_INLINE void MultiplyTile(const T* HWY_RESTRICT a, const T* HWY_RESTRICT b, std::int64_t depth,
                             T* to, std::int64_t pitch, bool add, std::index_sequence<r...>) {
  constexpr std::int64_t L = kLanes<T>;
  const hn::ScalableTag<T> d;
  Registers<Vec<T>, sizeof...(r)> left;
  Registers<Vec<T>, sizeof...(r)> right;
  ((left.v[r] = hn::Zero(d), right.v[r] = hn::Zero(d)), ...);
  for (std::int64_t k = 0; k < depth; ++k, a += kTileRows, b += kTileColumns<T>) {
    const Vec<T> b_left = hn::Load(d, b);
    const Vec<T> b_right = hn::Load(d, b + L);
    ((left.v[r] = hn::MulAdd(hn::Set(d, a[r]), b_left, left.v[r]),
      right.v[r] = hn::MulAdd(hn::Set(d, a[r]), b_right, right.v[r])),
     ...);
  }
  const auto at = [&](std::size_t row) { return to + static_cast<std::int64_t>(row) * pitch; };
  if (add) {
    ((left.v[r] = hn::Add(left.v[r], hn::LoadU(d, at(r))),
      right.v[r] = hn::Add(right.v[r], hn::LoadU(d, at(r) + L))),
     ...);
  }
  ((hn::StoreU(left.v[r], d, at(r)), hn::StoreU(right.v[r], d, at(r) + L)), ...);
}

// The same of `rows` rows and `columns` columns. A tile that the result has only a part of is
// computed beside it.
template <class T>
void MultiplyTile(const T* a, const T* b, std::int64_t depth, T* to, std::int64_t pitch, bool add,
                  std::int64_t rows, std::int64_t columns) {
  constexpr std::size_t kRows = kTileRows;
  if (rows == kTileRows && columns == kTileColumns<T>) {
    return MultiplyTile(a, b, depth, to, pitch, add, std::make_index_sequence<kRows>());
  }
  alignas(64) T tile[kTileRows * kTileColumns<T>];
  if (rows > kTileRows / 2) {
    MultiplyTile(a, b, depth, tile, kTileColumns<T>, false, std::make_index_sequence<kRows>());
  } else {
    MultiplyTile(a, b, depth, tile, kTileColumns<T>, false, std::make_index_sequence<kRows / 2>());
  }
  for (std::int64_t i = 0; i < rows; ++i) {
    const T* const from = tile + i * kTileColumns<T>;
    T* const row = to + i * pitch;
    for (std::int64_t j = 0; j < columns; ++j) row[j] = add ? from[j] + row[j] : from[j];
  }
}

template <class T>
std::int64_t ScratchOfA(const Matrix<T>& a) {
  return RoundedUp(std::min(kBlockRows, a.rows), kTileRows) * std::min(kDepth, a.columns);
}

// Room for a block of a, up to a whole number of vectors, and for one of b.
template <class T>
std::int64_t MultiplyScratch(const Matrix<T>& a, const Matrix<T>& b) {
  return RoundedUp(ScratchOfA(a), 64) +
         RoundedUp(std::min(kBlockColumns, b.columns), kTileColumns<T>) *
             std::min(kDepth, a.columns);
}

template <class T>
void Multiply(const Matrix<T>& a, const Matrix<T>& b, T* out, T* scratch) {
  T* const packed_a = scratch;
  T* const packed_b = scratch + RoundedUp(ScratchOfA(a), 64);
  const auto at = [](const Matrix<T>& m, std::int64_t row, std::int64_t column) {
    return m.data + (m.transposed ? column * m.stride + row : row * m.stride + column);
  };
  for (std::int64_t j = 0; j < b.columns; j += kBlockColumns) {
    const std::int64_t columns = std::min(kBlockColumns, b.columns - j);
    for (std::int64_t k = 0; k < a.columns; k += kDepth) {
      const std::int64_t depth = std::min(kDepth, a.columns - k);
      Pack<kTileColumns<T>>(at(b, k, j), b.stride, b.transposed, columns, depth, packed_b);
      for (std::int64_t i = 0; i < a.rows; i += kBlockRows) {
        const std::int64_t rows = std::min(kBlockRows, a.rows - i);
        Pack<kTileRows>(at(a, i, k), a.stride, !a.transposed, rows, depth, packed_a);
        for (std::int64_t v = 0; v < columns; v += kTileColumns<T>) {
          for (std::int64_t u = 0; u < rows; u += kTileRows) {
            MultiplyTile(packed_a + u * depth, packed_b + v * depth, depth,
                         out + (i + u) * b.columns + j + v, b.columns, k > 0,
                         std::min(kTileRows, rows - u), std::min(kTileColumns<T>, columns - v));
          }
        }
      }
    }
  }
}

}  // namespace nablur::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
