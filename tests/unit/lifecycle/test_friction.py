"""What approving takes by risk, what has to be typed, and what a passkey's challenge binds."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.lifecycle.friction import Step, challenge, confirmed_text, is_confirmed, steps_for
from approvals.lifecycle.snapshot import RiskLevel
from receipts.signing.canonical import JSON

BOUND = {"approval_id": "apr_1", "action_digest": "sha256:a", "view_digest": "sha256:b", "version": 1, "nonce": "n"}


def typed(**parameters: JSON) -> str:
    return confirmed_text(tool="mail", operation="send", parameters=parameters)


def test_every_level_takes_at_least_what_the_one_below_takes() -> None:
    ladder = [steps_for(level) for level in RiskLevel]
    assert ladder[0] == ladder[1] == frozenset()
    assert all(lower <= higher for lower, higher in pairwise(ladder))
    assert ladder[-1] == frozenset(Step)


@pytest.mark.parametrize("level", ["", "critical", "EXTREME"])
def test_an_unknown_level_takes_everything(level: str) -> None:
    assert steps_for(level) == frozenset(Step)


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"subject": "x", "to": "ana@partner.example"}, "ana@partner.example"),
        ({"table": "customers", "to": " ana "}, "ana"),
        ({"to": ["a@b.example", "c@d.example"]}, "a@b.example, c@d.example"),
        ({"to": []}, "[]"),
        ({"to": ["a", 1]}, '["a",1]'),
        ({"account": 17}, "17"),
        ({"path": None}, "null"),
        ({"limit": 3}, "mail.send"),
        ({}, "mail.send"),
    ],
)
def test_what_has_to_be_typed(parameters: dict[str, JSON], text: str) -> None:
    assert typed(**parameters) == text
    assert is_confirmed(f" {text}\n", expected=text)
    assert not is_confirmed(text + "x", expected=text)


@given(st.text())
def test_a_target_without_characters_is_confirmed_by_nothing(said: str) -> None:
    assert not is_confirmed(said, expected=typed(to="  "))


@given(st.text(min_size=1).filter(str.strip), st.text())
def test_only_the_target_itself_confirms(target: str, said: str) -> None:
    expected = typed(to=target)
    assert is_confirmed(said, expected=expected) is (said.strip() == target.strip())


@pytest.mark.case("CHN-29")
@pytest.mark.parametrize("name", BOUND)
def test_the_challenge_binds_each_of_its_parts(name: str) -> None:
    whole = challenge(**BOUND)  # type: ignore[arg-type]
    other = BOUND | {name: 2 if name == "version" else "other"}
    assert len(whole) == 32
    assert challenge(**other) != whole  # type: ignore[arg-type]
    assert challenge(**BOUND) == whole  # type: ignore[arg-type]
