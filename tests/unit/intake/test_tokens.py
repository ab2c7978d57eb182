"""A token says what it says for whom it names, in its time, and never by an algorithm that anybody could use."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.intake.errors import IntakeError
from decisions.intake.tokens import ALGORITHMS, LONGEST_TOKEN, MOST_ACTORS, Expected, is_token, read_claims, take_apart

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
NOW = int(AT.timestamp())
EXPECTED = Expected(
    issuer="https://idp.example",
    audience="aarm",
    agent_claim="azp",
    human_claim="sub",
    scope_claim="scope",
    required_scope="",
    leeway=timedelta(seconds=30),
)
CLAIMS: dict[str, Any] = {
    "iss": "https://idp.example",
    "aud": ["other", "aarm"],
    "azp": "worker",
    "sub": "u-1",
    "scope": "mail:send mail:read",
    "iat": NOW - 60,
    "exp": NOW + 60,
    "jti": "t-1",
}


def part(value: object) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(header: object = None, claims: object = None) -> str:
    return f"{part({'alg': 'RS256', 'kid': 'k'} if header is None else header)}.{part(claims or CLAIMS)}.c2ln"


def fault_of(claims: dict[str, Any], *, expected: Expected = EXPECTED, at: datetime = AT) -> str | None:
    try:
        read_claims(claims, expected=expected, at=at)
    except IntakeError as error:
        return error.param
    return None


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in CLAIMS.items() if key != name}


def test_a_token_is_read_whole() -> None:
    found = take_apart(token())
    assert (found.algorithm, found.key_id, found.claims) == ("RS256", "k", CLAIMS)
    facts = read_claims(found.claims, expected=EXPECTED, at=AT)
    assert (facts.client, facts.subject, facts.human, facts.token_id) == ("worker", "u-1", "u-1", "t-1")
    assert facts.scope == {"mail:send", "mail:read"}
    assert (facts.issued_at, facts.expires_at) == (AT - timedelta(seconds=60), AT + timedelta(seconds=60))
    assert facts.actors == ()


def test_what_looks_like_a_token_and_what_does_not() -> None:
    assert is_token(token())
    assert not is_token("aak_abc")
    assert not is_token("a.b")
    assert not is_token("a" * LONGEST_TOKEN + ".b.c")


@pytest.mark.parametrize("kind", ["", "JWT", "at+jwt", "application/at+JWT"])
def test_an_access_tokens_type_is_taken(kind: str) -> None:
    assert take_apart(token({"alg": "ES256", "typ": kind})).key_id == ""


@pytest.mark.parametrize(
    ("header", "param"),
    [
        ({"alg": "none"}, "alg"),
        ({"alg": "None"}, "alg"),
        ({"alg": "HS256"}, "alg"),
        ({"alg": "RS256 "}, "alg"),
        ({"alg": ["RS256"]}, "alg"),
        ({}, "alg"),
        ({"alg": "RS256", "typ": "logout+jwt"}, "typ"),
        ({"alg": "RS256", "typ": 1}, "typ"),
        ({"alg": "RS256", "crit": ["exp"]}, "crit"),
        ({"alg": "RS256", "b64": False}, "crit"),
        ({"alg": "RS256", "zip": "DEF"}, "crit"),
        ({"alg": "RS256", "kid": 7}, "kid"),
        (["RS256"], "token"),
        (b'{"alg": "RS256", "alg": "none"}', "token"),
        (b"\xff", "token"),
    ],
)
def test_a_header_that_asks_for_something_else_is_refused(header: object, param: str) -> None:
    with pytest.raises(IntakeError) as refused:
        take_apart(token(header))
    assert (refused.value.code, refused.value.param) == ("unauthenticated", param)


def test_what_is_not_base64_is_no_token() -> None:
    for text in ("!.e30.x", "e30.!.x", "a.b.c", "...", "é.e30.x"):
        with pytest.raises(IntakeError):
            take_apart(text)


def test_symmetric_algorithms_and_none_are_not_on_the_list() -> None:
    assert not [name for name in ALGORITHMS if name.startswith("HS") or name.lower() == "none"]


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"iss": "https://idp.example/"}, "iss"),
        ({"iss": None}, "iss"),
        ({"aud": "worker"}, "aud"),
        ({"aud": []}, "aud"),
        ({"aud": [1]}, "aud"),
        ({"aud": {"aarm": 1}}, "aud"),
        ({"exp": NOW - 30}, "exp"),
        ({"exp": str(NOW + 60)}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": 1e300}, "exp"),
        ({"iat": NOW + 31}, "iat"),
        ({"nbf": NOW + 31}, "nbf"),
        ({"nbf": None}, "nbf"),
        ({"azp": ""}, "azp"),
        ({"azp": "a" * 255}, "azp"),
        ({"azp": "wor\u202eker"}, "azp"),
        ({"sub": 7}, "sub"),
        ({"jti": []}, "jti"),
        ({"scope": 7}, "scope"),
        ({"act": "planner"}, "act"),
        ({"act": {"sub": "planner", "act": 7}}, "act"),
        ({"act": {}}, "sub"),
    ],
)
def test_a_claim_that_does_not_fit_is_named(change: dict[str, Any], param: str) -> None:
    assert fault_of(CLAIMS | change) == param


@pytest.mark.parametrize("name", ["iss", "aud", "exp", "iat", "azp", "sub"])
def test_what_a_token_has_to_say_is_missed(name: str) -> None:
    assert fault_of(without(name)) == name


def test_clocks_may_differ_by_the_leeway_and_no_more() -> None:
    second = timedelta(seconds=1)
    end, begin = AT + timedelta(seconds=90), AT - timedelta(seconds=90)
    assert [fault_of(CLAIMS, at=at) for at in (end - second, end)] == [None, "exp"]
    assert [fault_of(CLAIMS, at=at) for at in (begin, begin - second)] == [None, "iat"]
    assert fault_of(CLAIMS | {"nbf": NOW + 30}) is None


def test_a_scope_may_be_demanded_and_listed_either_way() -> None:
    demanding = replace(EXPECTED, required_scope="aarm.call")
    assert fault_of(CLAIMS, expected=demanding) == "scope"
    listed = CLAIMS | {"scp": ["aarm.call", "x y"]}
    demanding = replace(demanding, scope_claim="scp")
    assert fault_of(listed, expected=demanding) is None
    assert read_claims(listed, expected=demanding, at=AT).scope == {"aarm.call", "x y"}
    assert read_claims(without("scope"), expected=EXPECTED, at=AT).scope == frozenset()


def test_a_client_that_acts_for_itself_stands_for_nobody() -> None:
    assert read_claims(CLAIMS | {"sub": "worker"}, expected=EXPECTED, at=AT).human is None
    assert read_claims(without("jti"), expected=EXPECTED, at=AT).token_id == ""


def test_an_address_counts_only_where_somebody_vouches_for_it() -> None:
    by_mail = replace(EXPECTED, human_claim="email")
    named = CLAIMS | {"email": "alice@corp.example"}
    assert fault_of(named, expected=by_mail) == "email_verified"
    assert fault_of(named | {"email_verified": "true"}, expected=by_mail) == "email_verified"
    assert read_claims(named | {"email_verified": True}, expected=by_mail, at=AT).human == "alice@corp.example"
    assert fault_of(CLAIMS | {"email_verified": True}, expected=by_mail) == "email"
    assert fault_of(CLAIMS, expected=replace(EXPECTED, human_claim="upn")) == "upn"


def nested(*names: str) -> dict[str, Any] | None:
    return {"sub": names[0]} | ({"act": nested(*names[1:])} if names[1:] else {}) if names else None


def test_actors_are_read_from_the_bearer_to_the_first_and_not_without_end() -> None:
    facts = read_claims(CLAIMS | {"act": nested("worker", "planner", "router")}, expected=EXPECTED, at=AT)
    assert facts.actors == ("worker", "planner", "router")
    names = [f"a{number}" for number in range(MOST_ACTORS + 1)]
    assert fault_of(CLAIMS | {"act": nested(*names[:MOST_ACTORS])}) is None
    assert fault_of(CLAIMS | {"act": nested(*names)}) == "act"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["sub", "act"]), inner, max_size=2),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*CLAIMS, "act", "nbf"]), _JSON, max_size=4))
def test_whatever_a_token_says_it_is_read_or_refused(change: dict[str, Any]) -> None:
    fault_of(CLAIMS | change)


@given(st.text(max_size=40))
def test_whatever_is_sent_is_taken_apart_or_refused(text: str) -> None:
    try:
        take_apart(f"{text}.{text}.x")
    except IntakeError as error:
        assert error.code  # noqa: PT017 - nothing else may come out
