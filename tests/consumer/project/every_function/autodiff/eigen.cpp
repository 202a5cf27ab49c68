#include <nablur/autodiff/eigen.h>

#include "../checks.h"

void checks::eigen() {
  every_scalar([]<class T>() {
    const Tensor<T> t({2, 2}, {T(1), T(2), T(3), T(4)});
    expect_near("as_array", T(nablur::as_array(t).sum()), 10);
    expect_near("as_matrix", T(nablur::as_matrix(t)(1, 0)), 3);
    Tensor<T> u = t;
    nablur::as_mutable_array(u) += T(1);
    expect_all("as_mutable_array", u, {2, 3, 4, 5});
    nablur::as_mutable_matrix(u) = nablur::as_matrix(t).transpose();
    expect_all("as_mutable_matrix", u, {1, 3, 2, 4});
    const nablur::EigenMatrix<T> product = nablur::as_matrix(t) * nablur::as_matrix(t);
    expect_all("from_eigen", nablur::from_eigen(product), {7, 10, 15, 22});
  });
}
