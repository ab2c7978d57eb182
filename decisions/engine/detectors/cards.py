"""Payment card numbers: 13 to 19 digits, written as cards are, with a known issuer and a right Luhn digit."""

from __future__ import annotations

from collections.abc import Iterator

from decisions.engine.detectors.checksums import luhn
from decisions.engine.patterns import finder

# A run of digits and single separators. Where a number ends within it is decided below.
_RUNS = finder(r"[0-9](?:[ -]?[0-9]){12,}")
# How cards are printed, as lengths of digit groups; an unbroken number is checked besides.
_PRINTED = ([4, 4, 4, 4], [4, 6, 5], [4, 6, 4], [4, 4, 4, 4, 3], [4, 4, 4, 1])

# First and last prefix of a range, and the lengths that its issuer uses.
_ISSUERS: tuple[tuple[str, str, frozenset[int]], ...] = (
    ("4", "4", frozenset({13, 16, 19})),  # Visa
    ("51", "55", frozenset({16})),  # Mastercard
    ("2221", "2720", frozenset({16})),  # Mastercard
    ("34", "34", frozenset({15})),  # American Express
    ("37", "37", frozenset({15})),  # American Express
    ("6011", "6011", frozenset(range(16, 20))),  # Discover
    ("644", "659", frozenset(range(16, 20))),  # Discover
    ("300", "305", frozenset(range(14, 20))),  # Diners Club
    ("36", "36", frozenset(range(14, 20))),  # Diners Club
    ("38", "39", frozenset(range(14, 20))),  # Diners Club
    ("3528", "3589", frozenset(range(16, 20))),  # JCB
    ("62", "62", frozenset(range(16, 20))),  # UnionPay
    ("5018", "5018", frozenset(range(13, 20))),  # Maestro
    ("5020", "5020", frozenset(range(13, 20))),  # Maestro
    ("5038", "5038", frozenset(range(13, 20))),  # Maestro
    ("6304", "6304", frozenset(range(13, 20))),  # Maestro
    ("6759", "6763", frozenset(range(13, 20))),  # Maestro
)


def card_occurs(text: bytes) -> bool:
    """Whether a payment card number stands in `text`."""
    return any(True for _ in card_spans(text))


def card_spans(text: bytes) -> Iterator[tuple[int, int]]:
    """Where those stand, without other digits beside them."""
    for start, end in _RUNS(text):
        for first, last in _readings(_groups(text, start=start, end=end), at=_places(text, start=start, end=end)):
            if _is_card(text[first:last].translate(None, b" -").decode("ascii")):
                yield first, last


def _readings(groups: list[str], *, at: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Every way to read a card number out of one run of digits; `at` is where each group stands."""
    sizes = [len(group) for group in groups]
    for position, size in enumerate(sizes):
        if 13 <= size <= 19:
            yield at[position]
        elif size == 4:
            for lengths in _PRINTED:
                if sizes[position : position + len(lengths)] == lengths:
                    yield at[position][0], at[position + len(lengths) - 1][1]


def _places(text: bytes, *, start: int, end: int) -> list[tuple[int, int]]:
    """Where each group of a run stands. Single separators lie between them."""
    places, at = [], start
    for group in text[start:end].replace(b"-", b" ").split():
        places.append((at, at + len(group)))
        at += len(group) + 1
    return places


def _groups(text: bytes, *, start: int, end: int) -> list[str]:
    """The groups of a run of digits; one that is part of something else is empty."""
    groups = text[start:end].decode("ascii").replace("-", " ").split()
    if len(groups[0]) == 2 and text[max(start - 2, 0) : start].isalpha():
        # Country and check digits of an account number, whose other groups are no card.
        return []
    if _touches(text[max(start - 2, 0) : start][::-1]):
        groups[0] = ""
    if _touches(text[end : end + 2]):
        groups[-1] = ""
    return groups


def _touches(neighbours: bytes) -> bool:
    """Whether a letter, or a decimal point and a digit, makes the digits beside it part of something else."""
    return neighbours[:1].isalpha() or neighbours[:1] == b"_" or (neighbours[:1] == b"." and neighbours[1:].isdigit())


def _is_card(number: str) -> bool:
    return _has_issuer(number) and luhn(number)


def _has_issuer(number: str) -> bool:
    return any(low <= number[: len(low)] <= high and len(number) in lengths for low, high, lengths in _ISSUERS)
