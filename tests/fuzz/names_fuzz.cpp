// Text in: the names of borders and of instruction sets. Each is taken or refused with an Error;
// what is taken has one meaning.

#include <string>
#include <string_view>

#include <nablur/nablur.h>

#include "oracle.h"

namespace {

using namespace nablur;

fuzz::Oracle known("a name that is taken is one of the five borders", 20);
fuzz::Oracle round_trip("to_string and border_from_name undo each other", 5);
fuzz::Oracle refused("a name that is not taken is an Error that quotes it", 100);
fuzz::Oracle target("an instruction set that is taken is in use", 1);

template <class F>
void check_border(const F& from, std::string_view name) {
  try {
    const Border border = from(name);
    known.expect(std::string_view(to_string(border)) != "unknown", name);
  } catch (const Error& e) {
    refused.expect(std::string_view(e.what()).find(name) != std::string_view::npos, name,
                   " is not in ", e.what());
  }
}

void check_target(const std::string& name) {
  const std::string before = simd_target();
  try {
    set_simd_target(name);
    target.expect(simd_target() == name, name);
    set_simd_target(before);
  } catch (const Error&) {
    target.expect(simd_target() == before, name, " was refused, but the target is now ",
                  simd_target());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string name(reinterpret_cast<const char*>(data), size);
  if (name.find('\0') != std::string::npos) return 0;  // what() ends there
  check_border([](std::string_view n) { return border_from_name(n); }, name);
  check_border([](std::string_view n) { return border_from_scipy(n); }, name);
  check_border([](std::string_view n) { return border_from_opencv(n); }, name);
  check_border([](std::string_view n) { return border_from_torch(n); }, name);
  for (const Border b :
       {Border::zero, Border::replicate, Border::symmetric, Border::mirror, Border::circular}) {
    round_trip.expect(border_from_name(to_string(b)) == b, to_string(b));
  }
  check_target(name);
  return 0;
}
