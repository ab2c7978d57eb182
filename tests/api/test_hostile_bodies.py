"""Bodies that two programs could read differently, or that are too much: refused, and nothing is written."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Mapping
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from aarm_site.asgi import django_application
from tests.api.doors import Door, as_bytes, door_of, open_transaction_kept, problem_of, row_counts
from tests.factories import Cast

MIB = 1024 * 1024
CHUNK = 64 * 1024


def body(session: str, *, parameters: bytes = b"{}", more: bytes = b"") -> bytes:
    """A request for `calendar.read`, which the demo policy answers with DENY, with parts written by hand."""
    start = as_bytes({"session_id": session, "tool": "calendar", "operation": "read"})[:-1]
    return b'%b, "parameters": %b%b}' % (start, parameters, more)


def assert_refused(door: Door, hostile: Mapping[str, tuple[bytes, str]], *, status: int = 400) -> None:
    """Each body is refused with its code and writes nothing."""
    before = row_counts()
    for name, (data, code) in hostile.items():
        found = problem_of(door.post("/decide", data), status=status, code=code)
        assert row_counts() == before, (name, found)


def assert_taken(door: Door, data: bytes) -> Any:
    """The control: this body is one that the door takes."""
    reply = door.post("/decide", data)
    assert reply.status_code == 200, reply.content
    return reply.json()


@pytest.mark.case("API-01")
def test_a_member_that_is_named_twice_is_refused(agent: Door, session: str) -> None:
    assert_taken(agent, body(session, parameters=b'{"to": "a", "To": "b"}'))
    hostile = {
        "top": body(session, more=b', "tool": "email"'),
        "top, escaped": body(session, more=b', "\\u0074ool": "email"'),
        "nested": body(session, parameters=b'{"a": {"to": 1, "to": 2}}'),
        "in a list": body(session, parameters=b'{"a": [1, {"to": 1, "to": 1}]}'),
        "escape-equivalent": body(session, parameters=b'{"a": 1, "\\u0061": 2}'),
        "parameters twice": body(session, more=b', "parameters": {"to": "b@evil.example"}'),
    }
    assert_refused(agent, {name: (data, "duplicate_key") for name, data in hostile.items()})


@pytest.mark.case("API-02")
def test_a_number_that_is_not_finite_is_refused_and_minus_zero_is_zero(agent: Door, session: str) -> None:
    plus = assert_taken(agent, body(session, parameters=b'{"n": 0}'))
    minus = assert_taken(agent, body(session, parameters=b'{"n": -0.0}'))
    assert plus["request_digest"] == minus["request_digest"]
    constants = {word.decode(): (body(session, parameters=b'{"n": %b}' % word), "not_a_number") for word in CONSTANTS}
    assert_refused(agent, constants | {"1e400": (body(session, parameters=b'{"n": 1e400}'), "number_out_of_range")})


CONSTANTS = (b"NaN", b"Infinity", b"-Infinity")


@pytest.mark.case("API-03")
def test_a_number_that_some_client_would_round_is_refused(agent: Door, session: str) -> None:
    edges = [b"9007199254740991", b"-9007199254740991", b"0.1", b"9007199254740991.0"]
    for edge in edges:
        assert_taken(agent, body(session, parameters=b'{"n": %b}' % edge))
    beyond = [b"9007199254740992", b"-9007199254740992", b"1e16", b"123456789012345678901234567890"]
    bodies = {number.decode(): body(session, parameters=b'{"n": %b}' % number) for number in beyond}
    assert_refused(agent, {name: (data, "number_out_of_range") for name, data in bodies.items()})


@pytest.mark.case("API-04")
def test_a_number_of_thousands_of_digits_is_refused_unconverted(agent: Door, session: str) -> None:
    assert_taken(agent, body(session, parameters=b'{"n": 5000}'))
    digits = b"9" * 5000
    hostile = {
        "integer": (body(session, parameters=b'{"n": %b}' % digits), "number_out_of_range"),
        "fraction": (body(session, parameters=b'{"n": 0.%b}' % digits), "number_too_long"),
        "exponent": (body(session, parameters=b'{"n": 1e%b}' % digits), "number_too_long"),
    }
    assert_refused(agent, hostile)


@pytest.mark.case("API-05")
def test_nesting_is_bounded_before_anything_recurses(agent: Door, session: str) -> None:
    # The body itself and `parameters` are the first two of 64 levels.
    assert_taken(agent, body(session, parameters=b'{"a": %b%b}' % (b"[" * 62, b"]" * 62)))
    deep = {str(depth): (body(session, parameters=_nested(depth)), "too_deep") for depth in (65, 1000, 9000)}
    deeper = {
        "100,000": body(session, parameters=_nested(100_000)),
        "unclosed": b"[" * 500_000,
        "objects": b'{"a":' * 100_000,
    }
    assert_refused(agent, deep | {name: (data, "too_many_members") for name, data in deeper.items()})


def _nested(depth: int) -> bytes:
    return b'{"a": %b%b}' % (b"[" * (depth - 2), b"]" * (depth - 2))


class Untouchable(io.RawIOBase):
    """A body that nobody may read."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        raise AssertionError("The body was read.")


@pytest.mark.case("API-06")
def test_a_body_over_the_limit_is_refused_before_it_is_read(agent: Door, session: str) -> None:
    assert_taken(agent, body(session, parameters=b'{"a": "%b"}' % (b"x" * (MIB - 1000))))
    before = row_counts()
    for length in (MIB + 1, 10 * MIB):
        environ: dict[str, Any] = {"wsgi.input": Untouchable(), "CONTENT_LENGTH": str(length)}
        headers = {"Authorization": f"Bearer {agent.key}"}
        reply = agent.client.post("/decide", b"{}", content_type="application/json", headers=headers, **environ)
        problem_of(reply, status=413, code="body_too_large")
    million_keys = b"{%b}" % b",".join(b'"%d":1' % number for number in range(1_000_000))
    problem_of(agent.post("/decide", body(session, parameters=million_keys)), status=413, code="body_too_large")
    assert row_counts() == before


@pytest.mark.case("API-06")
def test_many_members_and_endless_names_are_refused(agent: Door, session: str) -> None:
    assert_taken(agent, body(session, parameters=json.dumps({str(key): 1 for key in range(500)}).encode()))
    hostile = {
        "20,000 members": (body(session, parameters=json.dumps(dict.fromkeys(range(20_000), 1)).encode())),
        "20,000 items": (body(session, parameters=b'{"a": [%b0]}' % (b"0," * 20_000))),
    }
    assert_refused(agent, {name: (data, "too_many_members") for name, data in hostile.items()})
    endless = b', "%b": 1' % (b"k" * 1_000_000)
    found = problem_of(agent.post("/decide", body(session, more=endless)), status=400, code="invalid_body")
    assert len(json.dumps(found)) < 2000


def status_over_asgi(data: bytes, *, key: str) -> int:
    """`POST /decide` as an ASGI server hands on a body that came in chunks, without a length."""
    headers = [
        (b"host", b"testserver"),
        (b"content-type", b"application/json"),
        (b"authorization", f"Bearer {key}".encode()),
    ]
    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "path": "/decide", "query_string": b"",
        "headers": headers,
    }  # fmt: skip
    sent: list[Any] = []

    async def call() -> None:
        coming = asyncio.Queue[dict[str, Any]]()
        for start in range(0, len(data), CHUNK):
            chunk = data[start : start + CHUNK]
            coming.put_nowait({"type": "http.request", "body": chunk, "more_body": start + CHUNK < len(data)})

        async def send(message: Any) -> None:
            sent.append(message)

        await django_application(scope, coming.get, send)

    with open_transaction_kept():
        async_to_sync(call)()
    return int(sent[0]["status"])


@pytest.mark.case("API-06")
def test_a_body_without_a_length_is_bounded_too(cast: Cast, session: str) -> None:
    assert status_over_asgi(body(session, parameters=b'{"a": "%b"}' % (b"x" * 200_000)), key=cast.agent_key) == 200
    before = row_counts()
    assert status_over_asgi(body(session, parameters=b'{"a": "%b"}' % (b"x" * MIB)), key=cast.agent_key) == 413
    assert row_counts() == before


@pytest.mark.case("API-07")
def test_text_that_is_not_utf_8_is_refused(agent: Door, session: str) -> None:
    assert_taken(agent, body(session, parameters='{"a": "Größe 😀", "b": "\\ud83d\\ude00"}'.encode()))
    plain = body(session)
    hostile = {
        "invalid byte": (body(session, parameters=b'{"a": "\xff"}'), "invalid_encoding"),
        "overlong slash": (body(session, parameters=b'{"a": "\xc0\xaf"}'), "invalid_encoding"),
        "encoded surrogate": (body(session, parameters=b'{"a": "\xed\xa0\x80"}'), "invalid_encoding"),
        "truncated": (plain[:-1] + b"\xe2\x82", "invalid_encoding"),
        "lone high half": (body(session, parameters=b'{"a": "\\ud83d"}'), "lone_surrogate"),
        "lone low half": (body(session, parameters=b'{"\\ude00": 1}'), "lone_surrogate"),
        "reversed": (body(session, parameters=b'{"a": "\\ude00\\ud83d"}'), "lone_surrogate"),
        "byte order mark": (b"\xef\xbb\xbf" + plain, "byte_order_mark"),
        "UTF-16": (plain.decode().encode("utf-16"), "byte_order_mark"),
        "UTF-32": (plain.decode().encode("utf-32"), "byte_order_mark"),
        "UTF-16 without mark": (plain.decode().encode("utf-16-le"), "invalid_encoding"),
    }
    assert_refused(agent, hostile)


@pytest.mark.case("API-08")
def test_u_0000_is_refused_and_never_reaches_the_database(agent: Door, session: str) -> None:
    assert_taken(agent, body(session, parameters=rb'{"a": "\\u0000 spelt out"}'))
    hostile = {
        "in a value": (body(session, parameters=rb'{"a": "x\u0000y"}'), "nul_character"),
        "in a name": (body(session, parameters=rb'{"\u0000": 1}'), "nul_character"),
        "after a backslash": (body(session, parameters=rb'{"a": "\\\u0000"}'), "nul_character"),
        "as a byte": (body(session, parameters=b'{"a": "\x00"}'), "invalid_encoding"),
        "in the explanation": (body(session, more=rb', "explanation": "\u0000"'), "nul_character"),
    }
    assert_refused(agent, hostile)


ADDRESSES = (
    "/api/v1/receipts?outcome=%00",
    "/api/v1/receipts?q=a%00b",
    "/api/v1/receipts/rct_%00",
    "/api/v1/decisions/%00?wait=1",
    "/api/v1/sessions/ses_%00/entries",
    "/api/v1/approvals?cursor=%00",
)
PAGES = ("/receipts?q=%00", "/r/%00", "/a/%00", "/inbox?show=%00", "/accounts/link/%00", "/admin/?q=%00")


@pytest.mark.case("API-08")
def test_u_0000_in_an_address_is_refused_at_every_door_and_page(cast: Cast, agent: Door) -> None:
    assert agent.get("/api/v1/receipts?outcome=x").status_code == 200
    for address in ADDRESSES:
        problem_of(agent.get(address), status=400, code="malformed")
    browser = door_of(cast.trent)
    assert [browser.get(address).status_code for address in PAGES] == [400] * len(PAGES)


@pytest.mark.case("API-11")
def test_a_member_that_the_contract_does_not_have_is_refused(agent: Door, session: str) -> None:
    assert_taken(agent, body(session, more=b', "explanation": "because"'))
    names = ("decision", "effective", "tenant", "status", "approved_by", "identity", "human", "agent", "policy", "risk")
    hostile = {name: body(session, more=b', "%b": "ALLOW"' % name.encode()) for name in names}
    assert_refused(agent, {name: (data, "invalid_body") for name, data in hostile.items()})
