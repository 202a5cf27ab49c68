#include <algorithm>
#include <cmath>
#include <limits>

#include <nablur/gradcheck/detail/probes.h>

namespace nablur::detail {

std::string element_name(const std::string& tensor, const Shape& shape, std::int64_t flat) {
  std::string index;
  for (std::int64_t axis = shape.rank(); axis-- > 0;) {
    index = concat(flat % shape[axis], index.empty() ? "" : ", ", index);
    flat /= shape[axis];
  }
  return shape.rank() > 0 ? tensor + "[" + index + "]" : tensor;
}

template <class T>
double dot(const Tensors<T>& a, const Tensors<T>& b, double* magnitude) {
  double total = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    for (std::int64_t j = 0; j < b[i].size(); ++j) {
      const double term = double(a[i].data()[j]) * double(b[i].data()[j]);
      total += term;
      if (magnitude != nullptr) *magnitude += std::abs(term);
    }
  }
  return total;
}

template <class T>
Tensors<T> normals_like(std::span<const Tensor<T>> inputs, Random& random) {
  Tensors<T> list;
  for (const Tensor<T>& x : inputs) list.push_back(Tensor<T>::normal(x.shape(), random));
  return list;
}

template <class T>
Tensors<T> Probe<T>::direction(std::span<const Tensor<T>> inputs) const {
  if (!v.empty()) return v;
  Tensors<T> e;
  for (const Tensor<T>& x : inputs) e.push_back(Tensor<T>::zeros(x.shape()));
  e[input].mutable_data()[element] = T(1);
  return e;
}

template <class T>
Tensors<T> Probe<T>::displaced(std::span<const Tensor<T>> inputs, double t) const {
  Tensors<T> x(inputs.begin(), inputs.end());
  if (v.empty()) x[input].mutable_data()[element] += static_cast<T>(t);
  for (std::size_t i = 0; i < v.size(); ++i) x[i] = x[i] + v[i] * Tensor<T>(t);
  return x;
}

template <class T>
double Probe<T>::slope(const Tensors<T>& gradients) const {
  return v.empty() ? double(gradients[input].data()[element]) : dot(gradients, v);
}

namespace {

template <class T>
std::vector<Probe<T>> random_directions(std::span<const Tensor<T>> inputs, std::int64_t directions,
                                        std::uint32_t seed) {
  double greatest = 0;
  for (const Tensor<T>& x : inputs) {
    for (const T& c : x) greatest = std::max(greatest, std::abs(double(c)));
  }
  std::vector<Probe<T>> list;
  Random random(seed);
  for (std::int64_t k = 0; k < directions; ++k) {
    Probe<T> probe{concat("direction ", k), 0, 0, normals_like(inputs, random), greatest};
    const Tensor<T> norm(std::sqrt(std::max(dot(probe.v, probe.v), 1e-30)));
    for (Tensor<T>& v : probe.v) v = v / norm;
    list.push_back(std::move(probe));
  }
  return list;
}

}  // namespace

template <class T>
std::vector<Probe<T>> probes(std::span<const Tensor<T>> inputs, std::int64_t directions,
                             std::uint32_t seed) {
  std::vector<Probe<T>> list;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::string name = concat("x", i);
    for (std::int64_t j = 0; j < inputs[i].size(); ++j) {
      if (directions > 0) return random_directions(inputs, directions, seed);
      list.push_back({element_name(name, inputs[i].shape(), j),
                      i,
                      j,
                      {},
                      std::abs(double(inputs[i].data()[j]))});
    }
  }
  return list;
}

template <class T>
double Quantity<T>::change(const Tensors<T>& x) const {
  const Tensors<T> y = at(x);
  double total = 0;
  for (std::size_t k = 0; k < base.size(); ++k) {
    if (!(y[k].shape() == base[k].shape()))
      fail("f changes its shape from ", base[k].shape(), " to ", y[k].shape());
    for (std::int64_t i = 0; i < base[k].size(); ++i) {
      total += double(weights[k].data()[i]) * (double(y[k].data()[i]) - double(base[k].data()[i]));
    }
  }
  if (!std::isfinite(total)) fail("f is not finite");
  return total;
}

template <class T>
double Quantity<T>::rounding() const {
  double sum2 = 0;
  for (std::size_t k = 0; k < base.size(); ++k) {
    for (std::int64_t i = 0; i < base[k].size(); ++i) {
      const double term = double(weights[k].data()[i]) * double(base[k].data()[i]);
      sum2 += term * term;
    }
  }
  return double(std::numeric_limits<T>::epsilon()) * std::sqrt(sum2);
}

template double dot(const Tensors<float>&, const Tensors<float>&, double*);
template double dot(const Tensors<double>&, const Tensors<double>&, double*);
template Tensors<float> normals_like(std::span<const Tensor<float>>, Random&);
template Tensors<double> normals_like(std::span<const Tensor<double>>, Random&);
template struct Probe<float>;
template struct Probe<double>;
template struct Quantity<float>;
template struct Quantity<double>;
template std::vector<Probe<float>> probes(std::span<const Tensor<float>>, std::int64_t,
                                          std::uint32_t);
template std::vector<Probe<double>> probes(std::span<const Tensor<double>>, std::int64_t,
                                           std::uint32_t);

}  // namespace nablur::detail
