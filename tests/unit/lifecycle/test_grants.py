"""What a grant covers, value by value."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.lifecycle.errors import GrantError
from approvals.lifecycle.grants import (
    Bound,
    Terms,
    Within,
    bounds_from,
    check_terms,
    domain_of,
    offered_for,
    outside,
)

JSONS: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=4,
)
MAIL = "ana@partner.example"


@given(st.dictionaries(st.text(max_size=3), JSONS, max_size=3), st.dictionaries(st.text(max_size=3), JSONS, max_size=3))
def test_without_bounds_only_the_very_same_is_covered(approved: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert outside(approved, approved=approved, bounds={}) == ()
    if outside(wanted, approved=approved, bounds={}) == ():
        assert wanted == approved


@pytest.mark.parametrize("wanted", [True, 1.5, 1, "1", None])
def test_numbers_and_truth_are_not_mixed_up(wanted: Any) -> None:
    same = [
        approved
        for approved in (True, 1.5, 1, "1", None)
        if not outside({"a": wanted}, approved={"a": approved}, bounds={})
    ]
    assert same == [wanted]
    assert type(same[0]) is type(wanted)


@pytest.mark.parametrize(
    "text",
    [
        "ana@partner.example,eve@evil.example",
        "<ana@partner.example>",
        '"ana@evil.example"@partner.example',
        "ana@partner.example\n",
        " ana@partner.example",
        "ana@[10.0.0.1]",
        "ana@localhost",
        "ana@pаrtner.example",
        "ana@partner..example",
        f"{'a' * 65}@partner.example",
    ],
)
def test_what_is_not_one_plain_address_has_no_domain(text: str) -> None:
    assert domain_of(text) == ""
    assert outside({"to": text}, approved={"to": MAIL}, bounds={"to": Bound(Within.EMAIL_DOMAIN)}) == ("to",)


@pytest.mark.parametrize(
    ("bound", "name", "approved", "covered", "not_covered"),
    [
        (Bound(Within.SAME), "a", [1], [[1]], [[1.5], [], "[1]"]),
        (Bound(Within.EMAIL_DOMAIN), "to", MAIL, ["b@PARTNER.example"], ["b@other.example", [MAIL], None]),
        (Bound(Within.EMAIL_DOMAIN), "to", "nobody", [], ["nobody", "x"]),
        (Bound(Within.AT_MOST, 5), "n", 1, [0, 5, 2.5], [-1, 5.01, True, "1", None]),
        (Bound(Within.AT_MOST), "n", 1, [], [0, 1]),
        (Bound(Within.ANY_TEXT), "body", "x", ["", "y" * 2000], ["y" * 2001, 1, None]),
        (Bound(Within.ANY_TEXT), "sql", "x", [], ["x", ""]),
    ],
)
def test_each_bound_covers_what_it_says(
    bound: Bound, name: str, approved: Any, covered: list[Any], not_covered: list[Any]
) -> None:
    for wanted in covered:
        assert outside({name: wanted}, approved={name: approved}, bounds={name: bound}) == (), wanted
    for wanted in not_covered:
        assert outside({name: wanted}, approved={name: approved}, bounds={name: bound}) == (name,), wanted


def test_what_is_missing_or_more_is_outside_whatever_the_bound() -> None:
    bounds = {"body": Bound(Within.ANY_TEXT), "title": Bound(Within.ANY_TEXT)}
    assert outside({"title": "x"}, approved={"body": "y"}, bounds=bounds) == ("body", "title")


def test_what_is_offered_depends_on_name_and_value() -> None:
    assert offered_for("body", value=MAIL) == (Within.SAME, Within.EMAIL_DOMAIN, Within.ANY_TEXT)
    assert offered_for("command", value="ls") == (Within.SAME,)
    assert offered_for("limit", value=1) == (Within.SAME, Within.AT_MOST)
    assert offered_for("limit", value=True) == (Within.SAME,)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"uses": 0}, "uses"),
        ({"uses": 51}, "uses"),
        ({"uses": True}, "uses"),
        ({"minutes": 0}, "minutes"),
        ({"minutes": 481}, "minutes"),
        ({"bounds": {"a": Bound(Within.AT_MOST)}}, "number"),
        ({"bounds": {"a": Bound(Within.SAME, 1)}}, "number"),
    ],
)
def test_terms_have_limits(values: dict[str, Any], says: str) -> None:
    Terms(uses=50, minutes=480)
    with pytest.raises(GrantError, match=says):
        Terms(**{"uses": 1, "minutes": 1} | values)


@pytest.mark.parametrize(
    ("risk", "people", "bounds", "says"),
    [
        ("CRITICAL", 5, {}, "by itself"),
        ("nonsense", 5, {}, "by itself"),
        ("HIGH", 1, {}, "takes 2 people"),
        ("LOW", 1, {"b": Bound(Within.SAME)}, "can't be granted"),
        ("LOW", 1, {"a": Bound(Within.AT_MOST, 1)}, "can't be granted"),
    ],
)
def test_what_is_granted_fits_the_action_and_its_risk(risk: str, people: int, bounds: Any, says: str) -> None:
    for level, needed in (("LOW", 1), ("MEDIUM", 1), ("HIGH", 2)):
        check_terms(Terms(uses=1, minutes=1), parameters={"a": "x"}, risk_level=level, people=needed)
    with pytest.raises(GrantError, match=says):
        check_terms(Terms(uses=1, minutes=1, bounds=bounds), parameters={"a": "x"}, risk_level=risk, people=people)


def test_terms_come_back_as_they_were_stored() -> None:
    bounds = {"to": Bound(Within.EMAIL_DOMAIN), "n": Bound(Within.AT_MOST, 2.5)}
    assert bounds_from(Terms(uses=1, minutes=1, bounds=bounds).to_dict()) == bounds


@pytest.mark.parametrize(
    "stored",
    [
        None,
        [],
        {},
        {"bounds": []},
        {"bounds": {"a": None}},
        {"bounds": {"a": {"within": "any"}}},
        {"bounds": {"a": {"within": "at_most", "most": "5"}}},
        {"bounds": {"a": {"within": "at_most", "most": True}}},
    ],
)
def test_what_was_stored_in_another_shape_is_refused(stored: Any) -> None:
    with pytest.raises(GrantError):
        bounds_from(stored)
