#pragma once
// An n-d array that is a value: copying is cheap, nothing aliases, contiguous and row-major.
//
//   Tensor<double> a(Shape{2, 3}, {1, 2, 3, 4, 5, 6});
//   auto b = a;                        // shares the numbers until one of the two is written to
//   b.mutable_data()[0] = 7;           // a is as it was
//   std::cout << b;                    // Tensor<double>(2, 3) [[7, 2, 3], [4, 5, 6]]

#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <new>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include <nablur/autodiff/dual.h>
#include <nablur/autodiff/shape.h>
#include <nablur/support/pool.h>

namespace nablur {

class Random;
template <class T>
class NABLUR_API Tensor;

namespace detail {

// What a tensor points to: a pooled block of 64 bytes, followed by the elements, or by the owner of
// elements that lie elsewhere.
struct TensorBlock {
  void (*destroy)(TensorBlock*) noexcept;
  std::uint64_t count;
  Shape shape;
  const void* data;

  bool unique() const noexcept { return __atomic_load_n(&count, __ATOMIC_ACQUIRE) == 1; }
  void retain() noexcept { __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED); }
  void release() noexcept {
    // The last holder needs no read-modify-write: nobody else can see the block.
    if (unique() || __atomic_fetch_sub(&count, 1, __ATOMIC_ACQ_REL) == 1) destroy(this);
  }
};
static_assert(sizeof(TensorBlock) == 64);

NABLUR_API const Shape& empty_shape() noexcept;  // (0,)

// The loops behind the operators of Tensor and the comparisons of Variables. `op` is the sign; = is
// ==, ! is !=, L is <=, G is >=.
template <class T>
struct NABLUR_API TensorOperators {
  static Tensor<T> combine(char op, const Tensor<T>& a, const Tensor<T>& b);
  static void combine_into(char op, Tensor<T>& a, const Tensor<T>& b);
  static Tensor<bool> compare(char op, const Tensor<T>& a, const Tensor<T>& b);
};

/// x as <kind><T>(shape) and its elements.
template <class T>
NABLUR_API std::ostream& print(std::ostream& out, const char* kind, const Tensor<T>& x);

/// x without its fraction. Throws in the name of `op` if the result does not fit, and for NaN.
NABLUR_API std::int64_t to_int64(const char* op, double x);

template <class U, class N>
U converted(const N& x) {
  if constexpr (std::is_same_v<U, std::int64_t> && std::is_floating_point_v<N>) {
    return to_int64("cast", static_cast<double>(x));
  } else {
    return static_cast<U>(x);
  }
}

}  // namespace detail

/// An array of elements of type T (float, double, Dual of these; bool for masks, std::int64_t for
/// indices) in row-major order.
template <class T>
class NABLUR_API Tensor {
  static_assert(
      detail::is_element<T>,
      "Tensor<T>: T is float, double, a Dual of these, bool (masks) or std::int64_t (indices)");

 public:
  using value_type = T;

  /// Shape (0,): no element.
  Tensor() noexcept = default;
  /// Rank 0. A tensor of integers cannot be made from a floating-point number.
  template <class N>
    requires(std::is_same_v<N, T> ||
             (std::is_arithmetic_v<N> && !(std::is_floating_point_v<N> && std::is_integral_v<T>)))
  Tensor(N number) : Tensor(Shape{}, static_cast<T>(number)) {}
  /// Rank 1.
  Tensor(std::initializer_list<T> numbers)
      : Tensor(Shape{static_cast<std::int64_t>(numbers.size())}, numbers) {}
  /// Rank 2, from rows of two or more numbers (a column: Tensor(Shape{2, 1}, {1, 2})). Throws if
  /// they differ in length. Not for Dual: there, {1, 2} is one Dual.
  Tensor(std::initializer_list<std::initializer_list<T>> rows)
    requires(!is_dual<T>);
  /// All elements alike.
  Tensor(const Shape& shape, T number);
  /// From numbers in row-major order. Throws if their count is not the shape's.
  Tensor(const Shape& shape, std::initializer_list<T> numbers)
      : Tensor(shape, std::span<const T>(numbers.begin(), numbers.size())) {}
  Tensor(const Shape& shape, std::span<const T> numbers);

  Tensor(const Tensor& other) noexcept : block_(other.block_) {
    if (block_ != nullptr) block_->retain();
  }
  Tensor(Tensor&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  // Not of a temporary: x[0] = y would change nothing.
  Tensor& operator=(Tensor other) & noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Tensor() {
    if (block_ != nullptr) block_->release();
  }

  /// Not initialised: every element must be written (through mutable_data) before it is read.
  static Tensor empty(const Shape& shape);
  static Tensor zeros(const Shape& shape) { return Tensor(shape, T(0)); }
  static Tensor ones(const Shape& shape) { return Tensor(shape, T(1)); }
  static Tensor full(const Shape& shape, T number) { return Tensor(shape, number); }
  /// ⌈(end − begin)/step⌉ numbers begin + i·step, as numpy.arange: rounding may make the last one
  /// reach end. Throws if step is 0 or anything is not finite.
  static Tensor arange(double begin, double end, double step = 1);
  static Tensor arange(double end) { return arange(0, end); }
  /// n numbers from first to last, both included, as numpy.linspace makes them (integers rounded
  /// down). Throws if n is negative or one of the two is not finite.
  static Tensor linspace(double first, double last, std::int64_t n);
  /// Samples of the normal distribution (mean 0, deviation 1), or uniform in [0, 1), drawn in
  /// row-major order.
  static Tensor normal(const Shape& shape, Random& random);
  static Tensor uniform(const Shape& shape, Random& random);

  /// Adopts foreign memory without a copy: shape.size() numbers at `data`, which must not change
  /// while a tensor holds them. `owner` is what keeps them alive: it is moved (or, if it is a
  /// shared_ptr or another handle, may be copied) and destroyed when the last tensor lets go. Pass
  /// a std::vector by std::move, after taking its data(): a copy of it would own other memory.
  /// Throws if `data` is null and the shape has elements.
  template <class Owner>
  static Tensor wrap(const T* data, const Shape& shape, Owner&& owner);

  const Shape& shape() const noexcept {
    return block_ != nullptr ? block_->shape : detail::empty_shape();
  }
  std::int64_t rank() const noexcept { return shape().rank(); }
  std::int64_t size() const noexcept { return block_ != nullptr ? block_->shape.size() : 0; }

  const T* data() const noexcept {
    return block_ != nullptr ? static_cast<const T*>(block_->data) : nullptr;
  }
  const T* begin() const noexcept { return data(); }
  const T* end() const noexcept { return data() + size(); }
  std::span<const T> values() const noexcept { return {data(), static_cast<std::size_t>(size())}; }
  /// Pointer for writing. Copies the elements first if they are shared: with another tensor, with
  /// the base of a view, or with wrapped memory. Valid until this tensor is copied next.
  T* mutable_data() {
    if (!is_sole_owner()) own();
    return const_cast<T*>(data());
  }

  /// Itself, so that code written for Variables (f(x).value()) works for Tensors too.
  const Tensor& value() const& noexcept { return *this; }
  Tensor value() && noexcept { return std::move(*this); }

  /// The only element. Throws if there is not exactly one.
  T item() const;
  /// One element by its indices, negative ones counting from the end. Throws out of range.
  template <class... I>
    requires(std::is_integral_v<I> && ...)
  T operator()(I... index) const {
    const std::int64_t indices[] = {static_cast<std::int64_t>(index)..., 0};
    return data()[flat_index({indices, sizeof...(I)})];
  }
  /// Writes one element: t.set({i, j}, 3). Copies the elements first if they are shared, as
  /// mutable_data; in a loop over many elements that pointer is quicker.
  void set(std::initializer_list<std::int64_t> index, T number) {
    const std::int64_t at = flat_index({index.begin(), index.size()});
    mutable_data()[at] = number;
  }
  /// Index i along the first axis (negative: from the end), without that axis: a view without a
  /// copy, which keeps the whole block alive. Throws out of range and for rank 0.
  Tensor operator[](std::int64_t i) const;

  /// The same numbers under another shape: a view without a copy, which keeps the whole block
  /// alive. Throws if the counts differ.
  Tensor reshaped(const Shape& shape) const;
  /// Indices [begin, end) of the first axis, counted from the front: a view without a copy, which
  /// keeps the whole block alive. Throws out of range.
  Tensor rows(std::int64_t begin, std::int64_t end) const;

  /// Every element converted as static_cast does; to Dual with tangent 0, from Dual the value. To
  /// std::int64_t fractions are cut off; throws if an element is NaN or out of range.
  template <class U>
  Tensor<U> cast() const;

  /// Elementwise, with NumPy's broadcasting; throw if the shapes do not broadcast. Integers: also
  /// if a result does not fit 64 bits, and for a division by 0. Throw for bool.
  friend Tensor operator+(const Tensor& a, const Tensor& b) { return combine('+', a, b); }
  friend Tensor operator-(const Tensor& a, const Tensor& b) { return combine('-', a, b); }
  friend Tensor operator*(const Tensor& a, const Tensor& b) { return combine('*', a, b); }
  friend Tensor operator/(const Tensor& a, const Tensor& b) { return combine('/', a, b); }
  friend Tensor operator-(const Tensor& a) { return combine('*', a, Tensor(T(-1))); }
  /// The left shape stays: b broadcasts to it. In place unless another tensor holds the elements,
  /// or they are integers.
  Tensor& operator+=(const Tensor& b) & { return combine_into('+', b); }
  Tensor& operator-=(const Tensor& b) & { return combine_into('-', b); }
  Tensor& operator*=(const Tensor& b) & { return combine_into('*', b); }
  Tensor& operator/=(const Tensor& b) & { return combine_into('/', b); }

  /// Masks, elementwise with broadcasting. Beside NaN only != is true; of Duals the values are
  /// compared.
  friend Tensor<bool> operator>(const Tensor& a, const Tensor& b) { return compare('>', a, b); }
  friend Tensor<bool> operator<(const Tensor& a, const Tensor& b) { return compare('<', a, b); }
  friend Tensor<bool> operator>=(const Tensor& a, const Tensor& b) { return compare('G', a, b); }
  friend Tensor<bool> operator<=(const Tensor& a, const Tensor& b) { return compare('L', a, b); }
  friend Tensor<bool> operator==(const Tensor& a, const Tensor& b) { return compare('=', a, b); }
  friend Tensor<bool> operator!=(const Tensor& a, const Tensor& b) { return compare('!', a, b); }
  /// Not, and, or of masks.
  friend Tensor operator!(const Tensor& a)
    requires std::is_same_v<T, bool>
  {
    return compare('=', a, Tensor(false));
  }
  friend Tensor operator&(const Tensor& a, const Tensor& b)
    requires std::is_same_v<T, bool>
  {
    return compare('&', a, b);
  }
  friend Tensor operator|(const Tensor& a, const Tensor& b)
    requires std::is_same_v<T, bool>
  {
    return compare('|', a, b);
  }

  /// Type, shape and numbers; past six along an axis the middle ones are cut. [] if there is no
  /// element.
  friend std::ostream& operator<<(std::ostream& out, const Tensor& tensor) {
    return detail::print(out, "Tensor", tensor);
  }

 private:
  using Operators = detail::TensorOperators<T>;
  friend Operators;
  static Tensor combine(char op, const Tensor& a, const Tensor& b) {
    return Operators::combine(op, a, b);
  }
  static Tensor<bool> compare(char op, const Tensor& a, const Tensor& b) {
    return Operators::compare(op, a, b);
  }
  Tensor& combine_into(char op, const Tensor& b) {
    Operators::combine_into(op, *this, b);
    return *this;
  }

  explicit Tensor(detail::TensorBlock* block) noexcept : block_(block) {}
  bool is_sole_owner() const noexcept {
    return block_ != nullptr && block_->destroy == destroy_own && block_->unique();
  }
  void own();
  Tensor view(std::int64_t offset, const Shape& shape) const;
  std::int64_t flat_index(std::span<const std::int64_t> index) const;
  static void destroy_own(detail::TensorBlock* block) noexcept;
  static void destroy_view(detail::TensorBlock* block) noexcept;

  detail::TensorBlock* block_ = nullptr;
};

/// value + tangent·ε, elementwise; shapes must be equal.
template <class T>
NABLUR_API Tensor<Dual<T>> make_dual(const Tensor<T>& value, const Tensor<T>& tangent);
template <class T>
NABLUR_API Tensor<T> tangent_of(const Tensor<Dual<T>>& dual);

// -----------------------------------------------------------------------------------------------

template <class T>
template <class Owner>
Tensor<T> Tensor<T>::wrap(const T* data, const Shape& shape, Owner&& owner) {
  struct Wrapped {
    detail::TensorBlock block;
    std::remove_cvref_t<Owner> owner;
    // g++ 12 destroys the block twice if the move throws inside an aggregate initialisation.
    Wrapped(const detail::TensorBlock& b, Owner&& o) : block(b), owner(std::forward<Owner>(o)) {}
  };
  static_assert(alignof(Wrapped) <= 64, "wrap: the owner asks for more alignment than 64 bytes");
  if (data == nullptr && shape.size() > 0) fail("wrap: no data for shape ", shape);
  void* memory = pool::allocate(sizeof(Wrapped));
  const auto destroy = [](detail::TensorBlock* block) noexcept {
    auto* wrapped = reinterpret_cast<Wrapped*>(block);
    wrapped->~Wrapped();
    pool::release(wrapped, sizeof(Wrapped));
  };
  // Neither a Shape of a rank past four nor the owner may leak if the other one's move throws.
  struct Guard {
    void* memory;
    ~Guard() { pool::release(memory, sizeof(Wrapped)); }
  } guard{memory};
  auto* wrapped = ::new (memory)
      Wrapped(detail::TensorBlock{destroy, 1, shape, data}, std::forward<Owner>(owner));
  guard.memory = nullptr;
  return Tensor(&wrapped->block);
}

template <class T>
template <class U>
Tensor<U> Tensor<T>::cast() const {
  if constexpr (std::is_same_v<T, U>) {
    return *this;
  } else {
    auto out = Tensor<U>::empty(shape());
    U* to = out.mutable_data();
    for (const T& x : *this) {
      if constexpr (is_dual<T> && is_dual<U>) {
        *to++ =
            U(static_cast<decltype(U::value)>(x.value), static_cast<decltype(U::value)>(x.tangent));
      } else if constexpr (is_dual<T>) {
        *to++ = detail::converted<U>(x.value);
      } else if constexpr (is_dual<U>) {
        *to++ = U(static_cast<decltype(U::value)>(x), 0);
      } else {
        *to++ = detail::converted<U>(x);
      }
    }
    return out;
  }
}

extern template class Tensor<float>;
extern template class Tensor<double>;
extern template class Tensor<Dual<float>>;
extern template class Tensor<Dual<double>>;
extern template class Tensor<bool>;
extern template class Tensor<std::int64_t>;

}  // namespace nablur
