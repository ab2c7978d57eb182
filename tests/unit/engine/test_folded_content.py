"""What counts as the same action for a reader, and what doesn't."""

from __future__ import annotations

from typing import Any

import pytest

from decisions.engine.action import Action
from decisions.engine.content import folded_content

MAIL: dict[str, Any] = {"to": "ana@partner.example", "subject": "Q4 deck", "count": 3}


def content(parameters: dict[str, Any], *, tool: str = "email") -> str:
    return folded_content(Action(tool=tool, operation="send", parameters=parameters))


@pytest.mark.parametrize(
    "other",
    [
        MAIL | {"to": "ANA@PARTNER.EXAMPLE"},
        MAIL | {"subject": " Q4\n deck\u200b"},
        MAIL | {"to": ["ana@partner.example"]},
        {"to": "ana@", "to_host": "partner.example", "subject": "Q4 deck", "count": 3},
        MAIL | {"count": "3"},
        MAIL | {"subject": "\uff314 deck"},
    ],
)
def test_spellings_of_one_action_come_to_the_same(other: dict[str, Any]) -> None:
    assert content(other) == content(MAIL)


@pytest.mark.parametrize(
    "other",
    [
        MAIL | {"to": "ann@partner.example"},
        MAIL | {"count": 4},
        MAIL | {"subject": None},
        {"to": MAIL["to"]},
    ],
)
def test_another_action_comes_to_something_else(other: dict[str, Any]) -> None:
    assert content(other) != content(MAIL)


def test_lists_with_commas_and_without_are_alike_but_numbers_stay_exact() -> None:
    assert content({"to": "a@x.example, b@x.example"}) == content({"to": ["a@x.example", "b@x.example"]})
    assert content({"amount": "1,5"}) != content({"amount": "15"})
    assert content({"amount": 1.5}) != content({"amount": 15})
    assert content(MAIL, tool="mail") != content(MAIL)
    assert content(MAIL, tool="EMAIL") == content(MAIL)
