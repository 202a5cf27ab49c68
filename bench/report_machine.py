"""The machine in words, from what Linux tells of it; nothing that names the computer."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def describe_machine() -> dict[str, str | int | bool]:
    cpu = first_processor()
    name = cpu.get("model name", platform.machine())
    if "cpu family" in cpu and "model" in cpu:
        name += f" (family {cpu['cpu family']}, model {cpu['model']})"
    return {
        "cpu": name,
        "cores": os.cpu_count() or 1,
        "virtual": "hypervisor" in cpu.get("flags", "").split(),
        "caches": ", ".join(caches()),
        "memory": memory(),
        "system": system(),
    }


def first_processor() -> dict[str, str]:
    lines = text_of(Path("/proc/cpuinfo")).split("\n\n")[0].splitlines()
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}


def caches() -> list[str]:
    found = []
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = (text_of(index / name).strip() for name in ("level", "type", "size"))
        if kind == "Instruction" or not size:
            continue
        found.append(f"L{level}{' data' if kind == 'Data' else ''} {readable(size)}")
    return found


def readable(size: str) -> str:
    """ "1024K" as 1 MiB."""
    kib = int(size.removesuffix("K")) if size.endswith("K") and size[:-1].isdigit() else 0
    if kib == 0:
        return size
    return f"{kib // 1024} MiB" if kib % 1024 == 0 else f"{kib} KiB"


def memory() -> str:
    for line in text_of(Path("/proc/meminfo")).splitlines():
        if line.startswith("MemTotal:"):
            return f"{int(line.split()[1]) / 2**20:.0f} GiB"
    return ""


def system() -> str:
    for line in text_of(Path("/etc/os-release")).splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.partition("=")[2].strip('"')
    return platform.system()


def text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
