"""The body of `POST /decide` is taken exactly as the contract has it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from decisions.intake.bodies import LONGEST_EXPLANATION, MOST_DEPENDENCIES, MOST_FACTS, DecideBody, ObservationBody
from decisions.intake.envelope import Protocol, observed_in
from decisions.intake.errors import IntakeError
from tests.unit.intake.payloads import sdk_span

LEAST = {"session_id": "ses_1", "tool": "email.send"}
WHOLE = {
    "session_id": "ses_1",
    "action_id": "act_1",
    "tool": "email",
    "operation": "send",
    "parameters": {"to": "ana@partner.example", "n": 1, "x": 2.5, "flags": [True, None, {"deep": []}]},
    "depends_on": ["act_0"],
    "facts": {"maintenance_window": "open"},
    "explanation": "Alice asked for it.",
}


def body(**changes: Any) -> DecideBody:
    return DecideBody.model_validate(LEAST | changes)


def test_a_whole_body_is_taken_as_it_is() -> None:
    taken = DecideBody.model_validate(WHOLE)
    assert taken.model_dump(mode="json", exclude_none=True) == WHOLE
    assert taken.depends_on == ("act_0",)


def test_what_is_left_out_has_its_empty_value() -> None:
    taken = body()
    assert (taken.tool, taken.operation, taken.action_id) == ("email", "send", None)
    assert (taken.parameters, taken.depends_on, taken.facts, taken.explanation) == ({}, (), {}, "")


def test_every_way_to_write_a_name_comes_out_alike() -> None:
    spelled = [body(), body(tool="email", operation="send"), body(tool="email.send", operation=None)]
    assert len({taken.model_dump_json() for taken in spelled}) == 1
    assert body(tool="search").operation == "call"


@pytest.mark.case("API-11")
@pytest.mark.parametrize(
    "name",
    [
        "decision",
        "tenant",
        "status",
        "approved_by",
        "risk_level",
        "human",
        "agent",
        "service",
        "scope",
        "Tool",
        "effect",
    ],
)
def test_members_that_nobody_asked_for_are_refused(name: str) -> None:
    assert body().tool == "email"
    with pytest.raises(ValidationError) as caught:
        body(**{name: "ALLOW"})
    assert [(error["type"], error["loc"]) for error in caught.value.errors()] == [("extra_forbidden", (name,))]


@pytest.mark.case("API-11")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("session_id", 1), ("session_id", ""), ("session_id", "ses 1"), ("session_id", "ses_1\n"), ("session_id",
        "s" * 129),
        ("session_id", None), ("action_id", 7), ("action_id", ""), ("tool", None), ("tool", 7), ("tool", ["email"]),
        ("operation", 7), ("operation", False), ("parameters", None), ("parameters", []), ("parameters", "{}"),
        ("parameters", {1: 2}), ("parameters", {"a": {1, 2}}), ("depends_on", "act_0"), ("depends_on", [7]),
        ("depends_on", ["a b"]), ("depends_on", ["act_0"] * (MOST_DEPENDENCIES + 1)), ("facts", []),
        ("facts", {"a.b": 1}),
        ("facts", {"": 1}), ("facts", {f"f{number}": 1 for number in range(MOST_FACTS + 1)}), ("explanation", 7),
        ("explanation", None), ("explanation", "x" * (LONGEST_EXPLANATION + 1)),
    ],
)  # fmt: skip
def test_nothing_is_coerced(name: str, value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        body(**{name: value})
    assert caught.value.errors()[0]["loc"][0] == name


def test_limits_are_reached_before_they_are_passed() -> None:
    taken = body(
        depends_on=["act_0"] * MOST_DEPENDENCIES,
        facts={f"f{number}": number for number in range(MOST_FACTS)},
        explanation="x" * LONGEST_EXPLANATION,
    )
    assert len(taken.facts) == MOST_FACTS


@pytest.mark.parametrize("missing", ["session_id", "tool"])
def test_session_and_tool_are_required(missing: str) -> None:
    with pytest.raises(ValidationError):
        DecideBody.model_validate({name: value for name, value in LEAST.items() if name != missing})


@pytest.mark.parametrize("value", [None, [], "text", 7, [LEAST]])
def test_a_body_is_an_object(value: object) -> None:
    with pytest.raises(ValidationError):
        DecideBody.model_validate(value)


MAIL = {"name": "email.send", "args": {"to": "ana@partner.example"}, "id": None}


def test_an_envelope_comes_out_as_the_action_it_asks_for_with_the_request_beside_it() -> None:
    envelope = {"session_id": "ses_1", "protocol": "langchain", "request": MAIL, "action_id": "act_1"}
    taken = DecideBody.model_validate(envelope)
    assert (taken.tool, taken.operation, taken.parameters) == ("email", "send", MAIL["args"])
    assert (taken.protocol, taken.request, taken.action_id) == ("langchain", MAIL, "act_1")


@pytest.mark.parametrize(
    ("envelope", "param"),
    [
        ({"protocol": "mcp"}, "request"),
        ({"request": {}}, "protocol"),
        ({"protocol": "langchain", "request": MAIL, "tool": "email.send"}, "tool"),
        ({"protocol": "langchain", "request": MAIL, "operation": "send"}, "operation"),
        ({"protocol": "langchain", "request": MAIL, "parameters": {}}, "parameters"),
        ({"protocol": "langchain", "request": "{}"}, "request"),
        ({"protocol": "langchain", "request": None}, "request"),
    ],
)
def test_what_is_no_whole_envelope_is_never_judged_as_something_else(envelope: dict[str, Any], param: str) -> None:
    with pytest.raises(IntakeError) as caught:
        DecideBody.model_validate({"session_id": "ses_1"} | envelope)
    assert (caught.value.code, caught.value.param) == ("invalid_envelope", param)


@pytest.mark.parametrize("protocol", ["otel", "smtp", "MCP", "", None, 7, ["mcp"]])
def test_a_protocol_is_one_of_those_that_are_taken(protocol: object) -> None:
    with pytest.raises(IntakeError) as caught:
        DecideBody.model_validate({"session_id": "ses_1", "protocol": protocol, "request": MAIL})
    assert (caught.value.code, caught.value.param) == ("unknown_protocol", "protocol")


def test_a_name_that_cannot_be_used_has_its_own_code() -> None:
    with pytest.raises(IntakeError) as caught:
        body(tool="email.")
    assert (caught.value.code, caught.value.param) == ("invalid_tool", "tool")


def test_a_body_is_not_changed_afterwards() -> None:
    with pytest.raises(ValidationError):
        setattr(body(), "tool", "other")  # noqa: B010 - the type checker knows that it is read-only


def test_the_schema_asks_for_an_action_in_one_of_two_ways() -> None:
    schema = DecideBody.model_json_schema()
    assert schema["required"] == ["session_id"]
    own, enveloped = schema["oneOf"]
    assert (own["required"], enveloped["required"]) == (["tool"], ["protocol", "request"])
    assert {each["required"][0] for each in enveloped["not"]["anyOf"]} == {"tool", "operation", "parameters"}
    assert set(schema["properties"]["protocol"]["enum"]) == set(Protocol)


def test_the_body_of_an_observation_tells_what_has_run() -> None:
    span = sdk_span()
    found = ObservationBody.model_validate({"session_id": "ses_1", "protocol": "otel", "request": span})
    assert found.observed == observed_in("otel", span)
