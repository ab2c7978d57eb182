"""Background threads that die are noticed, and those that were told to end are not mourned."""

from __future__ import annotations

import threading

from aarm_site import embedded
from aarm_site.embedded import Engine
from tests.waiting import wait_until


def test_a_part_that_ends_by_itself_is_reported_once_and_named() -> None:
    deaths: list[str] = []
    alive, dying = threading.Event(), threading.Event()
    engine = Engine(on_death=lambda: deaths.append("died"))
    engine.add("worker", run=alive.wait, stop=alive.set)
    engine.add("scheduler", run=dying.wait, stop=dying.set)
    assert (engine.dead_parts(), deaths) == ([], [])
    dying.set()
    wait_until(lambda: engine.dead_parts() == ["scheduler"], "the scheduler's end is seen")
    assert deaths == ["died"]
    engine.stop()


def test_a_part_that_fails_is_dead_too() -> None:
    died = threading.Event()
    engine = Engine(on_death=died.set)
    failures: list[object] = []
    before, threading.excepthook = threading.excepthook, failures.append
    try:
        engine.add("worker", run=lambda: 1 // 0, stop=lambda: None)
        wait_until(died.is_set, "the death is reported")
        engine.parts["worker"].thread.join(5)
    finally:
        threading.excepthook = before
    assert engine.dead_parts() == ["worker"]
    assert len(failures) == 1


def test_stopping_is_not_a_death() -> None:
    deaths: list[str] = []
    running = threading.Event()
    engine = Engine(on_death=lambda: deaths.append("died"))
    engine.add("worker", run=running.wait, stop=running.set)
    engine.stop()
    assert (engine.dead_parts(), deaths) == (["worker"], [])


def test_where_no_engine_runs_nothing_is_dead() -> None:
    assert embedded.dead_parts() == []
