"""What the server is told about a result of any kind."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import date
from typing import Any

import pytest

from aarm import OutcomeStatus
from aarm.outcomes import MAX_OUTPUT_BYTES, details_of, ending_of


class Broken:
    """Cannot even say what it is."""

    def __repr__(self) -> str:
        raise RuntimeError("no")


def digest(content: bytes) -> dict[str, str]:
    return {"output_digest": "sha256:" + hashlib.sha256(content).hexdigest()}


@pytest.mark.parametrize("result", [None, True, "sent", 3.5, [1, "two"], {"rows": [{"id": 1}]}])
def test_json_is_told_as_it_is(result: Any) -> None:
    assert details_of(result) == {"output": result}


def test_what_becomes_json_without_loss_of_meaning_is_told() -> None:
    assert details_of((1, 2)) == {"output": [1, 2]}


@pytest.mark.parametrize(
    ("result", "content"),
    [
        (b"\x00\x01", b"\x00\x01"),
        (bytearray(b"\x02"), b"\x02"),
        (date(2030, 1, 2), b"datetime.date(2030, 1, 2)"),
        (float("inf"), b"inf"),
        (2**53, b"9007199254740992"),
        ("nul \x00", b"'nul \\x00'"),
    ],
)
def test_anything_else_is_told_by_its_digest(result: Any, content: bytes) -> None:
    assert details_of(result) == digest(content)


def test_what_is_too_large_is_told_by_its_digest() -> None:
    fits = "x" * (MAX_OUTPUT_BYTES - 2)
    assert details_of(fits) == {"output": fits}
    assert details_of(fits + "x") == digest(f'"{fits}x"'.encode())


def test_a_result_that_cannot_be_represented_hides_nothing() -> None:
    assert details_of(Broken())["output_digest"]


@pytest.mark.parametrize(
    ("kind", "ending"),
    [
        (None, (OutcomeStatus.SUCCEEDED, {"output": "sent"})),
        (ValueError, (OutcomeStatus.FAILED, {"error": "ValueError"})),
        (asyncio.CancelledError, (OutcomeStatus.UNKNOWN, {"error": "CancelledError"})),
    ],
)
def test_an_ending_has_a_status(kind: type[BaseException] | None, ending: tuple[OutcomeStatus, dict[str, Any]]) -> None:
    assert ending_of(kind, result="sent") == ending
