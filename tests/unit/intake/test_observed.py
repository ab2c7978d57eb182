"""What a span says has run, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.engine.action import Action
from decisions.intake.envelope import OBSERVERS, Protocol, observed_in
from decisions.intake.errors import IntakeError
from decisions.intake.observed import Observed
from tests.unit.intake.payloads import PARAMETERS, agents_spans, langchain_call, otlp_span, sdk_span

SEND = Action("email", "send", PARAMETERS)


@pytest.mark.parametrize("span", [sdk_span(), otlp_span()], ids=["sdk", "otlp"])
def test_a_span_as_the_library_writes_it_is_the_action_that_ran(span: dict[str, Any]) -> None:
    found = observed_in("otel", span)
    assert (found.action, found.call) == (SEND, "call_1")
    assert len(found.key) > 20
    assert observed_in("otel", span) == found
    assert observed_in("otel", sdk_span()).key != found.key


def test_spans_of_an_agent_framework_are_the_call_that_its_agent_has_run() -> None:
    found = [observed_in("otel", span) for span in agents_spans()]
    assert [(each.action, each.call) for each in found] == [(SEND, "call_1")] * 2


def with_attributes(**attributes: Any) -> dict[str, Any]:
    span = sdk_span()
    changed = {**span["attributes"], **{f"gen_ai.{name}": value for name, value in attributes.items()}}
    return span | {"attributes": {name: value for name, value in changed.items() if value is not None}}


@pytest.mark.parametrize(
    ("arguments", "parameters"),
    [
        (None, {}),
        ("", {}),
        ('{"a": 1}', {"a": 1}),
        ({"a": 1}, {"a": 1}),
    ],
)
def test_arguments_may_be_recorded_or_not(arguments: Any, parameters: dict[str, Any]) -> None:
    span = with_attributes(**{"tool.call.arguments": arguments, "tool.call.id": None})
    found = observed_in("otel", span)
    assert (found.action, found.call) == (Action("email", "send", parameters), None)


def test_values_of_otlp_are_taken_apart() -> None:
    values = [
        {"key": "i", "value": {"intValue": "-5"}},
        {"key": "b", "value": {"boolValue": True}},
        {"key": "d", "value": {"doubleValue": 0.5}},
        {"key": "l", "value": {"arrayValue": {"values": [{"stringValue": "x"}, {"intValue": "x"}]}}},
        {"key": "e", "value": {"arrayValue": {}}},
        {"key": "m", "value": {"kvlistValue": {"values": [{"key": "k", "value": {"stringValue": "v"}}]}}},
        {"key": "n", "value": {"kvlistValue": {"values": ["k"]}}},
        {"key": "o", "value": {"bytesValue": "eA=="}},
        {"key": "p", "value": {}},
    ]
    span = otlp_span()
    kept = [each for each in span["attributes"] if each["key"] != "gen_ai.tool.call.arguments"]
    arguments = {"key": "gen_ai.tool.call.arguments", "value": {"kvlistValue": {"values": values}}}
    found = observed_in("otel", span | {"attributes": [*kept, arguments]})
    assert found.action.parameters == {
        "i": -5, "b": True, "d": 0.5, "l": ["x", "x"], "e": [], "m": {"k": "v"}, "n": None, "o": "eA==", "p": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("protocol", "request_", "code"),
    [
        ("otel", with_attributes(**{"operation.name": "chat"}), "not_a_tool_call"),
        ("otel", with_attributes(**{"operation.name": None}), "not_a_tool_call"),
        ("otel", with_attributes(**{"tool.name": None}), "invalid_call"),
        ("otel", with_attributes(**{"tool.name": 7}), "invalid_call"),
        ("otel", with_attributes(**{"tool.name": "\u0435mail.send"}), "invalid_tool"),
        ("otel", with_attributes(**{"tool.call.id": 7}), "invalid_call"),
        ("otel", with_attributes(**{"tool.call.arguments": "[1]"}), "invalid_call"),
        ("otel", with_attributes(**{"tool.call.arguments": [1]}), "invalid_call"),
        ("otel", {**sdk_span(), "context": None}, "invalid_call"),
        ("otel", {**sdk_span(), "attributes": "x"}, "invalid_call"),
        ("otel", [sdk_span()], "not_a_tool_call"),
        ("otel", "x", "invalid_envelope"),
        ("langchain", langchain_call(), "unknown_protocol"),
        (None, {}, "unknown_protocol"),
    ],
)
def test_anything_else_is_a_clear_refusal(protocol: Any, request_: Any, code: str) -> None:
    with pytest.raises(IntakeError) as caught:
        observed_in(protocol, request_)
    assert caught.value.code == code
    assert caught.value.fix


def test_nothing_is_both_asked_and_observed() -> None:
    assert set(OBSERVERS) & set(Protocol) == set()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["key", "value", "values", "intValue",
                                                                                "kvlistValue", "arrayValue"]), inner),
    max_leaves=8,
)  # fmt: skip


@given(st.sampled_from(["attributes", "context", "traceId", "spanId"]), VALUES, st.sampled_from([sdk_span, otlp_span]))
def test_only_an_observation_or_a_refusal_comes_out(name: str, value: Any, make: Any) -> None:
    try:
        found = observed_in("otel", make() | {name: value})
    except IntakeError:
        return
    assert isinstance(found, Observed)


@given(VALUES)
def test_any_arguments_are_read_or_refused(value: Any) -> None:
    arguments = {"key": "gen_ai.tool.call.arguments", "value": value}
    span = otlp_span()
    try:
        found = observed_in("otel", span | {"attributes": [*span["attributes"][:-1], arguments]})
    except IntakeError:
        return
    assert isinstance(found.action.parameters, dict)
