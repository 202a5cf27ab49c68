#pragma once
// Arrays in NumPy's .npy files
// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
//
//   save_npy("image.npy", image);                          // numpy.load("image.npy")
//   const auto image = load_npy<float>("image.npy");

#include <string>

#include <nablur/autodiff/tensor.h>

namespace nablur {

/// What .npy files are read and written of.
template <class T>
concept NpyElement =
    std::is_same_v<T, float> || std::is_same_v<T, double> || std::is_same_v<T, std::int64_t>;

/// Reads a .npy file (versions 1.0, 2.0 and 3.0) of little-endian float32, float64 or int64, in C
/// or Fortran order, into float, double or std::int64_t. The file's type must be T. Nothing in the
/// file is executed or trusted: a header of at most 64 KiB, at most 64 axes, and exactly as many
/// elements as the shape says must be there before memory is taken for them. Throws Error for any
/// other file, and if it cannot be read; OutOfMemory if the system refuses memory.
template <NpyElement T>
NABLUR_API Tensor<T> load_npy(const std::string& path);

/// Writes a .npy file (version 1.0) of float, double or std::int64_t, under exactly this name,
/// replacing one that is there only when the new one is whole. Throws Error if it cannot be
/// written; then no file is left behind.
template <NpyElement T>
NABLUR_API void save_npy(const std::string& path, const Tensor<T>& x);

}  // namespace nablur
