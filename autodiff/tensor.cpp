#include <nablur/autodiff/tensor.h>

#include <algorithm>
#include <cmath>

#include <nablur/autodiff/detail/walk.h>
#include <nablur/support/random.h>

namespace nablur {
namespace detail {

const Shape& empty_shape() noexcept {
  static const Shape shape{0};
  return shape;
}

namespace {

// While the library is loaded: a child of fork() would wait for ever for a thread of its parent
// that was just at it.
[[maybe_unused]] const Shape& made_when_loaded = empty_shape();

}  // namespace

std::int64_t to_int64(const char* op, double x) {
  if (!(x >= -0x1p63 && x < 0x1p63)) fail(op, ": ", x, " does not fit a 64-bit integer");
  return static_cast<std::int64_t>(x);
}

}  // namespace detail

namespace {

using detail::TensorBlock;

template <class T>
std::size_t block_bytes(const Shape& shape) {
  std::int64_t bytes = 0;
  if (__builtin_mul_overflow(shape.size(), static_cast<std::int64_t>(sizeof(T)), &bytes) ||
      __builtin_add_overflow(bytes, static_cast<std::int64_t>(sizeof(TensorBlock)), &bytes)) {
    fail("tensor: shape ", shape, " of ", sizeof(T), "-byte numbers exceeds the address space");
  }
  return static_cast<std::size_t>(bytes);
}

// A view's block is followed by the block whose numbers it shows.
struct ViewBlock {
  TensorBlock block;
  TensorBlock* base;
};

}  // namespace

template <class T>
Tensor<T> Tensor<T>::empty(const Shape& shape) {
  const std::size_t bytes = block_bytes<T>(shape);
  auto* memory = static_cast<std::byte*>(pool::allocate(bytes));
  try {
    return Tensor(::new (memory) TensorBlock{destroy_own, 1, shape, memory + sizeof(TensorBlock)});
  } catch (...) {  // a shape past rank 4 allocates too
    pool::release(memory, bytes);
    throw;
  }
}

template <class T>
void Tensor<T>::destroy_own(TensorBlock* block) noexcept {
  const std::size_t bytes =
      sizeof(TensorBlock) + static_cast<std::size_t>(block->shape.size()) * sizeof(T);
  block->~TensorBlock();
  pool::release(block, bytes);
}

template <class T>
void Tensor<T>::destroy_view(TensorBlock* block) noexcept {
  reinterpret_cast<ViewBlock*>(block)->base->release();
  block->~TensorBlock();
  pool::release(block, sizeof(ViewBlock));
}

template <class T>
Tensor<T> Tensor<T>::view(std::int64_t offset, const Shape& shape) const {
  if (block_ == nullptr) return empty(shape);
  TensorBlock* base =
      block_->destroy == destroy_view ? reinterpret_cast<ViewBlock*>(block_)->base : block_;
  Shape own = shape;
  void* memory = pool::allocate(sizeof(ViewBlock));
  base->retain();
  return Tensor(
      &(::new (memory) ViewBlock{{destroy_view, 1, std::move(own), data() + offset}, base})->block);
}

template <class T>
Tensor<T>::Tensor(const Shape& shape, T number) : Tensor(empty(shape)) {
  T* out = mutable_data();
  std::fill(out, out + size(), number);
}

template <class T>
Tensor<T>::Tensor(const Shape& shape, std::span<const T> numbers) {
  if (static_cast<std::int64_t>(numbers.size()) != shape.size()) {
    fail("tensor: shape ", shape, " takes ", shape.size(), " numbers, got ", numbers.size());
  }
  *this = empty(shape);
  std::copy(numbers.begin(), numbers.end(), mutable_data());
}

template <class T>
Tensor<T>::Tensor(std::initializer_list<std::initializer_list<T>> rows)
  requires(!is_dual<T>)
{
  const std::size_t columns = rows.size() > 0 ? rows.begin()->size() : 0;
  Tensor table =
      empty(Shape{static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(columns)});
  T* to = table.mutable_data();
  for (const auto& row : rows) {
    if (row.size() != columns)
      fail("tensor: the rows of a matrix must have one length, got ", columns, " and ", row.size());
    to = std::copy(row.begin(), row.end(), to);
  }
  *this = std::move(table);
}

namespace {

// A number made in double as a T. Throws for one that is no 64-bit integer if T is that.
template <class T>
T made(const char* op, double x) {
  if constexpr (std::is_same_v<T, std::int64_t>) {
    return detail::to_int64(op, std::floor(x));
  } else {
    return static_cast<T>(x);
  }
}

}  // namespace

template <class T>
Tensor<T> Tensor<T>::arange(double begin, double end, double step) {
  if (!std::isfinite(begin) || !std::isfinite(end) || !std::isfinite(step) || step == 0) {
    fail("arange: begin, end and step must be finite and step not 0, got ", begin, ", ", end, ", ",
         step);
  }
  const double count = std::max(0.0, std::ceil((end - begin) / step));
  if (!(count < 0x1p62)) fail("arange: from ", begin, " to ", end, " by ", step, " is too long");
  Tensor out = empty(Shape{static_cast<std::int64_t>(count)});
  T* to = out.mutable_data();
  for (std::int64_t i = 0; i < out.size(); ++i)
    to[i] = made<T>("arange", begin + step * static_cast<double>(i));
  return out;
}

template <class T>
Tensor<T> Tensor<T>::linspace(double first, double last, std::int64_t n) {
  if (n < 0) fail("linspace: the count must be at least 0, got ", n);
  if (!std::isfinite(first) || !std::isfinite(last))
    fail("linspace: first and last must be finite, got ", first, " and ", last);
  Tensor out = empty(Shape{n});
  T* to = out.mutable_data();
  const auto steps = static_cast<double>(n - 1);
  const double whole = last - first;
  const double step = n <= 1                 ? 0
                      : std::isfinite(whole) ? whole / steps
                                             : last / steps - first / steps;
  for (std::int64_t i = 0; i < n; ++i)
    to[i] = made<T>("linspace", first + step * static_cast<double>(i));
  if (n > 1) to[n - 1] = made<T>("linspace", last);
  return out;
}

template <class T>
Tensor<T> Tensor<T>::normal(const Shape& shape, Random& random) {
  Tensor out = empty(shape);
  T* to = out.mutable_data();
  for (std::int64_t i = 0; i < out.size(); ++i) to[i] = static_cast<T>(random.normal());
  return out;
}

template <class T>
Tensor<T> Tensor<T>::uniform(const Shape& shape, Random& random) {
  Tensor out = empty(shape);
  T* to = out.mutable_data();
  for (std::int64_t i = 0; i < out.size(); ++i) to[i] = static_cast<T>(random.uniform());
  return out;
}

// Makes this tensor the only holder of its numbers, in memory of our own.
template <class T>
void Tensor<T>::own() {
  if (block_ == nullptr) return;
  Tensor copy = empty(shape());
  std::copy(begin(), end(), const_cast<T*>(copy.data()));
  *this = std::move(copy);
}

template <class T>
T Tensor<T>::item() const {
  if (size() != 1) fail("item: needs exactly one element, got shape ", shape());
  return *data();
}

template <class T>
std::int64_t Tensor<T>::flat_index(std::span<const std::int64_t> index) const {
  if (static_cast<std::int64_t>(index.size()) != rank()) {
    fail("tensor: expected ", rank(), " indices for shape ", shape(), ", got ", index.size());
  }
  std::int64_t flat = 0;
  for (std::size_t axis = 0; axis < index.size(); ++axis) {
    const std::int64_t n = shape().begin()[axis];
    const std::int64_t i = index[axis] < 0 ? index[axis] + n : index[axis];
    if (i < 0 || i >= n)
      fail("tensor: index ", index[axis], " is out of range at axis ", axis, " of ", shape());
    flat = flat * n + i;
  }
  return flat;
}

template <class T>
Tensor<T> Tensor<T>::reshaped(const Shape& shape) const {
  if (shape.size() != size())
    fail("reshape: ", this->shape(), " has ", size(), " elements, ", shape, " has ", shape.size());
  return view(0, shape);
}

template <class T>
Tensor<T> Tensor<T>::rows(std::int64_t begin, std::int64_t end) const {
  if (rank() == 0) fail("rows: a tensor of rank 0 has no rows");
  if (begin < 0 || end < begin || end > shape()[0])
    fail("rows: [", begin, ", ", end, ") is out of range for shape ", shape());
  const std::int64_t row = shape()[0] == 0 ? 0 : size() / shape()[0];
  return view(begin * row, detail::with_size(shape(), 0, end - begin));
}

template <class T>
Tensor<T> Tensor<T>::operator[](std::int64_t i) const {
  if (rank() == 0) fail("tensor: index ", i, " into a tensor of rank 0, which has no axes");
  const std::int64_t n = shape()[0];
  const std::int64_t row = i < 0 ? i + n : i;
  if (row < 0 || row >= n) fail("tensor: index ", i, " is out of range at axis 0 of ", shape());
  const Shape rest(std::span(shape().begin() + 1, shape().end()));
  return view(row * rest.size(), rest);
}

template <class T>
Tensor<Dual<T>> make_dual(const Tensor<T>& value, const Tensor<T>& tangent) {
  if (!(value.shape() == tangent.shape())) {
    fail("make_dual: a value of shape ", value.shape(), " needs a tangent of the same shape, got ",
         tangent.shape());
  }
  auto out = Tensor<Dual<T>>::empty(value.shape());
  Dual<T>* to = out.mutable_data();
  for (std::int64_t i = 0; i < value.size(); ++i) to[i] = {value.data()[i], tangent.data()[i]};
  return out;
}

template <class T>
Tensor<T> tangent_of(const Tensor<Dual<T>>& dual) {
  auto out = Tensor<T>::empty(dual.shape());
  T* to = out.mutable_data();
  for (const Dual<T>& x : dual) *to++ = x.tangent;
  return out;
}

template class Tensor<float>;
template class Tensor<double>;
template class Tensor<Dual<float>>;
template class Tensor<Dual<double>>;
template class Tensor<bool>;
template class Tensor<std::int64_t>;
template Tensor<Dual<float>> make_dual(const Tensor<float>&, const Tensor<float>&);
template Tensor<Dual<double>> make_dual(const Tensor<double>&, const Tensor<double>&);
template Tensor<float> tangent_of(const Tensor<Dual<float>>&);
template Tensor<double> tangent_of(const Tensor<Dual<double>>&);

}  // namespace nablur
