"""Measures the Gaussian blur beside other libraries and beside the machine's limits, and writes docs/benchmarks.md.

    cmake --preset release && cmake --build --preset release --target blur_bench
    python3 bench/report.py                  (half an hour or more; leave the machine alone meanwhile)

    python3 bench/report.py --quick --output /tmp/benchmarks.md     a smoke run of few cases
    python3 bench/report.py --from-json build/benchmarks.json       the same page again from stored results

Runs blur_bench, then peers.py, keeps their results in one JSON file, and draws the figures with gnuplot beside the page.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from report_figures import FigureError, draw_figures
from report_machine import describe_machine
from report_results import Results
from report_tables import page

ROOT = Path(__file__).resolve().parent.parent
QUICK_SIZES = ("256x256", "1024x1024")
QUICK_SIGMAS = ("1", "3")


def main() -> int | str:
    options = parse()
    try:
        stored = merge([read(path) for path in options.from_json]) if options.from_json else run(options)
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        return f"report.py: {error}"
    if not options.from_json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
        print(f"The results are in {options.json}", file=sys.stderr)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    try:
        results = Results(stored)
        figures = draw_figures(results, options.output.parent)
    except (FigureError, ValueError) as error:
        return f"report.py: {error}"
    options.output.write_text(page(results, figures), encoding="utf-8")
    print(f"Written: {options.output} and {', '.join(figure.file for figure in figures)}", file=sys.stderr)
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures the Gaussian blur and writes docs/benchmarks.md.")
    parser.add_argument("blur_bench", nargs="?", type=Path, default=ROOT / "build/release/bench/blur_bench")
    parser.add_argument("--output", type=Path, metavar="FILE", default=ROOT / "docs/benchmarks.md")
    parser.add_argument("--json", type=Path, metavar="FILE", default=ROOT / "build/benchmarks.json", help="keeps the results")
    parser.add_argument("--from-json", nargs="+", type=Path, metavar="FILE", help="measures nothing; reads stored results")
    parser.add_argument("--repetitions", type=int, default=5, help="of each case of blur_bench, interleaved")
    parser.add_argument("--quick", action="store_true", help="few sizes, few scales, 3 repetitions")
    parser.add_argument("--skip-peers", action="store_true", help="blur_bench alone")
    return parser.parse_args()


def run(options: argparse.Namespace) -> dict[str, Any]:
    if hasattr(os, "sched_getaffinity") and len(os.sched_getaffinity(0)) < min(2, os.cpu_count() or 1):
        print("report.py: this process may use one core only; what it measures of two threads means nothing", file=sys.stderr)
    parts = [{"machine": describe_machine()}, run_blur_bench(options)]
    if not options.skip_peers:
        parts.append(run_peers(options))
    return merge(parts)


def run_blur_bench(options: argparse.Namespace) -> dict[str, Any]:
    if not options.blur_bench.is_file():
        raise ValueError(f"{options.blur_bench} is not there; build it, or give its path (see --help)")
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "blur_bench.json"
        command = [str(options.blur_bench.resolve()), f"--benchmark_out={output}", "--benchmark_out_format=json"]
        command += [f"--benchmark_repetitions={3 if options.quick else options.repetitions}"]
        command += ["--benchmark_report_aggregates_only=true", "--benchmark_enable_random_interleaving=true"]
        if options.quick:
            sizes, sigmas = "|".join(QUICK_SIZES), "|".join(QUICK_SIGMAS)
            command += [f"--benchmark_filter=fma_add|copy/.*({sizes})|({sizes})/sigma:({sigmas})/"]
        subprocess.run(command, check=True, stdout=sys.stderr)
        return read(output)


def run_peers(options: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "peers.json"
        command = [sys.executable, str(Path(__file__).with_name("peers.py")), "--output", str(output)]
        if options.quick:
            command += ["--sizes", *QUICK_SIZES, "--sigmas", *QUICK_SIGMAS]
        subprocess.run(command, check=True)
        return read(output)


def read(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error


def merge(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Of parts that say different things the later one holds. What would name the computer or its folders is left out."""
    merged: dict[str, Any] = {"machine": {}, "context": {}, "benchmarks": []}
    for part in parts:
        merged["machine"] |= part.get("machine", {})
        merged["context"] |= {k: v for k, v in part.get("context", {}).items() if k not in ("host_name", "executable")}
        merged["benchmarks"] += part.get("benchmarks", [])
    merged["machine"] = merged["machine"] or describe_machine()
    return merged


if __name__ == "__main__":
    sys.exit(main())
