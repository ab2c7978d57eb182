"""What the machine did meanwhile: how busy its cores were, with whose work, and how fast they are now."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
CALIBRATION_STEPS = 400_000
# The fields of the first line of /proc/stat, in its order: idle and iowait are not work, guest is in user already.
BUSY = ("user", "nice", "system", "irq", "softirq", "steal")
FIELDS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")


@dataclass(frozen=True, slots=True)
class Process:
    """One line of /proc/PID/stat; `seconds` is its processor time and that of its children that have ended."""

    pid: int
    parent: int
    seconds: float


def cores_busy_seconds() -> float:
    """The time that all cores have worked since the machine started."""
    words = (PROC / "stat").read_text().split("\n", 1)[0].split()[1:]
    found = dict(zip(FIELDS, map(int, words), strict=False))
    return sum(found[name] for name in BUSY) / TICKS


def _process(pid: int) -> Process | None:
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The command's name may hold anything, spaces and brackets included, and ends at the last bracket.
    fields = text[text.rindex(")") + 2 :].split()
    return Process(pid=pid, parent=int(fields[1]), seconds=sum(map(int, fields[11:15])) / TICKS)


def processes() -> list[Process]:
    """All that run now."""
    found = [_process(int(entry.name)) for entry in PROC.iterdir() if entry.name.isdigit()]
    return [process for process in found if process is not None]


def parent_of(pid: int) -> int:
    """The process that started `pid`; 0, below which nothing is found, where `pid` is none of this machine."""
    process = _process(pid)
    return process.parent if process is not None else 0


def tree_seconds(roots: Mapping[str, int]) -> dict[str, float]:
    """The processor time of each root and of everything below it, as far as no other root is above that."""
    running = {process.pid: process for process in processes()}
    names = {pid: name for name, pid in roots.items()}
    totals = dict.fromkeys(roots, 0.0)
    for process in running.values():
        name = _root_name(process, running=running, names=names)
        if name is not None:
            totals[name] += process.seconds
    return totals


def _root_name(process: Process, *, running: Mapping[int, Process], names: Mapping[int, str]) -> str | None:
    above: Process | None = process
    while above is not None:
        if above.pid in names:
            return names[above.pid]
        above = running.get(above.parent)
    return None


@dataclass(frozen=True, slots=True)
class Reading:
    """A moment's totals, in seconds."""

    at: float
    cores: float
    trees: Mapping[str, float]


def read_now(roots: Mapping[str, int]) -> Reading:
    """The totals of the cores and of the processes below `roots`."""
    return Reading(at=time.perf_counter(), cores=cores_busy_seconds(), trees=tree_seconds(roots))


@dataclass(frozen=True, slots=True)
class Usage:
    """Between two readings: seconds of processor time by root, and the share of all cores that others took."""

    trees: Mapping[str, float]
    others: float


def usage_between(first: Reading, last: Reading) -> Usage:
    """What was spent from `first` to `last`."""
    trees = {name: last.trees[name] - first.trees[name] for name in last.trees}
    others = last.cores - first.cores - sum(trees.values())
    return Usage(trees=trees, others=max(0.0, others) / ((last.at - first.at) * cores()))


def cores() -> int:
    """How many cores there are."""
    return os.cpu_count() or 1


def calibration_ms() -> float:
    """How long a fixed piece of work takes on one core: what slows it also slows what is measured."""
    started = time.perf_counter()
    total = 0
    for number in range(CALIBRATION_STEPS):
        total += number & 7
    assert total > 0
    return (time.perf_counter() - started) * 1000


def model() -> str:
    """What the processor calls itself."""
    lines = (PROC / "cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def file_system(path: Path) -> str:
    """The type of the file system that holds `path`; on `tmpfs` nothing is durable."""
    mounts = [line.split()[1:3] for line in (PROC / "mounts").read_text().splitlines()]
    inside = [(mount, kind) for mount, kind in mounts if path.resolve().is_relative_to(mount)]
    return max(inside, key=lambda item: len(item[0]))[1]
