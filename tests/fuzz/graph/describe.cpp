#include <sstream>

#include "compare.h"

namespace nablur::fuzz {

std::string describe(const Step& s, std::span<const Tensor<double>> operands) {
  std::ostringstream out;
  out.precision(17);
  out << name_of(s.op) << (s.all_axes ? " of all axes, integers" : " integers");
  for (const std::int64_t i : s.integers) out << ' ' << i;
  out << ", shape";
  for (const std::int64_t i : s.shape) out << ' ' << i;
  out << ", axis " << s.axis << ", flag " << s.flag << ", checkpoint " << s.checkpointed
      << ", numbers " << s.numbers[0] << ' ' << s.numbers[1] << ' ' << s.numbers[2] << ", border "
      << static_cast<int>(s.border) << ", radius "
      << (s.radius ? std::to_string(*s.radius) : "tied");
  for (const Tensor<double>& x : operands) {
    out << "\n  operand " << to_string(x.shape());
    for (std::int64_t i = 0; i < std::min<std::int64_t>(x.size(), 64); ++i)
      out << ' ' << x.data()[i];
  }
  return out.str();
}

}  // namespace nablur::fuzz
