#pragma once
// Standard output, whose loss is an error.

#include <string_view>

namespace recover {

/// Opens /dev/null for standard input and standard error if they are closed, so that no file takes
/// their place. Throws nablur::Error if standard output is closed. To be called before any file is
/// opened.
void open_standard_streams();

/// Prints on standard output. Throws nablur::Error, with the system's reason, if the text is not
/// taken.
void print(std::string_view text);

/// Hands over to the system what is still in the buffer. Throws as print() does.
void flush_standard_output();

/// The same at the end of the program: also what is reported late, when a file is closed, is not
/// lost.
void close_standard_output();

}  // namespace recover
