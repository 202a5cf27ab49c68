#pragma once
// All of Nablur but the bridge to Eigen (<nablur/autodiff/eigen.h>).

#include <nablur/autodiff/checkpoint.h>
#include <nablur/autodiff/derivatives.h>
#include <nablur/autodiff/gradients.h>
#include <nablur/autodiff/sum.h>
#include <nablur/autodiff/to_dot.h>
#include <nablur/gradcheck/compare_gradients.h>
#include <nablur/io/npy.h>
#include <nablur/ops/arithmetic.h>
#include <nablur/ops/convolve.h>
#include <nablur/ops/elementwise.h>
#include <nablur/ops/gaussian_blur.h>
#include <nablur/ops/gaussian_kernel.h>
#include <nablur/ops/indexing.h>
#include <nablur/ops/joining.h>
#include <nablur/ops/matmul.h>
#include <nablur/ops/reduce.h>
#include <nablur/ops/reshape.h>
#include <nablur/ops/simd.h>
#include <nablur/optimize/optimize.h>
#include <nablur/support/random.h>
#include <nablur/support/threads.h>
