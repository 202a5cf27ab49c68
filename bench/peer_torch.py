"""The blur in PyTorch, in every formulation that a user might choose; the gradients are autograd's, by the taps' own graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from scipy.fft import next_fast_len
from torch import Tensor

from peer_common import FORWARD, FORWARD_BACKWARD, Case, Formulation


def taps(sigma: Tensor, radius: int) -> Tensor:
    d = torch.arange(-radius, radius + 1, dtype=sigma.dtype)
    w = torch.exp(-0.5 * (d / sigma) ** 2)
    return w / w.sum()


def conv2d(x: Tensor, sigma: Tensor, radius: int) -> Tensor:
    w = torch.outer(taps(sigma[0], radius), taps(sigma[1], radius))
    return F.conv2d(x[None, None], w[None, None], padding=radius)[0, 0]


def conv2d_per_axis(x: Tensor, sigma: Tensor, radius: int) -> Tensor:
    y = F.conv2d(x[None, None], taps(sigma[0], radius)[None, None, :, None], padding=(radius, 0))
    return F.conv2d(y, taps(sigma[1], radius)[None, None, None, :], padding=(0, radius))[0, 0]


def conv1d_per_axis(x: Tensor, sigma: Tensor, radius: int) -> Tensor:
    y = F.conv1d(x[:, None, :], taps(sigma[1], radius)[None, None], padding=radius)[:, 0]
    return F.conv1d(y.T[:, None, :], taps(sigma[0], radius)[None, None], padding=radius)[:, 0].T


def band(w: Tensor, columns: int) -> Tensor:
    """The matrix of shape (columns + 2R, columns) whose column j holds the taps from row j on."""
    return F.pad(w, (columns - 1, columns - 1)).unfold(0, columns, 1).flip(1)


def toeplitz_matrices(x: Tensor, sigma: Tensor, radius: int) -> Tensor:
    vertical, horizontal = (band(taps(s, radius), n)[radius : radius + n] for s, n in zip(sigma, x.shape))
    return vertical @ (x @ horizontal)


def banded_blocks(x: Tensor, sigma: Tensor, radius: int) -> Tensor:
    """Products with the bands alone, in blocks about as long as the taps; the blocks of the image overlap in memory."""
    block = 64 if radius <= 30 else 128
    rows, columns = (-(-n // block) * block for n in x.shape)
    padded = F.pad(x, (radius, columns - x.shape[1] + radius, radius, rows - x.shape[0] + radius))
    vertical, horizontal = (band(taps(s, radius), block) for s in sigma)
    blocks = padded.unfold(0, block + 2 * radius, block).transpose(1, 2)
    y = torch.bmm(vertical.T.expand(blocks.shape[0], -1, -1), blocks).reshape(rows, padded.shape[1])
    blocks = y.unfold(1, block + 2 * radius, block).transpose(0, 1)
    z = torch.bmm(blocks, horizontal.expand(blocks.shape[0], -1, -1))
    return z.transpose(0, 1).reshape(rows, columns)[: x.shape[0], : x.shape[1]]


def fft(x: Tensor, sigma: Tensor, radius: int) -> Tensor:
    lengths = [next_fast_len(max(n + radius, 2 * radius + 1), real=True) for n in x.shape]
    spectra = []
    for s, n, transform in zip(sigma, lengths, (torch.fft.fft, torch.fft.rfft)):
        w = taps(s, radius)
        spectra.append(transform(torch.cat((w[radius:], w.new_zeros(n - 2 * radius - 1), w[:radius]))).real)
    product = torch.fft.rfft2(x, s=lengths) * (spectra[0][:, None] * spectra[1])
    return torch.fft.irfft2(product, s=lengths)[: x.shape[0], : x.shape[1]]


def shifted_sums(x: Tensor, sigma: Tensor, radius: int) -> Tensor:
    """One addition and one multiply-add of whole images for each pair of taps."""
    for axis in (0, 1):
        w, n = taps(sigma[axis], radius), x.shape[axis]
        padded = F.pad(x, (0, 0, radius, radius) if axis == 0 else (radius, radius))
        y = w[radius] * x
        for d in range(1, radius + 1):
            pair = padded.narrow(axis, radius - d, n) + padded.narrow(axis, radius + d, n)
            y = torch.addcmul(y, w[radius + d], pair)
        x = y
    return x


def unfolded(radius: int, what: str) -> int:
    """conv copies the image once for each tap, in double precision at least."""
    return 2 * radius + 4 + (2 * radius if what == FORWARD_BACKWARD else 0)


def unfolded_2d(radius: int, what: str) -> int:
    return (2 * radius + 1) ** 2


def one_for_each_pair(radius: int, what: str) -> int:
    """Autograd keeps the sums of both axes, for the gradients of the taps."""
    return 4 * radius + 8 if what == FORWARD_BACKWARD else 8


class Torch:
    name = "torch"
    what = (FORWARD, FORWARD_BACKWARD)
    formulations = (
        Formulation("banded blocks", banded_blocks, grows_with_radius=False),
        Formulation("FFT", fft, grows_with_radius=False),
        Formulation("Toeplitz matrices", toeplitz_matrices, grows_with_radius=False),
        Formulation("shifted sums", shifted_sums, images_held=one_for_each_pair),
        Formulation("conv1d per axis", conv1d_per_axis, images_held=unfolded),
        Formulation("conv2d per axis", conv2d_per_axis, images_held=unfolded),
        Formulation("conv2d", conv2d, largest_radius=9, images_held=unfolded_2d),
    )

    def versions(self) -> dict[str, str]:
        return {"PyTorch": torch.__version__}

    def prepare(self, formulation: Formulation, what: str, case: Case, x: np.ndarray, g: np.ndarray) -> Callable[[], Any]:
        torch.set_num_threads(case.threads)
        image, seed = torch.from_numpy(x), torch.from_numpy(g)
        sigma = torch.full((2,), case.sigma, dtype=image.dtype)
        if what == FORWARD:

            def forward() -> tuple[Tensor, ...]:
                with torch.inference_mode():
                    return (formulation.blur(image, sigma, case.radius),)

            return forward
        image.requires_grad_()
        sigma.requires_grad_()

        def forward_backward() -> tuple[Tensor, ...]:
            y = formulation.blur(image, sigma, case.radius)
            return (y, *torch.autograd.grad(y, (image, sigma), seed))

        return forward_backward

    def to_numpy(self, result: tuple[Tensor, ...]) -> tuple[np.ndarray, ...]:
        return tuple(tensor.detach().numpy() for tensor in result)


LIBRARY = Torch()
