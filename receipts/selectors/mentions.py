"""Whether a question names somebody: by id, by name, or by as much of the name as finds nobody else."""

from __future__ import annotations

import re
from dataclasses import dataclass

from receipts.ports import all_names_of, named, names_of
from receipts.selectors.fields import field_name

SHORTEST = 3
"""A beginning of fewer characters tells nothing of anybody."""
_WORD = re.compile(r'"[^"]*"?|[^\s",:<>=]+')


@dataclass(frozen=True, slots=True)
class Mentioned:
    """A subject by its id and all its present names: none where nobody knows it."""

    subject: str
    names: frozenset[str]

    def is_in(self, text: str) -> bool:
        """Whether the text has the id, a name, what stands before its @, or a beginning that is nobody else's."""
        said = text.casefold()
        return self.subject in said or any(_is_named(name, said=said) for name in self.names) or self._is_begun(said)

    def _is_begun(self, said: str) -> bool:
        words = {word.strip('"') for word in _WORD.findall(said)}
        parts = tuple(part for name in self.names for part in (name, *name.split()))
        begun = (word for word in words if len(word) >= SHORTEST and any(part.startswith(word) for part in parts))
        return any(set(named(word)) == {self.subject} for word in begun if field_name(word) is None)


def _is_named(name: str, *, said: str) -> bool:
    local = re.escape(name.partition("@")[0])
    return name in said or re.search(rf"(?<!\w){local}(?!\w)", said) is not None


def erased_name(subject: str) -> str:
    """What stands where the name of an erased person stood."""
    return f"erased:{subject}"


def is_named(subject: str) -> bool:
    """Whether somebody still knows whose id this is."""
    return names_of({subject}).get(subject, "") not in ("", erased_name(subject))


def mentioned(subject: str) -> Mentioned:
    """The subject as questions may name it now, before its names are forgotten."""
    return Mentioned(subject, frozenset(name.casefold() for name in all_names_of(subject)))
