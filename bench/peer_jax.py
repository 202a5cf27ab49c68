"""The blur in JAX, compiled by XLA; the gradients by jax.vjp. To be imported where the process may use as many CPUs as XLA shall
use threads: it has no setting of its own for that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.fft import next_fast_len

from peer_common import FORWARD, FORWARD_BACKWARD, Case, Formulation

jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_enable_x64", True)


def taps(sigma: jax.Array, radius: int) -> jax.Array:
    d = jnp.arange(-radius, radius + 1, dtype=sigma.dtype)
    w = jnp.exp(-0.5 * (d / sigma) ** 2)
    return w / w.sum()


def conv_per_axis(x: jax.Array, sigma: jax.Array, radius: int) -> jax.Array:
    vertical = taps(sigma[0], radius)[None, None, :, None]
    horizontal = taps(sigma[1], radius)[None, None, None, :]
    y = jax.lax.conv_general_dilated(x[None, None], vertical, (1, 1), ((radius, radius), (0, 0)))
    return jax.lax.conv_general_dilated(y, horizontal, (1, 1), ((0, 0), (radius, radius)))[0, 0]


def fft(x: jax.Array, sigma: jax.Array, radius: int) -> jax.Array:
    lengths = [next_fast_len(max(n + radius, 2 * radius + 1), real=True) for n in x.shape]
    spectra = []
    for s, n, transform in zip(sigma, lengths, (jnp.fft.fft, jnp.fft.rfft)):
        w = taps(s, radius)
        spectra.append(transform(jnp.concatenate((w[radius:], jnp.zeros(n - 2 * radius - 1, w.dtype), w[:radius]))).real)
    product = jnp.fft.rfft2(x, s=lengths) * (spectra[0][:, None] * spectra[1])
    return jnp.fft.irfft2(product, s=lengths)[: x.shape[0], : x.shape[1]]


def shifted_sums(x: jax.Array, sigma: jax.Array, radius: int) -> jax.Array:
    """XLA fuses the sum of one axis into one loop."""
    for axis in (0, 1):
        w, n = taps(sigma[axis], radius), x.shape[axis]
        padded = jnp.pad(x, [(radius, radius) if k == axis else (0, 0) for k in (0, 1)])
        y = w[radius] * x
        for d in range(1, radius + 1):
            below = jax.lax.slice_in_dim(padded, radius - d, radius - d + n, axis=axis)
            above = jax.lax.slice_in_dim(padded, radius + d, radius + d + n, axis=axis)
            y = y + w[radius + d] * (below + above)
        x = y
    return x


def band(w: jax.Array, columns: int) -> jax.Array:
    """The matrix of shape (columns + 2R, columns) whose column j holds the taps from row j on."""
    rows = columns + w.shape[0] - 1
    offset = jnp.arange(rows)[:, None] - jnp.arange(columns)
    inside = (offset >= 0) & (offset < w.shape[0])
    return jnp.where(inside, w[jnp.clip(offset, 0, w.shape[0] - 1)], 0)


def banded_blocks(x: jax.Array, sigma: jax.Array, radius: int) -> jax.Array:
    block = 64 if radius <= 30 else 128
    size = block + 2 * radius
    rows, columns = (-(-n // block) * block for n in x.shape)
    padded = jnp.pad(x, [(radius, n - m + radius) for n, m in zip((rows, columns), x.shape)])
    vertical, horizontal = (band(taps(s, radius), block) for s in sigma)
    y = jnp.concatenate([vertical.T @ padded[i : i + size] for i in range(0, rows, block)])
    z = jnp.concatenate([y[:, i : i + size] @ horizontal for i in range(0, columns, block)], axis=1)
    return z[: x.shape[0], : x.shape[1]]


class Jax:
    name = "jax"
    what = (FORWARD, FORWARD_BACKWARD)
    formulations = (
        Formulation("banded blocks", banded_blocks, grows_with_radius=False),
        Formulation("FFT", fft, grows_with_radius=False),
        Formulation("shifted sums", shifted_sums),
        Formulation("conv per axis", conv_per_axis),
    )

    def versions(self) -> dict[str, str]:
        return {"JAX": jax.__version__}

    def prepare(self, formulation: Formulation, what: str, case: Case, x: np.ndarray, g: np.ndarray) -> Callable[[], Any]:
        image, seed = jnp.asarray(x), jnp.asarray(g)
        sigma = jnp.full((2,), case.sigma, dtype=image.dtype)

        def blur(image: jax.Array, sigma: jax.Array) -> jax.Array:
            return formulation.blur(image, sigma, case.radius)

        def forward_backward(image: jax.Array, sigma: jax.Array, seed: jax.Array) -> tuple[jax.Array, ...]:
            y, pullback = jax.vjp(blur, image, sigma)
            return (y, *pullback(seed))

        # Compiled here, before the clock runs.
        if what == FORWARD:
            forward = jax.jit(lambda image, sigma: (blur(image, sigma),)).lower(image, sigma).compile()
            return lambda: jax.block_until_ready(forward(image, sigma))
        both = jax.jit(forward_backward).lower(image, sigma, seed).compile()
        return lambda: jax.block_until_ready(both(image, sigma, seed))

    def to_numpy(self, result: tuple[jax.Array, ...]) -> tuple[np.ndarray, ...]:
        return tuple(np.asarray(array) for array in result)


LIBRARY = Jax()
