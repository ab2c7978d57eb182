"""Approving what is CRITICAL takes a passkey's signature over this very request, and nothing else will do (CHN-29)."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from approvals.models import ApprovalRequest, PasskeyChallenge, User, Vote
from approvals.services.software_keys import give_software_key
from receipts.models import Receipt
from receipts.selectors import opened_values
from receipts.signing.statement import parse_statement
from tests.api.doors import Reply, door_of, problem_of
from tests.authenticators import PRESENT, signed
from tests.factories import REASON, Cast, StepUp, make_cast, open_deletion, open_step_up

TABLE = "customers"


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


class Approver:
    """Bob at the API, with a key in software."""

    def __init__(self, person: User, step: StepUp) -> None:
        self.person, self.step, self.door = person, step, door_of(person)
        self.key: dict[str, Any] = give_software_key(person).to_dict()

    @property
    def path(self) -> str:
        return f"/api/v1/approvals/{self.step.approval.pk}/votes"

    def challenge(self) -> str:
        asked = self.door.post(f"{self.path}/challenge", {})
        assert asked.status_code == 200, asked.content
        assert asked.json()["publicKey"]["userVerification"] == "required"
        return str(asked.json()["challenge"])

    def approve(self, assertion: Any, **change: Any) -> Reply:
        row = ApprovalRequest.objects.get(pk=self.step.approval.pk)
        body = {"verdict": "approve", "view_digest": row.view_digest, "version": row.version, "confirm_target": TABLE}
        return self.door.post(self.path, body | {"assertion": assertion, "reason": REASON} | change)

    def is_refused(self, assertion: Any) -> None:
        problem_of(self.approve(assertion), status=403, code="assertion_refused")
        assert not Vote.objects.filter(person=self.person).exists()


@pytest.fixture
def bob(cast: Cast) -> Approver:
    return Approver(cast.bob, open_deletion(cast))


def test_a_signature_approves_and_its_receipt_says_what_was_verified(bob: Approver) -> None:
    shown = bob.door.get(f"/api/v1/approvals/{bob.step.approval.pk}").json()
    assert (shown["confirm_field"], shown["needs_passkey"]) == ("table", True)
    assertion = signed(bob.key, bob.challenge(), counter=7)
    reply = bob.approve(assertion)
    assert (reply.status_code, reply.json()["quorum"]["given"]) == (200, 1)
    vote = Vote.objects.get()
    assert (vote.verified_by, opened_values(vote.words)["assertion"]) == ("passkey", assertion)
    row = Receipt.objects.get(type="vote")
    said: Any = parse_statement(bytes(row.body)).body["vote"]
    assert said["verified_by"] == "passkey"
    assert said["confirmed"]["target"] == "table"
    assert said["confirmed"]["passkey"]["user_verified"] is True
    assert said["confirmed"]["passkey"]["sign_count"] == 7


def test_a_challenge_is_good_once(bob: Approver, cast: Cast) -> None:
    assertion = signed(bob.key, bob.challenge())
    assert bob.approve(assertion).status_code == 200
    again = Approver(cast.carol, bob.step)
    again.is_refused(assertion)
    assert PasskeyChallenge.objects.get().used_at is not None
    # The control: her own signature over her own challenge.
    assert again.approve(signed(again.key, again.challenge())).status_code == 200


def test_a_signature_for_another_approval_or_another_person_is_refused(bob: Approver, cast: Cast) -> None:
    elsewhere, carol = Approver(cast.bob, open_deletion(cast)), Approver(cast.carol, bob.step)
    bob.is_refused(signed(bob.key, elsewhere.challenge()))
    bob.is_refused(signed(bob.key, carol.challenge()))
    carols = bob.key | {"credential_id": carol.key["credential_id"], "private_key": carol.key["private_key"]}
    bob.is_refused(signed(carols, bob.challenge()))
    assert bob.approve(signed(bob.key, bob.challenge())).status_code == 200


@pytest.mark.parametrize(
    "lie",
    [
        {"flags": PRESENT},
        {"flags": 0},
        {"rp_id": "evil.example"},
        {"client": {"origin": "https://evil.example"}},
        {"client": {"origin": "http://localhost.evil.example:8000"}},
        {"client": {"type": "webauthn.create"}},
        {"client": {"crossOrigin": True}},
        {"client": {"challenge": "AAAA"}},
    ],
    ids=str,
)
def test_a_signature_that_says_something_else_is_refused(bob: Approver, lie: dict[str, Any]) -> None:
    challenge = bob.challenge()
    bob.is_refused(signed(bob.key, challenge, **lie))
    assert bob.approve(signed(bob.key, challenge)).status_code == 200


def test_a_signature_by_another_key_under_ones_own_name_is_refused(bob: Approver, cast: Cast) -> None:
    other = give_software_key(cast.carol).to_dict()
    bob.is_refused(signed(bob.key, bob.challenge(), private_key=other["private_key"]))


def test_a_counter_that_does_not_go_on_is_refused(cast: Cast) -> None:
    first = Approver(cast.bob, open_deletion(cast))
    assert first.approve(signed(first.key, first.challenge(), counter=5)).status_code == 200
    second = Approver(cast.bob, open_deletion(cast))
    for counter in (5, 4, 0):
        second.key = first.key
        reply = second.approve(signed(first.key, second.challenge(), counter=counter))
        assert "counter" in problem_of(reply, status=403, code="assertion_refused")["why"]
    assert second.approve(signed(first.key, second.challenge(), counter=6)).status_code == 200
    assert sorted(row.data.get("sign_count", 0) for row in Authenticator.objects.all()) == [0, 6]


def test_a_challenge_is_over_after_five_minutes(bob: Approver, move_clock: Callable[[float], None]) -> None:
    challenge = bob.challenge()
    move_clock(301)
    bob.is_refused(signed(bob.key, challenge))
    bob.challenge()
    assert PasskeyChallenge.objects.count() == 1, "What is over is cleared away."


def test_a_request_that_changed_since_gives_another_challenge(bob: Approver) -> None:
    assertion = signed(bob.key, bob.challenge())
    ApprovalRequest.objects.filter(pk=bob.step.approval.pk).update(version=2)
    bob.is_refused(assertion)
    assert bob.door.post(f"{bob.path}/challenge", {"version": 1}).status_code == 409
    assert bob.approve(signed(bob.key, bob.challenge())).status_code == 200


def test_the_target_is_confirmed_beside_the_signature(bob: Approver) -> None:
    for typed in ("orders", "", None):
        reply = bob.approve(signed(bob.key, bob.challenge()), confirm_target=typed)
        problem_of(reply, status=403, code="target_not_confirmed")
    assert not PasskeyChallenge.objects.filter(used_at__isnull=False).exists()


def test_denying_takes_neither(bob: Approver) -> None:
    reply = bob.approve(None, verdict="deny", confirm_target=None)
    assert (reply.status_code, reply.json()["state"]) == (200, "DENIED")


def test_a_challenge_is_for_those_who_may_vote_and_have_a_key(cast: Cast) -> None:
    step = open_deletion(cast)
    path = f"/api/v1/approvals/{step.approval.pk}/votes/challenge"
    problem_of(door_of(cast.bob).post(path, b""), status=403, code="passkey_required")
    problem_of(door_of(cast.mallory).post(path, {}), status=404, code="not_found")
    problem_of(door_of(cast.victor).post(path, {}), status=403, code="forbidden")
    problem_of(door_of(cast.trent).post(path, {}), status=403, code="not_eligible")
    assert not PasskeyChallenge.objects.exists()


def test_at_high_risk_the_target_is_enough_and_below_nothing_is_asked(cast: Cast) -> None:
    door = door_of(cast.bob)
    for name, parameters, field in (
        ("email.send", {"to": "ana@partner.example"}, "to"),
        ("calendar.create", {"title": "Lunch"}, None),
    ):
        step = open_step_up(cast, name=name, parameters=parameters)
        shown = door.get(f"/api/v1/approvals/{step.approval.pk}").json()
        assert (shown["confirm_field"], shown["needs_passkey"]) == (field, False)
        body = {"verdict": "approve", "view_digest": shown["view_digest"], "version": shown["version"]}
        path = f"/api/v1/approvals/{step.approval.pk}/votes"
        if field:
            problem_of(door.post(path, body), status=403, code="target_not_confirmed")
            body["confirm_target"] = parameters[field]
        assert door.post(path, body).json()["state"] == "APPROVED"


# What the door itself refuses, such as U+0000, is another test's affair.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
LEAVES = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | TEXTS
SHAPES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3))
NAMES = ("id", "rawId", "type", "response", "clientDataJSON", "authenticatorData", "signature", "userHandle")


def test_a_client_datum_that_nests_without_end_is_refused(bob: Approver) -> None:
    whole = signed(bob.key, "AAAA")
    deep = urlsafe_b64encode(b"[" * 50_000).decode()
    bob.is_refused(whole | {"response": whole["response"] | {"clientDataJSON": deep}})


@given(st.dictionaries(st.sampled_from(NAMES), SHAPES), st.dictionaries(st.sampled_from(NAMES), SHAPES))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_no_assertion_is_refused_and_breaks_nothing(
    bob: Approver, outer: dict[str, Any], inner: dict[str, Any]
) -> None:
    whole = signed(bob.key, "AAAA")
    bob.is_refused(whole | outer)
    bob.is_refused(whole | {"response": whole["response"] | inner})
