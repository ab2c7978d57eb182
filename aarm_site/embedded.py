"""The worker and the scheduler as threads of the web process. When one dies the process says so and ends."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from aarm_site.celery import embedded_beat, embedded_worker

log = structlog.get_logger(__name__)
JOIN_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Part:
    """One background thread and how to end it."""

    thread: threading.Thread
    stop: Callable[[], object]


class Engine:
    """Runs the parts; `on_death` is called, from the part's own thread, when one ends without having been told to."""

    def __init__(self, *, on_death: Callable[[], None]) -> None:
        self.on_death = on_death
        self.is_stopping = False
        self.parts: dict[str, Part] = {}

    def start(self) -> None:
        """Starts worker and scheduler and makes this engine the one that `/readyz` asks about."""
        worker, beat = embedded_worker(), embedded_beat()
        self.add("worker", run=worker.start, stop=worker.stop)
        self.add("scheduler", run=beat.start, stop=beat.stop)
        _Running.engine = self

    def add(self, name: str, *, run: Callable[[], object], stop: Callable[[], object]) -> None:
        """Runs `run` in a thread of its own until it returns."""
        thread = threading.Thread(target=self._watch, args=(name, run), name=name, daemon=True)
        self.parts[name] = Part(thread=thread, stop=stop)
        thread.start()

    def stop(self) -> None:
        """Ends every part; one that doesn't end in time is left to die with the process, which loses nothing."""
        self.is_stopping = True
        _Running.engine = None
        for part in self.parts.values():
            part.stop()
        for part in self.parts.values():
            part.thread.join(JOIN_SECONDS)

    def dead_parts(self) -> list[str]:
        """The names of the parts that have ended."""
        return sorted(name for name, part in self.parts.items() if not part.thread.is_alive())

    def _watch(self, name: str, run: Callable[[], object]) -> None:
        try:
            run()
        finally:
            if not self.is_stopping:
                log.critical("part_died", part=name)
                self.on_death()


class _Running:
    engine: Engine | None = None


def dead_parts() -> list[str]:
    """Of the engine that runs in this process; none where worker and scheduler are processes of their own."""
    return _Running.engine.dead_parts() if _Running.engine else []
