"""Times the Gaussian blur of other libraries: PyTorch and JAX (forward, and with gradients), SciPy and NumPy (forward).

    pip install torch==2.13.0 scipy numpy          (JAX too, if wanted; a library that cannot be imported is left out)
    python3 bench/peers.py --output peers.json

Same radius, border, scalar, and number of threads as blur_bench. Each library runs its quickest formulation of each case, found
by racing them all, after each was held against SciPy's filter in double precision, gradients included. The result is JSON with
names like blur_bench's: torch/forward_backward/float/1024x1024/sigma:3/threads:1, in ns, the formulation as its label.

Each library runs in a process of its own for each number of threads, in which freed memory is kept for the next result, as
Nablur keeps it, instead of being given back to the system and touched for the first time again.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
from typing import Any

SIZES = ("256x256", "512x512", "1024x1024", "3840x2160")
LARGE = "4096x4096"
SIGMAS = (0.5, 1.0, 3.0, 10.0, 30.0)
SCALARS = ("float", "double")
MODULES = {  # library: (package, module here, name in it)
    "torch": ("torch", "peer_torch", "LIBRARY"),
    "jax": ("jax", "peer_jax", "LIBRARY"),
    "scipy": ("scipy", "peer_numpy", "SCIPY"),
    "numpy": ("numpy", "peer_numpy", "NUMPY"),
}


def main() -> int:
    options = parse()
    if options.worker:
        return work(options)
    results: list[dict[str, Any]] = []
    context: dict[str, str] = {"python": sys.version.split()[0]}
    for library in options.libraries:
        missing = reason_to_skip(library)
        if missing:
            print(f"{library} is left out: {missing}", file=sys.stderr)
            continue
        for threads in options.threads:
            report = run_worker(options, library, threads)
            results += report["benchmarks"]
            context |= report["context"]
    text = json.dumps({"context": context, "benchmarks": results}, indent=1)
    if options.output:
        with open(options.output, "w", encoding="utf-8") as file:
            file.write(text + "\n")
    else:
        print(text)
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Times the Gaussian blur of PyTorch, JAX, SciPy and NumPy.")
    parser.add_argument("--output", metavar="FILE", help="where the JSON goes; to the standard output by default")
    parser.add_argument("--libraries", nargs="+", choices=MODULES, default=list(MODULES))
    parser.add_argument("--sizes", nargs="+", metavar="WIDTHxHEIGHT", default=list(SIZES))
    parser.add_argument("--large", action="store_true", help=f"{LARGE} too")
    parser.add_argument("--sigmas", nargs="+", type=float, metavar="SIGMA", default=list(SIGMAS))
    parser.add_argument("--scalars", nargs="+", choices=SCALARS, default=list(SCALARS))
    parser.add_argument("--threads", nargs="+", type=int, metavar="N", default=[1, 2])
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)  # one library, one number of threads
    options = parser.parse_args()
    if options.large and LARGE not in options.sizes:
        options.sizes.append(LARGE)
    options.sigmas.sort()
    return options


def reason_to_skip(library: str) -> str:
    """Asked in another process, as an import may take settings from the environment for good. Empty where all is well."""
    for package in ("numpy", "scipy", MODULES[library][0]):
        run = subprocess.run([sys.executable, "-c", f"import {package}"], capture_output=True, text=True)
        if run.returncode != 0:
            words = run.stderr.strip().splitlines() or ["no message"]
            return f"{package} cannot be imported ({words[-1]})"
    return ""


def run_worker(options: argparse.Namespace, library: str, threads: int) -> dict[str, Any]:
    environment = dict(os.environ, MALLOC_MMAP_MAX_="0", MALLOC_TRIM_THRESHOLD_=str(1 << 40), PYTHONDONTWRITEBYTECODE="1")
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        environment[name] = str(threads)
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "peer.json")
        command = [sys.executable, os.path.abspath(__file__), "--worker", "--output", output]
        command += ["--libraries", library, "--threads", str(threads), "--sizes", *options.sizes]
        command += ["--scalars", *options.scalars, "--sigmas", *map(str, options.sigmas)]
        subprocess.run(command, check=True, env=environment)
        with open(output, encoding="utf-8") as file:
            return json.load(file)


def work(options: argparse.Namespace) -> int:
    threads = options.threads[0]
    if options.libraries == ["jax"] and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])
    from peer_common import Case, check, measure

    _, module, name = MODULES[options.libraries[0]]
    library = getattr(importlib.import_module(module), name)
    check(library)
    sizes = [tuple(map(int, size.split("x"))) for size in options.sizes]
    cases = [
        Case(width, height, sigma, scalar, threads)
        for width, height in sizes
        for scalar in options.scalars
        for sigma in options.sigmas
    ]
    results = measure(library, cases, lambda line: print(line, file=sys.stderr, flush=True))
    with open(options.output, "w", encoding="utf-8") as file:
        json.dump({"context": library.versions(), "benchmarks": results}, file)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (subprocess.CalledProcessError, ValueError) as error:
        sys.exit(f"peers.py: {error}")
