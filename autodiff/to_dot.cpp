#include <nablur/autodiff/to_dot.h>

namespace nablur {

namespace {

template <class T>
std::string dot_text(const Tape<T>& tape) {
  std::string text = "digraph tape {\n";
  for (std::int64_t i = 0; i < tape.size(); ++i) {
    const auto& node = tape.node(i);
    std::string name;
    for (const char* c = node.name; *c != '\0'; ++c) {
      if (*c == '"' || *c == '\\') name += '\\';
      name += *c;
    }
    const char* form = node.inputs.empty() ? "box" : "ellipse";
    text +=
        detail::concat("  n", i, " [label=\"", name, "\\n", node.shape, "\", shape=", form, "];\n");
    for (const auto& input : node.inputs) {
      if (input.index >= 0) text += detail::concat("  n", input.index, " -> n", i, ";\n");
    }
  }
  return text + "}\n";
}

}  // namespace

template <class T>
std::string to_dot(const Tape<T>& tape) {
  return detail::or_out_of_memory("to_dot", [&tape] { return dot_text(tape); });
}

template std::string to_dot(const Tape<float>&);
template std::string to_dot(const Tape<double>&);
template std::string to_dot(const Tape<Dual<float>>&);
template std::string to_dot(const Tape<Dual<double>>&);

}  // namespace nablur
