#!/usr/bin/env python3
"""Spoils the library in one place at a time, and says whether the tests see it.

    scripts/mutate.py [--list] [--jobs N] [WORD...]     WORDs choose the mutants whose name or file has one of them

The list is tests/mutants.json: each mutant has a name, a file, the text that stands there exactly once (but for spaces and line
breaks), what replaces it, and the tests (a filter of GoogleTest) that should see it. What these do not see is shown to all tests. A mutant that no test can see
carries the reason as "explained". Everything happens in a copy under build/mutate, which later runs use again.
Ends with status 1 if a mutant survives that is not explained, or cannot be compiled. About half an hour for all.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "build" / "mutate"
TREE = WORK / "tree"
BUILD = WORK / "build"
PROGRAM = BUILD / "tests" / "nablur_tests"
COPIED = ["ARCHITECTURE.md", "CMakeLists.txt", "CONTRIBUTING.md", "README.md", "nablur.h", "support", "autodiff", "gradcheck", "ops", "optimize", "io",
          "bench", "cmake", "docs", "examples", "scripts", "tests", "tools"]
NO_JUDGES = "Mutants.*:Structure.*:Readme.*"  # they read the sources, and would see every change of a text
SECONDS = 600  # in which a program of tests must end; a mutant may make it run for ever


def copy_tree():
    """Copies what changed, so that only that is compiled anew."""
    kept = set()
    for name in COPIED:
        top = ROOT / name
        for source in [top] if top.is_file() else sorted(top.rglob("*")):
            if not source.is_file() or "__pycache__" in source.parts:
                continue
            target = TREE / source.relative_to(ROOT)
            kept.add(target)
            if not target.exists() or target.read_bytes() != source.read_bytes():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
    for target in list(TREE.rglob("*")):
        if target.is_file() and target not in kept:
            target.unlink()


def run(command, seconds=None):
    """The exit status and what the command told; None as status if it did not end in time."""
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, errors="replace", start_new_session=True)
    try:
        told, _ = process.communicate(timeout=seconds)
        return process.returncode, told
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        told, _ = process.communicate()
        return None, told


def build(jobs):
    return run(["cmake", "--build", BUILD, "--parallel", jobs, "--target", "nablur_tests"])


def prepare(jobs):
    copy_tree()
    status, told = run(["cmake", "-S", TREE, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=None", "-DCMAKE_CXX_FLAGS=-O1",
                        "-DNABLUR_BUILD_EXAMPLES=OFF", "-DNABLUR_BUILD_BENCHMARKS=OFF",
                        "-DCMAKE_GTEST_DISCOVER_TESTS_DISCOVERY_MODE=PRE_TEST"])
    if status == 0:
        status, told = build(jobs)
    if status != 0:
        sys.exit(f"{told}\nmutate.py: the copy in {TREE} does not build (see above); scripts/test.sh installs what is missing.")
    seen = failed_tests("*")
    if seen:
        sys.exit(f"mutate.py: {seen} fails as it is, so that it would kill any mutant.")


def failed_tests(tests):
    """Names a test that fails, or says how the program ended; "" if all pass."""
    status, told = run([PROGRAM, "--gtest_brief=1", "--gtest_fail_fast", f"--gtest_filter={tests}-{NO_JUDGES}"], SECONDS)
    if status == 0:
        if "Running 0 tests" in told or " 0 tests ran" in told:
            sys.exit(f"mutate.py: no test has a name like {tests}")
        return ""
    if status is None:
        return f"no end within {SECONDS} s"
    for line in told.splitlines():
        if line.startswith("[  FAILED  ]"):
            return line.split("]", 1)[1].split(",")[0].split(" (")[0].strip()
    return f"status {status}"


def try_mutant(mutant, jobs):
    """What became of it: "killed", "SURVIVED" or "DOES NOT COMPILE", and the details."""
    path = TREE / mutant["file"]
    sound = path.read_text(encoding="utf-8")
    old = r"\s*".join(re.escape(c) for c in mutant["old"] if not c.isspace())
    spoilt, count = re.subn(old, lambda _: mutant["new"], sound)
    if count != 1:
        return "DOES NOT COMPILE", f"its text stands {count} times in {mutant['file']}"
    try:
        path.write_text(spoilt, encoding="utf-8")
        status, told = build(jobs)
        if status != 0:
            return "DOES NOT COMPILE", next((line for line in told.splitlines() if "error:" in line), told[-200:])
        seen = failed_tests(mutant["tests"])
        if seen:
            return "killed", seen
        seen = failed_tests("*")
        return ("killed", f"{seen}, which its filter leaves out") if seen else ("SURVIVED", mutant.get("explained", ""))
    finally:
        path.write_text(sound, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("words", nargs="*", metavar="WORD")
    parser.add_argument("--list", action="store_true", help="print the mutants and do nothing")
    parser.add_argument("--jobs", default=os.cpu_count(), type=int, help="compilers at a time")
    arguments = parser.parse_args()
    mutants = json.loads((ROOT / "tests" / "mutants.json").read_text(encoding="utf-8"))["mutants"]
    if arguments.words:
        mutants = [m for m in mutants if any(word in m["name"] or word in m["file"] for word in arguments.words)]
    if arguments.list:
        for mutant in mutants:
            print(f"{mutant['file']}: {mutant['name']}")
        return 0
    prepare(arguments.jobs)
    counts = {"killed": 0, "SURVIVED": 0, "DOES NOT COMPILE": 0, "explained": 0}
    for mutant in mutants:
        begin = time.monotonic()
        fate, details = try_mutant(mutant, arguments.jobs)
        if fate == "SURVIVED" and "explained" in mutant:
            fate = "explained"
        counts[fate] += 1
        print(f"{fate:9} {mutant['file']}: {mutant['name']} ({time.monotonic() - begin:.0f} s) {details}", flush=True)
    print(f"{counts['killed']} killed, {counts['SURVIVED']} survived, {counts['explained']} explained, "
          f"{counts['DOES NOT COMPILE']} not compiled")
    return 0 if counts["SURVIVED"] == counts["DOES NOT COMPILE"] == 0 and mutants else 1


if __name__ == "__main__":
    sys.exit(main())
