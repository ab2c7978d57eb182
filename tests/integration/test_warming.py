"""A worker's first decision finds everything loaded: only the first request of all used to pay for it."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aarm_site import gunicorn
from aarm_site.warming import warm_up
from decisions.services.policies import policy_of
from receipts.services import current_signer
from tests.api.doors import Door
from tests.factories import begin_session, make_cast


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    """The tests that follow are collected as usual."""
    yield
    gc.unfreeze()


def _first_decision(door: Door, session: str) -> tuple[int, int]:
    """How many statements it took, and how many policies were compiled for it."""
    compiled = policy_of.cache_info().misses
    with CaptureQueriesContext(connection) as captured:
        assert door.decide(session).status_code == 202
    return len(captured), policy_of.cache_info().misses - compiled


@pytest.mark.django_db
def test_the_first_decision_of_a_worker_compiles_no_policy_and_asks_no_more_than_the_second() -> None:
    cast = make_cast()
    policy_of.cache_clear()
    cold, compiled = _first_decision(Door(cast.agent_key), begin_session(cast))
    assert compiled == 1, "The control: without warming the first decision pays for it."
    policy_of.cache_clear()
    gunicorn.post_worker_init(object())
    warm, compiled = _first_decision(Door(cast.agent_key), begin_session(cast))
    assert compiled == 0
    assert warm < cold
    assert current_signer().key_id


@pytest.mark.django_db
def test_a_worker_that_is_warm_never_looks_through_all_that_it_has_loaded_again() -> None:
    before = gc.get_freeze_count()
    gunicorn.post_worker_init(object())
    assert gc.get_freeze_count() > before + 10_000


@pytest.mark.django_db
def test_a_worker_that_lacks_something_starts_and_says_what() -> None:
    # There is neither a policy nor a key.
    assert any("policy" in sentence.lower() for sentence in warm_up())
