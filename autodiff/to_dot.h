#pragma once
// A picture of the tape.

#include <string>

#include <nablur/autodiff/tape.h>

namespace nablur {

/// The graph in Graphviz's language: a box for each variable, an ellipse for each operator, with
/// name and shape. Draw it with `dot -Tsvg`. Constants are not on the tape and do not appear.
template <class T>
NABLUR_API std::string to_dot(const Tape<T>& tape);

}  // namespace nablur
