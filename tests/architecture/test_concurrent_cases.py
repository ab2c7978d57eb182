"""Cases that are about several processes at once are held by tests that start at least four, on PostgreSQL.

The other cases of identity, context and mediation are about one request after the other.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

# What holds a case, by module of `tests.integration` and test.
HELD_BY: Mapping[str, tuple[str, str]] = {
    "API-15": ("test_revocation", "test_no_process_takes_a_key_that_was_taken_away_and_asks_once_a_request"),
    "CTX-05": ("test_accumulated_context", "test_of_actions_in_parallel_the_later_one_sees_the_earlier_one"),
    "CTX-09": ("test_delegation_races", "test_sessions_that_open_at_once_do_not_exceed_what_one_person_may_delegate"),
    "CTX-10": ("test_policy_counters", "test_four_processes_together_never_pass_a_limit_and_reach_it_exactly"),
    "CTX-17": ("test_revocation", "test_no_process_takes_a_key_that_was_taken_away_and_asks_once_a_request"),
    "APR-12": ("test_revocation", "test_no_process_lets_be_claimed_what_was_approved_by_or_for_somebody_who_is_gone"),
    "APR-13": ("test_revocation", "test_no_process_takes_the_vote_of_somebody_who_may_no_longer"),
    "APR-14": ("test_revocation", "test_no_process_takes_the_vote_of_somebody_who_may_no_longer"),
    "APR-15": ("test_revocation", "test_no_process_lets_be_claimed_what_was_approved_by_or_for_somebody_who_is_gone"),
    "APR-31": ("test_pauses", "test_four_processes_permit_nothing_of_any_scope_once_its_pause_is_acknowledged"),
}
STARTS = ("deciders(PROCESSES", "applications(PROCESSES", "_outcomes(own_database()")


def _source(module: ModuleType, test: Any) -> str:
    """Of a test and of the fixtures of its module that it asks for."""
    asked = [vars(module).get(name) for name in inspect.signature(test).parameters]
    fixtures = (inspect.getsource(inspect.unwrap(each)) for each in asked if each is not None)
    return "".join([inspect.getsource(test), *fixtures])


@pytest.mark.parametrize("case", HELD_BY)
def test_the_case_is_held_by_four_processes_or_more_on_the_databases_of_production(case: str) -> None:
    name, test_name = HELD_BY[case]
    module = import_module(f"tests.integration.{name}")
    test = getattr(module, test_name)
    marks = [*test.pytestmark, *(each for each in [vars(module).get("pytestmark")] if each is not None)]
    assert case in {given for mark in marks if mark.name == "case" for given in mark.args}
    assert any(mark.name == "django_db" and mark.kwargs == {"transaction": True} for mark in marks)
    assert any(start in _source(module, test) for start in STARTS)
    assert module.PROCESSES >= 4
