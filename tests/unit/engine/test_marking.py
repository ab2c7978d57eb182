"""Where secrets stand: to the character, in the text that the classifier reads, and nothing beside them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.engine.classify import detect_kinds
from decisions.engine.marking import Mark, marks_in
from receipts.signing.canonical import JSON
from tests.unit.engine.labelled import LABELLED

TOKEN = "sk_live_9fQ2xL7vB4nR8tW1zK6m"
CARD = "4111 1111 1111 1111"
PEM = "-----BEGIN PRIVATE KEY-----\n" + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIB\n" * 2 + "drop it\n"


def cut(value: Any, mark: Mark) -> str:
    for token in mark.path.split("/")[1:]:
        value = value[int(token)] if isinstance(value, list) else value[token.replace("~1", "/").replace("~0", "~")]
    return str(value)[mark.start : mark.end]


def found(value: JSON) -> list[tuple[str, str, str]]:
    return [(mark.path, mark.kind, cut(value, mark)) for mark in marks_in(value)]


@pytest.mark.case("DEC-18")
@pytest.mark.parametrize(
    ("text", "secret", "kind"),
    [
        (f"pay with {CARD} 5000000 to mallory", CARD, "PCI"),
        (f"use {TOKEN}; rm -rf / --force", TOKEN, "SECRET"),
        ("postgres://app:s3cr3t!Pw@db.evil.example/prod", "s3cr3t!Pw", "SECRET"),
        ("DB_PASSWORD=Tr0ub4dor&3 drop=everything", "Tr0ub4dor&3", "SECRET"),
        (f"\u00e9\u0301 \uff34est {TOKEN} und los", TOKEN, "SECRET"),
        (PEM, PEM.split("-----\n")[1].removesuffix("\ndrop it\n"), "SECRET"),
    ],
    ids=["card", "token", "address", "password", "not-ascii", "private-key"],
)
def test_nothing_beside_the_secret_itself_is_covered(text: str, secret: str, kind: str) -> None:
    assert found({"body": text}) == [("/body", kind, secret)]


def test_names_of_members_tell_and_places_are_pointers() -> None:
    values: JSON = [{"password": "Tr0ub4dor&3"}, 4111111111111111, True, None, 1.5]
    value: JSON = {"a/b~": values, "to": "ana@partner.example"}
    assert found(value) == [("/a~1b~0/0/password", "SECRET", "Tr0ub4dor&3"), ("/a~1b~0/1", "PCI", "4111111111111111")]
    assert found(f"bare {TOKEN}") == [("", "SECRET", TOKEN)]
    assert Mark("/a", 1, 2, "PCI").to_dict() == {"path": "/a", "start": 1, "end": 2, "kind": "PCI"}


def test_what_is_found_twice_is_one_place() -> None:
    text = f"api_key={TOKEN} and Authorization: Bearer {TOKEN}"
    assert [secret for _, _, secret in found({"header": text})] == [TOKEN, TOKEN]


def test_a_secret_across_members_is_covered_in_each() -> None:
    key: JSON = {"kty": "OKP", "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}
    assert [path for path, _, _ in found(key)] == ["/d"]


def test_what_the_classifier_calls_a_secret_or_a_card_has_a_place() -> None:
    texts = [example.text for example in LABELLED if detect_kinds(example.text) & {"SECRET", "PCI"}]
    assert len(texts) > 300
    unmarked = [text for text in texts if not marks_in(text)]
    assert len(unmarked) <= len(texts) // 100, unmarked


@given(st.recursive(st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_places_lie_within_their_texts_and_apart(value: JSON) -> None:
    before: Mark | None = None
    for mark in marks_in([value, f"x {TOKEN} y", f"é {CARD} 1"]):
        assert cut([value, f"x {TOKEN} y", f"é {CARD} 1"], mark)
        assert before is None or before.path != mark.path or before.end <= mark.start
        before = mark
