"""What adapters have in common: reading a foreign request strictly, its arguments, and the name of what it calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from decisions.engine.action import Action
from decisions.intake.errors import IntakeError
from decisions.intake.names import split_tool_name
from receipts.signing.canonical import JSON, StrictJSONError, load_strict

LONGEST_PLACE = 120


class Shape(BaseModel):
    """A foreign object with every member that it may have: one that isn't known might change what the call means."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


S = TypeVar("S", bound=Shape)


def read_shape(model: type[S], value: JSON) -> S:
    """`value` as `model`, without coercion. Raises `invalid_call` with the place of the first fault."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise invalid_call(f"{first['msg']}.", at=first["loc"]) from None


def invalid_call(why: str, *, at: Iterable[object]) -> IntakeError:
    """The request is one of its protocol's calls, but not a sound one. `at` is the way to the fault."""
    return IntakeError(
        code="invalid_call",
        why=why,
        fix="Send the call as the protocol's own library makes it; docs/mediation.md lists what is taken.",
        param=".".join(["request", *map(str, at)])[:LONGEST_PLACE],
    )


def not_a_call(why: str, *, fix: str, param: str = "request") -> IntakeError:
    """The request is something else than one call that has yet to run."""
    return IntakeError(code="not_a_tool_call", why=why, fix=fix, param=param)


def read_arguments(text: str, *, at: str) -> dict[str, JSON]:
    """Arguments that a model wrote as text: one strict JSON object; an empty text is the empty one."""
    if not text:
        return {}
    try:
        value = load_strict(text.encode())
    except StrictJSONError as error:
        raise invalid_call(error.why, at=at.split(".")) from None
    if not isinstance(value, dict):
        raise invalid_call("The arguments are no JSON object.", at=at.split("."))
    return value


def action_of(name: str, parameters: Mapping[str, Any], *, at: str, under: str | None = None) -> Action:
    """The action that a call by `name` asks for, `under` a server or namespace where the protocol has one.

    `at` is where the request has the name. Raises `invalid_tool`.
    """
    whole = f"{under}.{name}" if under else name
    try:
        tool, operation = split_tool_name(whole, None)
    except IntakeError as error:
        raise IntakeError(code=error.code, why=error.why, fix=error.fix, param=f"request.{at}") from None
    return Action(tool, operation, dict(parameters))
