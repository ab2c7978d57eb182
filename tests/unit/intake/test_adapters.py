"""Calls as the libraries make them come out as the action that they ask for, and nothing else comes out at all."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp_types.version import LATEST_PROTOCOL_VERSION

from decisions.engine.action import Action, is_operation_name, is_tool_name
from decisions.intake.envelope import ADAPTERS, Protocol, action_in
from decisions.intake.errors import IntakeError
from tests.unit.intake.payloads import (
    PARAMETERS,
    anthropic_call,
    approval_request,
    chat_call,
    chat_custom_call,
    hook,
    langchain_call,
    local_shell_call,
    mcp_call,
    patch_call,
    responses_call,
    responses_custom_call,
    shell_call,
)

SEND = Action("email", "send", PARAMETERS)
WHOLE = {
    "mcp": mcp_call(),
    "openai chat": chat_call(),
    "openai responses": responses_call(),
    "openai namespace": responses_call("send", namespace="email", caller={"type": "direct"}),
    "openai approval": approval_request(),
    "anthropic": anthropic_call(caller={"type": "direct"}),
    "anthropic toolset": anthropic_call("send", toolset_name="email"),
    "langchain": langchain_call(),
    "claude-code": hook(),
    "claude-code server": hook("mcp__email__send"),
}


def protocol_of(name: str) -> str:
    return name.partition(" ")[0]


@pytest.mark.parametrize("name", WHOLE)
def test_a_call_as_its_library_makes_it_is_the_canonical_action(name: str) -> None:
    assert action_in(protocol_of(name), WHOLE[name]) == SEND


def test_the_version_of_the_protocol_that_is_tested_is_the_newest() -> None:
    # A newer one may have other members: read what changed before raising this.
    assert LATEST_PROTOCOL_VERSION == "2026-07-28"


@pytest.mark.parametrize(
    ("protocol", "request_", "action"),
    [
        ("openai", chat_custom_call(), Action("notes", "add", {"input": "Buy milk."})),
        ("openai", responses_custom_call(), Action("notes", "add", {"input": "Buy milk."})),
        (
            "openai",
            local_shell_call(),
            Action("local_shell", "call", {"command": ["ls", "-l"], "env": {}, "working_directory": "/srv"}),
        ),
        ("openai", shell_call(), Action("shell", "call", {"commands": ["ls", "pwd"], "timeout_ms": 1000})),
        ("openai", patch_call(), Action("apply_patch", "delete_file", {"path": "notes.txt"})),
        ("openai", chat_call("search", ""), Action("search", "call", {})),
        ("openai", shell_call() | {"environment": {"type": "local"}}, None),
        ("mcp", mcp_call("search", None), Action("search", "call", {})),
        ("langchain", {"name": "search", "args": {}}, Action("search", "call", {})),
        ("claude-code", hook("Bash", {"command": "ls"}), Action("Bash", "call", {"command": "ls"})),
        ("claude-code", hook("mcp__odd", {}), Action("mcp__odd", "call", {})),
    ],
)
def test_tools_of_every_kind_have_one_name(protocol: str, request_: dict[str, Any], action: Action | None) -> None:
    taken = action_in(protocol, request_)
    assert action is None or taken == action


@pytest.mark.parametrize(
    ("protocol", "request_", "code"),
    [
        ("mcp", mcp_call() | {"method": "tools/list"}, "not_a_tool_call"),
        ("mcp", [mcp_call(), mcp_call()], "not_a_tool_call"),
        ("mcp", {name: value for name, value in mcp_call().items() if name != "id"}, "invalid_call"),
        ("mcp", mcp_call() | {"jsonrpc": "1.0"}, "invalid_call"),
        ("mcp", mcp_call() | {"approved": True}, "invalid_call"),
        ("openai", {"role": "assistant", "tool_calls": [chat_call(), chat_call()]}, "not_a_tool_call"),
        ("openai", {"type": "web_search_call", "id": "ws_1", "status": "completed"}, "not_a_tool_call"),
        ("openai", {"type": ["function"]}, "not_a_tool_call"),
        ("openai", responses_call() | {"status": "incomplete"}, "invalid_call"),
        ("openai", responses_call() | {"approval": "given"}, "invalid_call"),
        ("openai", chat_call(arguments="[1]"), "invalid_call"),
        ("openai", chat_call(arguments='{"to": "a", "to": "b"}'), "invalid_call"),
        ("openai", chat_call(arguments='{"n": NaN}'), "invalid_call"),
        ("openai", chat_call(arguments='{"to": "a"'), "invalid_call"),
        ("anthropic", {"role": "assistant", "content": [anthropic_call()]}, "not_a_tool_call"),
        ("anthropic", anthropic_call() | {"type": "server_tool_use"}, "not_a_tool_call"),
        ("anthropic", anthropic_call() | {"input": "{}"}, "invalid_call"),
        ("langchain", {"type": "invalid_tool_call", "name": "a", "args": "{"}, "not_a_tool_call"),
        ("langchain", {"name": "email.send", "args": None}, "invalid_call"),
        ("claude-code", hook() | {"hook_event_name": "PostToolUse"}, "not_a_tool_call"),
        ("claude-code", hook() | {"tool_input": "ls"}, "invalid_call"),
        ("mcp", mcp_call("еmail.send"), "invalid_tool"),
        ("openai", chat_call("email.send "), "invalid_tool"),
        ("openai", responses_call("send", namespace="e\u0301mail"), "invalid_tool"),
        ("anthropic", anthropic_call("email."), "invalid_tool"),
        ("langchain", langchain_call("email\u200b.send"), "invalid_tool"),
        ("claude-code", hook("mcp__ｅmail__send"), "invalid_tool"),
    ],
)
@pytest.mark.case("API-09", "API-11")
def test_anything_else_is_a_clear_refusal(protocol: str, request_: Any, code: str) -> None:
    with pytest.raises(IntakeError) as caught:
        action_in(protocol, request_)
    assert caught.value.code == code
    assert caught.value.param.startswith("request")
    assert caught.value.why
    assert caught.value.fix


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
SEEDS = [*((protocol_of(name), request) for name, request in WHOLE.items()), ("http", {"method": "GET", "url": "x"})]


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, Any]:
    """A sound call with one member, at any depth, taken away or made something else."""
    protocol, request = draw(st.sampled_from(SEEDS))
    whole = json.loads(json.dumps(request))
    place = whole
    while True:
        name = draw(st.sampled_from([*place, "type", "body", "url"]))
        inner = place.get(name)
        if not isinstance(inner, dict) or not inner or draw(st.booleans()):
            break
        place = inner
    if draw(st.booleans()):
        place.pop(name, None)
    else:
        place[name] = draw(VALUES)
    return protocol, whole


@given(damaged() | st.tuples(st.sampled_from([*Protocol, "otel"]), VALUES))
def test_only_an_action_or_a_refusal_comes_out(asked: tuple[str, Any]) -> None:
    try:
        action = action_in(*asked)
    except IntakeError:
        return
    assert is_tool_name(action.tool)
    assert is_operation_name(action.operation)
    assert isinstance(action.parameters, dict)


@given(st.sampled_from(sorted(WHOLE)), st.dictionaries(st.text(max_size=6), VALUES, max_size=3))
def test_what_came_out_goes_in_again_unchanged(name: str, parameters: dict[str, Any]) -> None:
    action = action_in(protocol_of(name), WHOLE[name])
    again = {"name": f"{action.tool}.{action.operation}", "args": parameters}
    assert action_in("langchain", again) == Action(action.tool, action.operation, parameters)


def test_every_protocol_has_an_adapter() -> None:
    assert set(ADAPTERS) == set(Protocol)


def http_call(method: str = "GET", url: str = "https://api.partner.example/v1/orders?id=7", **more: Any) -> Any:
    """As an HTTP client would send it: the request is built by one, and read back from it."""
    sent = httpx.Request(method, url, headers=more.get("headers"), json=more.get("json"), content=more.get("content"))
    whole = {"method": sent.method, "url": str(sent.url), "headers": dict(sent.headers)}
    return whole | ({"body": sent.content.decode()} if sent.content else {})


def test_a_plain_request_is_taken_apart() -> None:
    headers = {"Authorization": "Bearer s3cret", "X-Trace": "7"}
    action = action_in("http", http_call("POST", json={"limit": 5}, headers=headers))
    assert (action.tool, action.operation) == ("http", "post")
    parameters = {**action.parameters}
    assert parameters.pop("headers") == {"x-trace": "7", "content-length": "11", "content-type": "application/json"}
    assert parameters == {
        "url": "https://api.partner.example/v1/orders?id=7",
        "scheme": "https",
        "host": "api.partner.example",
        "port": 443,
        "path": "/v1/orders",
        "query": {"id": "7"},
        "credentials": ["authorization"],
        "body": {"limit": 5},
    }
    assert "s3cret" not in str(action)


@pytest.mark.parametrize("header", ["X-Access-Token", "Private-Token", "X-Auth", "X_API_KEY", "x-apikey", "Set-Cookie"])
def test_a_header_that_lets_the_sender_in_is_named_and_not_kept(header: str) -> None:
    action = action_in("http", http_call(headers={header: "s3cret", "Idempotency-Key": "7", "Author": "Ana"}))
    assert action.parameters["credentials"] == [header.lower()]
    assert action.parameters["headers"] == {"idempotency-key": "7", "author": "Ana"}
    assert "s3cret" not in str(action)


@pytest.mark.parametrize(
    ("query", "kept", "named"),
    [
        ("api_key=s3cret&id=7", "api_key=***&id=7", ["api_key"]),
        ("id=7&Access-Token=s3cret", "id=7&Access-Token=***", ["Access-Token"]),
        ("%61pikey=s3cret", "apikey=***", ["apikey"]),
        ("token=s3cret&token=s3cret", "token=***&token=***", ["token"]),
        ("X-Amz-Signature=s3cret&page_token=5", "X-Amz-Signature=***&page_token=5", ["X-Amz-Signature"]),
        ("secret", "secret=***", ["secret"]),
        ("key=5&q=token", "key=5&q=token", []),
    ],
)
def test_what_lets_the_sender_in_by_the_query_is_masked(query: str, kept: str, named: list[str]) -> None:
    action = action_in("http", {"method": "GET", "url": f"https://a.example/?{query}"})
    assert (action.parameters["url"], action.parameters["credentials"]) == (f"https://a.example/?{kept}", named)
    assert "s3cret" not in str(action)
    assert action_in("http", {"method": "GET", "url": action.parameters["url"]}) == action


@pytest.mark.parametrize(
    ("body", "kind", "read"),
    [
        ("a=1&a=2&b=", "application/x-www-form-urlencoded", {"a": ["1", "2"], "b": ""}),
        ('{"a": 1}', "application/problem+json; charset=utf-8", {"a": 1}),
        ('{"a": 1}', "text/plain", '{"a": 1}'),
        ({"a": 1}, "application/json", {"a": 1}),
    ],
)
def test_a_body_is_read_as_its_type_says(body: Any, kind: str, read: Any) -> None:
    request = {"method": "post", "url": "https://a.example", "headers": {"Content-Type": kind}, "body": body}
    assert action_in("http", request).parameters["body"] == read


@pytest.mark.parametrize(
    ("spelling", "url"),
    [
        ("HTTPS://API.Partner.Example:443/a", "https://api.partner.example/a"),
        ("https://api.partner.example./a", "https://api.partner.example/a"),
        ("https://api.partner.example", "https://api.partner.example/"),
        ("https://a.example/x/../%61%2e%2E/./b#part", "https://a.example/a../b"),
        ("https://a.example/x/%2e%2e/admin", "https://a.example/admin"),
        ("https://a.example/x/..", "https://a.example/"),
        ("https://a.example/caf%c3%a9?q=%7e", "https://a.example/caf%C3%A9?q=~"),
        ("http://a.example:8080/", "http://a.example:8080/"),
        ("http://[::0:1]/", "http://[::1]/"),
        ("http://127.0.0.1/", "http://127.0.0.1/"),
    ],
)
@pytest.mark.case("API-09")
def test_a_url_has_one_spelling(spelling: str, url: str) -> None:
    assert action_in("http", {"method": "GET", "url": spelling}).parameters["url"] == url
    assert action_in("http", {"method": "GET", "url": url}).parameters["url"] == url


@pytest.mark.parametrize(
    "change",
    [
        {"url": "/v1/orders"}, {"url": "ftp://a.example/"}, {"url": "https://corp.example@evil.example/"},
        {"url": "https://evil.example\\@corp.example/"}, {"url": "https://a.example/ b"}, {"url": "https:///x"},
        {"url": "https://a.example:99999/"}, {"url": "https://еvil.example/"}, {"url": "https://a..example/"},
        {"url": "http://0x7f.1/"}, {"url": "http://2130706433/"}, {"url": "http://127.1/"}, {"url": "http://[::1"},
        {"url": "http://[fe80::1%25eth0]/"},
        {"url": "https://a.example/%zz"}, {"url": "https://a.example/?" + "&".join(["a=1"] * 1001)},
        {"url": "https://a.example/?q=%ff"}, {"method": "GET /x"}, {"method": ""}, {"method": 7},
        {"headers": {"X-A": "1", "x-a": "2"}}, {"headers": {"X-HTTP-Method-Override": "DELETE"}},
        {"headers": {"X-Original-URL": "/admin"}}, {"headers": {"x-rewrite-url": "/admin"}},
        {"headers": {"X-Forwarded-Host": "evil.example"}},
        {"headers": {"Host": "evil.example"}}, {"headers": {"X A": "1"}}, {"headers": {"X": "1\r\nY: 2"}},
        {"headers": {"Content-Type": "application/json"}, "body": "{"}, {"body": b"x"}, {"proxy": "x"},
        {"headers": {"content-type": "application/x-www-form-urlencoded"}, "body": "a=%ff"},
    ],
)  # fmt: skip
@pytest.mark.case("API-09", "API-26")
def test_a_request_that_could_mean_two_things_is_refused(change: dict[str, Any]) -> None:
    sound = {"method": "GET", "url": "https://a.example/", "headers": {"Host": "a.example:443"}}
    assert action_in("http", sound).operation == "get"
    with pytest.raises(IntakeError) as caught:
        action_in("http", sound | change)
    assert caught.value.code == "invalid_call"


@given(st.text(alphabet="htps:/.@%2eaA[]0x1?#&=\\ é", max_size=24).map("http://a".__add__))
def test_a_url_that_is_taken_is_taken_again_as_the_same(text: str) -> None:
    try:
        action = action_in("http", {"method": "GET", "url": text})
    except IntakeError:
        return
    assert action_in("http", {"method": "GET", "url": action.parameters["url"]}) == action
