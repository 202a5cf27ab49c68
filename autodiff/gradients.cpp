#include <nablur/autodiff/gradients.h>

#include <algorithm>

#include <nablur/autodiff/detail/recording.h>
#include <nablur/autodiff/sum.h>

namespace nablur {

/// The gradients of the nodes that a pass has not reached yet. An adjoint without data is zero.
template <class T>
struct Adjoints<T>::ReversePass {
  using Node = typename Tape<T>::Node;
  using Edge = typename Tape<T>::Edge;

  typename Tape<T>::Recording& recording;
  pool::Vector<Tensor<T>> adjoints;    // by node
  pool::Vector<unsigned char> needed;  // by node; empty if all are

  const Node& node(std::size_t i) const { return recording.nodes[i]; }
  const Node& node(const Edge& edge) const { return node(static_cast<std::size_t>(edge.index)); }
  Tensor<T>& adjoint(const Edge& edge) { return adjoints[static_cast<std::size_t>(edge.index)]; }
  bool needs(const Edge& edge) const {
    return edge.index >= 0 && (needed.empty() || needed[static_cast<std::size_t>(edge.index)] != 0);
  }

  void pull(std::size_t i, const Tensor<T>& g);
  void accumulate(const Node& node, const Edge& edge, Tensor<T>&& gradient);
  void require_sound(const Node& node, const Edge& edge);
  [[noreturn]] void wrong_shape(const Node& node, const Edge& edge, const Shape& shape) const {
    fail(node.name, ": its pullback gave shape ", shape, " for input ", edge.position,
         ", expected ", this->node(edge).shape);
  }
};

// Hands the gradient g by node i on to its inputs.
template <class T>
void Adjoints<T>::ReversePass::pull(std::size_t i, const Tensor<T>& g) {
  const Node& node = this->node(i);
  if (!node.joint) {
    for (const Edge& edge : node.inputs) {
      if (needs(edge)) accumulate(node, edge, edge.pullback.pull(g));
    }
    return;
  }
  const auto is_needed = [this](const Edge& edge) { return needs(edge); };
  if (std::none_of(node.inputs.begin(), node.inputs.end(), is_needed)) return;
  Adjoints d(*this, i);
  node.joint.pull(g, d);
  for (const Edge& edge : node.inputs) {
    if (needs(edge)) require_sound(node, edge);
  }
}

// The gradient has the input's shape, or the output's if the input was broadcast.
template <class T>
void Adjoints<T>::ReversePass::accumulate(const Node& node, const Edge& edge,
                                          Tensor<T>&& gradient) {
  const Shape& shape = this->node(edge).shape;
  if (!(gradient.shape() == shape)) {
    if (!(gradient.shape() == node.shape) || !broadcasts_to(shape, node.shape)) {
      wrong_shape(node, edge, gradient.shape());
    }
    gradient = sum_to(gradient, shape);
  }
  Tensor<T>& sum = adjoint(edge);
  if (sum.data() == nullptr) {
    sum = std::move(gradient);
  } else {
    sum += gradient;
  }
  if (recording.check_finite) {
    Tape<T>::Recording::require_finite("a gradient from", node.name, sum);
  }
}

// What a joint pullback wrote into accumulators has passed no check yet.
template <class T>
void Adjoints<T>::ReversePass::require_sound(const Node& node, const Edge& edge) {
  const Tensor<T>& sum = adjoint(edge);
  if (sum.data() == nullptr) return;
  if (!(sum.shape() == this->node(edge).shape)) wrong_shape(node, edge, sum.shape());
  if (recording.check_finite) {
    Tape<T>::Recording::require_finite("a gradient from", node.name, sum);
  }
}

// ---- what a joint pullback sees ---------------------------------------------------------------

template <class T>
bool Adjoints<T>::wants(std::size_t i) const {
  const auto& node = pass_->node(node_);
  if (i >= node.inputs.size()) {
    fail(node.name, ": its pullback asks for input ", i, " of ", node.inputs.size());
  }
  return pass_->needs(node.inputs[i]);
}

template <class T>
void Adjoints<T>::add(std::size_t i, Tensor<T> gradient) {
  if (!wants(i)) return;
  const auto& node = pass_->node(node_);
  pass_->accumulate(node, node.inputs[i], std::move(gradient));
}

template <class T>
Tensor<T>& Adjoints<T>::accumulator(std::size_t i) {
  const auto& node = pass_->node(node_);
  if (!wants(i)) {
    fail(node.name, ": its pullback asks for the accumulator of input ", i,
         ", which is not wanted");
  }
  const auto& edge = node.inputs[i];
  Tensor<T>& sum = pass_->adjoint(edge);
  if (sum.data() == nullptr) sum = Tensor<T>::zeros(pass_->node(edge).shape);
  return sum;
}

// ---- the pass ---------------------------------------------------------------------------------

template <class T>
Gradients<T> Gradients<T>::compute(const Variable<T>& y, const Tensor<T>* seed,
                                   const std::span<const Input<T>>* named) {
  if (seed == nullptr && y.size() != 1) {
    fail("gradients: a loss of shape ", y.shape(), " needs a seed: gradients(y, seed)");
  }
  if (seed != nullptr && !(seed->shape() == y.shape())) {
    fail("gradients: the seed has shape ", seed->shape(), ", y has ", y.shape());
  }
  Gradients result;
  result.named_ = named != nullptr;
  if (y.is_constant()) return result;
  Tape<T>* const tape = Tape<T>::tape_of("gradients", y);
  result.slot_ = y.slot_;
  result.epoch_ = y.epoch_;
  if (named != nullptr) {
    result.name(tape, *named);
    if (result.entries_.empty()) return result;
  }

  const auto last = static_cast<std::size_t>(y.index_);
  Pass pass{*tape->recording_, pool::Vector<Tensor<T>>(last + 1), {}};
  pass.adjoints[last] = seed != nullptr ? *seed : Tensor<T>(y.shape(), T(1));
  if (named != nullptr) {  // only what leads to a named variable is pulled back
    pass.needed.resize(last + 1, 0);
    for (const Entry& e : result.entries_) {
      if (e.index <= y.index_) pass.needed[static_cast<std::size_t>(e.index)] = 1;
    }
    for (std::size_t i = 0; i <= last; ++i) {
      for (const auto& edge : pass.node(i).inputs) pass.needed[i] |= pass.needs(edge);
    }
  }
  result.run(pass);
  return result;
}

// An entry for each named variable. Of several for one variable the first is used.
template <class T>
void Gradients<T>::name(const Tape<T>* tape, std::span<const Input<T>> named) {
  for (const Input<T>& input : named) {
    const Variable<T>& v = *input.variable_;
    if (v.is_constant()) fail("gradients: a constant of shape ", v.shape(), " has no gradient");
    if (Tape<T>::tape_of("gradients", v) != tape) {
      fail("gradients: a variable of shape ", v.shape(), " is of another tape");
    }
    entries_.push_back({v.index_, {}});
  }
  std::sort(entries_.begin(), entries_.end(),
            [](const Entry& a, const Entry& b) { return a.index > b.index; });
}

// The loop over the tape, backwards. What a node has collected is complete when it is reached, and
// is kept if it was asked for.
template <class T>
void Gradients<T>::run(Pass& pass) {
  auto& recording = pass.recording;
  struct Running {
    typename Tape<T>::Recording& recording;
    explicit Running(typename Tape<T>::Recording& r) : recording(r) { ++r.passes; }
    ~Running() {
      if (--recording.passes == 0 && recording.orphaned) recording.destroy();
    }
  } const running(recording);

  auto next_named = entries_.begin();
  for (std::size_t i = pass.adjoints.size(); i-- > 0;) {
    const auto index = static_cast<std::int32_t>(i);
    while (named_ && next_named != entries_.end() && next_named->index > index) ++next_named;
    if (pass.adjoints[i].data() == nullptr) continue;
    const Tensor<T> g = std::move(pass.adjoints[i]);
    if (named_) {
      if (next_named != entries_.end() && next_named->index == index) next_named->gradient = g;
    } else if (pass.node(i).inputs.empty()) {
      entries_.push_back({index, g});
    }
    pass.pull(i, g);
    if (recording.orphaned) fail("gradients: a pullback destroyed the tape that is being reversed");
  }
}

template <class T>
Tensor<T> Gradients<T>::operator[](const Variable<T>& variable) const {
  const Shape& shape = variable.shape();
  if (variable.is_constant()) fail("gradients: a constant of shape ", shape, " has no gradient");
  if (slot_ == nullptr) return Tensor<T>::zeros(shape);
  if (variable.slot_ != slot_ || variable.epoch_ != epoch_) {
    fail("gradients: a variable of shape ", shape, " is of another recording than the loss");
  }
  const auto found =
      std::lower_bound(entries_.begin(), entries_.end(), variable.index_,
                       [](const Entry& e, std::int32_t index) { return e.index > index; });
  if (found != entries_.end() && found->index == variable.index_) {
    if (found->gradient.data() != nullptr) return found->gradient;
  } else if (named_ || !variable.leaf_) {
    fail("gradients: the gradient by a variable of shape ", shape,
         " was not kept; name it: gradients(loss, {x})");
  }
  return Tensor<T>::zeros(shape);
}

template class Adjoints<float>;
template class Adjoints<double>;
template class Adjoints<Dual<float>>;
template class Adjoints<Dual<double>>;
template class Gradients<float>;
template class Gradients<double>;
template class Gradients<Dual<float>>;
template class Gradients<Dual<double>>;

}  // namespace nablur
