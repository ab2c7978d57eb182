"""YAML that means different things to different readers never becomes a policy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.engine.readers import read_json
from decisions.engine.source import DEEPEST, LONGEST_SOURCE, Findings, Mapping, Scalar, Sequence, read_source
from receipts.signing.canonical import canonical_bytes

GOOD = "a: 1\nb: [x, 2.5, true, null]\nc: {d: e}\n"
BILLION_LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(letter)}: &{chr(letter)} [{','.join(['*' + chr(letter - 1)] * 9)}]\n" for letter in range(ord("b"), ord("j"))
)


def read(text: str) -> tuple[object, list[tuple[int, str]]]:
    findings = Findings()
    tree = read_source(text, findings=findings)
    return None if tree is None else read_json(tree), [(found.line, found.code) for found in findings.all()]


def test_plain_yaml_is_read_with_its_places() -> None:
    assert read(GOOD) == ({"a": 1, "b": ["x", 2.5, True, None], "c": {"d": "e"}}, [])
    tree = read_source(GOOD, findings=Findings())
    assert isinstance(tree, Mapping)
    key, value = tree.entries[1]
    assert (key.place.line, key.place.column, value.place.line, value.place.column) == (2, 1, 2, 4)
    assert isinstance(value, Sequence)
    assert isinstance(value.items[0], Scalar)


@pytest.mark.case("POL-01")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: &x 1\nb: 2\n", [(1, "anchor")]),
        ("a: &x 1\nb: *x\n", [(1, "anchor"), (2, "alias")]),
        ("a: {c: 1}\nb:\n  <<: {d: 2}\n", [(3, "merge_key")]),
        ("a: &x {c: 1}\nb:\n  <<: *x\n", [(1, "anchor"), (3, "alias"), (3, "merge_key")]),
    ],
)
def test_anchors_aliases_and_merge_keys_are_refused(text: str, found: list[tuple[int, str]]) -> None:
    assert read(GOOD)[1] == []
    assert sorted(read(text)[1]) == sorted(found)


@pytest.mark.case("POL-01")
def test_aliases_never_multiply() -> None:
    tree, problems = read(BILLION_LAUGHS)
    assert {code for _, code in problems} == {"anchor", "alias"}
    assert len(canonical_bytes(tree)) < 1000


@pytest.mark.case("POL-02")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: !!python/object/apply:os.system [ls]\n", [(1, "tag")]),
        ("a: !mine x\n", [(1, "tag")]),
        ("a: !!int 3\n", [(1, "tag")]),
        ("a: 1\n---\nb: 2\n", [(2, "second_document")]),
        ("a: 1\n...\n---\nb: 2\n", [(3, "second_document")]),
        ("%YAML 1.1\n---\na: yes\n", [(2, "directive")]),
        ("%TAG ! tag:x,2000:\n---\na: 1\n", [(2, "directive")]),
    ],
)
def test_tags_documents_and_directives_are_refused(text: str, found: list[tuple[int, str]]) -> None:
    assert read(GOOD)[1] == []
    assert read(text)[1] == found


@pytest.mark.case("POL-02")
@pytest.mark.parametrize("text", ["yes", "no", "on", "off", "NO", "y", "1:30", "190:20:30", "2026-01-01", "=", "1.2.3"])
def test_what_older_readers_take_for_something_else_is_text(text: str) -> None:
    assert read(f"a: {text}\n") == ({"a": text}, [])


@pytest.mark.case("POL-02")
@pytest.mark.parametrize(
    "text",
    ["0o17", "0x1F", "0b11", "017", "007", "1_000", "+5", ".5", "1.", ".inf", "-.inf", ".nan", "1e400", "01.5",
     "9007199254740993", "99999999999999999999", "1" * 5000, "1.0000000000000000000000001", "1_0e3"],
)  # fmt: skip
def test_numbers_that_json_does_not_have_are_refused(text: str) -> None:
    assert read("a: 17\n") == ({"a": 17}, [])
    assert read(f"a: {text}\n")[1] == [(1, "ambiguous_number")]
    assert read(f'a: "{text}"\n') == ({"a": text}, [])


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("True", True), ("FALSE", False), ("null", None), ("~", None), ("", None), ("0", 0), ("-7", -7),
     ("9007199254740991", 2**53 - 1), ("-0", 0), ("1.50", 1.5), ("-1e3", -1000.0), ("'true'", "true"), ('"1"', "1")],
)  # fmt: skip
def test_what_json_has_is_read_as_json_does(text: str, value: object) -> None:
    tree, problems = read(f"a: {text}\n")
    assert (tree, problems) == ({"a": value}, [])
    assert type(read(f"a: {text}\n")[0]["a"]) is type(value)  # type: ignore[index]


@pytest.mark.case("POL-03")
def test_duplicate_keys_are_refused_wherever_they_are() -> None:
    assert read("a: {b: 1, c: 2}\n")[1] == []
    assert read("a: 1\na: 2\n")[1] == [(2, "duplicate_key")]
    assert read('- {a: {b: 1, "b": 2}}\n')[1] == [(1, "duplicate_key")]


@pytest.mark.parametrize("key", ["1", "true", "null", "~", "1.5", "[x]", "{x: y}", "? [x]\n"])
def test_a_key_that_is_no_text_is_refused(key: str) -> None:
    assert "key_type" in {code for _, code in read(f"{key}: 1\n")[1]}
    assert read("'1': 1\n") == ({"1": 1}, [])


@pytest.mark.parametrize("text", ["", "# nothing\n", "\n\n"])
def test_an_empty_text_is_refused(text: str) -> None:
    tree, problems = read(text)
    assert tree is None
    assert [code for _, code in problems] == ["empty_policy"]


@pytest.mark.parametrize("text", ["a: [1", "{", "a: b: c", "\t- a", "a: \x01", "%YAML 3.0\n---\na: 1", 'a: "\\q"', "@"])
def test_what_is_no_yaml_is_refused_with_a_place(text: str) -> None:
    tree, problems = read(text)
    assert tree is None
    assert [code for _, code in problems] == ["yaml_syntax"]


def test_a_key_without_a_value_is_null() -> None:
    assert read("? a\n") == ({"a": None}, [])


@pytest.mark.parametrize("levels", [DEEPEST + 1, 1000, 100_000])
def test_depth_is_limited_before_the_stack_is(levels: int) -> None:
    assert read("[" * DEEPEST + "]" * DEEPEST)[1] == []
    assert read("[" * levels + "]" * levels)[1] == [(1, "yaml_syntax")]


def test_length_is_limited() -> None:
    assert read("#" * LONGEST_SOURCE)[1] == [(1, "empty_policy")]
    assert read("#" * (LONGEST_SOURCE + 1)) == (None, [(1, "too_large")])
    assert read("#" + "é" * (LONGEST_SOURCE // 2)) == (None, [(1, "too_large")])


def test_half_a_surrogate_pair_is_refused() -> None:
    assert read('a: "\\ud800"\n')[1] == [(1, "lone_surrogate")]
    assert read('a: "\\U0001F600"\n') == ({"a": "\U0001f600"}, [])


@given(st.text(alphabet=st.sampled_from(list("ab:-[]{},\n \t&*!|>'\"%@`#?~0.1_<\\\ufeff\x85")), max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    tree, problems = read(text)
    assert problems or canonical_bytes(tree)
