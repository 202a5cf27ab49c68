#include <nablur/support/error.h>

#include <string>

#include "../checks.h"

void checks::error() {
  try {
    nablur::fail("add: ", 3, " and ", 2.5f, " at ", std::string("here"));
  } catch (const nablur::Error& error) {
    expect("fail", std::string(error.what()) == "add: 3 and 2.5 at here");
  }
  try {
    throw nablur::OutOfMemory("blur", 4096);
  } catch (const std::invalid_argument& error) {
    expect("OutOfMemory::OutOfMemory", dynamic_cast<const nablur::OutOfMemory*>(&error) != nullptr);
    expect("OutOfMemory::what", std::string(error.what()).find("4096") != std::string::npos);
  }
}
