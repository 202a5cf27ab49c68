#pragma once
// What a plugin exports, by these names.

#include <cstddef>

extern "C" {

/// A blur forward and backward on `threads` threads, as one number.
double plugin_blur(int threads);
/// A few small tensors on a tape: the thread caches memory from now on.
double plugin_small();
/// Bytes that the plugin's Nablur holds.
std::size_t plugin_held();
}
