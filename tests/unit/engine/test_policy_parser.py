"""A policy with a fault never takes effect, and its author is told every fault at once."""

from __future__ import annotations

import pytest

from decisions.engine.errors import EngineError, PolicyError
from decisions.engine.parser import compile_policy, parse_policy
from decisions.engine.verdict import Classification, Decision, ReasonCode, RiskLevel, Stage
from tests.unit.engine.scenes import HEADER, policy_of, problems_of, ruling, text_of

GOOD = "- {id: a, match: {tool: email.send}, action: ALLOW}"


def codes(rules: str) -> list[tuple[int, str]]:
    """Line, counted from the first line of the rules, and code of every problem."""
    offset = HEADER.count("\n") + 1
    return [(found.line - offset, found.code) for found in problems_of(text_of(rules))]


def codes_of_text(text: str) -> list[str]:
    return [found.code for found in problems_of(text)]


def rule(*, match: str = "{tool: email.send}", **keys: str) -> str:
    others = "".join(f", {name}: {value}" for name, value in keys.items())
    return f"- {{id: a, match: {match}{others}}}"


def allows(match: str) -> str:
    return rule(match=match, action="ALLOW")


@pytest.mark.case("POL-04")
@pytest.mark.parametrize(
    ("rules", "code"),
    [
        (rule(action="ALLOW", priorty="5"), "unknown_key"),
        (rule(action="PERMIT"), "unknown_value"),
        (rule(action="allow"), "unknown_value"),
        (rule(action="[ALLOW]"), "wrong_type"),
        (rule(action="STEP_UP", approvers="[g]", timeout_action="ALLOW"), "unknown_value"),
        (rule(action="STEP_UP", approvers="[g]", on_timeout="MODIFY"), "unknown_value"),
        (rule(action="DEFER", on_timeout="ALLOW"), "unknown_value"),
        (rule(action="ALLOW", priority="high"), "wrong_type"),
        (rule(action="ALLOW", priority="1.5"), "wrong_type"),
        (rule(action="ALLOW", priority="true"), "wrong_type"),
        (rule(action="ALLOW", priority="1000001"), "out_of_range"),
        (rule(action="ALLOW", risk_level="SEVERE"), "unknown_value"),
        (rule(action="ALLOW", trust="everyone"), "unknown_value"),
        (rule(action="ALLOW", reason="7"), "wrong_type"),
        (rule(action="ALLOW", reason="' '"), "empty_text"),
        (rule(action="ALLOW", reason="'" + "x" * 501 + "'"), "too_long"),
        (rule(action="DENY", classification="forbiden"), "unknown_value"),
        (rule(action="ALLOW", classification="forbidden"), "classification_mismatch"),
        (rule(action="DENY", classification="context_dependent_allow"), "classification_mismatch"),
        ("- {id: a, action: ALLOW}", "missing_key"),
        ("- {match: any, action: ALLOW}", "missing_key"),
        ("- {id: '', match: any, action: ALLOW}", "wrong_type"),
        ("- {id: 'a\tb', match: any, action: ALLOW}", "wrong_type"),
        ("- {id: [a], match: any, action: ALLOW}", "wrong_type"),
        ("- just text", "wrong_type"),
        (rule(), "missing_key"),
        (rule(approvers="[g]"), "missing_key"),
        (rule(effect="{set_context: {data_kinds: PII}}", priority="5"), "missing_key"),
        (rule(action="ALLOW", approvers="[g]"), "key_without_use"),
        (rule(action="DENY", modifications="{cap: {a: 1}}"), "key_without_use"),
        (rule(action="STEP_UP"), "missing_key"),
        (rule(action="MODIFY"), "missing_key"),
        (rule(action="ALLOW", decision="DENY"), "duplicate_key"),
    ],
)
def test_unknown_keys_values_and_types_are_refused_with_their_line(rules: str, code: str) -> None:
    assert parse_policy(text_of(GOOD), source="test").rules
    assert codes(rules) == [(1, code)]


@pytest.mark.case("POL-04")
@pytest.mark.parametrize(
    ("match", "code"),
    [
        ("{}", "empty_match"),
        ("null", "wrong_type"),
        ("all", "wrong_type"),
        ("[]", "wrong_type"),
        ("{tool: {}}", "empty_match"),
        ("{tool: []}", "empty_list"),
        ("{parameters: {}}", "wrong_type"),
        ("{parameters: [to]}", "wrong_type"),
        ("{parameters: {to: {}}}", "empty_match"),
        ("{parameters: {to: null}}", "wrong_type"),
        ("{parameters: {to: {in: []}}}", "empty_list"),
        ("{parameters: {to: ''}}", "bad_length"),
        ("{parameters: {to: {eq: [a]}}}", "wrong_type"),
        ("{parameters: {to: {eq: {a: 1}}}}", "wrong_type"),
        ("{parameters: {to: {exteral: true}}}", "unknown_operator"),
        ("{parameters: {to: {external: yes}}}", "wrong_type"),
        ("{parameters: {to: {absent: 1}}}", "wrong_type"),
        ("{parameters: {n: {gt: '5'}}}", "wrong_type"),
        ("{parameters: {n: {gt: true}}}", "wrong_type"),
        ("{parameters: {n: {gt: [5]}}}", "wrong_type"),
        ("{parameters: {n: {not: {gtt: 5}}}}", "unknown_operator"),
        ("{parameters: {'a..b': 1}}", "unknown_key"),
        ("{parameters.: 1}", "unknown_key"),
        ("{facts: {'a.b': 1}}", "unknown_key"),
        ("{facts: {'': 1}}", "unknown_key"),
        ("{facts.: 1}", "unknown_key"),
        ("{context: {data_kind: PII}}", "unknown_key"),
        ("{context: {data_kinds: {eq: PII}}}", "unknown_operator"),
        ("{context: {data_kinds: 7}}", "unknown_value"),
        ("{context: {data_kinds: 'P I I'}}", "unknown_value"),
        ("{context: {action_count: {contains: 5}}}", "unknown_operator"),
        ("{original_request: {gt: 5}}", "unknown_operator"),
        ("{tool: email., operation: send}", "unknown_value"),
        ("{tool: 'e mail'}", "unknown_value"),
        ("{tool: еmail}", "unknown_value"),
        ("{tool: [email, 5]}", "unknown_value"),
        ("{tool: {effect: raed}}", "unknown_value"),
        ("{tool: {effects: read}}", "unknown_operator"),
        ("{tool: {gt: 5}}", "unknown_operator"),
        ("{operation: a.b}", "unknown_value"),
        ("{identity: {role: x}}", "unknown_key"),
        ("{risk_signals: {injection: {gt: 1}}}", "unknown_key"),
        ("{all: []}", "empty_list"),
        ("{all: {tool: email}}", "wrong_type"),
        ("{any: [any]}", "wrong_type"),
        ("{any: [{}]}", "empty_match"),
        ("{not: {}}", "empty_match"),
        ("{not: [{tool: email}]}", "wrong_type"),
        ("{tool: [" + ", ".join(f"t{n}" for n in range(257)) + "]}", "too_long"),
        ("{parameters: {a: " + "x" * 1001 + "}}", "bad_length"),
    ],
)
def test_what_could_not_mean_anything_is_no_match(match: str, code: str) -> None:
    assert parse_policy(text_of(allows("{tool: email.send}")), source="test").rules
    assert codes(allows(match)) == [(1, code)]


@pytest.mark.case("POL-05")
@pytest.mark.parametrize(
    "pattern",
    [r"(a)\1", "(?=a)", "(?<!a)b", "(", "[z-a]", "a**", "(?P<n", "a{2000}", "x" * 201, "(?:(?:a{9}){99}){99}"],
)
def test_patterns_that_re2_refuses_or_that_are_long_are_refused(pattern: str) -> None:
    assert parse_policy(text_of(allows("{parameters: {q: {matches: '" + "x" * 200 + "'}}}")), source="test").rules
    assert codes(allows("{parameters: {q: {matches: '" + pattern + "'}}}")) == [(1, "bad_pattern")]


@pytest.mark.parametrize("pattern", ["''", "5", "[a]", "null"])
def test_a_pattern_is_a_text(pattern: str) -> None:
    assert codes(allows("{parameters: {q: {matches: " + pattern + "}}}")) == [(1, "wrong_type")]


@pytest.mark.case("APR-21")
@pytest.mark.parametrize(
    ("quorum", "code"),
    [
        ("0", "out_of_range"), ("-1", "out_of_range"), ("21", "out_of_range"), ("1.5", "wrong_type"), ("2.0",
        "wrong_type"),
        ("'2'", "wrong_type"), ("null", "wrong_type"), ("true", "wrong_type"), ("[2]", "wrong_type"), ("two",
        "wrong_type"),
        (".nan", "ambiguous_number"), (".inf", "ambiguous_number"), ("1e0", "wrong_type"), ("0x2", "ambiguous_number"),
    ],
)  # fmt: skip
def test_a_quorum_that_is_no_positive_whole_number_is_refused(quorum: str, code: str) -> None:
    control = parse_policy(text_of(rule(action="STEP_UP", approvers="[g]", quorum="2")), source="test").rules[0]
    assert control.consequence is not None
    assert control.consequence.stages == (Stage(group="g", count=2),)
    assert code in {found for _, found in codes(rule(action="STEP_UP", approvers="[g]", quorum=quorum))}
    assert code in {found for _, found in codes(rule(action="STEP_UP", approvers=f"[{{group: g, count: {quorum}}}]"))}


@pytest.mark.parametrize(
    ("approvers", "code"),
    [
        ("[]", "empty_list"), ("null", "wrong_type"), ("[g, g]", "duplicate_group"), ("['']", "wrong_type"),
        ("[7]", "wrong_type"),
        ("[{count: 1}]", "wrong_type"), ("[{group: g, size: 1}]", "unknown_key"), ("[[g]]", "wrong_type"),
        ("['a b']", "wrong_type"),
        ("[{group: [g]}]", "wrong_type"),
    ],
)  # fmt: skip
def test_approvers_are_named_groups(approvers: str, code: str) -> None:
    assert code in {found for _, found in codes(rule(action="STEP_UP", approvers=approvers))}


@pytest.mark.parametrize("approvers", ["[g, h]", "[{group: g, count: 1}]"])
def test_a_quorum_counts_a_single_named_group(approvers: str) -> None:
    assert codes(rule(action="STEP_UP", approvers=approvers, quorum="1")) == [(1, "quorum_of_groups")]


@pytest.mark.parametrize("timeout", ["0", "-1", "2592001", "1000000000000", "1.5", "'60'", "null", "1 h", "31d", "P1M"])
def test_timeouts_are_bounded(timeout: str) -> None:
    assert parse_policy(text_of(rule(action="DEFER", timeout="2592000")), source="test").rules
    for found in codes(rule(action="DEFER", timeout=timeout)):
        assert found in [(1, "out_of_range"), (1, "wrong_type")]
    assert len(codes(rule(action="STEP_UP", approvers="[g]", timeout=timeout))) == 1


@pytest.mark.parametrize(
    ("modifications", "code"),
    [
        ("{}", "no_change"), ("null", "wrong_type"), ("{cap: {}}", "no_change"), ("{cap: 5}", "wrong_type"),
        ("{cap: {limit: '5'}}", "wrong_type"), ("{cap: {limit: true}}", "wrong_type"), ("{cap: {'a..b': 5}}",
        "bad_path"),
        ("{redcat: [a]}", "unknown_key"), ("{replace: {a: 1}, redact: [a]}", "changes_meet"),
        ("{redact: []}", "empty_list"), ("{redact: {a: 1}}", "bad_path"), ("{remove: [7]}", "bad_path"),
        ("{clamp: {a: 5}}", "wrong_type"), ("{clamp: {a: [1]}}", "wrong_type"),
        ("{clamp: {a: [1, '2']}}", "wrong_type"),
        ("{clamp: {a: [2, 1]}}", "out_of_range"), ("{mask: {a: -1}}", "out_of_range"), ("{mask: {a: all}}",
        "wrong_type"), ("{add_filter: {a: 5}}", "wrong_type"), ("{add_filter: {a: {}}}", "wrong_type"),
        ("{add_filter: {a: {b: 1}}, replace: {a.b: 1}}", "changes_meet"),
        ("{replace: {a: 1}, cap: {a: 5}}", "changes_meet"),
        ("{replace: {a: {}, a.b: 5}}", "changes_meet"), ("{cap: {a: 1, /a: 1}}", "changes_meet"),
        ("{replace: {a: 1}, parameters: {b: 1}}", "duplicate_key"),
    ],
)  # fmt: skip
def test_modifications_name_each_place_once(modifications: str, code: str) -> None:
    assert code in {found for _, found in codes(rule(action="MODIFY", modifications=modifications))}


@pytest.mark.parametrize(
    ("effect", "code"),
    [
        ("{}", "missing_key"), ("{set_context: {}}", "missing_key"), ("{set: 1}", "unknown_key"), ("PII", "wrong_type"),
        ("{set_context: {data_kinds: []}}", "empty_list"), ("{set_context: {data_kinds: [PII, 7]}}", "wrong_type"),
        ("{set_context: {data_kinds: 'a b'}}", "wrong_type"), ("{set_context: {intent: x}}", "unknown_key"),
    ],
)  # fmt: skip
def test_effects_set_named_kinds_of_data(effect: str, code: str) -> None:
    assert codes(rule(effect=effect))[0] == (1, code)


@pytest.mark.parametrize("needs", ["[]", "['a b']", "[7]", "[data_kinds]", "[context.data_kinds]", "[a.b]", "[{a: 1}]"])
def test_a_deferral_waits_for_what_can_still_arrive(needs: str) -> None:
    good = rule(action="DEFER", context_needed="[window, facts.ticket, parameters.to, context.original_request]")
    parsed = parse_policy(text_of(good), source="test").rules[0].consequence
    assert parsed is not None
    assert [field.evidence for field in parsed.context_needed] == [
        "window", "ticket", "parameters.to", "context.original_request",
    ]  # fmt: skip
    if needs == "[data_kinds]":  # A bare name is a fact, whatever else has that name.
        assert parse_policy(text_of(rule(action="DEFER", context_needed=needs)), source="test").rules
    else:
        assert codes(rule(action="DEFER", context_needed=needs))[0][1] in ("empty_list", "unknown_field")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty_policy"),
        ("just text", "wrong_type"),
        ("[]", "wrong_type"),
        ("policy: {id: a, version: '1'}", "missing_key"),
        ("rules: []", "missing_key"),
        ("policy: {id: a}\nrules: []", "missing_key"),
        ("policy: a\nrules: []", "wrong_type"),
        ("policy: {id: a, version: '1'}\nrules: {}", "wrong_type"),
        ("policy: {id: a, version: '1'}\nrules:", "wrong_type"),
        ("policy: {id: 'a b', version: '1'}\nrules: []", "wrong_type"),
        ("policy: {id: 7, version: '1'}\nrules: []", "wrong_type"),
        ("policy: {id: a, version: [1]}\nrules: []", "wrong_type"),
        ("policy: {id: a, version: true}\nrules: []", "wrong_type"),
        ("policy: {id: a, version: ''}\nrules: []", "wrong_type"),
        ("policy: {id: a, version: '1', description: 7}\nrules: []", "wrong_type"),
        ("policy: {id: a, version: '1', default: MODIFY}\nrules: []", "unknown_value"),
        ("policy: {id: a, version: '1', default: PERMIT}\nrules: []", "unknown_value"),
        ("policy: {id: a, version: '1', default: [DENY]}\nrules: []", "wrong_type"),
        ("policy: {id: a, version: '1', default: STEP_UP}\nrules: []", "missing_key"),
        ("policy: {id: a, version: '1', default: {approvers: [g]}}\nrules: []", "missing_key"),
        ("policy: {id: a, version: '1', default: {action: DENY, match: any}}\nrules: []", "unknown_key"),
        ("policy: {id: a, version: '1', organisation: {}}\nrules: []", "missing_key"),
        ("policy: {id: a, version: '1', organisation: [a.example]}\nrules: []", "wrong_type"),
        ("policy: {id: a, version: '1', organisation: {domains: [A.example]}}\nrules: []", "wrong_type"),
        ("policy: {id: a, version: '1', organisation: {domains: []}}\nrules: []", "empty_list"),
        ("policy: {id: a, version: '1'}\nrules: []\ndefault: ALLOW", "unknown_key"),
        ("policy: {id: a, version: '1', intent_boundaries: {}}\nrules: []", "unknown_key"),
    ],
)
def test_a_header_is_checked_as_strictly(text: str, code: str) -> None:
    assert code in codes_of_text(text)


def test_external_needs_to_know_what_is_ours() -> None:
    text = text_of(allows("{parameters: {to: {external: false}}}"), header="policy: {id: a, version: '1'}\n")
    assert codes_of_text(text) == ["no_domains"]


@pytest.mark.case("POL-03")
def test_two_rules_of_one_name_are_refused() -> None:
    other = "- {id: b, match: {tool: email.send}, action: DENY}"
    assert len(parse_policy(text_of(f"{GOOD}\n{other}"), source="test").rules) == 2
    assert codes(f"{GOOD}\n{other}\n{GOOD}") == [(3, "duplicate_rule")]
    assert codes("- {id: a, match: any, action: ALLOW, action: DENY}") == [(1, "duplicate_key")]


@pytest.mark.case("POL-04")
def test_every_problem_is_told_at_once_with_its_place_and_the_nearest_name() -> None:
    text = text_of(
        """
        - id: a
          match: {tool: email.send, parametres: {to: x}}
          acton: DENY
        - id: b
          match: {parameters: {to: {exteral: true}}}
          action: ALOW
        """
    )
    found = [(each.line, each.column, each.code, each.fix) for each in problems_of(text)]
    assert found == [
        (3, 5, "missing_key", found[0][3]),
        (4, 31, "unknown_key", "Did you mean `parameters`?"),
        (5, 5, "unknown_key", "Did you mean `action`?"),
        (7, 31, "unknown_operator", "Did you mean `external`?"),
        (8, 13, "unknown_value", "Did you mean `ALLOW`?"),
    ]


def test_the_error_says_where_and_what_to_do() -> None:
    with pytest.raises(PolicyError, match=r"mail\.yaml:4:13: .*PERMIT") as caught:
        parse_policy(
            text_of("- {action: PERMIT, id: a, match: any}").replace("  - {", "  - {\n    "), source="mail.yaml"
        )
    error = caught.value
    assert isinstance(error, EngineError)
    assert (error.code, error.source, len(error.problems)) == ("invalid_policy", "mail.yaml", 1)
    assert error.fix


@pytest.mark.case("POL-09")
def test_an_empty_policy_denies_everything() -> None:
    control = policy_of(GOOD)
    assert ruling(control, "email.send").decision is Decision.ALLOW
    empty = compile_policy(parse_policy("policy: {id: a, version: '1'}\nrules: []", source="test"))
    answer = ruling(empty, "email.send")
    assert (answer.decision, answer.reason_code) == (Decision.DENY, ReasonCode.DEFAULT_POSTURE)
    assert (empty.rules, empty.default.decision) == ((), Decision.DENY)
    for nothing in ("", "# nothing\n", "---\n"):
        assert problems_of(nothing)


def test_published_spellings_mean_the_same() -> None:
    ours = """
        - id: a
          match:
            tool: email
            operation: send
            parameters: {to: {external: true}}
            context: {data_kinds: {contains: [PII]}, tools_used: {contains: db.query}, original_request: {contains: x}}
          action: STEP_UP
          approvers: [g]
          timeout_action: DENY
        - id: b
          match: {tool: database.query}
          action: MODIFY
          modifications: {replace: {limit: 100}}
          effect: {set_context: {data_kinds: [pii]}}
    """
    published = """
        - name: a
          match:
            tool: email.send
            parameters.to: {external: true}
            context: {data_classification: PII, prior_actions: {contains: [db.query]}}
            original_request: x
          decision: STEP_UP
          approvers: [{group: g}]
          on_timeout: DENY
        - name: b
          match: {tool: database, operation: query}
          decision: MODIFY
          modifications: {parameters: {limit: 100}}
          effect: {set_context: {data_classification: PII}}
    """
    one, other = (parse_policy(text_of(rules), source="test") for rules in (ours, published))
    assert one.rules[1] == other.rules[1]
    assert one.rules[0].consequence == other.rules[0].consequence
    context = {"data_kinds": frozenset({"PII"}), "tools_used": frozenset({"DB.query"}), "original_request": "X"}
    for document in (one, other):
        answer = ruling(compile_policy(document), "email.send", {"to": "eve@evil.example"}, **context)
        assert answer.decision is Decision.STEP_UP


def test_the_hash_covers_what_can_change_a_ruling_and_nothing_else() -> None:
    base = policy_of(GOOD).hash
    assert base.startswith("sha256:")
    assert len(base) == 71
    assert policy_of(f"# A comment.\n{GOOD}").hash == base
    assert policy_of("- {name: a, match: {operation: send, tool: email}, decision: ALLOW}").hash == base
    assert policy_of("- {name: a, match: {tool: email, operation: send}, decision: ALLOW}").hash == base
    changed = [
        GOOD.replace("ALLOW", "DENY"), GOOD.replace("send", "sent"), GOOD.replace("id: a", "id: b"),
        GOOD.replace("ALLOW", "ALLOW, priority: 1"), GOOD.replace("ALLOW", "ALLOW, trust: asserted"),
        GOOD.replace("ALLOW", "ALLOW, reason: Other."), GOOD.replace("ALLOW",
        "ALLOW, effect: {set_context: {data_kinds: A}}"),
    ]  # fmt: skip
    nested = "- {id: a, match: any, action: MODIFY, modifications: {replace: {filter: {b: %s, a: [1]}}}}"
    changed += [nested % "1", nested % "true", nested % "{c: 1}"]
    hashes = {base, policy_of(GOOD, default="ALLOW").hash} | {policy_of(rules).hash for rules in changed}
    assert len(hashes) == len(changed) + 2


def test_a_version_is_a_name_and_a_description_no_part_of_the_hash() -> None:
    texts = [f"policy: {{id: a, version: 1.10, description: {words}}}\nrules: []" for words in ("One.", "Two.")]
    one, other = (compile_policy(parse_policy(text, source="test")) for text in texts)
    assert (one.id, one.version, one.hash) == ("a", "1.10", other.hash)


def test_what_is_left_out_has_a_documented_value() -> None:
    text = text_of(
        """
        - {id: allow, match: any, action: ALLOW}
        - {id: deny, match: any, action: DENY}
        - {id: modify, match: any, action: MODIFY, modifications: {cap: {a: 1}}}
        - {id: ask, match: any, action: STEP_UP, approvers: [g]}
        - {id: wait, match: any, action: DEFER}
        """
    )
    found = [rule.consequence for rule in parse_policy(text, source="test").rules]
    assert [(each.risk_level, each.timeout_seconds) for each in found if each is not None] == [
        (RiskLevel.LOW, None), (RiskLevel.HIGH, None), (RiskLevel.MEDIUM, None), (RiskLevel.MEDIUM, 3600),
        (RiskLevel.MEDIUM, 300),
    ]  # fmt: skip
    assert all(each is not None and each.reason and each.classification is None for each in found)


def test_a_default_may_ask_people_or_wait() -> None:
    asking = policy_of(
        GOOD, default="{action: STEP_UP, approvers: [g], quorum: 2, timeout: 60, reason: New., risk_level: HIGH}"
    )
    answer = ruling(asking, "other.tool")
    assert (answer.decision, answer.reason, answer.reason_code) == (
        Decision.STEP_UP,
        "New.",
        ReasonCode.DEFAULT_POSTURE,
    )
    assert answer.route is not None
    assert (answer.route.stages, answer.route.timeout_seconds) == ((Stage(group="g", count=2),), 60)
    waiting = ruling(policy_of(GOOD, default="DEFER"), "other.tool")
    assert (waiting.decision, waiting.timeout_seconds) == (Decision.DEFER, 300)
    assert ruling(policy_of(GOOD, default="ALLOW"), "other.tool").decision is Decision.ALLOW


def test_classifications_go_with_their_decisions() -> None:
    rules = rule(action="DENY", classification="context_dependent_deny")
    assert ruling(policy_of(rules), "email.send").classification is Classification.CONTEXT_DEPENDENT_DENY
