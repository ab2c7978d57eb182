"""A Python call becomes parameters, and parameters become a Python call again."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from aarm import ConfigurationError, NotJsonError, ProtocolError
from aarm.arguments import arguments_for, parameters_of, schema_of


def plain(to: str, copies: int = 2) -> tuple[Any, ...]:
    return (to, copies)


def wide(first: str, /, *rest: int, flag: bool = False, **extra: Any) -> tuple[Any, ...]:
    return (first, rest, flag, extra)


def asked(function: Callable[..., Any], *args: Any, **kwargs: Any) -> dict[str, Any]:
    return parameters_of(inspect.signature(function), args=args, kwargs=kwargs)


def run(function: Callable[..., Any], parameters: dict[str, Any]) -> Any:
    bound = arguments_for(inspect.signature(function), parameters=parameters)
    return function(*bound.args, **bound.kwargs)


def test_defaults_are_part_of_what_is_judged() -> None:
    assert asked(plain, "bob") == {"to": "bob", "copies": 2}
    assert asked(plain, copies=1, to="bob") == {"to": "bob", "copies": 1}


def test_every_kind_of_parameter_comes_back_as_it_went() -> None:
    parameters = asked(wide, "a", 1, 2, flag=True, colour="red")
    assert parameters == {"first": "a", "rest": [1, 2], "flag": True, "colour": "red"}
    assert run(wide, parameters) == ("a", (1, 2), True, {"colour": "red"})
    assert run(wide, asked(wide, "a")) == ("a", (), False, {})


def test_extra_keywords_may_be_removed_or_added_by_the_server() -> None:
    assert run(wide, {"first": "a", "rest": [], "flag": False, "size": 1}) == ("a", (), False, {"size": 1})


@pytest.mark.parametrize(
    ("function", "parameters"),
    [
        (plain, {"to": "bob"}),
        (plain, {"copies": 1}),
        (plain, {"to": "bob", "copies": 1, "bcc": "mallory"}),
        (wide, {"first": "a", "rest": "12", "flag": False}),
    ],
)
def test_parameters_that_do_not_fit_are_refused(function: Callable[..., Any], parameters: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError, match="returned"):
        run(function, parameters)


def test_a_call_that_python_would_refuse_is_refused_by_python() -> None:
    with pytest.raises(TypeError, match="missing a required argument"):
        asked(plain)


def test_a_default_that_is_not_json_is_named() -> None:
    def attach(path: object = inspect) -> None: ...

    with pytest.raises(NotJsonError, match=r"parameters\.path is a module"):
        asked(attach)


def test_two_arguments_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="'first'"):
        asked(wide, "a", first="b")


def test_the_schema_says_what_the_annotations_say() -> None:
    def query(table: str, *columns: str, limit: int | None = None, ratio: float = 0.5, where: Any = None) -> None: ...

    assert schema_of(inspect.signature(query)) == {
        "type": "object",
        "properties": {
            "table": {"type": "string"},
            "columns": {"type": "array"},
            "limit": {"type": ["integer", "null"]},
            "ratio": {"type": "number"},
            "where": {},
        },
        "required": ["table"],
        "additionalProperties": False,
    }
    assert schema_of(inspect.signature(wide))["additionalProperties"] is True


def test_the_schema_reads_annotations_that_are_objects() -> None:
    parameter = inspect.Parameter("tags", inspect.Parameter.KEYWORD_ONLY, annotation=list[str])
    assert schema_of(inspect.Signature([parameter]))["properties"] == {"tags": {"type": "array"}}
