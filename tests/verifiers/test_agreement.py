"""Two verifiers, written apart from each other, give one verdict: on what is published and on what is damaged."""

from __future__ import annotations

import json
import runpy
import struct
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from receipts.signing.archive import is_archive
from receipts.signing.canonical import canonical_bytes
from receipts.signing.statement import ReceiptType
from tests.verifiers.javascript import JavaScriptVerifier
from tests.verifiers.mutations import mutations
from tests.verifiers.publishing.__main__ import document
from tests.verifiers.publishing.member_edges import TYPES
from tests.verifiers.python import python_verdict
from tests.verifiers.questions import VECTORS, Vector, Verdict, all_vectors

PUBLISHED = all_vectors()
SEED = 20261103
AT_ONCE = 500
# Every verdict that a question can get, so that agreement on them means something.
VERDICTS = {
    (0, None), (1, "malformed"), (2, "tampered"), (2, "bad_signature"), (2, "commitment_mismatch"), (2, "broken_chain"),
    (2, "not_in_log"), (2, "log_mismatch"), (2, "inconsistent_log"), (3, "fork"), (3, "split_view"),
    (4, "untrusted_key"), (4, "revoked_key"), (5, "unsupported"), (6, None), (64, None),
}  # fmt: skip


def name_of(vector: Vector) -> str:
    return vector.name


def test_there_are_as_many_vectors_as_we_say() -> None:
    assert len({vector.name for vector in PUBLISHED}) == len(PUBLISHED) >= 500


def test_the_edges_are_what_their_generator_writes() -> None:
    assert document() == json.loads((VECTORS / "receipts" / "edges.json").read_text())
    exports = runpy.run_path(str(VECTORS / "exports" / "generate.py"))["document"]()
    assert exports == json.loads((VECTORS / "exports" / "exports.json").read_text())


def test_every_type_of_receipt_has_a_vector() -> None:
    assert set(TYPES) == set(ReceiptType)


@pytest.mark.case("RCP-15", "RCP-16", "RCP-17", "RCP-18", "RCP-19", "RCP-21", "RCP-25")
@pytest.mark.parametrize("vector", PUBLISHED, ids=name_of)
def test_python_gives_the_published_verdict(vector: Vector, tmp_path: Path) -> None:
    assert python_verdict(vector.question, folder=tmp_path) == vector.verdict


@pytest.mark.case("RCP-15", "RCP-16", "RCP-17", "RCP-18", "RCP-19", "RCP-21", "RCP-25")
def test_javascript_gives_the_published_verdicts(javascript: JavaScriptVerifier) -> None:
    found = javascript.verdicts(vector.question for vector in PUBLISHED)
    differing = {
        vector.name: verdict for vector, verdict in zip(PUBLISHED, found, strict=True) if verdict != vector.verdict
    }
    assert differing == {}


def _lines(notes: Sequence[bytes]) -> bytes:
    """As the checkpoints.jsonl of an export has them."""
    return b"".join(json.dumps({"note": note.decode()}).encode() + b"\n" for note in notes)


@pytest.mark.case("RCP-25")
def test_kept_checkpoints_may_come_as_the_lines_of_an_export(javascript: JavaScriptVerifier, tmp_path: Path) -> None:
    vectors = [vector for vector in PUBLISHED if vector.question.kept and vector.verdict[0] != 1]
    assert {vector.verdict[0] for vector in vectors} >= {0, 2, 3}
    asked = [replace(vector.question, kept=(_lines(vector.question.kept),)) for vector in vectors]
    expected = [vector.verdict for vector in vectors]
    sound = next(vector.question for vector in vectors if vector.verdict == (0, None))
    line = _lines(sound.kept[:1])
    for kept in (line[:-1], line * 2):
        asked.append(replace(sound, kept=(kept,)))
        expected.append((0, None))
    for kept in (line + b"\n", line + b"x\n", b"{}", b'{"note":1}', b"{", line.replace(b"{", b'{"note":"",', 1)):
        asked.append(replace(sound, kept=(kept,)))
        expected.append((1, "malformed"))
    assert [python_verdict(question, folder=tmp_path) for question in asked] == expected
    assert javascript.verdicts(asked) == expected


def _disagreements(
    javascript: JavaScriptVerifier, *, folder: Path, count: int
) -> tuple[dict[str, tuple[Verdict, Verdict]], set[Verdict]]:
    """What the two say differently, by the name that makes the question again, and all that was said."""
    differing: dict[str, tuple[Verdict, Verdict]] = {}
    said: set[Verdict] = set()
    # Archives have changes of their own, in test_archives.py.
    plain = [vector for vector in PUBLISHED if not is_archive(vector.question.file)]
    questions = mutations(plain, seed=SEED, count=count)
    while asked := list(islice(questions, AT_ONCE)):
        here = [python_verdict(question, folder=folder) for _, question in asked]
        there = javascript.verdicts(question for _, question in asked)
        answers = zip(asked, here, there, strict=True)
        differing |= {name: (one, other) for (name, _), one, other in answers if one != other}
        said |= set(here)
    return differing, said


@pytest.mark.case("RCP-14", "RCP-32")
def test_two_thousand_damaged_files_get_one_verdict(javascript: JavaScriptVerifier, tmp_path: Path) -> None:
    differing, verdicts = _disagreements(javascript, folder=tmp_path, count=2_000)
    assert differing == {}
    assert {code for code, _ in verdicts} == {code for code, _ in VERDICTS}


@pytest.mark.nightly
@pytest.mark.case("RCP-14", "RCP-32")
def test_a_hundred_thousand_damaged_files_get_one_verdict(javascript: JavaScriptVerifier, tmp_path: Path) -> None:
    differing, verdicts = _disagreements(javascript, folder=tmp_path, count=100_000)
    assert differing == {}
    assert verdicts == VERDICTS


# RFC 8785 section 3.2.3: names by UTF-16 units, where U+1F600 comes before U+FB33.
SORTED_BY_UNITS = {
    "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
    "\U0001f600": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis",
}  # fmt: skip
# RFC 8785 section 3.2.2.
LITERALS = {
    "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
    "literals": [None, True, False],
}
CANONICAL = (
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
    '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
)


def _in_browser(javascript: JavaScriptVerifier, value: object) -> str:
    script = """async ([origin, text]) => {
      const { parseJson } = await import(`${origin}/json.js`);
      const { canonicalText } = await import(`${origin}/canonical.js`);
      return canonicalText(parseJson(new TextEncoder().encode(text)));
    }"""
    return str(javascript.page.evaluate(script, ["https://verifier.test", json.dumps(value)]))


@pytest.mark.case("RCP-13")
def test_canonical_bytes_are_the_same_in_both(javascript: JavaScriptVerifier) -> None:
    assert _in_browser(javascript, SORTED_BY_UNITS).encode() == canonical_bytes(SORTED_BY_UNITS)
    hard = {
        "\U0001f600": ["\u2028", "\x7f", "\x1f", "\\/"],
        "\ufb33": {"": 0, "a\u0301": 1, "á": 2},
        "__proto__": [-0.0],
    }
    assert _in_browser(javascript, hard).encode() == canonical_bytes(hard)
    # One of the numbers of the example lies beyond the profile's bounds and is not read; the writer knows it.
    assert canonical_bytes(LITERALS).decode() == CANONICAL
    numbers = {**LITERALS, "numbers": [333333333.33333329, 4.50, 2e-3, 0.000000000000000000000000001]}
    assert _in_browser(javascript, numbers) == CANONICAL.replace("1e+30,", "")


@pytest.mark.case("RCP-13")
def test_numbers_are_written_the_same_in_both(javascript: JavaScriptVerifier) -> None:
    numbers = json.loads((VECTORS / "receipts" / "es6-numbers.json").read_text())["numbers"]
    script = (
        "async ([url, values]) => { const { canonicalText } = await import(url); return values.map(canonicalText); }"
    )
    values = [struct.unpack(">d", bytes.fromhex(bits))[0] for bits, _ in numbers]
    written = javascript.page.evaluate(script, ["https://verifier.test/canonical.js", values])
    expected = [text for _, text in numbers]
    assert written == expected
    assert [rfc_form(value) for value in values] == expected


def rfc_form(value: float) -> str:
    return canonical_bytes(value).decode()
