"""Threads of one process that want something done under one lock queue here, and whoever has it does it for all.

Each would otherwise pay by itself for getting the lock, for reading what is behind it, and for writing it back.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Event, Lock
from typing import Generic, TypeVar

import structlog

log = structlog.get_logger(__name__)
Task = TypeVar("Task")
Answer = TypeVar("Answer")
Gather = Callable[[], Sequence[Task]]
"""To be called under the lock, at most once: all tasks of this turn, in the order in which they came."""
Run = Callable[[Task, Gather[Task]], Sequence[Answer | None]]


@dataclass(eq=False, slots=True)
class _Place(Generic[Task, Answer]):
    """Somebody in a queue. `woken` says that its turn has come, which it `leads`, or that it is over."""

    task: Task
    leads: bool = False
    answer: Answer | None = None
    error: Exception | None = None
    woken: Event = field(default_factory=Event)


class SharedTurns(Generic[Task, Answer]):
    """A queue for each key, whose first runs what has gathered when it has the lock: `most` tasks, its own included."""

    def __init__(self, run: Run[Task, Answer], *, most: int, is_undone: Callable[[Exception], bool]) -> None:
        """`run` gets the first task, for which it locks, and answers all that it gathers, None to what it left out.

        `is_undone` says of what it raises whether nothing of what it did can have remained.
        """
        self._run, self._most, self._is_undone = run, most, is_undone
        self._lock = Lock()
        # Who waits behind the turn that is under way; no entry where none is.
        self._queues: dict[Hashable, list[_Place[Task, Answer]]] = {}

    def take(self, key: Hashable, task: Task) -> Answer | None:
        """What `run` answered. None where it left the task out, or was undone with several: do it alone then.

        What `run` raises otherwise is raised here, for each. The caller must hold nothing that the others wait for.
        """
        mine: _Place[Task, Answer] = _Place(task)
        with self._lock:
            queue = self._queues.get(key)
            if queue is None:
                self._queues[key], mine.leads = [], True
            else:
                queue.append(mine)
        if not mine.leads:
            mine.woken.wait()
        if mine.leads:
            self._lead(key, mine)
        if mine.error is not None:
            raise mine.error
        return mine.answer

    def _lead(self, key: Hashable, mine: _Place[Task, Answer]) -> None:
        group = [mine]
        try:
            answers = self._run(mine.task, partial(self._gathered, key, group))
            for each, answer in zip(group, answers, strict=True):
                each.answer = answer
        except Exception as error:  # noqa: BLE001 - what one task of several raises must leave none of them waiting
            # Whom of several it concerns is not known: each meets it again by itself, or doesn't. Where it may have
            # come after the end, nobody tries again.
            if len(group) > 1:
                log.warning("shared_turn_failed", error=type(error).__name__, task_count=len(group))
            if len(group) == 1 or not self._is_undone(error):
                for each in group:
                    each.error = error
        finally:
            self._pass_on(key)
            for each in group:
                each.woken.set()

    def _gathered(self, key: Hashable, group: list[_Place[Task, Answer]]) -> list[Task]:
        with self._lock:
            queue = self._queues[key]
            group += queue[: self._most - 1]
            del queue[: self._most - 1]
        return [each.task for each in group]

    def _pass_on(self, key: Hashable) -> None:
        """The first who waits leads the next turn."""
        with self._lock:
            queue = self._queues[key]
            if queue:
                following = queue.pop(0)
                following.leads = True
                following.woken.set()
            else:
                del self._queues[key]
