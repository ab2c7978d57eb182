"""Those who come while a lock is waited for have the turn together, and one who fails takes nobody along."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Semaphore

import pytest

from decisions.shared_turns import Gather, SharedTurns
from tests.waiting import wait_until


@dataclass(slots=True)
class Worker:
    """Runs tasks: a number is doubled, but for a negative one, which fails, and zero, which is left out.

    Each turn waits for a `permit` before it gathers, as for a lock.
    """

    turns: list[list[int]] = field(default_factory=list)
    permit: Semaphore = field(default_factory=lambda: Semaphore(0))
    began: list[int] = field(default_factory=list)

    def run(self, first: int, gathered: Gather[int]) -> list[int | None]:
        self.began.append(first)
        assert self.permit.acquire(timeout=30)
        tasks = gathered()
        self.turns.append(list(tasks))
        if min(tasks) < 0:
            raise ValueError(min(tasks))
        return [2 * task or None for task in tasks]


def is_undone(error: Exception) -> bool:
    return str(error) != "-99"


def gathered(
    turns: SharedTurns[int, int], worker: Worker, pool: ThreadPoolExecutor, tasks: Sequence[int]
) -> list[Future[int | None]]:
    """The first task in its turn, and all others behind it, in this order."""
    first, *rest = tasks
    futures = [pool.submit(turns.take, "s", first)]
    wait_until(lambda: worker.began, "the first turn")
    for number, task in enumerate(rest, start=1):
        futures.append(pool.submit(turns.take, "s", task))
        wait_until(lambda wanted=number: len(turns._queues["s"]) == wanted, f"{number} in the queue")  # type: ignore[misc]
    return futures


def test_who_comes_before_the_lock_is_there_has_the_turn_together_in_order() -> None:
    worker = Worker()
    turns = SharedTurns(worker.run, most=16, is_undone=is_undone)
    with ThreadPoolExecutor(8) as pool:
        asked = gathered(turns, worker, pool, [1, 2, 3, 4, 5])
        worker.permit.release()
        assert [each.result(30) for each in asked] == [2, 4, 6, 8, 10]
    assert worker.turns == [[1, 2, 3, 4, 5]]
    assert not turns._queues, "Nothing is kept of a queue that is over."


def test_a_turn_is_no_longer_than_it_may_be() -> None:
    worker = Worker()
    turns = SharedTurns(worker.run, most=2, is_undone=is_undone)
    with ThreadPoolExecutor(8) as pool:
        asked = gathered(turns, worker, pool, [1, 2, 3, 4, 5, 6])
        worker.permit.release(3)
        assert [each.result(30) for each in asked] == [2, 4, 6, 8, 10, 12]
    assert worker.turns == [[1, 2], [3, 4], [5, 6]]


def test_what_fails_in_a_turn_of_several_is_given_back_to_each_and_the_queue_goes_on() -> None:
    worker = Worker()
    turns = SharedTurns(worker.run, most=3, is_undone=is_undone)
    with ThreadPoolExecutor(8) as pool:
        asked = gathered(turns, worker, pool, [1, -2, 3, 4])
        worker.permit.release(2)
        assert [each.result(30) for each in asked] == [None, None, None, 8]
    assert worker.turns == [[1, -2, 3], [4]]


def test_what_fails_when_it_may_be_done_is_raised_for_each_and_tried_by_nobody_again() -> None:
    worker = Worker()
    turns = SharedTurns(worker.run, most=16, is_undone=is_undone)
    with ThreadPoolExecutor(8) as pool:
        asked = gathered(turns, worker, pool, [1, -99, 3])
        worker.permit.release()
        for each in asked:
            with pytest.raises(ValueError, match="-99"):
                each.result(30)
    assert not turns._queues


def test_what_fails_by_itself_is_raised_and_the_queue_goes_on() -> None:
    worker = Worker()
    turns = SharedTurns(worker.run, most=1, is_undone=is_undone)
    with ThreadPoolExecutor(8) as pool:
        asked = gathered(turns, worker, pool, [-1, 2])
        worker.permit.release(2)
        with pytest.raises(ValueError, match="-1"):
            asked[0].result(30)
        assert asked[1].result(30) == 4


def test_what_is_left_out_is_for_its_own_caller_to_do() -> None:
    worker = Worker()
    turns = SharedTurns(worker.run, most=16, is_undone=is_undone)
    with ThreadPoolExecutor(8) as pool:
        asked = gathered(turns, worker, pool, [1, 0, 3])
        worker.permit.release()
        assert [each.result(30) for each in asked] == [2, None, 6]


def test_another_key_waits_for_nobody() -> None:
    worker = Worker()
    turns = SharedTurns(worker.run, most=16, is_undone=is_undone)
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(turns.take, key, 1) for key in ("one", "other")]
        wait_until(lambda: len(worker.began) == 2, "two turns at once")
        worker.permit.release(2)
        assert [each.result(30) for each in asked] == [2, 2]
