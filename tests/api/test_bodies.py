"""Bodies that don't fit: each fault is named, none is guessed at, and every door reads alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.api.doors import Door, as_bytes, problem_of, row_counts
from tests.api.test_hostile_bodies import assert_taken, body

WRONG_VALUES: Mapping[str, Any] = {
    "session_id": [None, 1, "", ["a"], "x" * 200, "ses one"],
    "tool": [None, 1, "", {}, "e mail", "ema\u0456l", "email.", ".email", "ｅmail", "email\u200b", "x" * 1000],
    "operation": [1, "se nd", "send.now", "send\t", "ſend"],
    "parameters": [None, [], "a", 1],
    "depends_on": ["act_1", [1], [None], ["x"] * 1000],
    "facts": [[], "open", {"": 1}, {"a b": 1}, {f"f{number}": 1 for number in range(1000)}],
    "explanation": [1, {}, "x" * 100_001],
    "action_id": [1, "", "a b", "x" * 200, "\u0430ct"],
}


def test_a_member_of_the_wrong_kind_is_refused_and_named(agent: Door, session: str) -> None:
    good = {"session_id": session, "tool": "calendar", "operation": "read", "parameters": {}}
    assert_taken(agent, as_bytes(good))
    before = row_counts()
    for name, values in WRONG_VALUES.items():
        for value in values:
            reply = agent.post("/decide", good | {name: value})
            assert (reply.status_code, reply["Content-Type"]) == (400, "application/problem+json"), (name, value)
            assert reply.json()["param"].split(".")[0] == name, reply.content
    assert row_counts() == before


NOT_OBJECTS = (b" ", b"null", b"[]", b'"text"', b"1", b"{", b"{}{}", b"{'a': 1}", b"{,}", b"<a/>", b"a=b", b"{} //")


def test_what_is_no_object_is_refused(agent: Door, session: str) -> None:
    assert_taken(agent, body(session))
    before = row_counts()
    for data in NOT_OBJECTS:
        reply = agent.post("/decide", data)
        assert reply.status_code == 400, data
        assert reply.json()["code"] in {"invalid_json", "invalid_body"}, data
    assert row_counts() == before


@pytest.mark.case("API-12")
def test_another_content_type_or_a_compressed_body_is_refused(agent: Door, session: str) -> None:
    good = body(session)
    assert agent.post("/decide", good, type="application/json; charset=utf-8").status_code == 200
    before = row_counts()
    for kind in (
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ):
        problem_of(agent.post("/decide", good, type=kind), status=415, code="unsupported_media_type")
    for coding in ("gzip", "br", "deflate", "identity, gzip"):
        reply = agent.post("/decide", good, Content_Encoding=coding)
        problem_of(reply, status=415, code="unsupported_media_type")
    assert row_counts() == before


DOORS = (
    "/api/v1/decide",
    "/api/v1/sessions",
    "/api/v1/sessions/{session}/messages",
    "/api/v1/decisions/{decision}/claim",
    "/api/v1/decisions/{decision}/outcome",
    "/api/v1/deferrals/{decision}/evidence",
)


@pytest.mark.case("API-01", "API-02", "API-05", "API-07", "API-08", "API-11")
def test_every_door_reads_as_strictly(agent: Door, session: str) -> None:
    decision = assert_taken(agent, body(session))["decision_id"]
    before = row_counts()
    hostile = {
        b'{"a": 1, "a": 2}': "duplicate_key",
        b'{"a": NaN}': "not_a_number",
        b"[" * 65: "too_deep",
        b'{"a": "\xff"}': "invalid_encoding",
        rb'{"a": "\u0000"}': "nul_character",
        b'{"nobody_knows_this": 1}': "invalid_body",
        b"[]": "invalid_body",
    }
    for door in DOORS:
        for data, code in hostile.items():
            reply = agent.post(door.format(session=session, decision=decision), data)
            problem_of(reply, status=400, code=code)
    assert row_counts() == before
