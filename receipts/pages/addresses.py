"""Links from a search to the next one: the address is the question, with the order and the columns of its answer."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from receipts.pages.columns import USUAL
from receipts.selectors.grammar import Question


@dataclass(frozen=True, slots=True)
class Link:
    """A question to go on with."""

    text: str
    href: str
    is_current: bool = False
    count: str = ""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Makes addresses of questions: the question as it is written, the order, and the columns."""

    sort: str = ""
    columns: tuple[str, ...] = USUAL

    def of(self, question: Question, *, cursor: str = "", sort: str | None = None) -> str:
        """A relative address; what has no value is left out."""
        wanted = {"q": question.text, "sort": self.sort if sort is None else sort, "cursor": cursor}
        chosen = [] if self.columns == USUAL else [("column", name) for name in self.columns]
        return f"?{urlencode([*((name, value) for name, value in wanted.items() if value), *chosen])}"
