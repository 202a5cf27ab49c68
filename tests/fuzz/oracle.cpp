#include "oracle.h"

#include <cstdio>
#include <cstdlib>

namespace nablur::fuzz {
namespace {

constinit Oracle* oracles = nullptr;

}  // namespace

Oracle::Oracle(const char* name, std::int64_t at_least) noexcept
    : name_(name), at_least_(at_least), next_(oracles) {
  oracles = this;
}

bool Oracle::report() {
  bool enough = true;
  for (const Oracle* oracle = oracles; oracle != nullptr; oracle = oracle->next_) {
    const bool rare = oracle->checked_ < oracle->at_least_;
    enough = enough && !rare;
    std::fprintf(stderr, "oracle: %-60s checked %9lld, skipped %9lld%s\n", oracle->name_,
                 static_cast<long long>(oracle->checked_), static_cast<long long>(oracle->skipped_),
                 rare ? "  TOO RARELY" : "");
  }
  return enough;
}

void Oracle::found(const std::string& what) const {
  std::fprintf(stderr, "FOUND: %s: %s\n", name_, what.c_str());
  std::abort();
}

}  // namespace nablur::fuzz
