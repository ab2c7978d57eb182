"""Kinds of values: what fields of a kind may hold, and what rules may ask of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

Spec = Callable[[Random], Any]

NUMBERS = [-1, 0, 1, 2, 5, 10, 10.0, 1.5, 99.99, 100, 1e21, 2**53 + 1]
TEXTS = [
    "prod",
    "PROD",
    "ｐｒｏｄ",
    "staging",
    "production",
    "",
    "a/b",
    "straße",
    "STRASSE",
    "İ",
    "x" * 40,
    "10",
    "\u202eprod",
]
LISTS: list[Any] = [
    [],
    ["prod"],
    ["Prod", "x"],
    [1, 2, 10],
    [1, "prod", None],
    ["a@corp.example", "b@evil.example"],
    [[1], {"amount": 5}],
    ["prod", "prod"],
    ["a@corp.example", "b@corp.example"],
    [5, 10],
    [{"amount": 5}, {"amount": 10.0, "env": "prod"}],
    [{"amount": 5, "to": "a@corp.example"}, {"amount": 100}],
]
OBJECTS: list[Any] = [
    {},
    {"amount": 5, "env": "prod"},
    {"amount": "5", "a.b": 1},
    {"env": None, "amount": 100, "extra": True},
    {"deep": {"amount": 10}},
    {"to": "b@evil.example", "amount": -1},
]
PLACES = [
    "a@corp.example", "A@CORP.example", "a@partner.example", "a@sub.corp.example", "a@corp.example,b@evil.example",
    "Bob <a@corp.example>", "a@b@corp.example", "corp.example", "corp.example.", "corp.example:443", "evil.example",
    "https://corp.example/x?y=1", "https://user@corp.example/", "https://corp.example\\@evil.example",
    "ftp://corp.example", "HTTP://Corp.Example:80", "10.1.2.3", "http://10.1.2.3/", "192.0.2.1", "[fd00::1]:80",
    "https://[fd00::1]/", "0x7f.1", "corp%2eexample", "ｃorp.example", "http://corp.example@evil.example/", "",
    " a@corp.example", "//corp.example", "xn--crp-sna.example", "a@10.1.2.3", "corp.example/path",
    "mailto:a@corp.example", "sub.corp.example", "127.1",
]  # fmt: skip
ADDRESSES = [
    "10.1.2.3", "010.1.2.3", "10.1.2", "192.0.2.1", "fd00::1", "FD00::1", "fd00::1%eth0", "::ffff:10.1.2.3",
    "::ffff:a01:203", "64:ff9b::a01:203", "::1", "10.1.2.3/8", "", "１0.1.2.3",
]  # fmt: skip
PATHS = [
    "/srv/data", "/srv/data/", "/srv/data/a.csv", "/srv/data/x/b.csv", "/srv/datax", "/srv/data/../x", "/srv//data",
    "/", "srv/data", "/srv/data/%2e", "/srv/data\\x", "/srv/\u0000", "/srv/data/./a", "/SRV/data",
    "/srv/cafe\u0301", "//srv",
]  # fmt: skip
TIMES = [
    "2026-01-01T12:00:00Z", "2026-01-01T11:59:59.999999Z", "2026-01-01T13:00:00+01:00", "2025-12-31T12:00:00Z",
    "2026-01-01T12:00:00", "2026-01-01t12:00:00z", "2026-02-30T12:00:00Z", "2026-01-01T12:00:60Z",
    "2027-01-01T00:00:00Z", "2026-01-01T12:00:00.1234567Z", "2026-01-01 12:00:00Z", "2026-01-01",
    "2026-01-01T12:00:00-00:00",
]  # fmt: skip
DURATIONS = ["90s", "30m", "1h", "7d", "PT1H", "PT1H30M", "P1D", "PT", "P", "1 month", "1H", "01h", "-1h", "P1M", "0s"]
DAMAGED: list[Any] = [None, True, False, "10", 10, [], {}, ["x"], float("1e999")]
LEVELS = ["PUBLIC", "INTERNAL", "CONFIDENTIAL", "RESTRICTED"]
KINDS = ["PII", "pii", "PCI", "INTERNAL", "Confidential", "RESTRICTED", "HEALTH"]
NAMES = ["alice", "Alice", "bob", "mail.send", "Mail.Read", "db.query", "admin", "read"]
TYPES = ["string", "number", "integer", "boolean", "array", "object", "null"]
REQUESTS = ["Please DELETE the rows", "delete", "remove test rows", "", "ｄｅｌｅｔｅ it", "hello"]


@dataclass(frozen=True, slots=True)
class Kind:
    """Values and questions that go together. `bare` says whether a value alone is a question, too."""

    values: list[Any]
    operators: dict[str, Spec]
    bare: Spec | None = None


def one_of(items: list[Any]) -> Spec:
    return lambda rng: rng.choice(items)


def some_of(items: list[Any], most: int = 3) -> Spec:
    return lambda rng: rng.sample(items, rng.randint(1, min(most, len(items))))


def one_or_some_of(items: list[Any]) -> Spec:
    one, some = one_of(items), some_of(items)
    return lambda rng: one(rng) if rng.random() < 0.5 else some(rng)


def flag(rng: Random) -> bool:
    return rng.random() < 0.5


def bounds(rng: Random) -> list[Any]:
    return sorted(rng.sample([-1, 0, 1.5, 5, 10, 100], 2))


def question(kind: Kind, rng: Random, *, depth: int = 0) -> Any:
    """A bare value, or one to three operators, sometimes turned around."""
    if kind.bare is not None and rng.random() < 0.3:
        return kind.bare(rng)
    if depth < 2 and rng.random() < 0.12:
        return {"not": question(kind, rng, depth=depth + 1)}
    names = rng.sample(sorted(kind.operators), min(rng.choice([1, 1, 1, 2, 3]), len(kind.operators)))
    asked = {name: kind.operators[name](rng) for name in without_twins(names)}
    if "absent" in kind.operators and rng.random() < 0.15:
        asked["absent"] = flag(rng)
    return asked


TWINS = [{"eq", "in", "enum", "allowlist"}, {"not_in", "blocklist"}, {"matches", "regex", "pattern"}]
TWINS += [{"gt", "greater_than"}, {"gte", "at_least", "min"}, {"lt", "less_than"}, {"lte", "at_most", "max"}]
TWINS += [{"domain_in", "domain_allowlist"}]


def without_twins(names: list[str]) -> list[str]:
    """Two spellings of one operator are a key written twice."""
    seen: list[str] = []
    for name in names:
        if not any({name, other} <= twins for twins in TWINS for other in seen):
            seen.append(name)
    return seen


def equality(items: list[Any]) -> dict[str, Spec]:
    single, several = one_of(items), some_of(items)
    words = {"in": several, "enum": several, "allowlist": several, "not_in": several, "blocklist": several}
    return {"eq": single, **words}


PRESENCE: dict[str, Spec] = {"absent": flag, "unknown_or_conflicting": flag, "type": one_or_some_of(TYPES)}
_PLAIN_NUMBERS = [0, 1, 5, 10, 100, 1.5]
_ORDER = ["gt", "gte", "lt", "lte", "greater_than", "at_least", "less_than", "at_most", "min", "max"]

ORDERING: dict[str, Spec] = {**dict.fromkeys(_ORDER, one_of(_PLAIN_NUMBERS)), "range": bounds}
SCHEMAS: list[Any] = [
    True,
    {"type": "string", "maxLength": 4},
    {"type": ["number", "null"], "minimum": 0, "exclusiveMaximum": 100},
    {"enum": ["prod", 10, None, [1, 2, 10]]},
    {"const": 10},
    {"type": "object", "properties": {"amount": {"type": "integer"}}, "required": ["amount"]},
    {"additionalProperties": False, "properties": {"env": True}, "patternProperties": {"^a": {"minimum": 5}}},
    {"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 3, "uniqueItems": True},
    {"prefixItems": [{"type": "integer"}], "items": {"type": "string"}},
    {"anyOf": [{"type": "string"}, {"multipleOf": 5}], "not": {"pattern": "^x"}},
    {"oneOf": [{"minimum": 5}, {"maximum": 10}], "allOf": [{"type": "number"}]},
    {"minProperties": 1, "maxProperties": 2, "minLength": 1, "exclusiveMinimum": 0, "title": "odd", "format": "email"},
]
_PARTS = ["pro", "PRO", "od", "x", "a", "/"]
TEXT_WORDS: dict[str, Spec] = {
    "contains": one_or_some_of(_PARTS),
    "not_contains": one_or_some_of(_PARTS),
    "starts_with": one_or_some_of(["pro", "S", "a"]),
    "ends_with": one_or_some_of(["od", "ing", "Ｄ"]),
    **dict.fromkeys(["matches", "regex", "pattern"], one_of(["^pro", "(?i)PROD$", "x{3,}", "[0-9]+", "o"])),
    "glob": one_or_some_of(["prod*", "*", "?rod", "a/*", "**b", "a*b", "[x]"]),
}
SIZE_WORDS: dict[str, Spec] = {
    "length": lambda rng: rng.choice([0, 1, 4, {"gt": 1}, {"gte": 1, "lt": 5}, {"range": [1, 4]}]),
    "min_length": one_of([0, 1, 4]),
    "max_length": one_of([0, 1, 4]),
}
NUMBER = Kind(
    NUMBERS, {**equality(_PLAIN_NUMBERS), **ORDERING, **PRESENCE, "schema": one_of(SCHEMAS)}, one_of([5, 10, [5, 10]])
)
_WORDS = ["prod", "staging", "straße", "10", "i"]
TEXT = Kind(
    TEXTS,
    {**equality(_WORDS), **TEXT_WORDS, **SIZE_WORDS, **PRESENCE, "schema": one_of(SCHEMAS)},
    one_of(["prod", ["prod", "staging"], ["prod", 10], True]),
)
_DOMAINS = ["corp.example", "*.corp.example", "partner.example"]
PLACE = Kind(
    [*PLACES, ["a@corp.example", "b@corp.example"], ["a@corp.example", 7], ["a@corp.example", "evil.example"], [""]],
    {
        "external": flag,
        **dict.fromkeys(["domain_in", "domain_allowlist"], one_or_some_of(_DOMAINS)),
        "domain_blocklist": one_or_some_of(["evil.example", "corp.example", "partner.example"]),
        "email_in": one_or_some_of(["a@corp.example", "b@corp.example", "a@partner.example"]),
        **PRESENCE,
    },
)
ADDRESS = Kind(ADDRESSES, {"in_network": one_or_some_of(["10.0.0.0/8", "fd00::/8", "192.0.2.0/24"]), **PRESENCE})
_PATH_GLOBS = ["**.csv", "/srv/*", "/srv/**"]
PATH = Kind(
    PATHS, {"path_within": one_or_some_of(["/srv/data", "/srv", "/"]), "glob": one_or_some_of(_PATH_GLOBS), **PRESENCE}
)
MOMENT = Kind(
    TIMES,
    {
        **dict.fromkeys(["before", "after"], one_of(["2026-01-01T12:00:00Z", "2025-12-31T23:00:00-01:00"])),
        **dict.fromkeys(["older_than", "newer_than"], one_of(["1h", 60, "P1D", "1s"])),
        **PRESENCE,
    },
)
SPAN = Kind(
    DURATIONS, {**dict.fromkeys(["longer_than", "shorter_than"], one_of(["1h", 3600, "PT90S", "1d"])), **PRESENCE}
)
LEVEL = Kind(
    [*LEVELS, "restricted", "SECRET", ""],
    {**dict.fromkeys(["higher_than", "lower_than"], one_of(LEVELS)), **equality(LEVELS), **PRESENCE},
    one_of([*LEVELS, ["PUBLIC", "INTERNAL"]]),
)
OBJECT = Kind(
    OBJECTS,
    {"where": lambda rng: members_question(rng), "schema": one_of(SCHEMAS), **PRESENCE},
)
LIST = Kind(
    LISTS,
    {
        **dict.fromkeys(["every", "some", "none"], lambda rng: item_question(rng)),
        "contains": one_or_some_of(["prod", "x", 10, 1]),
        "not_contains": one_or_some_of(["prod", "x", 10]),
        **SIZE_WORDS,
        **PRESENCE,
        "schema": one_of(SCHEMAS),
    },
)
FLAG = Kind([True, False], {"eq": flag, **PRESENCE}, flag)


_OF_MOST_ITEMS: list[Any] = [{"absent": False}, {"type": ["string", "object"]}, {"gte": 0}, {"not": "x"}, ["prod", "x"]]


def item_question(rng: Random) -> Any:
    """What `every`, `some` and `none` ask of an item."""
    if rng.random() < 0.4:
        return rng.choice(
            [{"absent": False}, {"type": ["string", "object"]}, {"gte": 0}, {"not": "x"}, ["prod", "x", 10]]
        )
    return question(rng.choice([TEXT, NUMBER, PLACE, OBJECT]), rng, depth=1)


def members_question(rng: Random) -> dict[str, Any]:
    asked = {"amount": NUMBER, "env": TEXT, "to": PLACE, "deep.amount": NUMBER, "/a.b": NUMBER}
    return {name: question(asked[name], rng, depth=1) for name in rng.sample(sorted(asked), rng.choice([1, 1, 2]))}


PARAMETERS: dict[str, Kind] = {
    "amount": NUMBER,
    "env": TEXT,
    "to": PLACE,
    "ip": ADDRESS,
    "path": PATH,
    "when": MOMENT,
    "lease": SPAN,
    "level": LEVEL,
    "options": OBJECT,
    "items": LIST,
    "all": FLAG,
}
NESTED: dict[str, Kind] = {
    "options.amount": NUMBER,
    "/options/env": TEXT,
    "/items/0": TEXT,
    "items.0": NUMBER,
    "items.0.amount": NUMBER,
    "/options/a.b": NUMBER,
    "options.deep.amount": NUMBER,
}
