"""A search page as plain values: the words that are searched for, and every link that asks a little more or less."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from receipts.pages.addresses import Addresses, Link
from receipts.pages.columns import USUAL, heads
from receipts.pages.histogram import DrawnBar, drawn_bars
from receipts.pages.lines import ReceiptLine, line_of, named_in
from receipts.pages.stories import KINDS
from receipts.selectors.fields import FIELDS, Kind
from receipts.selectors.grammar import Question, Term, is_term
from receipts.selectors.overview import Facet, Overview
from receipts.selectors.reconciliation import Reconciled
from receipts.selectors.results import FEW, OLDEST, Results
from receipts.selectors.sorting import SORTED
from receipts.signing.statement import ReceiptType

TITLES: Mapping[str, str] = {
    "decision": "Decision",
    "outcome": "Outcome",
    "risk": "Risk",
    "type": "Kind of receipt",
    "tool": "Tool",
    "rule": "Rule",
    "agent": "Agent",
    "human": "For whom",
    "approver": "Who voted",
    "surface": "Voted on",
    "has": "While voting",
    "is": "Environment",
}
WINDOWS: Mapping[str, str] = {
    "24h": "24 hours",
    "7d": "7 days",
    "30d": "30 days",
    "90d": "90 days",
    "all": "all time",
}
_BOTH_WAYS = frozenset(f"{way}{name}" for name in SORTED for way in ("", "-"))
Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Chip:
    """A part of the question. `href` takes it away; put after `rest`, another one takes its place."""

    text: str
    href: str
    rest: str


@dataclass(frozen=True, slots=True)
class FacetBox:
    """A facet with its values, each of which adds itself to the question or takes itself away."""

    key: str
    title: str
    links: Sequence[Link]


@dataclass(frozen=True, slots=True)
class ListHead:
    """The head of a column; `href` sorts by it, `order` says in ARIA's words how it is sorted."""

    name: str
    title: str
    order: str
    href: str


@dataclass(frozen=True, slots=True)
class ResultsPage:
    """Everything that the page says of the results."""

    text: str
    question: str
    lines: Sequence[ReceiptLine]
    total: str
    bound: str
    chips: Sequence[Chip]
    windows: Sequence[Link]
    facets: Sequence[FacetBox]
    bars: Sequence[DrawnBar]
    next_url: str
    previous_url: str
    heads: Sequence[ListHead]
    next_words: str
    previous_words: str
    faults: int
    lost: str
    kept: str
    wider: Link | None
    newest_url: str
    newer_query: str


def shown_names(results: Results) -> set[str]:
    """The ids that the page shows and may have names for."""
    rows = {item for row in results.page.rows for item in named_in(row)}
    people = (facet for facet in results.overview.facets if FIELDS[facet.key].kind is Kind.PERSON)
    return rows | {value for facet in people for value, _ in facet.counts}


def _word(key: str, value: str, *, names: Names) -> str:
    """A facet's value as people read it."""
    if not value:
        return "none"
    return KINDS[ReceiptType(value)] if key == "type" and value in set(ReceiptType) else names.get(value, value)


def _facet(facet: Facet, *, results: Results, names: Names, addresses: Addresses) -> FacetBox:
    links = []
    # What has none is seldom what is looked for, and often the most.
    for value, count in sorted(facet.counts, key=lambda found: not found[0]):
        term = is_term(facet.key, value)
        is_current = term in results.question.terms
        asked = results.question.without(term) if is_current else results.question.having(term)
        word = _word(facet.key, value, names=names)
        links.append(Link(word, addresses.of(asked), is_current=is_current, count=f"{count:,}"))
    return FacetBox(facet.key, TITLES[facet.key], links)


def _chips(question: Question, *, addresses: Addresses) -> list[Chip]:
    rests = [(term, question.without(term)) for term in question.terms if not _is_window(term)]
    return [Chip(term.text, addresses.of(rest), rest.text) for term, rest in rests]


def _is_window(term: Term) -> bool:
    return term.key == "since" and term.values[0] in WINDOWS


def _windows(question: Question, *, addresses: Addresses) -> list[Link]:
    rest = question.without_keys("since", "until")
    found = []
    for value, words in WINDOWS.items():
        term = is_term("since", value)
        is_current = term in question.terms and not question.names("until")
        found.append(Link(words, addresses.of(rest.having(term)), is_current=is_current))
    return found


def _total(overview: Overview) -> str:
    noun = "receipt" if overview.total == 1 else "receipts"
    return f"{overview.total:,}{' or more' if overview.is_more else ''} {noun}"


def _wider(results: Results, *, addresses: Addresses) -> Link | None:
    if results.wider is None:
        return None
    window, count = results.wider
    asked = results.question.without_keys("since", "until").having(is_term("since", window))
    many = f"{count:,} or more" if count == FEW else f"{count:,}"
    return Link(f"{many} in {WINDOWS[window]}", addresses.of(asked))


def _lost(found: Reconciled | None) -> str:
    """What the page could be lacking, by what the log has."""
    if found is None or found.is_clean:
        return ""
    absent = f"{found.absent} of the receipts that the log has there are gone. " if found.absent else ""
    altered = f"Not what was signed: {', '.join(found.altered)}." if found.altered else ""
    return f"{absent}{altered}".strip()


def _kept(found: Reconciled | None) -> str:
    """How the page compares with the log, where nothing is wrong."""
    if found is None or not found.is_clean:
        return ""
    which = (
        f"The newest {found.compared:,} of the {found.stretch:,}"
        if found.compared < found.stretch
        else f"All {found.stretch:,}"
    )
    return (
        f"{which} receipts between the first and the last of this page were read from the log. "
        "None is missing or altered."
    )


def _lines(results: Results, *, names: Names, columns: Sequence[str]) -> Iterable[ReceiptLine]:
    faults = results.faults
    return (line_of(row, names=names, fault=faults.get(row.pk, ""), columns=columns) for row in results.page.rows)


def _newer_query(results: Results, *, sort: str) -> str:
    """Where the newest page asks how many have come since; nothing on the others."""
    if sort or not results.is_newest:
        return ""
    return urlencode({"q": results.question.text, "cursor": results.newest})


def _heads(question: Question, *, addresses: Addresses) -> list[ListHead]:
    return [
        ListHead(
            head.name,
            head.title,
            head.order,
            "" if head.next is None else addresses.of(question, sort=head.next),
        )
        for head in heads(addresses.columns, sort=addresses.sort)
    ]


def _bound(overview: Overview, *, sort: str) -> str:
    """What is said of no more than the newest."""
    if not overview.is_more:
        return ""
    return f"Counted{' and sorted' if sort in _BOTH_WAYS else ''} are the newest {overview.total:,}."


def _ways(sort: str) -> tuple[str, str]:
    """What the links to the next page and to the one before say."""
    if sort in _BOTH_WAYS:
        return "Show the next receipts", "Show the receipts before"
    older, newer = "Show older receipts", "Show newer receipts"
    return (newer, older) if sort == OLDEST else (older, newer)


def results_page(results: Results, *, names: Names, sort: str, columns: tuple[str, ...] = USUAL) -> ResultsPage:
    """The page of `results`."""
    addresses, question = Addresses(sort=sort, columns=columns), results.question
    overview = results.overview
    next_words, previous_words = _ways(sort)
    return ResultsPage(
        text=question.without_keys("since").text if results.is_default else question.text,
        question=question.text,
        lines=list(_lines(results, names=names, columns=columns)),
        total=_total(overview),
        bound=_bound(overview, sort=sort),
        chips=_chips(question, addresses=addresses),
        windows=_windows(question, addresses=addresses),
        facets=[
            _facet(facet, results=results, names=names, addresses=addresses)
            for facet in overview.facets
            if any(value for value, _ in facet.counts)
        ],
        bars=drawn_bars(overview, question=question, addresses=addresses),
        next_url=addresses.of(question, cursor=results.page.next) if results.page.next else "",
        previous_url=addresses.of(question, cursor=results.page.previous) if results.page.previous else "",
        heads=_heads(question, addresses=addresses),
        next_words=next_words,
        previous_words=previous_words,
        faults=len(results.faults),
        lost=_lost(results.reconciled),
        kept=_kept(results.reconciled),
        wider=_wider(results, addresses=addresses),
        newest_url=addresses.of(question),
        newer_query=_newer_query(results, sort=sort),
    )
