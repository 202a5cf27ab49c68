"""Measured times by name, and what is derived from them."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

NANOSECONDS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}


@dataclass(frozen=True)
class Key:
    """A case without the library and without what it does."""

    scalar: str
    size: str
    sigma: float
    threads: int = 1

    @property
    def radius(self) -> int:
        return max(1, math.ceil(3 * self.sigma))

    @property
    def samples(self) -> int:
        width, height = map(int, self.size.split("x"))
        return width * height


class Results:
    def __init__(self, stored: dict[str, Any]):
        self.machine: dict[str, Any] = stored["machine"]
        self.context: dict[str, Any] = stored["context"]
        self.ns: dict[tuple[str, Key], float] = {}  # by ("nablur/forward", key)
        self.label: dict[tuple[str, Key], str] = {}
        self.copy_ns: dict[tuple[str, str], float] = {}
        self.pairs_per_second: dict[str, float] = {}
        self.repetitions = 1
        self.variation: list[float] = []
        self._read(stored["benchmarks"])
        keys = [key for _, key in self.ns]
        self.sizes = sorted({key.size for key in keys}, key=lambda size: Key("", size, 1).samples)
        self.sigmas = sorted({key.sigma for key in keys})

    def _read(self, entries: list[dict[str, Any]]) -> None:
        times: dict[str, list[float]] = defaultdict(list)
        medians: dict[str, dict[str, Any]] = {}
        for entry in entries:
            if entry.get("error_occurred"):
                raise ValueError(f"{entry['name']} failed: {entry.get('error_message', 'no message')}")
            name = entry.get("run_name", entry["name"]).split("/real_time")[0]
            aggregate = entry.get("aggregate_name")
            if aggregate == "cv":
                self.variation.append(entry["real_time"])
            if aggregate in (None, "median"):
                self.repetitions = max(self.repetitions, entry.get("repetitions", 1))
                times[name].append(entry["real_time"] * NANOSECONDS[entry["time_unit"]])
                medians[name] = entry
        for name, values in times.items():
            self._store(name.split("/"), statistics.median(values), medians[name])

    def _store(self, parts: list[str], ns: float, entry: dict[str, Any]) -> None:
        match parts:
            case ["limit", "copy", scalar, size]:
                self.copy_ns[scalar, size] = ns
            case ["limit", "fma_add", scalar]:
                self.pairs_per_second[scalar] = entry["pairs_per_second"]
            case [library, what, scalar, size, sigma, threads]:
                key = Key(scalar, size, float(sigma.removeprefix("sigma:")), int(threads.removeprefix("threads:")))
                self.ns[f"{library}/{what}", key] = ns
                self.label[f"{library}/{what}", key] = entry.get("label", "")

    def time(self, what: str, key: Key) -> float | None:
        return self.ns.get((what, key))

    def ratio(self, what: str, other: str, key: Key, other_key: Key | None = None) -> float | None:
        """Time over time; None where one of them was not measured."""
        a, b = self.time(what, key), self.time(other, other_key or key)
        return None if a is None or b is None else a / b

    def limit(self, key: Key) -> float | None:
        """In ns: no forward blur of two axes that multiplies by every tap can take less on one core."""
        copy, rate = self.copy_ns.get((key.scalar, key.size)), self.pairs_per_second.get(key.scalar)
        if copy is None or rate is None:
            return None
        return max(copy, 2 * (key.radius + 1) * key.samples / rate * 1e9)

    def share_of_limit(self, key: Key) -> float | None:
        limit, own = self.limit(key), self.time("nablur/forward", key)
        return None if limit is None or own is None else limit / own

    def has(self, what: str) -> bool:
        return any(name == what for name, _ in self.ns)

    def keys(self, what: str, threads: int | None = None) -> list[Key]:
        found = [key for name, key in self.ns if name == what and threads in (None, key.threads)]
        return sorted(found, key=lambda k: (k.threads, k.scalar != "float", k.samples, k.sigma))
