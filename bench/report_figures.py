"""The figures of docs/benchmarks.md, drawn by gnuplot."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from report_results import Key, Results

SCALARS = ("float", "double")
# Colours that colour-blind readers tell apart.
BLUE, SKY, ORANGE, GREEN, PURPLE, GREY = "#0072b2", "#56b4e9", "#d55e00", "#009e73", "#cc79a7", "#888888"
TIMES = (
    ("nablur/forward", "Nablur, forward", BLUE, 7),
    ("nablur/forward_backward", "Nablur, forward and backward", SKY, 5),
    ("opencv/forward", "OpenCV, forward", ORANGE, 9),
    ("torch/forward_backward", "PyTorch, forward and backward", GREEN, 11),
    ("scipy/forward", "SciPy, forward", PURPLE, 13),
)


class FigureError(Exception):
    pass


@dataclass(frozen=True)
class Figure:
    file: str
    caption: str


@dataclass(frozen=True)
class Curve:
    title: str
    points: Sequence[tuple[float, float]]
    style: str


@dataclass(frozen=True)
class Axis:
    label: str
    settings: str
    logarithmic: bool = True


def draw_figures(results: Results, folder: Path) -> list[Figure]:
    size, sigma = figure_size(results), 3.0 if 3.0 in results.sigmas else results.sigmas[-1]
    shown = size.replace("x", "×")
    sigma_axis = Axis("σ [samples]", "set logscale x\nset xtics (" + ", ".join(f"'{s:g}' {s:g}" for s in results.sigmas) + ")")
    samples_axis = Axis("samples of the image", "set logscale x\nset format x '10^{%L}'\nset xtics auto")
    figures = [
        Figure("blur_time_sigma.png", f"Time against σ at {shown}, one thread"),
        Figure("blur_time_size.png", f"Time per sample against the size of the image at σ = {sigma:g}, one thread"),
        Figure("blur_limit.png", "Share of the machine's limit, forward, one thread"),
    ]
    milliseconds = Axis("time [ms]", "set logscale y\nset format y '%g'")
    per_sample = Axis("time [ns per sample]", "set logscale y\nset format y '%g'")
    share = Axis("limit ÷ time [%]", "unset logscale y\nset yrange [0:100<*]\nset format y '%g'", logarithmic=False)
    panels = {scalar: time_against_sigma(results, scalar, size) for scalar in SCALARS}
    run_gnuplot(script(folder / figures[0].file, panels, sigma_axis, milliseconds))
    panels = {scalar: time_against_size(results, scalar, sigma) for scalar in SCALARS}
    run_gnuplot(script(folder / figures[1].file, panels, samples_axis, per_sample))
    panels = {scalar: share_against_sigma(results, scalar) for scalar in SCALARS}
    run_gnuplot(script(folder / figures[2].file, panels, sigma_axis, share))
    return figures


def figure_size(results: Results) -> str:
    """One that no row stride of a multiple of 4 KiB makes special, where it was measured."""
    return "3840x2160" if "3840x2160" in results.sizes else results.sizes[-1]


def time_against_sigma(results: Results, scalar: str, size: str) -> list[Curve]:
    keys = [Key(scalar, size, sigma) for sigma in results.sigmas]
    curves = [
        Curve(title, [(k.sigma, t * 1e-6) for k in keys if (t := results.time(what, k)) is not None], line(colour, point))
        for what, title, colour, point in TIMES
    ]
    limits = [(k.sigma, t * 1e-6) for k in keys if (t := results.limit(k)) is not None]
    return [*curves, Curve("the machine's limit, forward", limits, f"lines lw 2 dt 2 lc rgb '{GREY}'")]


def time_against_size(results: Results, scalar: str, sigma: float) -> list[Curve]:
    keys = [Key(scalar, size, sigma) for size in results.sizes]
    curves = [
        Curve(title, [(k.samples, t / k.samples) for k in keys if (t := results.time(what, k)) is not None], line(colour, point))
        for what, title, colour, point in TIMES
    ]
    limits = [(k.samples, t / k.samples) for k in keys if (t := results.limit(k)) is not None]
    return [*curves, Curve("the machine's limit, forward", limits, f"lines lw 2 dt 2 lc rgb '{GREY}'")]


def share_against_sigma(results: Results, scalar: str) -> list[Curve]:
    styles = zip(results.sizes, (SKY, BLUE, GREEN, ORANGE, PURPLE, GREY), (5, 7, 9, 11, 13, 15))
    curves = []
    for size, colour, point in styles:
        keys = [Key(scalar, size, sigma) for sigma in results.sigmas]
        points = [(k.sigma, 100 * s) for k in keys if (s := results.share_of_limit(k)) is not None]
        curves.append(Curve(size.replace("x", "×"), points, line(colour, point)))
    return curves


def line(colour: str, point: int) -> str:
    return f"linespoints lw 2 pt {point} ps 1 lc rgb '{colour}'"


def script(file: Path, panels: dict[str, list[Curve]], x: Axis, y: Axis) -> str:
    """A panel for each scalar side by side, and one for the legend of both below."""
    lines = [
        "set encoding utf8",
        "set terminal pngcairo size 1200,540 font 'Sans,12' background 'white'",
        f"set output {quoted(str(file))}",
        "set border 3 lc rgb '#444444'\nset tics nomirror out scale 0.6 tc rgb '#444444'",
        "set grid lc rgb '#dddddd' lw 1 lt 1\nset tmargin at screen 0.92\nset bmargin at screen 0.24\nunset key",
        f"set xlabel {quoted(x.label)} offset 0,0.3\nset ylabel {quoted(y.label)}\n{x.settings}\n{y.settings}",
        ranges([curve for curves in panels.values() for curve in curves], y),
        "set multiplot",
    ]
    for i, (scalar, curves) in enumerate(panels.items()):
        drawn = [(f"$curve_{scalar}_{k}", curve) for k, curve in enumerate(curves) if curve.points]
        for name, curve in drawn:
            lines += [f"{name} << EOD", *(f"{a:.9g} {b:.9g}" for a, b in curve.points), "EOD"]
        lines.append(
            f"set lmargin at screen {0.5 * i + 0.075}\nset rmargin at screen {0.5 * i + 0.485}\nset title {quoted(scalar)}"
        )
        if drawn:
            lines.append("plot " + ", ".join(f"{name} with {curve.style}" for name, curve in drawn))
    lines += legend([curve for curve in next(iter(panels.values())) if curve.points])
    return "\n".join([*lines, "unset multiplot", ""])


def ranges(curves: list[Curve], y: Axis) -> str:
    """The same for both panels, so that they can be compared; with some air."""
    xs, ys = ([point[i] for curve in curves for point in curve.points] or [1.0] for i in (0, 1))
    text = f"set xrange [{min(xs) / 1.15:.9g}:{max(xs) * 1.15:.9g}]"
    if y.logarithmic:
        text += f"\nset yrange [{min(ys) / 1.5:.9g}:{max(ys) * 1.5:.9g}]"
    return text


def legend(curves: list[Curve]) -> list[str]:
    if not curves:
        return []
    keys = ", ".join(f"NaN with {curve.style} title {quoted(curve.title)}" for curve in curves)
    return [
        "set lmargin at screen 0\nset rmargin at screen 1\nset tmargin at screen 0.14\nset bmargin at screen 0",
        "unset border\nunset tics\nunset grid\nunset xlabel\nunset ylabel\nunset title\nunset logscale",
        "set key center center horizontal Left reverse samplen 3 maxcols 3 width 2 tc rgb '#444444'",
        f"plot [0:1][0:1] {keys}",
    ]


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def run_gnuplot(text: str) -> None:
    program = shutil.which("gnuplot")
    if program is None:
        raise FigureError("the figures need gnuplot, which is not in the PATH; on Debian: apt-get install gnuplot-nox")
    run = subprocess.run([program, "--default-settings"], input=text, capture_output=True, text=True)
    if run.returncode != 0:
        words = run.stderr.strip().splitlines() or ["it said nothing"]
        raise FigureError(f"gnuplot failed: {words[-1]}")
