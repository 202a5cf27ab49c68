#pragma once
// What an Error says.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <nablur/support/error.h>

/// The message of the Error that f throws.
template <class F>
std::string message_of(const F& f) {
  try {
    f();
  } catch (const nablur::Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

/// f throws an Error in the name of `op` that shows all of the parts.
template <class F>
void expect_message(const std::string& op, const std::vector<std::string>& shown, const F& f) {
  const std::string message = message_of(f);
  EXPECT_EQ(message.rfind(op + ": ", 0), 0U) << message;
  for (const std::string& part : shown)
    EXPECT_NE(message.find(part), std::string::npos) << message << " lacks " << part;
}
