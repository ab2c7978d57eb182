"""The policies that come with the product, by their file's name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "policies"


@dataclass(frozen=True, slots=True)
class Pack:
    """A policy text and the place that errors and receipts name for it."""

    text: str
    source: str


def pack_names() -> tuple[str, ...]:
    """The names that `policy publish` takes instead of a file."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def pack_named(name: str) -> Pack:
    """One of `pack_names()`."""
    path = FOLDER / f"{name}.yaml"
    return Pack(text=path.read_text(encoding="utf-8"), source=f"decisions/policies/{path.name}")
