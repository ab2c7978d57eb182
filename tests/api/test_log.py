"""The log over HTTP: what everybody may keep, and proofs that an outsider can check."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import LazySettings

from receipts.models import Receipt
from receipts.selectors.keys import own_keys
from receipts.services.checkpoints import sign_due_checkpoint
from receipts.services.sequencing import sequence_waiting
from receipts.signing.checkpoint import Checkpoint, verify_checkpoint
from receipts.signing.proofs import ConsistencyProof, InclusionProof
from tests.api.doors import Door, door_of, problem_of
from tests.factories import Cast

Move = Callable[[float], None]


@pytest.fixture(autouse=True)
def nowhere(settings: LazySettings) -> None:
    """No copies leave these tests."""
    settings.AARM_CHECKPOINT_SINKS = []


def signed(move_clock: Move) -> None:
    sequence_waiting()
    move_clock(11)
    assert sign_due_checkpoint() is not None


def newest(door: Door) -> Checkpoint:
    answer = door.get("/api/v1/log/checkpoint").json()
    found = verify_checkpoint(answer["note"], keys=own_keys())
    assert found.size == answer["size"]
    return found


def test_an_agents_proof_leads_from_its_receipt_to_a_checkpoint_that_it_can_keep(
    agent: Door, session: str, move_clock: Move
) -> None:
    receipt = agent.decide(session, parameters={"to": "ben@corp.example"}).json()["receipt"]
    early = agent.get(f"/api/v1/receipts/{receipt['id']}/proof")
    problem_of(early, status=409, code="not_logged_yet")
    assert early["Retry-After"] == "10"
    signed(move_clock)
    answer = agent.get(f"/api/v1/receipts/{receipt['id']}/proof").json()
    assert (answer["receipt"], answer["digest"]) == (receipt["id"], receipt["digest"])
    checkpoint = verify_checkpoint(answer["checkpoint"], keys=own_keys())
    InclusionProof.from_dict(answer["inclusion"]).require(receipt["digest"], checkpoint=checkpoint)
    assert checkpoint == newest(agent)


def test_whoever_kept_a_checkpoint_is_shown_that_the_log_only_grew(
    agent: Door, host: Door, session: str, move_clock: Move
) -> None:
    agent.decide(session)
    signed(move_clock)
    kept = newest(host)
    agent.decide(session)
    signed(move_clock)
    answer = host.get(f"/api/v1/log/consistency?from={kept.size}").json()
    ConsistencyProof.from_dict(answer).require(kept, later=newest(agent))
    same = host.get(f"/api/v1/log/consistency?from={kept.size}&to={kept.size}").json()
    assert same == {"from": kept.size, "to": kept.size, "hashes": []}


@pytest.mark.parametrize("query", ["", "from=0", "from=1&to=0", "from=2&to=1", "from=1&to=99", "from=-1", "from=٣"])
def test_sizes_that_no_checkpoint_covers_are_refused(agent: Door, session: str, move_clock: Move, query: str) -> None:
    agent.decide(session)
    signed(move_clock)
    problem_of(agent.get(f"/api/v1/log/consistency?{query}"), status=400, code="invalid_size")


def test_a_proof_is_for_who_may_read_the_receipt(cast: Cast, agent: Door, session: str, move_clock: Move) -> None:
    agent.decide(session)
    signed(move_clock)
    policy = Receipt.objects.filter(type="policy_published").first()
    assert policy is not None
    path = f"/api/v1/receipts/{policy.pk}/proof"
    problem_of(agent.get(path), status=404, code="not_found")
    assert door_of(cast.victor).get(path).status_code == 200
    problem_of(Door().get("/api/v1/log/checkpoint"), status=401, code="unauthenticated")
