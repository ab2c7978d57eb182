"""Names of tools, categories, and what the catalogue says of a tool."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.engine.globs import compile_name_glob
from decisions.engine.scope import Scope
from tests.unit.engine.reading import catalogue, problems, read, subject, truth, violated

TOOLS = """
- {tool: email.send, effect: egress, reversible: false, category: [Messaging, loud], data_class: [internal, PII]}
- {tool: shell, effect: write, category: code}
- {tool: Shell, operation: status, effect: read}
- tool: files.archive
  operation: read
  reversible: true
  parameters: {type: object, required: [path], properties: {path: {type: string}}}
  consequence: Reads {path}
  description: For people.
- {tool: bare.tool}
"""
CATEGORIES = "{outbound: [email.send, 'slack.*', http], Dangerous: ['*.delete', 'files.*', git*], code: [ide.run]}"
CATALOGUE, _ = catalogue(TOOLS, CATEGORIES)
SCOPE = Scope(catalogue=CATALOGUE)


@pytest.mark.parametrize(
    ("pattern", "names", "others"),
    [
        ("email.send", ["email.send", "EMAIL.Send"], ["email.read", "email", "x.email.send"]),
        ("email", ["email.send", "Email.read"], ["email.smtp.send", "emails.send"]),
        ("slack.*", ["slack.post", "slack.admin.ban"], ["slacker.post", "x.slack.post"]),
        ("*.delete", ["files.delete", "files.archive.delete"], ["files.deletes", "delete.all"]),
        ("mcp_*", ["mcp_box.run", "mcp_.run"], ["mcp.run", "xmcp_.run"]),
        ("m?p", ["mcp.run"], ["mp.run", "mccp.run"]),
        ("files.*.delete", ["files.a.delete", "files.a.b.delete"], ["files.delete", "file.a.delete"]),
        ("*", ["a.b"], []),
    ],
)
def test_names_and_globs_of_tools(pattern: str, names: list[str], others: list[str]) -> None:
    assert [truth(f"tool: '{pattern}'", subject(name)) for name in names] == [True] * len(names)
    assert [truth(f"tool: ['{pattern}', zz]", subject(name)) for name in others] == [False] * len(others)


def test_beside_an_operation_and_under_operators_the_name_is_taken_whole() -> None:
    about = subject("files.archive.delete")
    assert truth("{tool: files.archive, operation: delete}", about) is True
    assert truth("{tool: files.archive.delete, operation: delete}", about) is False
    assert truth("{tool: 'files.*', operation: 'del*'}", about) is True
    assert truth("{tool: '*.delete', operation: delete}", about) is False
    assert truth("tool: {eq: files.archive.delete}", about) is False
    assert truth("tool: {glob: ['x', 'files.*']}", about) is True
    assert truth("tool: {matches: '^FILES[.]'}", about) is True


@pytest.mark.parametrize(
    ("category", "names", "others"),
    [
        ("OUTBOUND", ["email.send", "slack.a.b", "http.get"], ["email.read", "https.get"]),
        ("dangerous", ["x.delete", "files.read", "files.a.b", "github.push"], ["x.read", "filesystem.read"]),
        ("messaging", ["email.send"], ["email.read", "slack.post"]),
        # An entry without an operation speaks only for those that have none of their own.
        ("code", ["shell.run", "ide.run"], ["shell.status", "ide.open"]),
    ],
)
def test_categories_come_from_their_list_and_from_the_entries(
    category: str, names: list[str], others: list[str]
) -> None:
    text = f"tool: {{category: {category}}}"
    assert [truth(text, subject(name), scope=SCOPE) for name in names] == [True] * len(names)
    assert [truth(text, subject(name), scope=SCOPE) for name in others] == [False] * len(others)
    listed = "tool: [{category: messaging}, {effect: write, known: true}, bare.tool]"
    names = ["email.send", "shell.x", "bare.tool", "shell.status"]
    assert [truth(listed, subject(name), scope=SCOPE) for name in names] == [True, True, True, False]
    both = "tool: {category: [messaging, code]}"
    assert truth(both, subject("shell.x"), scope=SCOPE) is True


def test_what_the_catalogue_says_is_asked_like_any_field() -> None:
    mail, shell, status, nothing = (subject(name) for name in ("email.send", "shell.run", "shell.status", "x.y"))
    for text, expected in {
        "tool: {effect: egress}": (True, False, False, None),
        "tool: {effect: [read, write]}": (False, True, True, None),
        "tool: {reversible: false}": (True, None, None, None),
        "tool: {data_class: pii}": (True, None, None, None),
        "tool: {data_class: {not_contains: [PCI]}}": (True, None, None, None),
        "tool: {known: true}": (True, True, True, False),
        "tool: {known: false, matches: x}": (False, False, False, True),
        "tool: {reversible: {absent: true}}": (False, True, True, True),
    }.items():
        assert tuple(truth(text, about, scope=SCOPE) for about in (mail, shell, status, nothing)) == expected, text


def test_what_the_policy_says_of_a_tool_comes_before_what_a_host_registered() -> None:
    about = {name: subject(name, registered_effect="read") for name in ("email.send", "bare.tool", "x.y")}
    assert [truth("tool: {effect: read}", each, scope=SCOPE) for each in about.values()] == [False, True, True]


def test_parameters_are_held_against_the_schema_of_the_actions_own_tool() -> None:
    text = "parameters: {schema: catalogue}"
    name = "files.archive.read"
    assert violated(text, subject(name, {"path": "/a"}), scope=SCOPE) is False
    assert violated(text, subject(name, {"path": 5}), scope=SCOPE) is True
    assert violated(text, subject(name, {}), scope=SCOPE) is True
    assert violated(text, subject("email.send", {}), scope=SCOPE) is None
    assert violated(text, subject("no.tool", {}), scope=SCOPE) is None


def test_an_entry_is_read_with_everything_in_it() -> None:
    tool = CATALOGUE.find(tool="files.archive", operation="read")
    assert tool is not None
    assert (tool.consequence, tool.description, tool.reversible) == ("Reads {path}", "For people.", True)
    assert CATALOGUE.category_names() == {"messaging", "loud", "code", "outbound", "dangerous"}
    assert catalogue(TOOLS, CATEGORIES)[1] == []


@pytest.mark.parametrize(
    ("tools", "found"),
    [
        ("- {effect: read}", (1, 3, "missing_key")),
        ("- {tool: 'a.*'}", (1, 10, "wrong_type")),
        ("- {tool: a, operation: b.c}", (1, 24, "wrong_type")),
        ("- {tool: a.b}\n- {tool: A, operation: B}", (2, 3, "duplicate_tool")),
        ("- {tool: a.b, efect: read}", (1, 15, "unknown_key")),
        ("- {tool: a.b, effect: reed}", (1, 23, "unknown_value")),
        ("- {tool: a.b, reversible: 1}", (1, 27, "wrong_type")),
        ("- {tool: a.b, category: [a b]}", (1, 26, "wrong_type")),
        ("- {tool: a.b, data_class: []}", (1, 27, "empty_list")),
        ("- {tool: a.b, consequence: ''}", (1, 28, "empty_text")),
        ("- {tool: a.b, description: 5}", (1, 28, "wrong_type")),
        ("- {tool: a.b, parameters: {$ref: x}}", (1, 28, "unknown_key")),
        ("- a.b", (1, 3, "wrong_type")),
        ("{tool: a.b}", (1, 1, "wrong_type")),
    ],
)
def test_what_is_wrong_with_an_entry_is_found(tools: str, found: tuple[int, int, str]) -> None:
    assert catalogue(TOOLS)[1] == []
    assert catalogue(tools)[1] == [found]


@pytest.mark.parametrize(
    ("categories", "found"),
    [
        ("[a]", (1, 1, "wrong_type")),
        ("{a b: x}", (1, 2, "wrong_type")),
        ("{a: x, A: y}", (1, 8, "duplicate_key")),
        ("{a: []}", (1, 5, "empty_list")),
        ("{a: [x, {}]}", (1, 9, "wrong_type")),
        ("{a: 'x y*'}", (1, 5, "wrong_type")),
    ],
)
def test_what_is_wrong_with_a_category_is_found(categories: str, found: tuple[int, int, str]) -> None:
    assert catalogue("[]", CATEGORIES)[1] == []
    assert catalogue("[]", categories)[1] == [found]


def test_a_category_must_be_defined() -> None:
    assert problems("tool: {category: MESSAGING}", about=CATALOGUE) == []
    assert problems("tool: {category: [messaging, mesaging]}", about=CATALOGUE) == [(1, 30, "unknown_value")]
    assert read("tool: {category: mesaging}", about=CATALOGUE)[1].all()[0].fix == "Did you mean `messaging`?"


@given(st.text("ab.*?", max_size=8), st.text("ab.c", max_size=8))
def test_globs_of_names_describe_what_a_walk_over_both_would_accept(glob: str, name: str) -> None:
    def describes(pattern: str, text: str) -> bool:
        if not pattern:
            return not text
        if pattern[0] == "*":
            return describes(pattern[1:], text) or (text != "" and describes(pattern, text[1:]))
        return text != "" and pattern[0] in ("?", text[0]) and describes(pattern[1:], text[1:])

    compiled = compile_name_glob(glob)
    assert compiled is not None
    assert compiled(name) is describes(glob, name)
