"""Times one step of the notebook (forward, loss, backward) in NumPy: the peer of engine_bench's notebook_step.

Run: python3 bench/notebook_step.py [ENGINE_BENCH]   (NumPy only)

With the path of a built engine_bench it runs both in turn, several times, and prints the ratio of the medians.
"""
import json
import statistics
import subprocess
import sys
import timeit

import numpy as np

MIN_SIGMA, SIGMA_PARAM_SHIFT = 0.3, -3
ROUNDS = 7


def gaussian_filter_with_grad(sigma):
    half_size = int(max(1, np.ceil(sigma * 3)))
    x = np.linspace(-half_size, half_size, num=half_size * 2 + 1)
    filter_ = np.exp(-(x**2) / (2 * sigma**2))
    filter_sum = filter_.sum()
    d_filter = filter_ * x**2 / sigma**3
    d_norm = (filter_sum * d_filter - filter_ * d_filter.sum()) / filter_sum**2
    return filter_ / filter_sum, d_norm


def sigma_from_param(s):
    return np.log(np.exp(MIN_SIGMA) + np.exp(s + SIGMA_PARAM_SHIFT))


def sigma_param_grad(s):
    return np.exp(s + SIGMA_PARAM_SHIFT) / (np.exp(MIN_SIGMA) + np.exp(s + SIGMA_PARAM_SHIFT))


def step(x, target, s):
    f, d_f_sigma = gaussian_filter_with_grad(sigma_from_param(s))
    y = np.convolve(x, f, mode="same")
    loss = 0.5 * np.sum((y - target) ** 2)
    d_loss = y - target
    half = d_f_sigma.size // 2
    padded = np.concatenate((np.zeros(half), d_loss, np.zeros(half)))
    d_f = np.convolve(padded, x[::-1], mode="valid")
    return loss, (d_f * d_f_sigma).sum() * sigma_param_grad(s)


def numpy_seconds(x, target):
    count = 2000
    return timeit.timeit(lambda: step(x, target, 5.93), number=count) / count


def nablur_seconds(program):
    run = [program, "--benchmark_filter=^notebook_step$", "--benchmark_format=json"]
    report = json.loads(subprocess.run(run, check=True, capture_output=True, text=True).stdout)
    return report["benchmarks"][0]["real_time"] * 1e-9


def main():
    np.random.seed(1337)
    x = np.random.randn(100)
    target = np.convolve(x, gaussian_filter_with_grad(3.0)[0], mode="same")
    program = sys.argv[1] if len(sys.argv) > 1 else None
    ours, theirs = [], []
    for _ in range(ROUNDS):
        theirs.append(numpy_seconds(x, target))
        if program:
            ours.append(nablur_seconds(program))
    print(f"NumPy {np.__version__}: {statistics.median(theirs) * 1e6:.2f} us a step (median of {ROUNDS})")
    if program:
        print(f"Nablur: {statistics.median(ours) * 1e6:.2f} us a step (median of {ROUNDS})")
        print(f"ratio: {statistics.median(theirs) / statistics.median(ours):.1f}")


if __name__ == "__main__":
    main()
