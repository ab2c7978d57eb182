"""Timing the phases of a request: each phase's own time, without that of the phases inside it."""

from __future__ import annotations

import functools
import importlib
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Moment:
    """The clock on the wall and this thread's processor time, in seconds."""

    wall: float
    processor: float

    def __sub__(self, earlier: Moment) -> Moment:
        return Moment(self.wall - earlier.wall, self.processor - earlier.processor)

    def __add__(self, other: Moment) -> Moment:
        return Moment(self.wall + other.wall, self.processor + other.processor)


ZERO = Moment(0.0, 0.0)


def moment() -> Moment:
    """Now."""
    return Moment(time.perf_counter(), time.thread_time())


@dataclass(slots=True)
class Stopwatch:
    """Adds up what one request spends in each phase. For one thread."""

    clock: Callable[[], Moment] = moment
    phases: defaultdict[str, Moment] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    # What the phases inside each open phase have taken so far.
    inner: list[Moment] = field(default_factory=list)

    def run(self, phase: str, call: Callable[[], Any]) -> Any:
        """What `call` returns, its own time added to `phase`."""
        self.inner.append(ZERO)
        started = self.clock()
        try:
            return call()
        finally:
            taken = self.clock() - started
            self.phases[phase] += taken - self.inner.pop()
            if self.inner:
                self.inner[-1] += taken

    def take(self) -> dict[str, Moment]:
        """The phases since the last time."""
        found = dict(self.phases)
        self.phases.clear()
        return found


def _owner(path: str) -> tuple[Any, str]:
    """The module or class that holds the last name of `module:name` or `module:Class.name`."""
    module, _, names = path.partition(":")
    *outer, name = names.split(".")
    return functools.reduce(getattr, outer, importlib.import_module(module)), name


@contextmanager
def _timed(path: str, *, phase: str, watch: Stopwatch) -> Iterator[None]:
    owner, name = _owner(path)
    original = getattr(owner, name)

    @functools.wraps(original)
    def timed(*args: Any, **options: Any) -> Any:
        return watch.run(phase, lambda: original(*args, **options))

    setattr(owner, name, timed)
    try:
        yield
    finally:
        setattr(owner, name, original)


@contextmanager
def timed_phases(places: Mapping[str, str], *, watch: Stopwatch) -> Iterator[None]:
    """While the block runs, what each of the `places` (path to phase) takes goes to its phase."""
    with ExitStack() as stack:
        for path, phase in places.items():
            stack.enter_context(_timed(path, phase=phase, watch=watch))
        yield
