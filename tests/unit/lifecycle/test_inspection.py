"""What nobody can read takes one step more; a sign-in grows old; what the page flags takes a reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from approvals.lifecycle.friction import RECENT_SECONDS, is_flagged, is_recent, level_for
from approvals.lifecycle.inspection import LARGEST, LONGEST_CODE, Opaque, why_opaque
from approvals.lifecycle.snapshot import RiskLevel
from approvals.pages.parameters import parameters_of
from tests.unit.pages.snapshots import snapshot

NOW = datetime(2026, 3, 7, 3, tzinfo=UTC)
CODE = "QUJD" * (LONGEST_CODE // 4)
PROSE = "See the deck, and tell me what you think of it. " * 40


@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        ({}, None),
        ({"body": PROSE, "n": 1, "deep": [{"key": None}]}, None),
        ({"digest": "sha256:" + "a" * 64, "url": "https://x.example/" + "a/b-c." * 200}, None),
        (None, Opaque.ERASED),
        ({"body": "a b" * LARGEST}, Opaque.TOO_LARGE),
        ({"file": CODE}, Opaque.ENCODED),
        ({"file": [{"data": f"data:image/png;base64,{CODE}=="}]}, Opaque.ENCODED),
        ({CODE: 1}, Opaque.ENCODED),
        ({"text": "MZ\x00\x02"}, Opaque.ENCODED),
        ({"text": "\ufffd"}, Opaque.ENCODED),
        ({"text": "line\r\n\tnext"}, None),
    ],
)
def test_what_people_cannot_read_is_told(parameters: Any, why: Opaque | None) -> None:
    assert why_opaque(parameters) == why


def test_what_nobody_can_read_is_asked_as_at_the_next_higher_level() -> None:
    assert [level_for(level, opaque=Opaque.ENCODED) for level in RiskLevel] == [
        "MEDIUM",
        "HIGH",
        "CRITICAL",
        "CRITICAL",
    ]
    assert [level_for(level, opaque=None) for level in RiskLevel] == list(RiskLevel)
    assert level_for("EXTREME", opaque=Opaque.ERASED) == "EXTREME"


@pytest.mark.parametrize(("seconds", "recent"), [(0, True), (RECENT_SECONDS, True), (RECENT_SECONDS + 1, False)])
def test_a_sign_in_is_recent_for_a_while(seconds: int, recent: bool) -> None:
    assert is_recent(NOW - timedelta(seconds=seconds), at=NOW) == recent
    assert not is_recent(None, at=NOW)


@pytest.mark.parametrize(
    ("parameters", "origins", "flagged"),
    [
        ({"to": "ana@partner.example"}, [], False),
        ({"to": "\u0430na@partner.example"}, [], True),
        ({"to": "x@y.example"}, [{"parameter": "to", "origin": "output", "position": 3}], True),
        ({"to": "x@y.example"}, [{"parameter": "to", "origin": "request", "position": 1}], False),
        ({"subject": "x"}, [{"parameter": "subject", "origin": "output", "position": 3}], False),
    ],
)
def test_what_takes_a_reason_is_what_the_page_flags(
    parameters: Any, origins: list[dict[str, Any]], flagged: bool
) -> None:
    assert is_flagged(parameters, origins=origins) == flagged
    page = parameters_of(snapshot(parameters=parameters, origins=tuple(origins)))
    assert any(each.warnings for each in page) == flagged
