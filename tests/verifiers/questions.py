"""What a verifier is asked, and where the published questions are."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).parents[1] / "vectors"
Verdict = tuple[int, str | None]


@dataclass(frozen=True, slots=True)
class Question:
    """Files as bytes, and what is said beside them. `kept` are checkpoints, `witnesses` verifier keys."""

    file: bytes
    keys: bytes
    disclosure: bytes | None = None
    kept: tuple[bytes, ...] = ()
    expect_head: str | None = None
    each: bool = False
    witnesses: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """What can be sent to a browser: bytes as base64."""
        return {
            "file": _sent(self.file),
            "keys": _sent(self.keys),
            "disclosure": None if self.disclosure is None else _sent(self.disclosure),
            "kept": [_sent(note) for note in self.kept],
            "expectHead": self.expect_head,
            "each": self.each,
            "witnesses": list(self.witnesses),
        }


@dataclass(frozen=True, slots=True)
class Vector:
    """A published question, and the verdict that every verifier must give."""

    name: str
    question: Question
    verdict: Verdict


def _sent(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(value: Any) -> bytes:
    return (value if isinstance(value, str) else json.dumps(value)).encode()


def _question(case: dict[str, Any], *, keys: Any) -> Question:
    return Question(
        file=base64.b64decode(case["base64"]) if "base64" in case else _bytes(case.get("text", case.get("file"))),
        keys=_bytes(case.get("keys", keys)),
        disclosure=_bytes(case["disclosure"]) if "disclosure" in case else None,
        kept=tuple(_bytes(note) for note in case.get("kept", [])),
        expect_head=case.get("expect_head"),
        each=case.get("each", False),
        witnesses=tuple(case.get("witnesses", [])),
    )


def vectors_of(path: Path) -> Iterator[Vector]:
    """The cases of one file of vectors."""
    document = json.loads(path.read_text())
    for case in document.get("cases", []):
        question = _question(case, keys=document["keys"])
        yield Vector(f"{path.stem}: {case['name']}", question, (case["exit_code"], case["reason"]))


def all_vectors() -> list[Vector]:
    """The cases of every file of vectors."""
    return [vector for path in sorted(VECTORS.glob("*/*.json")) for vector in vectors_of(path)]
