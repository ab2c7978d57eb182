"""The page of a request and its line in the inbox, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from approvals.lifecycle.states import State
from approvals.pages import InboxLine, line_of, page_of
from approvals.pages.quorum import Quorum, Seat, quorum_of
from approvals.selectors import ListedRequest
from receipts.signing.canonical import JSON
from tests.unit.pages.snapshots import SNAPSHOT, request, said, shown, snapshot


def line(values: Mapping[str, JSON]) -> InboxLine:
    return line_of(ListedRequest(row=request(), shown=values, tally=shown(State.PENDING).tally, why_not=""))


def test_seats_are_filled_from_the_first() -> None:
    assert Quorum(given=1, needed=3).seats == (Seat(is_filled=True), Seat(is_filled=False), Seat(is_filled=False))
    assert quorum_of(shown(State.PENDING, votes=(said("Ana"),)).tally) == Quorum(given=1, needed=2)


def test_a_page_has_everything_that_the_snapshot_says() -> None:
    page = page_of(shown(State.PENDING), reported="")
    assert page.snapshot == SNAPSHOT
    assert [parameter.name for parameter in page.parameters] == ["to", "subject"]
    assert page.target is not None
    assert (page.target.name, page.ending, page.flagged, page.has_changes) == ("to", None, (), False)


def test_flags_and_changes_are_told() -> None:
    changed = snapshot(parameters={"to": "pay\u200bpal"}, original_parameters={"to": "x"})
    page = page_of(replace(shown(State.PENDING), snapshot=changed.to_dict()), reported="")
    assert page.has_changes
    assert [parameter.name for parameter in page.flagged] == ["to"]


def test_the_raw_texts_leave_the_nonce_out() -> None:
    action, seen = page_of(shown(State.PENDING), reported="").raw
    assert action.text == '{"operation":"send","parameters":{"subject":"Q4","to":"ana@partner.example"},"tool":"email"}'
    assert "secret" not in seen.text
    assert '"consequence"' in seen.text


def test_an_erased_request_still_ends() -> None:
    page = page_of(replace(shown(State.DENIED, row=request()), snapshot={}), reported="")
    assert (page.snapshot, page.parameters, page.target, page.raw) == (None, (), None, ())
    assert page.ending is not None


def test_a_line_says_who_for_whom_by_which_rule() -> None:
    found = line(SNAPSHOT.to_dict())
    assert (found.agent, found.human, found.rule) == ("demo-agent", "alice@corp.example", "email-outside v1")
    erased = line({})
    assert (erased.agent, erased.human, erased.rule) == ("", None, None)
    assert erased.consequence == "Its values were erased."
