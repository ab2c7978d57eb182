"""The payload: everything that decides how it is read stands inside the signed bytes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import rfc8785

from receipts.signing.algorithms import Algorithm
from receipts.signing.canonical import CanonicalError, canonical_bytes
from receipts.signing.envelope import PAYLOAD_TYPE
from receipts.signing.errors import MalformedError, StatementError, UnsupportedError
from receipts.signing.statement import VERSION, ReceiptType, parse_statement
from receipts.signing.times import parse_time
from tests.unit.signing.issuer import ISSUED_AT, Issuer


def payload_with(alice: Issuer, **changes: Any) -> bytes:
    """Canonical payload bytes that `build_statement` need not agree to."""
    return rfc8785.dumps({**json.loads(alice.payload()), **changes})


def test_what_was_built_is_what_is_parsed(alice: Issuer) -> None:
    commitments = {"/a": "sha256:" + "0" * 64}
    payload = alice.payload(position=7, previous="sha256:" + "a" * 64, body={"n": 1, "commitments": commitments})
    statement = parse_statement(payload)
    assert (statement.id, statement.type, statement.stream) == ("rct_1", ReceiptType.DECISION, "ses_alice")
    assert (statement.position, statement.previous) == (7, "sha256:" + "a" * 64)
    assert (statement.issued_at, statement.deployment) == (ISSUED_AT, "test.example")
    assert (statement.key_id, statement.algorithm) == (alice.key.key_id, Algorithm.ED25519)
    assert statement.body == {"n": 1, "commitments": commitments}
    assert statement.commitments == commitments
    assert parse_statement(alice.payload()).commitments == {}


@pytest.mark.case("RCP-16")
def test_everything_that_decides_the_reading_is_signed(alice: Issuer) -> None:
    members = json.loads(alice.payload())
    assert members == {
        "v": VERSION,
        "payload_type": PAYLOAD_TYPE,
        "alg": "Ed25519",
        "key_id": alice.key.key_id,
        "id": "rct_1",
        "type": "decision",
        "stream": "ses_alice",
        "position": 1,
        "previous": None,
        "issued_at": "2026-11-03T09:15:00.000000Z",
        "deployment": "test.example",
        "body": {"action": {"tool": "email", "operation": "send"}, "decision": {"result": "ALLOW"}},
    }
    assert alice.payload() == rfc8785.dumps(members)


def test_times_are_written_in_utc_with_microseconds(alice: Issuer) -> None:
    in_delhi = datetime(2026, 11, 3, 14, 45, 0, 5, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    statement = parse_statement(alice.payload(issued_at=in_delhi))
    assert b'"issued_at":"2026-11-03T09:15:00.000005Z"' in alice.payload(issued_at=in_delhi)
    assert statement.issued_at == in_delhi
    assert statement.issued_at.tzinfo is UTC


@pytest.mark.case("RCP-18")
@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"v": 0},
        {"v": 2, "a_member_of_version_2": 1},
        {"critical": True},
        {"type": "mystery"},
        {"type": None},
        {"type": ["decision"]},
        {"alg": "ES512"},
        {"alg": 1},
        {"payload_type": "text/plain"},
    ],
)
def test_what_version_1_does_not_know_is_unsupported(alice: Issuer, changes: dict[str, Any]) -> None:
    assert parse_statement(payload_with(alice)).id == "rct_1"
    with pytest.raises(UnsupportedError):
        parse_statement(payload_with(alice, **changes))


BAD_VALUES: list[tuple[str, Any]] = [
    ("id", ""),
    ("id", "a b"),
    ("id", "x" * 201),
    ("id", None),
    ("stream", "\u0440\u0443"),
    ("stream", "/a"),
    ("deployment", 1),
    ("key_id", "a\nb"),
    ("position", 0),
    ("position", -1),
    ("position", 1.5),
    ("position", True),
    ("position", "1"),
    ("previous", ""),
    ("previous", "sha256:" + "A" * 64),
    ("previous", "sha512:" + "a" * 64),
    ("previous", "sha256:" + "a" * 64),
    ("body", None),
    ("body", []),
    ("body", {"commitments": []}),
    ("body", {"commitments": {"/a": "hash"}}),
    ("body", {"commitments": {"/a": None}}),
]


@pytest.mark.parametrize(("name", "value"), BAD_VALUES)
def test_what_breaks_a_rule_is_malformed_and_can_not_be_built_either(alice: Issuer, name: str, value: Any) -> None:
    with pytest.raises(MalformedError):
        parse_statement(payload_with(alice, **{name: value}))
    if name != "body" or isinstance(value, dict):
        with pytest.raises(StatementError):
            alice.payload(**{name: value})


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "2026-11-03",
        "2026-11-03T09:15:00Z",
        "2026-11-03T09:15:00.000Z",
        "2026-11-03T09:15:00.000000",
        "2026-11-03T09:15:00.000000+00:00",
        "2026-11-03 09:15:00.000000Z",
        "2026-11-03T09:15:00,000000Z",
        "2026-02-30T09:15:00.000000Z",
        "2026-11-03T24:00:00.000000Z",
        "2026-12-31T23:59:60.000000Z",
        "0000-11-03T09:15:00.000000Z",
        "\u0662026-11-03T09:15:00.000000Z",
    ],
)
def test_time_in_another_spelling_is_malformed(alice: Issuer, text: object) -> None:
    with pytest.raises(MalformedError, match="issued_at"):
        parse_statement(payload_with(alice, issued_at=text))
    with pytest.raises(ValueError, match=r"."):
        parse_time(text)


@pytest.mark.parametrize("name", ["v", "id", "alg", "body", "previous", "payload_type"])
def test_a_member_left_out_is_malformed(alice: Issuer, name: str) -> None:
    members = json.loads(alice.payload())
    del members[name]
    with pytest.raises(MalformedError):
        parse_statement(rfc8785.dumps(members))


def test_only_the_first_receipt_has_no_predecessor(alice: Issuer) -> None:
    digest = "sha256:" + "a" * 64
    assert parse_statement(alice.payload(position=2, previous=digest)).previous == digest
    for position, previous in ((1, digest), (2, None)):
        with pytest.raises(MalformedError, match="predecessor"):
            parse_statement(payload_with(alice, position=position, previous=previous))
        with pytest.raises(StatementError):
            alice.payload(position=position, previous=previous)


@pytest.mark.parametrize(
    "respell",
    [
        lambda payload: payload + b"\n",
        lambda payload: b" " + payload,
        lambda payload: payload.replace(b'"v":1', b'"v":1.0'),
        lambda payload: payload.replace(b'"position":1', b'"position": 1'),
        lambda payload: payload.replace(b"rct_1", b"rct\\u005f1"),
        lambda payload: json.dumps(dict(reversed(json.loads(payload).items())), separators=(",", ":")).encode(),
    ],
)
def test_the_same_facts_in_another_spelling_are_malformed(alice: Issuer, respell: Any) -> None:
    with pytest.raises(MalformedError):
        parse_statement(respell(alice.payload()))


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b"null", b'"text"', b"{", b'{"v":1,"v":1}', b'{"v":true}', b'{"v":"1"}', b"\xff"]
)
def test_what_is_no_statement_is_malformed(payload: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_statement(payload)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"issued_at": datetime(2026, 11, 3)}, StatementError),  # noqa: DTZ001
        ({"type": "mystery"}, StatementError),
        ({"algorithm": "none"}, StatementError),
        ({"body": {"a": "\0"}}, StatementError),
        ({"body": {"a": 1e20}}, StatementError),
        ({"body": {"a": [[]] * 10_001}}, StatementError),
        ({"body": {"a": float("nan")}}, CanonicalError),
        ({"body": {"a": object()}}, CanonicalError),
        ({"body": {"a": "\ud800"}}, CanonicalError),
    ],
)
def test_what_no_verifier_could_read_is_not_built(
    alice: Issuer, changes: dict[str, Any], error: type[Exception]
) -> None:
    assert alice.payload(body={"a": 1e15, "b": "\x01"})
    with pytest.raises(error):
        alice.payload(**changes)


def test_types_are_those_of_the_closed_list() -> None:
    assert sorted(ReceiptType) == [
        "administration",
        "approval_terminal",
        "claim",
        "claim_refused",
        "decision",
        "deferral_terminal",
        "disclosure",
        "erasure",
        "export",
        "key_created",
        "key_retired",
        "key_revoked",
        "outcome",
        "policy_published",
        "recovery",
        "session_ended",
        "session_opened",
        "vote",
    ]
    assert canonical_bytes(ReceiptType.VOTE) == b'"vote"'
