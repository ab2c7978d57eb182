"""What the installed packages say of their licences, in the three places where they may say it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib import metadata

from tests.docs.reading import ROOT

# Longer ones are the text of a licence, not its name.
LONGEST_NAME = 30
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def licence_of(package: str) -> str:
    """As the package's own metadata name it; a dash where they don't."""
    found = metadata.metadata(package).json
    written = str(found.get("license_expression") or found.get("license") or "")
    if written and len(written) <= LONGEST_NAME:
        return written
    classifiers = [item for item in found.get("classifier", []) if item.startswith("License ::")]
    return classifiers[-1].rpartition(" :: ")[2] if classifiers else "–"


def _names(requirements: list[str]) -> Iterator[str]:
    for requirement in requirements:
        name = _NAME.match(requirement)
        assert name is not None, requirement
        yield name[0]


def direct_dependencies() -> set[str]:
    """Every package that the product, its tests or the SDK name themselves."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    sdk = tomllib.loads((ROOT / "sdk/pyproject.toml").read_text("utf-8"))
    groups = [
        *project["dependency-groups"].values(),
        project["project"]["dependencies"],
        *project["project"]["optional-dependencies"].values(),
        sdk["project"]["dependencies"],
    ]
    return {name for group in groups for name in _names(group)}
