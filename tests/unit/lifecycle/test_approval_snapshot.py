"""The snapshot that a reviewer sees, its digests, and the code that people compare."""

from __future__ import annotations

import hashlib
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.lifecycle.errors import SnapshotError
from approvals.lifecycle.snapshot import (
    CROCKFORD,
    PriorStep,
    Provenance,
    RiskLevel,
    Snapshot,
    Source,
    match_code,
    view_digest,
)
from receipts.signing.canonical import canonical_bytes

AT = datetime(2026, 1, 14, 13, 30, tzinfo=UTC)
MINIMAL: dict[str, Any] = {
    "tool": "email",
    "operation": "send",
    "parameters": {"to": "ana@partner.example", "subject": "Q4"},
    "original_request": "Send the Q4 deck to my team",
    "request_provenance": Provenance.ATTESTED,
    "agent": "demo-agent",
    "session": "ses_1",
    "consequence": "demo-agent will send 1 email to ana@partner.example. Cannot be undone.",
    "reason": "External recipient",
    "policy_id": "demo",
    "policy_version": "1",
    "policy_hash": "sha256:" + "a" * 64,
    "risk_level": RiskLevel.HIGH,
    "source": Source.STEP_UP,
}
OPTIONAL: dict[str, Any] = {
    "original_parameters": {"to": "ana@partner.example", "subject": "Q4", "limit": 5000},
    "modifications": ({"path": "/limit", "from": 5000, "rule_id": "cap"},),
    "explanation": "I was asked to.",
    "human": "alice@corp.example",
    "service": "svc-mailer",
    "scope": ("mail:send",),
    "delegation": ("alice@corp.example", "svc-mailer"),
    "rule_id": "external-mail",
    "data_kinds": ("PII",),
    "session_so_far": (PriorStep(position=1, action="drive.read", decision="ALLOW", at=AT),),
    "context_needed": ("maintenance_window",),
    "evidence": ({"field": "maintenance_window", "value": "open", "source": "host"},),
    "environment": "TEST",
    "steps": (
        {
            "tool": "shell",
            "operation": "run",
            "parameters": {},
            "decision": "ALLOW",
            "rule": None,
            "only_carries": False,
        },
    ),
    "origins": ({"parameter": "to", "origin": "output", "position": 6},),
    "novelties": ("The first email.send of this session.",),
    "estimates": ("The distance of this action is 0.61.",),
    "questions": ("Is the recipient right?",),
    "turned_down": ({"id": "apr_1", "state": "DENIED", "at": "2026-01-14T13:30:00+00:00"},),
    "changes": ({"path": "/limit", "from": 50, "to": 10, "by": "per_1"},),
    "not_granted": ({"grant": "grt_1", "why": "It was taken back."},),
    "masks": ({"path": "/parameters/to", "start": 0, "end": 3, "kind": "SECRET"},),
    "nonce": "6f",
}
FULL = Snapshot(**MINIMAL, **OPTIONAL)


def sha256(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def test_every_member_survives_being_stored() -> None:
    assert set(MINIMAL) | set(OPTIONAL) == {entry.name for entry in fields(Snapshot)}
    stored = FULL.to_dict()
    assert canonical_bytes(stored)
    assert Snapshot.from_dict(stored) == FULL
    assert Snapshot.from_dict(stored).digest == FULL.digest
    assert stored["session_so_far"] == [
        {"position": 1, "action": "drive.read", "decision": "ALLOW", "at": "2026-01-14T13:30:00.000000Z"}
    ]


def test_absent_values_are_left_out_so_that_a_later_member_changes_no_old_digest() -> None:
    minimal = Snapshot(**MINIMAL)
    assert set(minimal.to_dict()) == set(MINIMAL)
    assert Snapshot.from_dict(minimal.to_dict()) == minimal
    assert minimal.digest == sha256(canonical_bytes(minimal.to_dict()).decode())


@pytest.mark.parametrize("name", OPTIONAL)
def test_every_optional_member_changes_the_digest(name: str) -> None:
    assert Snapshot(**MINIMAL, **{name: OPTIONAL[name]}).digest != Snapshot(**MINIMAL).digest


@pytest.mark.parametrize("name", MINIMAL)
def test_every_required_member_changes_the_digest(name: str) -> None:
    others: dict[str, Any] = {
        "parameters": {},
        "request_provenance": Provenance.ASSERTED,
        "risk_level": RiskLevel.LOW,
        "source": Source.DEFER,
    }
    assert replace(FULL, **{name: others.get(name, "another")}).digest != FULL.digest


def test_the_same_instant_in_another_zone_has_the_same_digest() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=9)))
    step = PriorStep(position=1, action="drive.read", decision="ALLOW", at=elsewhere)
    assert replace(FULL, session_so_far=(step,)).digest == FULL.digest
    with pytest.raises(SnapshotError):
        PriorStep(position=1, action="drive.read", decision="ALLOW", at=AT.replace(tzinfo=None))


def test_what_was_frozen_does_not_follow_later_changes_of_its_source() -> None:
    parameters: dict[str, Any] = {"to": ["ana@partner.example"]}
    snapshot = Snapshot(**{**MINIMAL, "parameters": parameters})
    before = snapshot.digest
    parameters["to"].append("eve@evil.example")
    to = snapshot.to_dict()["parameters"]
    assert isinstance(to, dict)
    to["to"] = "eve@evil.example"
    assert snapshot.digest == before


def test_plain_words_become_the_enumerations() -> None:
    snapshot = Snapshot(**{**MINIMAL, "risk_level": "HIGH", "source": "STEP_UP", "request_provenance": "attested"})
    assert snapshot == Snapshot(**MINIMAL)
    assert snapshot.risk_level is RiskLevel.HIGH


@pytest.mark.parametrize(
    "change",
    [
        {"risk_level": "HARMLESS"},
        {"source": "ALLOW"},
        {"request_provenance": None},
        {"tool": 7},
        {"tool": None},
        {"parameters": ["to"]},
        {"scope": "mail:send"},
        {"scope": [7]},
        {"modifications": ["/limit"]},
        {"session_so_far": "none"},
        {"session_so_far": ["drive.read"]},
        {"session_so_far": [{"position": 1, "action": "drive.read", "decision": "ALLOW"}]},
        {"session_so_far": [{"position": 1, "action": "drive.read", "decision": "ALLOW", "at": "yesterday"}]},
        {"session_so_far": [{"position": 1, "action": "a", "decision": "ALLOW", "at": "2026-01-14T13:30:00Z", "x": 1}]},
        {"approvers": ["eve"]},
    ],
)
def test_a_stored_snapshot_of_another_shape_is_refused(change: dict[str, Any]) -> None:
    stored: dict[str, Any] = dict(FULL.to_dict())
    assert Snapshot.from_dict(stored) == FULL
    with pytest.raises(SnapshotError):
        Snapshot.from_dict({**stored, **change})


@pytest.mark.parametrize("name", MINIMAL)
def test_a_stored_snapshot_that_lacks_a_member_is_refused(name: str) -> None:
    with pytest.raises(SnapshotError):
        Snapshot.from_dict({key: value for key, value in FULL.to_dict().items() if key != name})


def test_only_steps_are_steps() -> None:
    wrong: Any = ("drive.read",)
    with pytest.raises(SnapshotError):
        replace(FULL, session_so_far=wrong)


DIGESTS = {"action_digest": sha256("a"), "snapshot_digest": sha256("s"), "policy_hash": sha256("p")}


def test_the_view_digest_depends_on_each_of_its_parts_and_their_places() -> None:
    usual = view_digest(**DIGESTS)
    assert usual == view_digest(**DIGESTS, projection="web/1")
    changed = [view_digest(**{**DIGESTS, name: sha256("x")}) for name in DIGESTS]
    swapped = view_digest(**{**DIGESTS, "action_digest": sha256("s"), "snapshot_digest": sha256("a")})
    other = view_digest(**DIGESTS, projection="slack/1")
    assert len({usual, *changed, swapped, other}) == 6


@pytest.mark.parametrize(
    "wrong", ["", "sha256:", "a" * 64, "sha256:" + "A" * 64, "sha256:" + "a" * 63, "md5:" + "a" * 64]
)
def test_what_is_no_digest_makes_no_view_and_no_code(wrong: str) -> None:
    for name in DIGESTS:
        with pytest.raises(SnapshotError):
            view_digest(**{**DIGESTS, name: wrong})
    with pytest.raises(SnapshotError):
        match_code(wrong)
    with pytest.raises(SnapshotError):
        view_digest(**DIGESTS, projection="")


@pytest.mark.parametrize(
    ("start", "code"),
    [
        ("0" * 15, "0000-0000-0000"),
        ("f" * 15, "ZZZZ-ZZZZ-ZZZZ"),
        ("08864298e84a96c", "1234-5678-9ABC"),
    ],
)
def test_the_match_code_is_the_first_sixty_bits_in_crockfords_letters(start: str, code: str) -> None:
    assert match_code("sha256:" + start + "0" * 49) == code
    assert match_code("sha256:" + start + "f" * 49) == code


@given(st.binary(min_size=32, max_size=32))
def test_the_match_code_reads_back_to_the_bits(raw: bytes) -> None:
    code = match_code("sha256:" + raw.hex()).replace("-", "")
    bits = 0
    for letter in code:
        bits = bits << 5 | CROCKFORD.index(letter)
    assert bits == int.from_bytes(raw) >> 196
