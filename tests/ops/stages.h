#pragma once
// The stages of the blur's kernels, one by one, for each instruction set (stages-inl.h).

#include <cstdint>
#include <vector>

#include <nablur/ops/detail/sweep.h>

namespace nablur::detail::stages {

/// In vectors of `lanes` elements; null outputs are not wanted.
template <class T>
struct Stages {
  std::int64_t lanes;
  /// `in` points to the first output's vector, and has radius vectors before it.
  void (*fold)(const T* in, const T* w, const T* h, std::int64_t radius, std::int64_t count, T* out,
               T* out_e);
  /// A square of lanes × lanes.
  void (*transpose)(const T* in, T* out);
  void (*ends)(const AxisFilter<T>& axis, std::int64_t first, std::int64_t last, const T* in,
               T* out, T* out_e);
  /// The same for one contiguous line.
  void (*ends_of_line)(const AxisFilter<T>& axis, std::int64_t first, std::int64_t last,
                       const T* in, T* out, T* out_e);
  double (*dot)(const T* a, const T* b, std::int64_t count);
  std::int64_t (*panel_scratch)(const Plane<T>& plane, std::int64_t rows);
  /// `columns` columns of the rows first … last − 1, filtered across the rows, row by row.
  void (*panel)(const Plane<T>& plane, std::int64_t first, std::int64_t last, std::int64_t columns,
                T* scratch, T* out);
};

/// What foreach_target compiles.
template <std::int64_t target>
struct TargetStages {
  static constexpr const Stages<float>* floats = nullptr;
  static constexpr const Stages<double>* doubles = nullptr;
};

}  // namespace nablur::detail::stages
