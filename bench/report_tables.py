"""The text of docs/benchmarks.md."""

from __future__ import annotations

import statistics
import textwrap
from collections.abc import Callable

from report_figures import Figure
from report_goals import PEERS, WORDS, losses, missed_goals
from report_results import Key, Results

SCALARS = ("float", "double")
WIDTH = 130  # of the page's lines
Cell = Callable[[Key], str]


def page(results: Results, figures: list[Figure]) -> str:
    parts = [introduction(results), summary(results), pictures(figures), weaknesses(results), beside_opencv(results)]
    parts += [beside_limit(results), gradients(results), beside_autodiff(results), beside_others(results), two_threads(results)]
    parts += [absolute(results), method(results), repeat()]
    return "\n\n".join(part for part in parts if part) + "\n"


def introduction(results: Results) -> str:
    machine, context = results.machine, results.context
    kind = "virtual cores" if machine.get("virtual") else "cores"
    rows = [
        ("Machine", f"{machine['cpu']}, {machine['cores']} {kind}; {machine['caches']}; {machine['memory']} of memory"),
        ("System", machine["system"]),
        ("Nablur", f"{context.get('nablur_version', '?')}, instruction set in use: {context.get('nablur_simd', '?')}"),
        ("Compiler", f"{context.get('compiler', '?')}, Release, without flags for this machine"),
        ("OpenCV", context.get("opencv", "not measured")),
        *((name, context[name]) for name in ("PyTorch", "JAX", "SciPy", "NumPy") if name in context),
        *([("Python", context["python"])] if "python" in context else []),
        ("Limits measured with", context.get("limit_simd", "?")),
        ("Date", str(context.get("date", "?"))[:10]),
    ]
    text = """How quick the Gaussian blur and its gradients are, beside other libraries and beside what the machine can do at all.
        `bench/report.py` wrote this page from one run; [the end](#how-to-repeat) says how to repeat it."""
    return f"# Benchmarks\n\n{wrapped(text)}\n\n| | |\n|---|---|\n" + "\n".join(f"| {name} | {cell} |" for name, cell in rows)


def summary(results: Results) -> str:
    both, forward = "nablur/forward_backward", "nablur/forward"
    lines = [
        spread(results, "Forward, one thread, Nablur takes {} of OpenCV's time", forward, "opencv/forward", ""),
        spread(results, "Forward and backward take {} as long as Nablur's forward alone", both, forward, " times"),
        spread(
            results,
            "Forward and backward, one thread, PyTorch's best formulation takes {} as long as Nablur",
            "torch/forward_backward",
            both,
            " times",
        ),
    ]
    text = """All images are single-channel and of uniform noise; zero border, R = max(1, ⌈3σ⌉), the same σ on both axes. Where
        the text does not say otherwise a ratio below 1 means that Nablur is the quicker one."""
    return "\n\n".join(["## In short", bullets([line for line in lines if line]), wrapped(text)])


def spread(results: Results, text: str, what: str, other: str, unit: str) -> str:
    ratios = [r for key in results.keys(what, 1) if (r := results.ratio(what, other, key)) is not None]
    if not ratios:
        return ""
    middle = statistics.median(ratios)
    return text.format(f"{digits(min(ratios))} to {digits(max(ratios))}{unit}") + f" (median {digits(middle)})."


def pictures(figures: list[Figure]) -> str:
    return "\n\n".join(f"![{figure.caption}]({figure.file})" for figure in figures)


def weaknesses(results: Results) -> str:
    slower, missed = losses(results), missed_goals(results)
    peers = [name for peer, name in PEERS.items() if any(results.has(f"{peer}/{what}") for what in WORDS)]
    if slower:
        text = bullets(slower)
    elif peers:
        text = f"In no case of this run. Measured beside it: {', '.join(peers)}."
    else:
        text = "No other library was measured."
    goals = bullets(missed) if missed else "None of those that it measures."
    return "\n\n".join(["## Where Nablur is slower", text, "## Goals that this run misses", goals])


def beside_opencv(results: Results) -> str:
    if not results.has("opencv/forward"):
        return ""
    used = sorted({label for (what, _), label in results.label.items() if what == "opencv/forward" and label})
    text = f"""OpenCV runs `cv::GaussianBlur` or `cv::sepFilter2D`, whichever is quicker for the case (here: {", ".join(used)}).
        At widths whose rows are a multiple of 4 KiB apart in memory OpenCV loses time to its caches; 3840×2160 is not one of
        them."""
    table = by_scalar(results, "nablur/forward", ratio_cell(results, "nablur/forward", "opencv/forward"))
    return f"## Forward, Nablur's time ÷ OpenCV's, one thread\n\n{wrapped(text)}{table}"


def beside_limit(results: Results) -> str:
    if not results.copy_ns or not results.pairs_per_second:
        return ""
    rates = " and ".join(f"{rate * 1e-9:.1f} G/s for {scalar}" for scalar, rate in results.pairs_per_second.items())
    text = f"""The limit is the larger of two times: the image copied once, and R + 1 pairs of an addition and a multiply-add per
        sample and axis (the taps are symmetric) at the rate at which one core does them on registers, {rates}. Where the copy is
        the larger, the number is in *italics*."""

    def cell(key: Key) -> str:
        share = results.share_of_limit(key)
        if share is None:
            return ""
        mark = "*" if results.limit(key) == results.copy_ns[key.scalar, key.size] else ""
        return f"{mark}{100 * share:.0f} %{mark}"

    table = by_scalar(results, "nablur/forward", cell)
    return f"## Forward, share of the machine's limit, one thread\n\n{wrapped(text)}{table}"


def gradients(results: Results) -> str:
    own = "## Gradients, one thread\n\nForward and backward (y, ∂L/∂x and ∂L/∂σ of each axis for a given ∂L/∂y) ÷ forward:"
    parts = [
        own + by_scalar(results, "nablur/forward_backward", ratio_cell(results, "nablur/forward_backward", "nablur/forward"))
    ]
    text = "Forward and ∂L/∂σ of each axis, the image being a constant, ÷ forward:"
    parts.append(text + by_scalar(results, "nablur/sigma_only", ratio_cell(results, "nablur/sigma_only", "nablur/forward")))
    if results.has("opencv/forward"):
        text = "Nablur's forward and backward ÷ OpenCV's forward alone:"
        cell = ratio_cell(results, "nablur/forward_backward", "opencv/forward")
        parts.append(text + by_scalar(results, "nablur/forward_backward", cell))
    return "\n\n".join(parts)


def beside_autodiff(results: Results) -> str:
    parts = []
    for peer in ("torch", "jax"):
        if not results.has(f"{peer}/forward_backward"):
            continue
        name = PEERS[peer]
        text = f"""How many times longer {name} takes than Nablur, in its quickest formulation, which is named. The taps are
            computed from σ, so that the gradient in σ comes out of the library's own differentiation."""
        parts += [f"## {name}'s time ÷ Nablur's, one thread", wrapped(text)]
        for what in ("forward_backward", "forward"):
            table = by_scalar(results, f"{peer}/{what}", times_faster(results, peer, what))
            parts.append(f"{WORDS[what].capitalize()}:{table}")
    return "\n\n".join(parts)


def beside_others(results: Results) -> str:
    parts = []
    for peer in ("scipy", "numpy"):
        if results.has(f"{peer}/forward"):
            heading = f"## {PEERS[peer]}'s time ÷ Nablur's, forward, one thread"
            parts.append(heading + by_scalar(results, f"{peer}/forward", times_faster(results, peer, "forward")))
    return "\n\n".join(parts)


def times_faster(results: Results, peer: str, what: str) -> Cell:
    def cell(key: Key) -> str:
        ratio = results.ratio(f"{peer}/{what}", f"nablur/{what}", key)
        return "" if ratio is None else f"{number(ratio)} ({results.label[f'{peer}/{what}', key]})"

    return cell


def two_threads(results: Results) -> str:
    if not results.keys("nablur/forward", 2):
        return ""
    parts = ["## Two threads, times faster than one"]
    for what in ("forward", "forward_backward"):

        def cell(key: Key, what: str = what) -> str:
            other = Key(key.scalar, key.size, key.sigma, 2)
            return number(results.ratio(f"nablur/{what}", f"nablur/{what}", key, other))

        parts.append(f"{WORDS[what].capitalize()}:" + by_scalar(results, f"nablur/{what}", cell))
    if results.machine["cores"] <= 2:
        parts.append(
            "The machine has no core to spare for anything else while two threads run, which costs some of these numbers."
        )
    return "\n\n".join(parts)


def absolute(results: Results) -> str:
    cores, virtual = results.machine["cores"], results.machine.get("virtual")
    noise = f"{cores} noisy virtual cores" if virtual else f"{cores} cores"
    text = f"## Milliseconds, one thread\n\nOn {noise}: compare ratios rather than these."
    for what, name in WORDS.items():
        if results.has(f"nablur/{what}"):
            text += f"\n\n{name[0].upper()}{name[1:]}:" + by_scalar(
                results, f"nablur/{what}", milliseconds(results, f"nablur/{what}")
            )
    return text


def method(results: Results) -> str:
    lines = [
        f"""`blur_bench` runs each case for at least 0.1 s, {results.repetitions} times; the repetitions of all cases are
        interleaved at random, so that a slow moment of the machine falls on every side. The median counts.""",
        """Every case does its work once before it is timed. Results go where earlier ones went, on all sides: Nablur's tensors
        come from its pool, OpenCV's results go into a `cv::Mat` that is used again, the copy's into one buffer; the peers in
        Python run with a C library that keeps freed memory. Nobody pays for the first touch of fresh memory.""",
        """The peers' formulations are held against SciPy in double precision, gradients included, before they are timed;
        OpenCV's result of each case is held against Nablur's.""",
        """Forward is `gaussian_blur(x, sigma, options)` on constants; forward and backward is one step of an optimisation loop,
        with the clearing of the tape and the recording.""",
        """The peers in Python run after `blur_bench`, not interleaved with it. Each number is the median of up to 7 samples in
        half a second. A formulation that would unfold the image into more than 3 GiB is left out.""",
    ]
    if results.variation:
        ordered = sorted(results.variation)
        tenth = ordered[min(len(ordered) - 1, int(0.9 * len(ordered)))]
        lines.append(
            f"""Between repetitions of one case the times vary by {100 * statistics.median(ordered):.1f} % (standard deviation ÷
            mean, median of the cases); by more than {100 * tenth:.1f} % in a tenth of the cases."""
        )
    return "## How it is measured\n\n" + bullets(lines)


def repeat() -> str:
    return """## How to repeat

On Debian 12, from a clone; half an hour or more, in which the machine should do nothing else:

```sh
apt-get install g++ cmake ninja-build libeigen3-dev libhwy-dev libsleef-dev libbenchmark-dev libopencv-dev gnuplot-nox
pip install torch==2.13.0 scipy numpy        # JAX is measured too where it is installed
cmake --preset release -DNABLUR_BUILD_TESTS=OFF -DNABLUR_BUILD_EXAMPLES=OFF
cmake --build --preset release --target blur_bench
python3 bench/report.py
```"""


def wrapped(text: str, indent: str = "") -> str:
    words = " ".join(text.split())
    return textwrap.fill(words, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def bullets(texts: list[str]) -> str:
    return "\n".join(wrapped(f"- {text}", "  ") for text in texts)


def ratio_cell(results: Results, what: str, other: str) -> Cell:
    return lambda key: number(results.ratio(what, other, key))


def milliseconds(results: Results, what: str) -> Cell:
    def cell(key: Key) -> str:
        ns = results.time(what, key)
        return "" if ns is None else digits(ns * 1e-6)

    return cell


def by_scalar(results: Results, what: str, cell: Cell) -> str:
    """A table for each scalar, sizes down and scales across, of what was measured."""
    text = ""
    for scalar in SCALARS:
        keys = [key for key in results.keys(what, 1) if key.scalar == scalar]
        if not keys:
            continue
        sigmas = sorted({key.sigma for key in keys})
        header = " | ".join(f"σ {sigma:g} (R {Key(scalar, '1x1', sigma).radius})" for sigma in sigmas)
        text += f"\n\n| {scalar} | {header} |\n|---|" + "---:|" * len(sigmas)
        for size in results.sizes:
            cells = [cell(Key(scalar, size, sigma)) or "–" for sigma in sigmas]
            if any(c != "–" for c in cells):
                text += f"\n| {size.replace('x', '×')} | " + " | ".join(cells) + " |"
    return text


def number(value: float | None) -> str:
    return "" if value is None else digits(value)


def digits(value: float) -> str:
    """Three digits, without an exponent."""
    return f"{value:.0f}" if value >= 100 else f"{value:#.3g}".rstrip(".") if value >= 0.001 else f"{value:.5f}"
