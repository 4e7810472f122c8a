"""Numbers: percentiles, and the CPU time and memory of processes with all their children."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

MIB = 2**20


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest rank; `share` from 0 to 1. No values, no number."""
    if not values:
        return float("nan")
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def in_ms(values: Sequence[float]) -> dict[str, float]:
    return {
        name: round(1000 * percentile(values, share), 2)
        for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
    }


def family(pid: int) -> list[psutil.Process]:
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its children, those that have ended included."""
    total = 0.0
    for process in family(pid):
        try:
            total += sum(process.cpu_times()[:4])
        except psutil.NoSuchProcess:
            continue
    return total


def memory_mib(pid: int) -> float:
    """What the processes hold of their own; pages that they share are counted once (PSS)."""
    total = 0
    for process in family(pid):
        try:
            total += process.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total / MIB


@dataclass
class Meter:
    """CPU seconds of named processes between its making and `stop`."""

    roots: Mapping[str, int]
    began: dict[str, float] = field(init=False)
    started: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = {name: cpu_seconds(pid) for name, pid in self.roots.items()}
        self.started = time.perf_counter()

    def stop(self) -> tuple[float, dict[str, float]]:
        """Seconds gone, and CPU seconds by name."""
        gone = time.perf_counter() - self.started
        return gone, {n: cpu_seconds(pid) - self.began[n] for n, pid in self.roots.items()}


def machine() -> dict[str, Any]:
    told = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in told if line.startswith("model name")]
    return {
        "cores": os.cpu_count(),
        "cpu": names[0] if names else "unknown",
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "kernel": os.uname().release,
        "date": time.strftime("%Y-%m-%d"),
    }
