"""Covers: what they hide, what they leave, and that covering twice is covering once."""

from __future__ import annotations

from typing import Any

import pytest

from approvals.lifecycle.masking import kinds_of, masked

TOKEN = "sk_live_9fQ2xL7vB4nR8tW1zK6m"


def shown(**more: Any) -> dict[str, Any]:
    return {
        "parameters": {"body": f"use {TOKEN} on Tr0ub4dor now", "a/b": [4111111111111111]},
        "masks": [
            {"path": "/parameters/body", "start": 4, "end": 4 + len(TOKEN), "kind": "SECRET"},
            {"path": "/parameters/body", "start": 36, "end": 45, "kind": "SECRET"},
            {"path": "/parameters/a~1b/0", "start": 0, "end": 16, "kind": "PCI"},
        ],
        **more,
    }


@pytest.mark.case("DEC-17", "DEC-18")
def test_a_cover_says_kind_and_length_and_leaves_everything_else() -> None:
    before = shown()
    covered = masked(before)
    assert covered["parameters"] == {
        "body": "use [SECRET masked: 28 characters, ends in zK6m] on [SECRET masked: 9 characters] now",
        "a/b": ["[PCI masked: 16 characters, ends in 1111]"],
    }
    assert before == shown()
    assert kinds_of(before) == ("PCI", "SECRET")
    assert (masked(covered), kinds_of(covered)) == (covered, ())


def test_what_a_reviewer_changed_says_the_secret_no_more_than_the_rest() -> None:
    changes = [
        {"path": "/body", "from": f"use {TOKEN}", "to": "use none", "by": "per_1"},
        {"path": "/a~1b/0", "from": 4111111111111111, "to": 1, "by": "per_1"},
        {"path": "/c", "to": [TOKEN], "by": "per_1"},
    ]
    first, second, third = masked(shown(changes=changes))["changes"]
    assert (first["from"], first["to"]) == ("use [SECRET masked: 28 characters, ends in zK6m]", "use none")
    assert (second["from"], second["to"]) == ("[PCI masked: 16 characters, ends in 1111]", 1)
    assert "from" not in third
