"""The language of the search box: `tool:email decision:DENY,STEP_UP risk>=high since:7d "free text" -agent:x`.

A question is its terms, all of which must hold. Reading and writing are inverse, so that a question can be an address,
and a link can be the question with one term more or less. Pure: names and times are resolved elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from receipts.problems import ProblemError
from receipts.selectors.fields import FIELDS, Kind, field_name

MAX_LENGTH = 1000

_PART = r'(?:"[^"]*"?|[^\s",]+)'
_TERM = re.compile(
    rf"(?P<not>-)?(?:(?P<key>[A-Za-z][A-Za-z_]*)(?P<operator>>=|<=|[:><])(?P<values>{_PART}(?:,{_PART})*)?(?=\s|$)"
    r'|(?P<word>"[^"]*"?|\S+))'
)
_VALUE = re.compile(_PART)
_QUOTED_WHEN = re.compile(r'[\s",:<>=]|\A-|\A\Z')


class Operator(StrEnum):
    """How a value is compared; all but the first are for levels."""

    IS = ":"
    AT_LEAST = ">="
    ABOVE = ">"
    AT_MOST = "<="
    BELOW = "<"


@dataclass(frozen=True, slots=True)
class Term:
    """One condition. `key` is a name of `FIELDS`, or empty for free text, which has one value."""

    key: str
    values: tuple[str, ...]
    operator: Operator = Operator.IS
    is_negated: bool = False

    @property
    def text(self) -> str:
        """As it is written in the box."""
        value = ",".join(map(_quoted, self.values))
        return f"{'-' if self.is_negated else ''}{self.key}{self.operator if self.key else ''}{value}"


@dataclass(frozen=True, slots=True)
class Question:
    """Terms in the order in which they were written."""

    terms: tuple[Term, ...] = ()

    @property
    def text(self) -> str:
        """As it is written in the box, and stands in addresses."""
        return " ".join(term.text for term in self.terms)

    def names(self, *keys: str) -> bool:
        """Whether it says anything about one of `keys`."""
        return any(term.key in keys for term in self.terms)

    def having(self, term: Term) -> Question:
        """With one term more, unless it is there."""
        return self if term in self.terms else Question((*self.terms, term))

    def without(self, *terms: Term) -> Question:
        """With these terms taken away."""
        return Question(tuple(term for term in self.terms if term not in terms))

    def without_keys(self, *keys: str) -> Question:
        """With nothing said about `keys` any more."""
        return Question(tuple(term for term in self.terms if term.key not in keys))


def is_term(key: str, value: str) -> Term:
    """`key:value`."""
    return Term(key=key, values=(value,))


def parse_question(text: str) -> Question:
    """What `text` asks. Raises `unknown_filter` for a key that receipts don't have, and `invalid_query`."""
    terms = (_term(found) for found in _TERM.finditer(text[:MAX_LENGTH]))
    return Question(tuple(dict.fromkeys(term for term in terms if term is not None)))


def _term(found: re.Match[str]) -> Term | None:
    is_negated = found["not"] is not None
    if found["key"] is None:
        word = _unquoted(found["word"])
        return Term(key="", values=(word,), is_negated=is_negated) if word else None
    key, operator = known_key(found["key"]), Operator(found["operator"])
    if found["values"] is None:
        raise ProblemError("invalid_query", status=400, why=f"{key} has no value.", fix=f"Write {key}:value.")
    if operator is not Operator.IS and FIELDS[key].kind is not Kind.LEVEL:
        raise ProblemError("invalid_query", status=400, why=f"{key} has no order.", fix=f"Write {key}:value.")
    values = tuple(_unquoted(part) for part in _VALUE.findall(found["values"]))
    return Term(key=key, values=values, operator=operator, is_negated=is_negated)


def known_key(written: str) -> str:
    """The field that is meant. Raises `unknown_filter`."""
    key = field_name(written)
    if key is None:
        raise ProblemError(
            "unknown_filter",
            status=400,
            why=f"Receipts have no filter {written[:64]!a}.",
            fix='Put it in quotes to search for it as text, or see "How to search".',
            param=written[:64],
        )
    return key


def _unquoted(part: str) -> str:
    """Quotes hold a value together and are never part of it."""
    return part.replace('"', "")


def _quoted(value: str) -> str:
    return f'"{value}"' if _QUOTED_WHEN.search(value) else value
