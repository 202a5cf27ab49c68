// Private, compiled once for each instruction set: rows turned into columns and back.
#if defined(NABLUR_OPS_DETAIL_BAND_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NABLUR_OPS_DETAIL_BAND_INL_H_
#undef NABLUR_OPS_DETAIL_BAND_INL_H_
#else
#define NABLUR_OPS_DETAIL_BAND_INL_H_
#endif

#include <cstring>

#include <nablur/ops/detail/transpose-inl.h>

HWY_BEFORE_NAMESPACE();
namespace nablur::detail::HWY_NAMESPACE {

template <class T>
inline constexpr std::size_t kSide = static_cast<std::size_t>(kLanes<T>);
// L × L elements, in as many registers.
template <class T>
using Square = Registers<Vec<T>, kSide<T>>;

// Columns of a group of as many rows as a vector has lanes, each column a vector, each channel by
// itself: along the row a filter then runs from vector to vector. Column q of the rows is channel q
// % channels of pixel q / channels. (Interleaved channels, as RGB, are neighbours in the rows but
// not in the filter: one channel's pixels must follow one another.)
template <class T>
struct Columns {
  T* data = nullptr;
  std::int64_t channels = 1;
  std::int64_t capacity = 0;  // pixels of a channel

  T* At(std::int64_t channel, std::int64_t pixel) const {
    return data + (channel * capacity + pixel) * kLanes<T>;
  }
  T* Column(std::int64_t q) const {
    return channels == 1 ? At(0, q) : At(q % channels, q / channels);
  }

  // Columns q … q + count − 1, count ≤ L, from rows in registers.
  HWY_INLINE void Put(Square<T> rows, std::int64_t q, std::int64_t count) const {
    Transpose<T>(rows);
    // Consecutive columns are consecutive vectors: L stores of registers.
    if (channels == 1 && count == kLanes<T>) {
      StoreAll<T>(rows, At(0, q), kLanes<T>);
      return;
    }
    alignas(64) T columns[kLanes<T> * kLanes<T>];
    StoreAll<T>(rows, columns, kLanes<T>);
    const hn::ScalableTag<T> d;
    for (std::int64_t i = 0; i < count; ++i)
      hn::Store(hn::Load(d, columns + i * kLanes<T>), d, Column(q + i));
  }

  // Rows in registers from columns q … q + count − 1; the inverse of Put. Elements of columns that
  // were not asked for are unspecified if there is one channel.
  HWY_INLINE Square<T> Get(std::int64_t q, std::int64_t count) const {
    Square<T> rows;
    if (channels == 1) {
      rows = LoadAll<T, kSide<T>>(At(0, q), kLanes<T>);
    } else {
      const hn::ScalableTag<T> d;
      alignas(64) T columns[kLanes<T> * kLanes<T>] = {};
      for (std::int64_t i = 0; i < count; ++i)
        hn::Store(hn::Load(d, Column(q + i)), d, columns + i * kLanes<T>);
      rows = LoadAll<T, kSide<T>>(columns, kLanes<T>);
    }
    Transpose<T>(rows);
    return rows;
  }
};

// A square of an image, of which `rows` rows and `columns` columns are there; zeros elsewhere.
template <class T>
HWY_INLINE Square<T> ReadSquare(const T* from, std::int64_t pitch, std::int64_t rows,
                                std::int64_t columns) {
  if (rows == kLanes<T> && columns == kLanes<T>) return LoadAll<T, kSide<T>>(from, pitch);
  alignas(64) T square[kLanes<T> * kLanes<T>] = {};
  for (std::int64_t i = 0; i < rows; ++i) {
    std::memcpy(square + i * kLanes<T>, from + i * pitch,
                static_cast<std::size_t>(columns) * sizeof(T));
  }
  return LoadAll<T, kSide<T>>(square, kLanes<T>);
}

// stream: past the caches; then `to` and pitch must be multiples of a vector.
template <class T>
HWY_INLINE void WriteSquare(const Square<T>& r, T* to, std::int64_t pitch, std::int64_t rows,
                            std::int64_t columns, bool stream) {
  if (rows == kLanes<T> && columns == kLanes<T>) {
    if (stream) {
      StreamAll<T>(r, to, pitch);
    } else {
      StoreAll<T>(r, to, pitch);
    }
    return;
  }
  alignas(64) T square[kLanes<T> * kLanes<T>];
  StoreAll<T>(r, square, kLanes<T>);
  for (std::int64_t i = 0; i < rows; ++i) {
    std::memcpy(to + i * pitch, square + i * kLanes<T>,
                static_cast<std::size_t>(columns) * sizeof(T));
  }
}

}  // namespace nablur::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
