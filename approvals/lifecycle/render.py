"""The one way in which text from outside is shown, on every surface.

Text of an agent, a user, a tool or a schema becomes tokens. `text` tokens hold nothing but what a reader sees; whatever
hides, reorders or pushes away is a token of another kind, with our own words in ⟦ ⟧ as its label. Nothing in a token is
markup: the surface escapes. Web pages put each value in its own `<bdi dir="auto">`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate, groupby
from typing import TypeAlias, TypeVar

from approvals.lifecycle.codepoints import KEPT, Sight, sight, spelled
from approvals.lifecycle.deception import flags, value_flags
from approvals.lifecycle.errors import RenderError
from receipts.signing.canonical import JSON, canonical_bytes

__all__ = [
    "Token",
    "TokenKind",
    "flags",
    "is_complete",
    "literal",
    "plain",
    "render",
    "render_plain",
    "render_value",
    "value_flags",
]

MOST_BLANKS = 8
"""The longest run of blanks, or of one hidden character, that is shown one by one."""

MOST_MARKS = 8
"""How many marks may stand on one character; more would paint over the lines around it."""

LINE_COST = 20
"""A line break counts as so many characters of the limit, because short lines push the rest away as well."""

_BLANK = "[\t\u2800\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]"
_BLANK_LINES = re.compile(rf"((?:(?<=\n)|\A)(?:{_BLANK}*+\r?+\n){{3,}}+)")
_LABEL = re.compile("(⟦[^⟦⟧]*⟧)")
# Printable ASCII with a few blanks inside shows itself. It is looked at in one go, since most texts are nothing else.
_PLAIN = re.compile(r"([!-~\n]++(?:[ \t]{1,8}+[!-~\n]++)*+)")
_READS_LIKE_JSON = re.compile(
    r"""\s*+(?:["\[{].*+|-?+\d++(?:\.\d++)?+(?:[eE][+-]?+\d++)?+\s*+|(?:true|false|null)\s*+)?+""", re.DOTALL
)


class TokenKind(StrEnum):
    """What a token is: readable text, one spelled character, a run that was counted, or a part that was left out."""

    TEXT = "text"
    PILL = "pill"
    COUNT = "count"
    FOLD = "fold"


@dataclass(frozen=True, slots=True)
class Token:
    """`text` is the exact original; `label` is what is shown instead of it, and empty for the kind `text`."""

    kind: TokenKind
    text: str
    label: str = ""

    @property
    def shown(self) -> str:
        """What a reader sees of the token, before escaping."""
        return self.text if self.kind is TokenKind.TEXT else self.label


Part: TypeAlias = str | Token
"""A stretch of text that is yet to be looked at, or what is already a token."""
Item = TypeVar("Item")


def render(text: str, *, limit: int | None = 2000) -> tuple[Token, ...]:
    """The text as tokens that hide nothing; `literal` gives the exact text back.

    Characters that cannot be seen become pills (`⟦U+202E RIGHT-TO-LEFT OVERRIDE⟧`), long runs of blanks and of blank
    lines counts (`⟦412 spaces⟧`). What would show more than `limit` characters is folded in the middle
    (`⟦12,203 characters not shown⟧`); None shows everything. Raises `RenderError` for a limit below 1.

    With a limit only as much is looked at, from both ends, as is shown: a long text costs little more than a short one.
    """
    return _folded(_parts(text), limit=limit)


def render_value(value: JSON, *, limit: int | None = 2000) -> tuple[Token, ...]:
    """A parameter as tokens, such that different values never look alike.

    Numbers, true, false and null are in their canonical form (RFC 8785), digit by digit. A string stands as it is,
    unless it is empty or reads like another JSON value: then it is in quotes, so `1` is a number and `"1"` a string.
    Lists and objects are canonical JSON over several lines. Raises `CanonicalError` for what has no canonical form.
    """
    if isinstance(value, str) and not _READS_LIKE_JSON.fullmatch(value):
        return render(value, limit=limit)
    canonical_bytes(value)  # Refuses bad names and endless nesting before anything here recurses.
    return _folded(list(_json_parts(value, indent="\n")), limit=limit)


def render_plain(text: str, *, limit: int | None = 2000) -> tuple[Token, ...]:
    """A text of ours in which `plain` has put values: its labels are labels again, all else is rendered as ever.

    Sound because `plain` leaves no bracket of the values themselves; in a text that came from outside, use `render`.
    """
    return _folded(list(_read_again(text)), limit=limit)


def _read_again(text: str) -> Iterator[Part]:
    for number, piece in enumerate(_LABEL.split(text)):
        if number % 2:
            yield Token(TokenKind.PILL, piece, piece)
        else:
            yield from _parts(piece)


def literal(tokens: Iterable[Token]) -> str:
    """The exact original text."""
    return "".join(token.text for token in tokens)


def plain(tokens: Iterable[Token]) -> str:
    """The tokens for a place without styles (terminal, mail, Slack `plain_text`); free of control characters
    but tab and line feed.

    It cannot be imitated: the brackets of a label are never part of the text around it.
    """
    return "".join(token.shown for token in tokens)


def is_complete(tokens: Iterable[Token]) -> bool:
    """Whether nothing was folded away."""
    return all(token.kind is not TokenKind.FOLD for token in tokens)


def _parts(text: str) -> list[Part]:
    """Blank lines are cut out first, since they consist of characters of several kinds."""
    pieces = enumerate(_BLANK_LINES.split(text))
    return [_blank_lines(piece) if number % 2 else piece for number, piece in pieces if piece]


def _blank_lines(piece: str) -> Token:
    return _count(piece, what=f"{piece.count(chr(10)):,} blank lines")


def _tokens(parts: Iterable[Part], *, is_back: bool = False) -> Iterator[Token]:
    """The tokens of the parts, from the first on, or from the last one back. Neither looks further than is asked."""
    way = _backwards if is_back else iter
    for part in way(parts):
        if isinstance(part, Token):
            yield part
            continue
        for piece in way(_PLAIN.split(part)):
            if _PLAIN.fullmatch(piece):
                yield Token(TokenKind.TEXT, piece)
                continue
            for (kind, _), run in groupby(way(piece), key=_kind):
                text = "".join(run)
                yield from way(_RUNS[kind](text[::-1] if is_back else text))


def _backwards(items: Iterable[Item]) -> Iterator[Item]:
    return reversed(items if isinstance(items, str | list) else list(items))


@lru_cache(maxsize=KEPT)
def _kind(char: str) -> tuple[Sight, str]:
    """What neighbours have to have in common to be looked at together: how they look; if hidden, being the same."""
    found = sight(char)
    return found, char if found is Sight.HIDDEN else ""


def _text_run(run: str) -> Iterator[Token]:
    yield Token(TokenKind.TEXT, run)


def _blank_run(run: str) -> Iterator[Token]:
    if len(run) > MOST_BLANKS:
        yield _count(run, what=_blanks(run))
        return
    for char in run:
        yield Token(TokenKind.TEXT, char) if char in " \t" else _pill(char)


def _hidden_run(run: str) -> Iterator[Token]:
    """A run of one character."""
    if len(run) > MOST_BLANKS:
        yield _count(run, what=f"{len(run):,} × {spelled(run[0])}")
    else:
        yield from map(_pill, run)


def _mark_run(run: str) -> Iterator[Token]:
    if len(run) > MOST_MARKS:
        yield _count(run, what=f"{len(run):,} combining marks")
    else:
        yield Token(TokenKind.TEXT, run)


_RUNS: Mapping[Sight, Callable[[str], Iterator[Token]]] = {
    Sight.TEXT: _text_run,
    Sight.BREAK: _text_run,
    Sight.BLANK: _blank_run,
    Sight.HIDDEN: _hidden_run,
    Sight.MARK: _mark_run,
}


def _blanks(run: str) -> str:
    kinds = set(run)
    if len(kinds) > 1:
        return f"{len(run):,} blanks"
    names = {" ": f"{len(run):,} spaces", "\t": f"{len(run):,} tabs"}
    return names.get(run[0], f"{len(run):,} × {spelled(run[0])}")


@lru_cache(maxsize=8192)
def _pill(char: str) -> Token:
    return Token(TokenKind.PILL, char, f"⟦{spelled(char)}⟧")


def _count(text: str, *, what: str) -> Token:
    return Token(TokenKind.COUNT, text, f"⟦{what}⟧")


def _joined(tokens: Iterable[Token], *, is_back: bool = False, enough: int | None = None) -> Iterator[Token]:
    """Neighbouring text becomes one token; marks that would stand on one of our own labels become pills.

    Of text that is longer than `enough` only about so much is joined: the caller looks no further than that.
    """
    way = _backwards if is_back else iter
    for is_text, group in groupby(tokens, key=lambda token: token.kind is TokenKind.TEXT):
        if not is_text:
            yield from group
            continue
        text = literal(way(list(_so_far(group, enough=enough))))
        marks = _leading_marks(text)
        body = [Token(TokenKind.TEXT, text[marks:])] if marks < len(text) else []
        yield from way([*map(_pill, text[:marks]), *body])


def _so_far(tokens: Iterable[Token], *, enough: int | None) -> Iterator[Token]:
    """The first tokens with more characters than that, besides the marks that the text could begin with; or all."""
    length = 0
    for token in tokens:
        yield token
        length += len(token.text)
        if enough is not None and length > enough + MOST_MARKS:
            return


def _leading_marks(text: str) -> int:
    return next((place for place, char in enumerate(text) if sight(char) is not Sight.MARK), len(text))


def _json_parts(value: JSON, *, indent: str) -> Iterator[Part]:
    """Canonical JSON with line breaks; `indent` is a line feed and the spaces that a line at this depth begins with.

    The indentation is ours, so it is not counted as blanks of the text.
    """
    if isinstance(value, dict) and value:
        yield from _container(_members(value), brackets="{}", indent=indent)
    elif isinstance(value, list) and value:
        yield from _container((("", item) for item in value), brackets="[]", indent=indent)
    else:
        yield from _parts(canonical_bytes(value).decode())


def _members(value: dict[str, JSON]) -> Iterator[tuple[str, JSON]]:
    """Names as JSON text with their values, in the canonical order: by UTF-16 code units."""
    for name in sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass")):
        yield canonical_bytes(name).decode() + ": ", value[name]


def _container(items: Iterable[tuple[str, JSON]], *, brackets: str, indent: str) -> Iterator[Part]:
    inner = indent + "  "
    opening = brackets[0] + inner
    for name, item in items:
        yield Token(TokenKind.TEXT, opening)
        yield from _parts(name)
        yield from _json_parts(item, indent=inner)
        opening = "," + inner
    yield Token(TokenKind.TEXT, indent + brackets[1])


def _folded(parts: Sequence[Part], *, limit: int | None) -> tuple[Token, ...]:
    """Leaves the middle out where the tokens would show more than `limit`; head and tail always keep something."""
    if limit is None:
        return tuple(_joined(_tokens(parts)))
    if limit < 1:
        raise RenderError(f"A limit of {limit} leaves no room for any text.", fix="Give at least 1, or None.")
    first, is_all = _within(_joined(_tokens(parts), enough=limit), budget=limit)
    if is_all:
        return tuple(first)
    last, _ = _within(_joined(_tokens(parts, is_back=True), is_back=True, enough=limit), budget=limit)
    head = _head(first, budget=limit - limit // 2)
    tail = _mirrored(_head([_turned(token) for token in last], budget=limit // 2))
    whole, kept = "".join(part.text if isinstance(part, Token) else part for part in parts), len(literal(head))
    middle = whole[kept : len(whole) - len(literal(tail))]
    if not middle:
        return tuple(_joined(_tokens(parts)))
    what = f"{len(middle):,} character{'s' if len(middle) > 1 else ''} not shown"
    return tuple(_joined([*head, Token(TokenKind.FOLD, middle, f"⟦{what}⟧"), *tail]))


def _within(tokens: Iterator[Token], *, budget: int) -> tuple[list[Token], bool]:
    """As many tokens as the budget allows and one more; and whether they are all there are, within the budget."""
    found, spent = [], 0
    for token in tokens:
        found.append(token)
        spent += _cost(token)
        if spent > budget:
            return found, False
    return found, True


def _head(tokens: Sequence[Token], *, budget: int) -> list[Token]:
    """The first tokens within the budget, which does not suffice for all; the last is cut if it is text.

    At least one character or label.
    """
    ends = list(accumulate(map(_cost, tokens)))
    whole = bisect_right(ends, budget)
    room = budget - (ends[whole - 1] if whole else 0)
    return [*tokens[:whole], *_cut(tokens[whole], budget=room, is_first=not whole)]


def _cut(token: Token, *, budget: int, is_first: bool) -> list[Token]:
    if token.kind is not TokenKind.TEXT:
        return [token] if is_first else []
    # No character costs less than one.
    fitting = bisect_right(list(accumulate(map(_char_cost, token.text[: budget + 1]))), budget)
    text = token.text[: max(fitting, int(is_first))]
    return [Token(TokenKind.TEXT, text)] if text else []


def _mirrored(tokens: Iterable[Token]) -> list[Token]:
    """The tokens from the last to the first, with their text backwards, so that a tail can be taken like a head."""
    return [_turned(token) for token in reversed(list(tokens))]


def _turned(token: Token) -> Token:
    return replace(token, text=token.text[::-1])


def _cost(token: Token) -> int:
    return len(token.shown) + (LINE_COST - 1) * token.shown.count("\n")


def _char_cost(char: str) -> int:
    return LINE_COST if char == "\n" else 1
