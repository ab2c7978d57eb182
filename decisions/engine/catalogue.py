"""The tool catalogue: what a policy says about tools, and the categories that they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from decisions.engine.folding import fold
from receipts.signing.canonical import JSON


@dataclass(frozen=True, slots=True)
class Tool:
    """One entry. Names are folded; None stands for what the entry does not say.

    Without an `operation` it speaks for those of the tool's operations that have no entry of their own. `data_class`
    are kinds or levels of data in upper case, `parameters` is a checked JSON Schema, `consequence` a sentence in which
    `{NAME}` stands for a parameter. `description` is for people and no part of the policy's meaning.
    """

    tool: str
    operation: str | None = None
    effect: str | None = None
    reversible: bool | None = None
    categories: frozenset[str] = frozenset()
    data_class: frozenset[str] | None = None
    consequence: str | None = None
    parameters: JSON = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All entries, and the names and globs of each of `categories` (folded, as its name is)."""

    tools: tuple[Tool, ...] = ()
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    entries: Mapping[tuple[str, str | None], Tool] = field(default_factory=dict, compare=False, repr=False)

    def find(self, *, tool: str, operation: str) -> Tool | None:
        """The entry that speaks for a folded tool and operation."""
        return self.entries.get((tool, operation)) or self.entries.get((tool, None))

    def operations_of(self, tool: str) -> tuple[str, ...]:
        """The operations of a folded tool that have entries of their own."""
        return tuple(each.operation for each in self.tools if each.tool == tool and each.operation is not None)

    def category_names(self) -> frozenset[str]:
        """Every category that `categories` or an entry names, folded."""
        return frozenset(self.categories).union(*(each.categories for each in self.tools))


def catalogue_of(tools: tuple[Tool, ...], *, categories: Mapping[str, tuple[str, ...]]) -> Catalogue:
    """The catalogue of these entries, of which no two name the same tool and operation, and of these categories."""
    folded = {fold(name): tuple(fold(text) for text in texts) for name, texts in categories.items()}
    return Catalogue(tools, folded, {(each.tool, each.operation): each for each in tools})


EMPTY_CATALOGUE = Catalogue()
