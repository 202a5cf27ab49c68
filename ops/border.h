#pragma once
// What a filter sees beyond the ends of an axis. Libraries disagree about the names; these five
// mean one thing each.

#include <cstdint>
#include <iosfwd>
#include <string_view>

#include <nablur/support/error.h>

namespace nablur {

/// The samples beyond the ends of a b c d.
enum class Border {
  zero,       ///< 0 0 | a b c d | 0 0
  replicate,  ///< a a | a b c d | d d
  symmetric,  ///< b a | a b c d | d c
  mirror,     ///< c b | a b c d | c b
  circular,   ///< c d | a b c d | a b
};

/// The border's name above; "unknown" for any other value.
NABLUR_API const char* to_string(Border border) noexcept;
NABLUR_API std::ostream& operator<<(std::ostream& out, Border border);

namespace detail {
/// Throws in the name of `op` for a number that is none of the five borders.
NABLUR_API void require_border(const char* op, Border border);
}  // namespace detail

/// One of the five names above. Throws for any other; "reflect" is refused because it means
/// symmetric to some and mirror to others.
NABLUR_API Border border_from_name(std::string_view name);

/// scipy.ndimage's modes: constant (of 0), grid-constant, nearest, reflect, grid-mirror, mirror,
/// wrap, grid-wrap. Throws for others.
NABLUR_API Border border_from_scipy(std::string_view mode);

/// OpenCV's border types by name, with or without BORDER_ (CONSTANT of 0, REPLICATE, REFLECT,
/// REFLECT_101 or REFLECT101, WRAP, DEFAULT), or by number. Throws for others.
NABLUR_API Border border_from_opencv(std::string_view type);
NABLUR_API Border border_from_opencv(int type);

/// torch.nn.functional.pad's modes and Conv2d's padding_mode: constant (of 0), zeros, replicate,
/// reflect, circular. Throws for others.
NABLUR_API Border border_from_torch(std::string_view mode);

}  // namespace nablur
