"""What the peers of blur_bench share: cases, the reference, the check, and the race between formulations."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy import ndimage

FORWARD, FORWARD_BACKWARD = "forward", "forward_backward"
# Largest deviation from the reference in double precision, in parts of its largest number (of the norms of the two factors for
# dL/dsigma, a scalar product).
TOLERANCE = {"float": 2e-5, "double": 1e-12}
HOPELESS = 5  # a formulation that takes so many times the best one's time is not measured further
RUNS = 7
BUDGET = 0.5  # seconds of measurement for one formulation
SAMPLE = 0.01  # seconds that one sample lasts at least
MEMORY = 3 << 30  # bytes; a formulation that unfolds an image into more is no contender, and may end the process


@dataclass(frozen=True)
class Case:
    """One blur: zero border, R = max(1, ceil(3 sigma)), the same sigma on both axes."""

    width: int
    height: int
    sigma: float
    scalar: str
    threads: int

    @property
    def radius(self) -> int:
        return max(1, math.ceil(3 * self.sigma))

    def name(self, library: str, what: str) -> str:
        return f"{library}/{what}/{self.scalar}/{self.width}x{self.height}/sigma:{self.sigma:g}/threads:{self.threads}"

    @property
    def image_bytes(self) -> int:
        return self.width * self.height * (4 if self.scalar == "float" else 8)

    def images(self) -> tuple[np.ndarray, np.ndarray]:
        """x and dL/dy."""
        dtype = np.float32 if self.scalar == "float" else np.float64
        shape = (self.height, self.width)
        x, g = (np.random.default_rng(seed).random(shape, dtype=dtype) for seed in (1, 2))
        return x, g


@dataclass(frozen=True)
class Formulation:
    """One way to write the blur: blur(x, (sigma_vertical, sigma_horizontal), radius)."""

    name: str
    blur: Callable[..., Any]
    grows_with_radius: bool = True  # so that what is hopeless at one radius is so at a larger one
    largest_radius: int = 1 << 30
    images_held: Callable[[int, str], int] = lambda radius, what: 8  # at the peak: unfolded inputs, what autograd keeps


class Library(Protocol):
    name: str
    what: tuple[str, ...]
    formulations: tuple[Formulation, ...]

    def versions(self) -> dict[str, str]: ...

    def prepare(self, formulation: Formulation, what: str, case: Case, x: np.ndarray, g: np.ndarray) -> Callable[[], Any]:
        """What is to be timed; its result is (y,) or (y, dx, dsigma)."""

    def to_numpy(self, result: Any) -> tuple[np.ndarray, ...]: ...


def taps(sigma: float, radius: int) -> tuple[np.ndarray, np.ndarray]:
    """The filter and its derivative by sigma."""
    d = np.arange(-radius, radius + 1, dtype=np.float64)
    w = np.exp(-0.5 * (d / sigma) ** 2)
    w /= w.sum()
    return w, w * (d**2 - (w * d**2).sum()) / sigma**3


def filter_axes(x: np.ndarray, vertical: np.ndarray, horizontal: np.ndarray) -> np.ndarray:
    y = ndimage.correlate1d(x, vertical, axis=0, mode="constant")
    return ndimage.correlate1d(y, horizontal, axis=1, mode="constant")


def check(library: Library) -> None:
    """Holds every formulation against SciPy in double precision. Raises ValueError where one is wrong."""
    for scalar in TOLERANCE:
        for width, height, sigma in ((61, 47, 1.0), (131, 150, 3.0), (97, 260, 10.0), (256, 130, 30.0)):
            case = Case(width, height, sigma, scalar, 1)
            x, g = case.images()
            expected = reference(x.astype(np.float64), g.astype(np.float64), sigma, case.radius)
            for formulation in library.formulations:
                if case.radius > formulation.largest_radius:
                    continue
                for what in library.what:
                    found = library.to_numpy(library.prepare(formulation, what, case, x, g)())
                    require_close(case.name(library.name, what) + " by " + formulation.name, found, expected, scalar)


def reference(x: np.ndarray, g: np.ndarray, sigma: float, radius: int) -> dict[str, tuple[np.ndarray, float]]:
    """y, dL/dx and dL/dsigma, each with the magnitude that its error is measured by."""
    w, h = taps(sigma, radius)
    by_sigma = [filter_axes(x, h, w), filter_axes(x, w, h)]
    norms = [np.linalg.norm(slope) * np.linalg.norm(g) for slope in by_sigma]
    y, dx = filter_axes(x, w, w), filter_axes(g, w, w)  # a symmetric filter with zero border is its own adjoint
    d_sigma = np.array([np.vdot(slope, g) for slope in by_sigma])
    return {"y": (y, np.abs(y).max()), "dL/dx": (dx, np.abs(dx).max()), "dL/dsigma": (d_sigma, min(norms))}


def require_close(name: str, found: tuple[np.ndarray, ...], expected: dict[str, tuple[np.ndarray, float]], scalar: str) -> None:
    for (what, (right, magnitude)), numbers in zip(expected.items(), found):
        if numbers.shape != right.shape:
            raise ValueError(f"{name}: {what} has shape {numbers.shape}, not {right.shape}")
        if numbers.dtype != (np.float32 if scalar == "float" else np.float64):
            raise ValueError(f"{name}: {what} is of {numbers.dtype}")
        error = np.abs(numbers - right).max() / magnitude
        if not error <= TOLERANCE[scalar]:
            raise ValueError(f"{name}: {what} is off by {error:.2g} of its magnitude, more than {TOLERANCE[scalar]:g}")


def seconds_of(run: Callable[[], Any], calls: int = 1) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        run()
    return (time.perf_counter() - start) / calls


def median_seconds(run: Callable[[], Any], best: float) -> tuple[float, bool]:
    """The median of several samples, and whether the formulation is hopeless beside `best` (then the number is a first run's)."""
    first = seconds_of(run)
    if first > HOPELESS * best and first < 0.05:
        first = seconds_of(run)  # a first call prepares more than a large image would show
    if first > HOPELESS * best:
        return first, True
    once = seconds_of(run) if first < BUDGET else first
    calls = max(1, math.ceil(SAMPLE / once))
    samples: list[float] = []
    start = time.perf_counter()
    while len(samples) < RUNS and (not samples or time.perf_counter() - start < BUDGET):
        samples.append(seconds_of(run, calls))
    return statistics.median(samples), False


def race(library: Library, what: str, case: Case, images: tuple[np.ndarray, np.ndarray], hopeless: set[str]) -> dict[str, Any]:
    """Times all formulations of one case; those in `hopeless` are left out, and new ones that grow with the radius added."""
    best, label = math.inf, ""
    times: dict[str, float] = {}
    for formulation in library.formulations:
        if formulation.name in hopeless or case.radius > formulation.largest_radius:
            continue
        if formulation.images_held(case.radius, what) * case.image_bytes > MEMORY:
            continue
        seconds, dropped = median_seconds(library.prepare(formulation, what, case, *images), best)
        times[formulation.name] = seconds * 1e9
        if dropped and formulation.grows_with_radius:
            hopeless.add(formulation.name)
        if seconds < best:
            best, label = seconds, formulation.name
    name = case.name(library.name, what)
    return {"name": name, "real_time": best * 1e9, "time_unit": "ns", "label": label, "formulations": times}


def measure(library: Library, cases: Iterable[Case], progress: Callable[[str], None]) -> list[dict[str, Any]]:
    """All cases, which must come with sigma ascending."""
    results: list[dict[str, Any]] = []
    hopeless: dict[tuple[Any, ...], set[str]] = {}
    for case in cases:
        images = case.images()
        for what in library.what:
            known = hopeless.setdefault((what, case.width, case.height, case.scalar, case.threads), set())
            results.append(race(library, what, case, images, known))
            progress(f"{results[-1]['name']}: {results[-1]['real_time'] * 1e-6:.3f} ms by {results[-1]['label']}")
    return results
