"""The blur in SciPy and in NumPy, forward: neither has gradients. Results go into arrays that are used again where they can."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy
from scipy import fft, ndimage, signal

from peer_common import FORWARD, Case, Formulation, taps


class Arrays:
    """What a formulation needs of one case, prepared before the clock runs."""

    def __init__(self, case: Case, x: np.ndarray):
        self.x = x
        self.radius = case.radius
        self.sigma = case.sigma
        self.threads = case.threads
        self.w = taps(case.sigma, case.radius)[0].astype(x.dtype)
        self.middle, self.out, self.scratch = np.empty_like(x), np.empty_like(x), np.empty_like(x)


def gaussian_filter(a: Arrays) -> np.ndarray:
    return ndimage.gaussian_filter(a.x, a.sigma, mode="constant", radius=a.radius, output=a.out)


def correlate1d(a: Arrays) -> np.ndarray:
    ndimage.correlate1d(a.x, a.w, axis=0, mode="constant", output=a.middle)
    return ndimage.correlate1d(a.middle, a.w, axis=1, mode="constant", output=a.out)


def oaconvolve(a: Arrays) -> np.ndarray:
    y = signal.oaconvolve(a.x, a.w[:, None], mode="full", axes=0)[a.radius : a.radius + a.x.shape[0]]
    return signal.oaconvolve(y, a.w[None], mode="full", axes=1)[:, a.radius : a.radius + a.x.shape[1]]


def scipy_fft(a: Arrays) -> np.ndarray:
    return by_fft(a, lambda x, s: fft.rfft2(x, s=s, workers=a.threads), lambda x, s: fft.irfft2(x, s=s, workers=a.threads))


def numpy_fft(a: Arrays) -> np.ndarray:
    return by_fft(a, lambda x, s: np.fft.rfft2(x, s=s), lambda x, s: np.fft.irfft2(x, s=s))


def by_fft(a: Arrays, forward: Callable[..., np.ndarray], backward: Callable[..., np.ndarray]) -> np.ndarray:
    lengths = tuple(fft.next_fast_len(max(n + a.radius, 2 * a.radius + 1), real=True) for n in a.x.shape)
    spectra = []
    for n, transform in zip(lengths, (np.fft.fft, np.fft.rfft)):
        w = np.zeros(n, dtype=a.x.dtype)
        w[: a.radius + 1] = a.w[a.radius :]
        w[n - a.radius :] = a.w[: a.radius]
        spectra.append(transform(w).real.astype(a.x.dtype))
    return backward(forward(a.x, lengths) * (spectra[0][:, None] * spectra[1]), lengths)[: a.x.shape[0], : a.x.shape[1]]


def shifted_sums(a: Arrays) -> np.ndarray:
    x = a.x
    for axis, y in ((0, a.middle), (1, a.out)):
        np.multiply(x, a.w[a.radius], out=y)
        rows, result, scratch = (np.moveaxis(image, axis, 0) for image in (x, y, a.scratch))
        for d in range(1, min(a.radius, len(rows) - 1) + 1):
            # Views of what lies d beyond; what would lie outside is zero and left out.
            part = np.multiply(rows[d:], a.w[a.radius + d], out=scratch[d:])
            result[:-d] += part
            part = np.multiply(rows[:-d], a.w[a.radius - d], out=scratch[d:])
            result[d:] += part
        x = y
    return a.out


def band(w: np.ndarray, columns: int) -> np.ndarray:
    """The matrix of shape (columns + 2R, columns) whose column j holds the taps from row j on."""
    matrix = np.zeros((columns + len(w) - 1, columns), dtype=w.dtype)
    for j in range(columns):
        matrix[j : j + len(w), j] = w
    return matrix


def banded_blocks(a: Arrays) -> np.ndarray:
    block = 64 if a.radius <= 30 else 128
    size = block + 2 * a.radius
    rows, columns = (-(-n // block) * block for n in a.x.shape)
    padded = np.pad(a.x, [(a.radius, n - m + a.radius) for n, m in zip((rows, columns), a.x.shape)])
    matrix = band(a.w, block)
    y = np.concatenate([matrix.T @ padded[i : i + size] for i in range(0, rows, block)])
    z = np.concatenate([y[:, i : i + size] @ matrix for i in range(0, columns, block)], axis=1)
    return z[: a.x.shape[0], : a.x.shape[1]]


class ForwardOnly:
    what = (FORWARD,)

    def __init__(self, name: str, versions: dict[str, str], formulations: tuple[Formulation, ...]):
        self.name, self._versions, self.formulations = name, versions, formulations

    def versions(self) -> dict[str, str]:
        return self._versions

    def prepare(self, formulation: Formulation, what: str, case: Case, x: np.ndarray, g: np.ndarray) -> Callable[[], Any]:
        arrays = Arrays(case, x)
        return lambda: formulation.blur(arrays)

    def to_numpy(self, result: np.ndarray) -> tuple[np.ndarray, ...]:
        return (result,)


SCIPY = ForwardOnly(
    "scipy",
    {"SciPy": scipy.__version__},
    (
        Formulation("gaussian_filter", gaussian_filter),
        Formulation("correlate1d per axis", correlate1d),
        Formulation("FFT", scipy_fft, grows_with_radius=False),
        Formulation("overlap-add", oaconvolve, grows_with_radius=False),
    ),
)
NUMPY = ForwardOnly(
    "numpy",
    {"NumPy": np.__version__},
    (
        Formulation("banded blocks", banded_blocks, grows_with_radius=False),
        Formulation("FFT", numpy_fft, grows_with_radius=False),
        Formulation("shifted sums", shifted_sums),
    ),
)
