"""Every state that one approval can come to keeps every promise, and no fault in the rules goes unnoticed."""

from __future__ import annotations

from functools import cache

import pytest

from approvals.lifecycle.errors import DeadlineError
from approvals.lifecycle.states import State
from approvals.lifecycle.transitions import TRANSITIONS
from tests.model.exploring import Exploration, explore
from tests.model.happenings import EVERYTHING, SCOPES, Scope
from tests.model.invariants import INVARIANTS
from tests.model.mutants import UNWALKED, rule_mutants, table_mutants
from tests.model.rules import Rules

MUTANTS = table_mutants() | rule_mutants()
WALKED = {move for move in TRANSITIONS if move not in UNWALKED}


@cache
def _explored(name: str) -> Exploration:
    return explore(Rules(), scope=SCOPES[name])


@pytest.mark.case("APR-11", "APR-24", "APR-25", "APR-28")
@pytest.mark.parametrize("name", SCOPES)
def test_every_state_keeps_every_promise(name: str) -> None:
    found = _explored(name)

    assert (found.broken, found.first) == ((), None)
    assert found.states > 500


def test_every_row_of_the_table_is_walked() -> None:
    rows = {(state.value, TRANSITIONS[state, event].value) for state, event in WALKED}
    # The end of a request that was replaced is what the model remembers of it.
    replaced = {(State.APPROVED.value, State.SUPERSEDED.value)}

    assert rows - replaced <= {move for name in SCOPES for move in _explored(name).moves}


def test_promises_and_faults_are_as_many_as_they_should_be() -> None:
    assert len(set(INVARIANTS)) == len(INVARIANTS) >= 26
    assert len(table_mutants()) >= 30
    assert len(MUTANTS) == len(table_mutants()) + len(rule_mutants())


def _is_noticed(rules: Rules, *, scope: Scope) -> bool:
    try:
        return bool(explore(rules, scope=scope).broken)
    except DeadlineError:
        # A state without the time at which it ends is refused by the clock itself, and by the database.
        return True


@pytest.mark.parametrize("name", MUTANTS)
def test_a_fault_in_the_rules_breaks_a_promise(name: str) -> None:
    assert any(_is_noticed(MUTANTS[name], scope=scope) for scope in SCOPES.values())


@pytest.mark.nightly
def test_every_state_of_everything_keeps_every_promise() -> None:
    found = explore(Rules(), scope=EVERYTHING)

    assert (found.broken, found.first) == ((), None)
