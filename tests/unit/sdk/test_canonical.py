"""The digest that binds an answer to its question, and what may be part of it."""

from __future__ import annotations

import enum
import hashlib
import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from aarm import NotJsonError
from aarm.canonical import MAX_INTEGER, decode, encode, request_digest, split_tool

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
NUMBERS = st.integers(-MAX_INTEGER, MAX_INTEGER) | st.floats(-1e15, 1e15)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


class Colour(enum.StrEnum):
    RED = "red"


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@given(st.dictionaries(TEXT, JSON, max_size=4))
def test_the_digest_survives_any_json_writer(parameters: dict[str, Any]) -> None:
    sent = json.loads(json.dumps(parameters, indent=3, ensure_ascii=True))
    whole = {"tool": "email", "session_id": "ses_1", "parameters": sent, "operation": "send"}
    expected = "sha256:" + hashlib.sha256(rfc8785.dumps(whole)).hexdigest()
    assert request_digest(session_id="ses_1", tool="email", operation="send", parameters=parameters) == expected


@given(JSON)
def test_what_is_encoded_can_be_decoded(value: Any) -> None:
    assert encode(decode(encode(value, at="it")), at="it") == encode(value, at="it")


def test_the_digest_of_a_known_action() -> None:
    canonical = b'{"operation":"send","parameters":{"n":1,"to":"bob"},"session_id":"ses_1","tool":"email"}'
    own = request_digest(session_id="ses_1", tool="email", operation="send", parameters={"to": "bob", "n": 1.0})
    assert own == "sha256:" + hashlib.sha256(canonical).hexdigest()


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (b"bytes", "is a bytes"),
        ((1, 2), "is a tuple"),
        ({1, 2}, "is a set"),
        (Colour.RED, "is a Colour"),
        (object(), "is a object"),
        (MAX_INTEGER + 1, "beyond"),
        (-MAX_INTEGER - 1, "beyond"),
        (1e300, "beyond"),
        (float("nan"), "is nan"),
        (float("-inf"), "is -inf"),
        ("a\x00b", "U\\+0000"),
        ("\ud800", "surrogate"),
        ({1: "one"}, "key of type int"),
        ({"\ud800": 1}, "surrogate"),
        (nested(64), "nested"),
        ([["fine"], [object()]], r"it\[1\]\[0\] is a object"),
        ({"a": {"b": object()}}, r"it\.a\.b is a object"),
    ],
)
def test_what_json_cannot_carry_is_named(value: object, why: str) -> None:
    with pytest.raises(NotJsonError, match=why):
        encode(value, at="it")


def test_the_limits_themselves_are_within() -> None:
    assert encode([MAX_INTEGER, -MAX_INTEGER], at="it") == b"[9007199254740991,-9007199254740991]"
    assert encode(nested(63), at="it")


def test_a_value_that_contains_itself_is_refused() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(NotJsonError, match="nested"):
        encode(endless, at="it")


@pytest.mark.parametrize(
    ("name", "parts"),
    [("email.send", ("email", "send")), ("search", ("search", "call")), ("mcp.files.read", ("mcp.files", "read"))],
)
def test_a_tool_name_is_split_at_its_last_dot(name: str, parts: tuple[str, str]) -> None:
    assert split_tool(name) == parts


@pytest.mark.parametrize("name", ["", ".", ".send", "email."])
def test_half_a_tool_name_is_refused(name: str) -> None:
    with pytest.raises(NotJsonError, match="not the name of a tool"):
        split_tool(name)
