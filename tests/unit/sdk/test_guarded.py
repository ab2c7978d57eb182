"""How a call that ran with other parameters is described."""

from __future__ import annotations

from aarm import Change
from aarm.guarded import changes_between


def test_changes_are_found_by_comparing() -> None:
    asked = {"same": [1], "number": 1, "gone": "x", "cleared": "y"}
    after = {"same": [1.0], "number": True, "cleared": None, "new": {"a": 1}}
    changes = changes_between(asked, after=after)
    assert changes == (
        Change(name="cleared", before="y", after=None),
        Change(name="gone", before="x", after=None, is_removed=True),
        Change(name="new", before=None, after={"a": 1}),
        Change(name="number", before=1, after=True),
    )
    assert [str(change) for change in changes] == [
        "cleared → null",
        "gone → (removed)",
        'new → {"a": 1}',
        "number → true",
    ]


def test_nothing_changed_is_nothing() -> None:
    assert changes_between({"a": 1}, after={"a": 1}) == ()
