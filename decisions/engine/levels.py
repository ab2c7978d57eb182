"""The levels of data, from the least to the most sensitive, and the level of whatever a session has touched.

A label is a level, or a kind of data such as PII, which a policy gives a level. What has no level by either counts as
unclassified: as the highest level, as AARM demands, unless the policy says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from decisions.engine.folding import fold

STANDARD_NAMES = ("PUBLIC", "INTERNAL", "CONFIDENTIAL", "RESTRICTED")
# The label of a session that has touched data which nothing classified. It is never the name of a level.
NOT_CLASSIFIED = "NOT_CLASSIFIED"
# What detectors find, on the standard levels. With levels of its own a policy says which of them each kind has.
STANDARD_KINDS: Mapping[str, str] = {
    "PII": "CONFIDENTIAL",
    "PHI": "RESTRICTED",
    "PCI": "RESTRICTED",
    "SECRET": "RESTRICTED",
}


@dataclass(frozen=True, slots=True)
class Grading:
    """What a policy says of labels that are no levels: pairs of a kind and its level, and the level of all the others.

    Names are in upper case, pairs in their order. None stands for the highest level.
    """

    kinds: tuple[tuple[str, str], ...] = ()
    unclassified: str | None = None


STANDARD_GRADING = Grading()


@dataclass(frozen=True, slots=True)
class Levels:
    """An order of names, lowest first, and the ranks by folded name: of each, and of kinds of data.

    `unclassified` is the rank of every other label; None for the highest.
    """

    names: tuple[str, ...]
    ranks: Mapping[str, int]
    kinds: Mapping[str, int] = field(default_factory=dict)
    unclassified: int | None = None

    def rank(self, name: str) -> int | None:
        """The position of `name`, 0 for the lowest; None for a name that is no level."""
        return self.ranks.get(fold(name))

    def highest(self, labels: Iterable[str]) -> int | None:
        """The rank of the highest level among `labels`; None where there are none."""
        return max(map(self._rank_of_label, labels), default=None)

    def level_of(self, labels: Iterable[str]) -> str:
        """The highest level among `labels`; the lowest of all where there are none."""
        return self.names[self.highest(labels) or 0]

    def _rank_of_label(self, label: str) -> int:
        folded = fold(label)
        others = len(self.names) - 1 if self.unclassified is None else self.unclassified
        return self.ranks.get(folded, self.kinds.get(folded, others))


def levels_of(names: tuple[str, ...], *, grading: Grading = STANDARD_GRADING) -> Levels:
    """The order that `names` stand in, of which there is at least one. What `grading` names are levels among them."""
    ranks = {fold(name): rank for rank, name in enumerate(names)}
    standard = STANDARD_KINDS if names == STANDARD_NAMES else {}
    kinds = {fold(kind): ranks[fold(level)] for kind, level in (*standard.items(), *grading.kinds)}
    others = None if grading.unclassified is None else ranks[fold(grading.unclassified)]
    return Levels(names=names, ranks=ranks, kinds=kinds, unclassified=others)


STANDARD_LEVELS = levels_of(STANDARD_NAMES)
