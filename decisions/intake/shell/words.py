"""From a command line to words and operators, quoting resolved.

What a shell would compute is not computed: such a word has no text. Commands inside a word are read as lists of their
own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from decisions.intake.shell.doubts import Doubt
from decisions.intake.shell.tokens import Document, Operator, Scanner, Token, Tokens, Word

LONGEST_SCRIPT = 65_536
DEEPEST_NESTING = 8

# Longest first, so that the first that fits is the operator.
OPERATORS = (
    "&>>", "<<<", "<<-", "&&", "||", "|&", ";;", ";&", "&>", "<<", "<>", "<&", ">>", ">&", ">|",
    "|", ";", "&", "(", ")", "<", ">",
)  # fmt: skip
_DOCUMENTS = frozenset({"<<", "<<-"})
_ENDS_WORD = frozenset(" \t\n|&;()<>")
_VARIABLE = re.compile(r"\$(?:[A-Za-z_]\w*|[0-9@*#?$!-]|\{#?[A-Za-z_]\w*\}|\{[0-9@*#?$!-]\})", re.ASCII)
# Without subscripts and quotes nothing is run to compute it, unless a variable holds what is.
_ARITHMETIC = re.compile(r"\$\(\([\w\s+*/%<>=!&|?:,~^-]*\)\)", re.ASCII)
_NAME = re.compile(r"[A-Za-z_]", re.ASCII)
# The stream that is redirected, and a variable that is to name it.
_STREAM = re.compile(r"[0-9]+|\{[A-Za-z_].*\}", re.ASCII | re.DOTALL)
_JOINED = "\\\n"
# Shells differ in where one with escapes ends.
_QUOTED_C = re.compile(r"\$'[^'\\]*'")
_PLAIN = re.compile(r"[^\s|&;()<>'\"\\$`*?\[\]{}~#]+")


def tokens_of(script: str) -> Tokens:
    """The words and operators of a command line. Total: what can't be read is a doubt."""
    if len(script) > LONGEST_SCRIPT:
        return Tokens((), frozenset({Doubt.TOO_LONG}))
    if not all(letter.isprintable() or letter in "\t\n" for letter in script):
        return Tokens((), frozenset({Doubt.UNSEEN}))
    scanner = Scanner(script)
    _scan(scanner, closing="")
    if scanner.documents:
        scanner.doubts.add(Doubt.UNCLOSED)
    return Tokens(tuple(map(tuple, scanner.lists)), frozenset(scanner.doubts))


def _scan(scanner: Scanner, *, closing: str) -> None:
    """One command line, to the end of the text or to the bracket that closes it."""
    tokens: list[Token] = []
    scanner.lists.append(tokens)
    scanner.depth += 1
    if scanner.depth > DEEPEST_NESTING:
        scanner.give_up(Doubt.TOO_LONG)
    opened = 0
    while scanner.at < len(scanner.text):
        if closing and not opened and scanner.starts(closing):
            scanner.at += 1
            scanner.depth -= 1
            return
        token = _token(scanner)
        if token is not None:
            tokens.append(token)
            opened += {Operator("("): 1, Operator(")"): -1}.get(token, 0) if isinstance(token, Operator) else 0
    scanner.depth -= 1
    if closing:
        scanner.doubts.add(Doubt.UNCLOSED)


def _token(scanner: Scanner) -> Token | None:
    """The next token; None after something that is none."""
    letter = scanner.next()
    if letter in " \t":
        scanner.at += 1
        return None
    if letter == "\n":
        scanner.at += 1
        _skip_documents(scanner)
        return Operator(";")
    if letter == "#":
        end = scanner.text.find("\n", scanner.at)
        scanner.at = len(scanner.text) if end < 0 else end
        return None
    if scanner.starts("<(") or scanner.starts(">("):
        return _word(scanner)
    found = next((each for each in OPERATORS if scanner.starts(each)), None)
    if found is None:
        return _word(scanner)
    scanner.at += len(found)
    if found in _DOCUMENTS:
        _announce(scanner, strips_tabs=found == "<<-")
        return None
    return Operator(found)


def _word(scanner: Scanner) -> Word | None:
    start, parts, is_known = scanner.at, list[str](), True
    while scanner.at < len(scanner.text):
        if scanner.next() in _ENDS_WORD and not (scanner.at == start and scanner.text[start] in "<>"):
            break
        part = _part(scanner, start=start)
        is_known = is_known and part is not None
        parts.append(part or "")
    # Lines are joined before anything is recognised in them.
    raw = scanner.text[start : scanner.at].replace(_JOINED, "")
    if not raw:
        return None
    if scanner.next() in ("<", ">") and _STREAM.fullmatch(raw):
        # A second digit is a word to some shells, and a named stream sets a variable to its number.
        if len(raw) > 1:
            scanner.doubts.add(Doubt.VARIABLE if raw.startswith("{") else Doubt.CONSTRUCT)
        return None
    return Word("".join(parts) if is_known else None, raw)


def _part(scanner: Scanner, *, start: int) -> str | None:
    """The next part of a word as it comes out; None where it is computed."""
    plain = _PLAIN.match(scanner.text, scanner.at)
    if plain:
        scanner.at = plain.end()
        return plain[0]
    letter = scanner.next()
    if letter in _QUOTING:
        return _QUOTING[letter](scanner)
    scanner.at += 1
    if letter in "<>":
        scanner.at += 1
        _scan(scanner, closing=")")
        return None
    if letter == "#":
        return letter
    if letter == "{" and scanner.starts("}"):
        scanner.at += 1
        return "{}"
    stands_alone = scanner.at == start + 1 and (scanner.next() in _ENDS_WORD or not scanner.next())
    # Globs, `~` and braces come to whatever there is; `{`, `}`, `[` and `]` by themselves are words of the language.
    return letter if letter in "{}[]" and stands_alone else _computed_or_closing(letter)


def _computed_or_closing(letter: str) -> str | None:
    return letter if letter == "]" else None


def _escaped(scanner: Scanner) -> str:
    letter = scanner.text[scanner.at + 1 : scanner.at + 2]
    scanner.at += 2
    return "" if letter == "\n" else letter


def _single(scanner: Scanner) -> str:
    end = scanner.text.find("'", scanner.at + 1)
    if end < 0:
        scanner.give_up(Doubt.UNCLOSED)
        return ""
    text = scanner.text[scanner.at + 1 : end]
    scanner.at = end + 1
    return text


def _double(scanner: Scanner) -> str | None:
    scanner.at += 1
    parts, is_known = list[str](), True
    while scanner.at < len(scanner.text):
        letter = scanner.next()
        if letter == '"':
            scanner.at += 1
            return "".join(parts) if is_known else None
        part = _inside_double(scanner, letter=letter)
        is_known = is_known and part is not None
        parts.append(part or "")
    scanner.doubts.add(Doubt.UNCLOSED)
    return None


def _inside_double(scanner: Scanner, *, letter: str) -> str | None:
    if letter == "$":
        return _dollar(scanner, is_quoted=True)
    if letter == "`":
        _backticks(scanner)
        return None
    if letter == "\\" and scanner.text[scanner.at + 1 : scanner.at + 2] in ("$", "`", '"', "\\", "\n"):
        return _escaped(scanner)
    scanner.at += 1
    return letter


def _dollar(scanner: Scanner, *, is_quoted: bool = False) -> str | None:
    for pattern in (_ARITHMETIC, _VARIABLE) if is_quoted else (_ARITHMETIC, _VARIABLE, _QUOTED_C):
        found = pattern.match(scanner.text, scanner.at)
        if found:
            scanner.at = found.end()
            if pattern is _ARITHMETIC and _NAME.search(found[0]):
                scanner.doubts.add(Doubt.EXPANSION)
            return None
    if (
        scanner.starts("$" + _JOINED)
        or scanner.starts("$((")
        or scanner.starts("${")
        or scanner.starts("$[")
        or scanner.starts("$'")
    ):
        scanner.give_up(Doubt.EXPANSION)
        return None
    if scanner.starts("$("):
        scanner.at += 2
        _scan(scanner, closing=")")
        return None
    scanner.at += 1
    # `$"…"` is translated, so what it comes to is not written here.
    return None if scanner.next() == '"' and not is_quoted else "$"


def _backticks(scanner: Scanner) -> None:
    end = scanner.text.find("`", scanner.at + 1)
    inner = scanner.text[scanner.at + 1 : end]
    if end < 0 or "\\" in inner:
        scanner.give_up(Doubt.UNCLOSED if end < 0 else Doubt.EXPANSION)
        return
    nested = Scanner(inner, depth=scanner.depth, lists=scanner.lists, doubts=scanner.doubts)
    _scan(nested, closing="")
    if nested.documents:
        scanner.doubts.add(Doubt.UNCLOSED)
    scanner.at = end + 1


_QUOTING: Mapping[str, Callable[[Scanner], str | None]] = {
    "'": _single,
    '"': _double,
    "$": _dollar,
    "`": _backticks,
    "\\": _escaped,
}


def _announce(scanner: Scanner, *, strips_tabs: bool) -> None:
    """A here-document: its end is the next word, its text the lines after this one."""
    while scanner.next() in (" ", "\t"):
        scanner.at += 1
    end = _word(scanner) if scanner.next() not in _ENDS_WORD else None
    if end is None or end.text is None:
        scanner.give_up(Doubt.CONSTRUCT)
        return
    scanner.documents.append(Document(end.text, is_literal=end.text != end.raw, strips_tabs=strips_tabs))


def _skip_documents(scanner: Scanner) -> None:
    """Leaves out the texts of here-documents, which are input and no commands."""
    while scanner.documents:
        document = scanner.documents.pop(0)
        lines = scanner.text[scanner.at :].split("\n")
        bare = [line.lstrip("\t") if document.strips_tabs else line for line in lines]
        if document.end not in bare:
            scanner.give_up(Doubt.UNCLOSED)
            return
        count = bare.index(document.end)
        text = "\n".join(lines[:count])
        if not document.is_literal and re.search(r"[$`\\]", text):
            scanner.doubts.add(Doubt.EXPANSION)
        scanner.at += sum(len(line) + 1 for line in lines[: count + 1])
        scanner.at = min(scanner.at, len(scanner.text))
