"""Warnings about text that may not be what it seems: direction, invisible characters, look-alike letters and hosts.

They are hints by rule of thumb. The absence of a warning proves nothing, and honest text can earn one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from approvals.lifecycle.codepoints import BIDI_CONTROLS, KEPT, PILL_BRACKETS, Sight, sight, spelled, spelled_out
from receipts.signing.canonical import JSON

MOST_OF_A_KIND = 5
MOST_OF_A_VALUE = 20
LONGEST_QUOTE = 40
LONGEST_LABEL = 63
LONGEST_HOST = 253
"""Octets of DNS names, RFC 1035; what is longer is no host, and decoding it would be slow."""

CONFUSED_SCRIPTS = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC"})
"""Scripts with letters that are drawn alike; a word has no business in two of them."""

LOOKS_LATIN = str.maketrans(
    "асеорхуіјѕһӏԁԛԝѵ" + "АВСЕНІЈКМОРЅТХҮԌԚԜ" + "ονι" + "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aceopxyijshldqwv" + "ABCEHIJKMOPSTXYGQW" + "ovi" + "ABEZHIKMNOPTYX",
)
"""Cyrillic and Greek letters that most fonts draw like a Latin one (a part of confusables.txt, UTS #39)."""

_WORD = re.compile(r"[^\W\d_]+")
# A stretch without ASCII marks and spaces, behind one of them or behind `//`, but not behind the slash of a path.
_HOST = re.compile(r"(?:\A|(?<=//)|(?<=[\x00-,:-@\[\]-`{-\x7f\s]))[^\x00-,/:-@\[-`{-\x7f\s]+")
_DOTS = re.compile("[.。．｡]")
_AROUND_HOSTS = ".。．｡…“”„‘’‚«»"
_HAN = {"CJK": "Han"}


def flags(text: str) -> tuple[str, ...]:
    """Sentences that warn the reader of the text; empty for most texts.

    They name direction controls, invisible characters, words in two scripts, words in letters that only look Latin,
    and international host names in both forms. Words from the text are quoted short and with hidden characters
    spelled out; the sentences still need escaping like the text itself.
    """
    return tuple(sentence for check in _CHECKS for sentence in _capped(check(text), most=MOST_OF_A_KIND))


def value_flags(value: JSON) -> tuple[str, ...]:
    """The warnings for every string and member name within a JSON value, each once."""
    return tuple(_capped((flag for text in _strings(value) for flag in flags(text)), most=MOST_OF_A_VALUE))


def _strings(value: JSON) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _capped(sentences: Iterable[str], *, most: int) -> list[str]:
    """Each once and not too many, since warnings must not push away what they warn of."""
    found = list(dict.fromkeys(sentences))
    extra = len(found) - most
    return found[:most] + ([f"{extra:,} more warnings like this."] if extra > 0 else [])


def _direction(text: str) -> Iterator[str]:
    found = [char for char in text if char in BIDI_CONTROLS]
    if found:
        yield f"Changes the direction in which text is shown: {_listed(found)}."


def _invisible(text: str) -> Iterator[str]:
    shown_otherwise = BIDI_CONTROLS | PILL_BRACKETS
    unix = text.replace("\r\n", "\n")
    found = [char for char in unix if sight(char) is Sight.HIDDEN and char not in shown_otherwise]
    if found:
        yield f"Contains characters that cannot be seen: {_listed(found)}."


def _listed(found: list[str]) -> str:
    kinds = sorted(set(found))
    names = [f"{found.count(char):,} × {spelled(char)}" for char in kinds[:MOST_OF_A_KIND]]
    extra = len(kinds) - len(names)
    return ", ".join(names) + (f" and {extra:,} other kinds" if extra else "")


def _mixed_words(text: str) -> Iterator[str]:
    for word in _words(text):
        scripts = {_script(char) for char in word} & CONFUSED_SCRIPTS
        if len(scripts) > 1:
            yield f"{_quoted(word)} mixes {_and(scripts)} letters."


def _imitations(text: str) -> Iterator[str]:
    """Words without a Latin letter that look Latin, unless the text has other words of that script as well."""
    words = [word for word in _words(text) if not any(_script(char) == "LATIN" for char in word)]
    looks = {word: word.translate(LOOKS_LATIN) for word in words}
    honest = {_script(char) for word, look in looks.items() if not look.isascii() for char in word}
    for word, look in looks.items():
        scripts = {_script(char) for char in word}
        if look.isascii() and not scripts & honest:
            yield f"{_quoted(word)} only looks like {_quoted(look)}: its letters are {_and(scripts)}."


def _styled_words(text: str) -> Iterator[str]:
    for word in _words(text):
        usual = "".join(_usual(char) for char in word)
        if usual != word:
            yield f"{_quoted(word)} is written in unusual forms of the letters {_quoted(usual)}."


def _usual(char: str) -> str:
    """The ASCII letter that a full-width or mathematical letter stands for; ordinals such as º are left alone."""
    usual = unicodedata.normalize("NFKC", char)
    is_letter = len(usual) == 1 and usual.isascii() and usual.isalpha()
    return usual if ord(char) >= 0x2100 and is_letter else char


@lru_cache(maxsize=2)
def _words(text: str) -> tuple[str, ...]:
    """The different words, without the marks and hidden characters that could take them apart.

    Three checks in a row ask for those of one text.
    """
    if text.isascii():
        return ()
    bare = "".join(char for char in text if sight(char) not in {Sight.HIDDEN, Sight.MARK})
    return tuple(word for word in dict.fromkeys(_WORD.findall(bare)) if not word.isascii())


def _hosts(text: str) -> Iterator[str]:
    bare = "".join(char for char in text if sight(char) is not Sight.HIDDEN or char in "\r\n")
    for match in _HOST.finditer(bare):
        host = match.group().strip(_AROUND_HOSTS)
        labels = [_label(label) for label in _DOTS.split(host)]
        if len(labels) > 1 and len(host) <= LONGEST_HOST and all(labels):
            yield from _host(host, labels=labels)


def _label(label: str) -> str:
    """The label as a resolver would look it up, still in Unicode; empty where it cannot be one."""
    if len(label) > LONGEST_LABEL:
        return ""
    usual = unicodedata.normalize("NFKC", label).lower()
    return usual if all(char.isalnum() or char == "-" or unicodedata.category(char)[0] == "M" for char in usual) else ""


def _host(host: str, *, labels: list[str]) -> Iterator[str]:
    if not host.isascii():
        coded = ".".join(label if label.isascii() else "xn--" + _encoded(label) for label in labels)
        yield f"As a host, “{spelled_out(host)}” is “{coded}” in ASCII: its letters are {_and(_scripts(host))}."
    elif any(label.startswith("xn--") for label in labels):
        read = ".".join(_decoded(label) if label.startswith("xn--") else label for label in labels)
        yield f"The host “{host}” is shown as “{read}” by browsers: its letters are {_and(_scripts(read))}."


def _encoded(label: str) -> str:
    return label.encode("punycode").decode("ascii")


def _decoded(label: str) -> str:
    """The Unicode form of a label with `xn--`, RFC 3492; the label itself where it stands for nothing sound."""
    try:
        return _label(label.removeprefix("xn--").encode("ascii").decode("punycode")) or label
    except UnicodeError:
        return label


def _scripts(text: str) -> set[str]:
    return {_script(char) for char in text if char.isalpha()}


@lru_cache(maxsize=KEPT)
def _script(char: str) -> str:
    """The first word of the character's Unicode name, which for letters is the script."""
    return unicodedata.name(char, "UNKNOWN").partition(" ")[0]


def _and(scripts: Iterable[str]) -> str:
    return " and ".join(_HAN.get(script, script.capitalize()) for script in sorted(scripts))


def _quoted(text: str) -> str:
    short = spelled_out(text[:LONGEST_QUOTE])
    return f"“{short}…”" if len(text) > LONGEST_QUOTE else f"“{short}”"


_CHECKS: tuple[Callable[[str], Iterator[str]], ...] = (
    _direction,
    _invisible,
    _mixed_words,
    _imitations,
    _styled_words,
    _hosts,
)
