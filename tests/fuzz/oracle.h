#pragma once
// What the fuzzers share: an Oracle is one property that a fuzzer checks. It counts how often it
// was checked, so that a replay of the corpus can tell an oracle that holds from one that was never
// asked.
//
//   Oracle adjoint("blur and its transpose are adjoint", 100);     // a replay must check it at
//   least 100 times adjoint.expect(error <= bound, "error ", error, " of at most ", bound);

#include <cstdint>
#include <type_traits>

#include <nablur/support/error.h>

namespace nablur::fuzz {

/// One property. Lives as long as the program (make it a global); its name is a literal.
class Oracle {
 public:
  Oracle(const char* name, std::int64_t at_least) noexcept;
  Oracle(const Oracle&) = delete;
  Oracle& operator=(const Oracle&) = delete;

  /// Counts a check. Reports a finding and ends the program if `holds` is false; the parts say what
  /// was seen. A part that is a function without arguments is called only then.
  template <class... Parts>
  void expect(bool holds, const Parts&... parts) {
    ++checked_;
    if (!holds) found(detail::concat(said(parts)...));
  }
  /// Counts an input that this oracle cannot judge.
  void skip() noexcept { ++skipped_; }

  /// Prints the counts of all oracles; false if one of them was checked less often than it must be.
  static bool report();

 private:
  template <class Part>
  static decltype(auto) said(const Part& part) {
    if constexpr (std::is_invocable_v<Part>) {
      return part();
    } else {
      return (part);
    }
  }
  [[noreturn]] void found(const std::string& what) const;

  const char* name_;
  std::int64_t at_least_;
  std::int64_t checked_ = 0;
  std::int64_t skipped_ = 0;
  Oracle* next_;
};

}  // namespace nablur::fuzz
