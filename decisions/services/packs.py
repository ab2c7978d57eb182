"""The policies and packs that come with the product, by their file's name, and a policy with everything it includes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

FOLDER = Path(__file__).resolve().parents[1] / "policies"
PACKS = FOLDER / "packs"


@dataclass(frozen=True, slots=True)
class PolicyFiles:
    """A policy text, the place that errors and receipts name for it, and what it includes, by name."""

    text: str
    source: str
    included: Mapping[str, str] = field(default_factory=dict)


def pack_names() -> tuple[str, ...]:
    """The names that `policy publish` takes instead of a file."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def pack_named(name: str) -> PolicyFiles:
    """One of `pack_names()`."""
    return _read(FOLDER / f"{name}.yaml")


@dataclass(frozen=True, slots=True)
class Shipped:
    """Something that comes with the product. A policy is published, a pack is included by a policy."""

    name: str
    kind: Literal["policy", "pack"]
    files: PolicyFiles


def shipped() -> tuple[Shipped, ...]:
    """The policies, then the packs, by name."""
    return (
        *(Shipped(name, "policy", pack_named(name)) for name in pack_names()),
        *(Shipped(path.stem, "pack", _read(path)) for path in sorted(PACKS.glob("*.yaml"))),
    )


def pack_text(name: str) -> str | None:
    """The text of a pack that comes with the product."""
    packs = {path.stem: path for path in PACKS.glob("*.yaml")}
    return packs[name].read_text(encoding="utf-8") if name in packs else None


def _read(path: Path) -> PolicyFiles:
    text = path.read_text(encoding="utf-8")
    return PolicyFiles(text=text, source=f"decisions/policies/{path.relative_to(FOLDER)}")
