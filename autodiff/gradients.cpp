#include <nablur/autodiff/gradients.h>

#include <algorithm>

#include <nablur/autodiff/sum.h>

namespace nablur {

template <class T>
bool Adjoints<T>::wants(std::size_t i) const {
  const auto& inputs = sweep_->recording->nodes[node_].inputs;
  if (i >= inputs.size()) fail(sweep_->recording->nodes[node_].name, ": its pullback asks for input ", i, " of ", inputs.size());
  const std::int32_t index = inputs[i].index;
  return index >= 0 && (sweep_->needed.empty() || sweep_->needed[static_cast<std::size_t>(index)] != 0);
}

template <class T>
void Adjoints<T>::add(std::size_t i, Tensor<T> gradient) {
  if (wants(i)) accumulate(i, std::move(gradient));
}

template <class T>
void Adjoints<T>::accumulate(std::size_t i, Tensor<T>&& gradient) {
  const auto& recording = *sweep_->recording;
  const auto& node = recording.nodes[node_];
  const auto input = static_cast<std::size_t>(node.inputs[i].index);
  const Shape& shape = recording.nodes[input].shape;
  if (!(gradient.shape() == shape)) {
    if (!(gradient.shape() == node.shape) || !broadcasts_to(shape, node.shape)) wrong_shape(i, gradient.shape());
    gradient = sum_to(gradient, shape);
  }
  Tensor<T>& sum = sweep_->adjoints[input];
  if (sum.data() == nullptr) {
    sum = std::move(gradient);
  } else {
    sum += gradient;
  }
  if (recording.check_finite) Tape<T>::require_finite("a gradient from", node.name, sum);
}

template <class T>
Tensor<T>& Adjoints<T>::accumulator(std::size_t i) {
  const auto& recording = *sweep_->recording;
  if (!wants(i)) fail(recording.nodes[node_].name, ": its pullback asks for the accumulator of input ", i, ", which is not wanted");
  const auto input = static_cast<std::size_t>(recording.nodes[node_].inputs[i].index);
  Tensor<T>& sum = sweep_->adjoints[input];
  if (sum.data() == nullptr) sum = Tensor<T>::zeros(recording.nodes[input].shape);
  return sum;
}

// What a joint pullback wrote into accumulators has passed no check yet.
template <class T>
void Adjoints<T>::require_sound() const {
  const auto& recording = *sweep_->recording;
  const auto& node = recording.nodes[node_];
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    if (!wants(i)) continue;
    const auto input = static_cast<std::size_t>(node.inputs[i].index);
    const Tensor<T>& sum = sweep_->adjoints[input];
    if (sum.data() != nullptr && !(sum.shape() == recording.nodes[input].shape)) wrong_shape(i, sum.shape());
    if (recording.check_finite) Tape<T>::require_finite("a gradient from", node.name, sum);
  }
}

template <class T>
void Adjoints<T>::wrong_shape(std::size_t i, const Shape& shape) const {
  const auto& node = sweep_->recording->nodes[node_];
  const auto input = static_cast<std::size_t>(node.inputs[i].index);
  fail(node.name, ": its pullback gave shape ", shape, " for input ", node.inputs[i].position, ", expected ",
       sweep_->recording->nodes[input].shape);
}

template <class T>
Tensor<T> Gradients<T>::operator[](const Variable<T>& variable) const {
  if (variable.is_constant()) fail("gradients: a constant of shape ", variable.shape(), " has no gradient");
  if (slot_ == nullptr) return Tensor<T>::zeros(variable.shape());
  if (variable.slot_ != slot_ || variable.epoch_ != epoch_) {
    fail("gradients: a variable of shape ", variable.shape(), " is of another recording than the loss");
  }
  const auto found = std::lower_bound(entries_.begin(), entries_.end(), variable.index_,
                                      [](const Entry& e, std::int32_t index) { return e.index > index; });
  if (found != entries_.end() && found->index == variable.index_) {
    if (found->gradient.data() != nullptr) return found->gradient;
  } else if (named_ || !variable.leaf_) {
    fail("gradients: the gradient by a variable of shape ", variable.shape(), " was not kept; name it: gradients(loss, {x})");
  }
  return Tensor<T>::zeros(variable.shape());
}

template <class T>
typename Gradients<T>::Sweep Gradients<T>::start(const typename Tape<T>::Recording& recording, std::size_t loss,
                                                 const Tensor<T>& seed,
                                                 const std::vector<Entry, pool::Allocator<Entry>>& named) {
  Sweep sweep{&recording, typename Adjoints<T>::Tensors(loss + 1), {}};
  sweep.adjoints[loss] = seed;
  if (named.empty()) return sweep;
  // Only what leads to a named variable is pulled back.
  sweep.needed.resize(loss + 1, 0);
  for (const Entry& e : named) {
    if (static_cast<std::size_t>(e.index) <= loss) sweep.needed[static_cast<std::size_t>(e.index)] = 1;
  }
  for (std::size_t i = 0; i <= loss; ++i) {
    for (const auto& edge : recording.nodes[i].inputs) {
      if (edge.index >= 0) sweep.needed[i] |= sweep.needed[static_cast<std::size_t>(edge.index)];
    }
  }
  return sweep;
}

template <class T>
void Gradients<T>::pull(Sweep& sweep, std::size_t i, const Tensor<T>& g) {
  const auto& node = sweep.recording->nodes[i];
  Adjoints<T> d(sweep, i);
  if (node.joint.type != nullptr) {
    std::size_t wanted = 0;
    while (wanted < node.inputs.size() && !d.wants(wanted)) ++wanted;
    if (wanted == node.inputs.size()) return;
    node.joint.type->pull_joint(node.joint.object, g, d);
    d.require_sound();
    return;
  }
  for (std::size_t k = 0; k < node.inputs.size(); ++k) {
    const auto& pullback = node.inputs[k].pullback;
    if (d.wants(k)) d.accumulate(k, pullback.type->pull(pullback.object, g));
  }
}

template <class T>
Gradients<T> Gradients<T>::sweep(const Variable<T>& loss, const Tensor<T>* seed, const std::span<const Input<T>>* named) {
  if (seed == nullptr && loss.size() != 1) {
    fail("gradients: a loss of shape ", loss.shape(), " needs a seed: gradients(y, seed)");
  }
  if (seed != nullptr && !(seed->shape() == loss.shape())) {
    fail("gradients: the seed has shape ", seed->shape(), ", y has ", loss.shape());
  }
  Gradients result;
  result.named_ = named != nullptr;
  if (loss.is_constant()) return result;
  const Tape<T>& tape = *Tape<T>::tape_of("gradients", loss);
  result.slot_ = loss.slot_;
  result.epoch_ = loss.epoch_;
  if (named != nullptr) {
    for (const Input<T>& input : *named) {
      const Variable<T>& v = *input.variable_;
      if (v.is_constant()) fail("gradients: a constant of shape ", v.shape(), " has no gradient");
      if (Tape<T>::tape_of("gradients", v) != &tape) fail("gradients: a variable of shape ", v.shape(), " is of another tape");
      result.entries_.push_back({v.index_, {}});
    }
    std::sort(result.entries_.begin(), result.entries_.end(), [](const Entry& a, const Entry& b) { return a.index > b.index; });
    const auto same = [](const Entry& a, const Entry& b) { return a.index == b.index; };
    result.entries_.erase(std::unique(result.entries_.begin(), result.entries_.end(), same), result.entries_.end());
    if (result.entries_.empty()) return result;
  }

  const auto last = static_cast<std::size_t>(loss.index_);
  auto& recording = *tape.recording_;
  Sweep sweep = start(recording, last, seed != nullptr ? *seed : Tensor<T>(loss.shape(), T(1)), result.entries_);
  struct Running {
    typename Tape<T>::Recording& recording;
    explicit Running(typename Tape<T>::Recording& r) : recording(r) { ++r.sweeps; }
    ~Running() {
      if (--recording.sweeps == 0 && recording.orphaned) recording.destroy();
    }
  } const running(recording);

  std::size_t next_named = 0;
  for (std::size_t i = last + 1; i-- > 0;) {
    const auto index = static_cast<std::int32_t>(i);
    if (result.named_) {
      while (next_named < result.entries_.size() && result.entries_[next_named].index > index) ++next_named;
    }
    if (sweep.adjoints[i].data() == nullptr) continue;
    const Tensor<T> g = std::move(sweep.adjoints[i]);
    if (result.named_) {
      if (next_named < result.entries_.size() && result.entries_[next_named].index == index)
        result.entries_[next_named].gradient = g;
    } else if (recording.nodes[i].inputs.empty()) {
      result.entries_.push_back({index, g});
    }
    pull(sweep, i, g);
    if (recording.orphaned) fail("gradients: a pullback destroyed the tape that is swept");
  }
  return result;
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
