"""The policies that come with the product do what their comments and the contract say."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from decisions.engine.cases import CaseResult, run_cases
from decisions.engine.context import Trust
from decisions.engine.document import Mode
from decisions.engine.findings import Severity
from decisions.engine.levels import NOT_CLASSIFIED
from decisions.engine.lint import lint
from decisions.engine.parser import compile_policy, parse_policy
from decisions.engine.pdp import evaluate
from decisions.engine.policy import Policy
from decisions.engine.verdict import Classification, Decision, ReasonCode, RiskLevel, Stage
from receipts.signing.canonical import JSON
from tests.unit.engine.scenes import facts, ruling

FOLDER = Path(__file__).parents[3] / "decisions" / "policies"
PII = frozenset({"PII"})
OUTSIDE: dict[str, JSON] = {"to": "ana@partner.example", "subject": "Q4"}


@cache
def pack(name: str) -> Policy:
    path = FOLDER / f"{name}.yaml"
    return compile_policy(parse_policy(path.read_text(encoding="utf-8"), source=path.name))


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_pack_is_a_policy_named_like_its_file(path: Path) -> None:
    policy = pack(path.stem)
    assert policy.id == path.stem
    assert all(rule.baseline is None or not rule.baseline.reason.startswith("Rule ") for rule in policy.rules)


@pytest.mark.parametrize(
    "recipients", [{"to": "bob@corp.example"}, {"to": ["bob@corp.example", "alice@corp.example"]},
                   {"to": "bob@corp.example", "cc": "dave@corp.example", "bcc": None}],
)  # fmt: skip
def test_demo_allows_mail_within_the_company(recipients: dict[str, JSON]) -> None:
    assert ruling(pack("demo"), "email.send", recipients).decision is Decision.ALLOW
    assert ruling(pack("demo"), "email.send", recipients, data_kinds=PII).decision is Decision.ALLOW


@pytest.mark.parametrize(
    "recipients",
    [
        OUTSIDE, {"to": ["bob@corp.example", "ana@partner.example"]}, {"to": "bob@corp.example",
        "cc": "ana@partner.example"},
        {"to": "bob@corp.example", "bcc": ["ana@partner.example"]}, {"to": "bob@corp.example,eve@evil.example"},
        {"to": "bob@corp.example.evil.example"},
    ],
)  # fmt: skip
def test_demo_asks_the_security_team_about_mail_to_others_until_personal_data_was_touched(recipients: Any) -> None:
    asked = ruling(pack("demo"), "email.send", recipients)
    assert (asked.decision, asked.risk_level, asked.timeout_seconds) == (Decision.STEP_UP, RiskLevel.HIGH, 3600)
    assert asked.route is not None
    assert asked.route.stages == (Stage("security-team", 1),)
    assert (
        ruling(pack("demo"), "email.send", recipients, data_kinds=frozenset({"INTERNAL"})).decision is Decision.STEP_UP
    )
    denied = ruling(pack("demo"), "email.send", recipients, data_kinds=PII)
    assert (denied.decision, denied.classification) == (Decision.DENY, Classification.CONTEXT_DEPENDENT_DENY)


@pytest.mark.parametrize("parameters", [{}, {"to": None}, {"to": 7}, {"to": "bob@corp.example", "cc": {"a": 1}}])
def test_demo_waits_where_nobody_is_named(parameters: dict[str, JSON]) -> None:
    for kinds in (frozenset(), PII):
        answer = ruling(pack("demo"), "email.send", parameters, data_kinds=kinds)
        assert (answer.decision, answer.reason_code) == (Decision.DEFER, ReasonCode.MISSING_CONTEXT)


@pytest.mark.parametrize(
    ("asked", "decision", "limit"),
    [({}, Decision.MODIFY, 100), ({"limit": 101}, Decision.MODIFY, 100), ({"limit": 100}, Decision.ALLOW, 100),
     ({"limit": 5}, Decision.ALLOW, 5), ({"limit": None}, Decision.MODIFY, 100)],
)  # fmt: skip
def test_demo_caps_queries(asked: dict[str, JSON], decision: Decision, limit: int) -> None:
    answer = ruling(pack("demo"), "database.query", asked)
    assert (answer.decision, answer.parameters["limit"], answer.labels) == (decision, limit, frozenset())


@pytest.mark.parametrize(
    ("parameters", "labels"),
    [
        ({"table": "customers"}, {"PII"}), ({"table": "main.Customers"}, {"PII"}), ({"table": "orders"}, set()),
        ({"table": "customers_archive"}, set()), ({"query": "select * from customers c"}, {"PII"}),
        ({"sql": "CUSTOMERS"}, {"PII"}),
        ({}, set()),
    ],
)  # fmt: skip
def test_demo_knows_the_customers_for_personal_data(parameters: dict[str, JSON], labels: set[str]) -> None:
    assert ruling(pack("demo"), "database.query", parameters).labels == labels


def test_demo_forbids_dropping() -> None:
    answer = ruling(pack("demo"), "Database.Drop", {"table": "orders"})
    assert (answer.decision, answer.classification) == (Decision.DENY, Classification.FORBIDDEN)


@pytest.mark.parametrize(
    ("request_text", "trust", "decision"),
    [
        ("Please delete the old orders.", Trust.ATTESTED, Decision.STEP_UP),
        ("REMOVE what expired in March.", Trust.ATTESTED, Decision.STEP_UP),
        ("Clean up the test rows.", Trust.ATTESTED, Decision.STEP_UP),
        ("Do the cleanup, deleting nothing else.", Trust.ATTESTED, Decision.STEP_UP),
        ("Please delete the old orders.", Trust.ASSERTED, Decision.DENY),
        ("How many orders are there?", Trust.ATTESTED, Decision.DENY),
        (None, Trust.ATTESTED, Decision.DENY),
    ],
)
def test_demo_deletes_only_what_the_person_asked_for(
    request_text: str | None, trust: Trust, decision: Decision
) -> None:
    answer = ruling(pack("demo"), "database.delete", {"table": "o"}, original_request=request_text, request_trust=trust)
    assert answer.decision is decision
    if decision is Decision.STEP_UP:
        assert answer.route is not None
        assert answer.route.stages == (Stage("security-team", 1), Stage("data-owner", 1))
        assert (answer.risk_level, answer.classification) == (
            RiskLevel.CRITICAL,
            Classification.CONTEXT_DEPENDENT_ALLOW,
        )


@pytest.mark.parametrize(
    ("window", "trust", "decision"),
    [("open", Trust.ATTESTED, Decision.ALLOW), ("closed", Trust.ATTESTED, Decision.DENY),
    ("ajar", Trust.ATTESTED, Decision.DENY),
     ("open", Trust.ASSERTED, Decision.DEFER), (None, Trust.ATTESTED, Decision.DEFER)],
)  # fmt: skip
def test_demo_rotates_when_the_window_is_known(window: str | None, trust: Trust, decision: Decision) -> None:
    answer = ruling(pack("demo"), "credentials.rotate", {}, facts=facts(trust, maintenance_window=window))
    assert answer.decision is decision
    if decision is Decision.DEFER:
        assert (answer.context_needed, answer.timeout_seconds) == (("maintenance_window",), 300)
        assert answer.classification is Classification.CONTEXT_DEPENDENT_DEFER
    assert ruling(pack("demo"), "credentials.rotate").decision is Decision.DEFER


def test_demo_asks_about_events_for_five_seconds_and_denies_the_rest() -> None:
    answer = ruling(pack("demo"), "calendar.create", {"title": "Review"})
    assert answer.route is not None
    assert (answer.decision, answer.risk_level, answer.timeout_seconds) == (Decision.STEP_UP, RiskLevel.LOW, 5)
    assert answer.route.stages == (Stage("security-team", 1),)
    for name in ("files.read", "email.archive", "databases.query", "shell.call"):
        denied = ruling(pack("demo"), name)
        assert (denied.decision, denied.reason_code) == (Decision.DENY, ReasonCode.DEFAULT_POSTURE)


@pytest.mark.parametrize(
    ("name", "parameters", "decision"),
    [
        ("files.read", {"name": "notes.txt"}, Decision.ALLOW),
        ("files.delete", {"name": "contract.txt"}, Decision.DENY),
        ("database.query", {"table": "customers", "limit": 5000}, Decision.MODIFY),
        ("database.query", {"table": "customers"}, Decision.MODIFY),
        ("database.query", {"table": "customers", "limit": 10}, Decision.ALLOW),
        ("database.query", {"table": "customers", "limit": -1}, Decision.DENY),
        ("database.query", {"table": "customers", "limit": "all"}, Decision.DEFER),
        ("database.drop", {}, Decision.DENY),
        ("email.send", {"to": "alice@corp.example"}, Decision.ALLOW),
        ("email.send", {"to": "ana@partner.example"}, Decision.STEP_UP),
        ("email.send", {}, Decision.DEFER),
        ("shell.run", {}, Decision.DENY),
    ],
)
def test_starter_is_a_sensible_beginning(name: str, parameters: dict[str, JSON], decision: Decision) -> None:
    answer = ruling(pack("starter"), name, parameters)
    assert answer.decision is decision
    assert answer.route is None or answer.route.stages == (Stage("reviewers", 1),)
    assert answer.labels == ({"PII"} if parameters.get("table") and decision is not Decision.DENY else set())


def test_replay_lets_reads_through_asks_about_the_rest_and_denies_nothing() -> None:
    assert ruling(pack("replay"), "a.b", registered_effect="read").decision is Decision.ALLOW
    for effect in ("write", "egress", None):
        answer = ruling(pack("replay"), "a.b", {"x": 1}, registered_effect=effect)
        assert answer.decision is Decision.STEP_UP
        assert answer.route is not None
        assert answer.route.stages == (Stage("reviewers", 1),)


PACKS = {path.stem: path.read_text(encoding="utf-8") for path in sorted((FOLDER / "packs").glob("*.yaml"))}
# Rules as AARM prints them, page by page: without priorities, so that some contradict each other.
PRINTED = "aarm-pages"
OURS = [name for name in PACKS if name != PRINTED]
MAIN = 'policy: {id: mine, version: "1"}\norganisation: {domains: [corp.example]}\n'
# What a pack's own cases can't show, because a pack defines no tools, with the test below that shows it.
SHOWN_BELOW = {("mcp", "as-registered")}


@cache
def pack_results(name: str) -> tuple[CaseResult, ...]:
    document = parse_policy(PACKS[name], source=name)
    return run_cases(document.cases, policy=compile_policy(document))


@pytest.mark.parametrize("name", PACKS)
def test_every_case_of_every_pack_comes_out_as_expected(name: str) -> None:
    assert parse_policy(PACKS[name], source=name).id == name
    failing = [f"{each.case.name}: {each.differences}" for each in pack_results(name) if not each.has_passed]
    assert failing == []
    assert len(pack_results(name)) >= len(parse_policy(PACKS[name], source=name).rules)


@pytest.mark.parametrize("name", sorted({*PACKS, "demo", "starter", "replay"}))
def test_what_nothing_has_classified_changes_no_decision_of_a_pack_but_the_page_s_limit_of_a_level(name: str) -> None:
    document = parse_policy(PACKS.get(name) or (FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), source=name)
    policy = compile_policy(document)
    for case in document.cases:
        touched = replace(case.context, data_kinds=case.context.data_kinds | {NOT_CLASSIFIED})
        before, after = (evaluate(case.action, context=each, policy=policy) for each in (case.context, touched))
        if (after.decision, after.rule_id) != (before.decision, before.rule_id):
            assert after.rule_id == "intent_boundaries/meeting_prep/max_data_classification", case.name


@pytest.mark.parametrize("name", PACKS)
def test_every_rule_of_every_pack_decides_a_case(name: str) -> None:
    deciding = {each.ruling.rule_id for each in pack_results(name)}
    if name == PRINTED:
        deciding |= {rule for each in pack_results(name) for rule in each.ruling.matched_rules}
    labels = frozenset[str]().union(*(each.ruling.labels for each in pack_results(name)))
    for rule in parse_policy(PACKS[name], source=name).rules:
        shows = rule.labels <= labels if rule.consequence is None else rule.id in deciding
        assert shows or (name, rule.id) in SHOWN_BELOW, rule.id


@pytest.mark.parametrize("name", PACKS)
def test_every_pack_denies_or_asks_about_what_it_does_not_know(name: str) -> None:
    default = compile_policy(parse_policy(PACKS[name], source=name)).default.decision
    assert default in (Decision.DENY, Decision.STEP_UP)
    outcomes = {each.ruling.decision for each in pack_results(name)}
    assert {Decision.MODIFY if name == PRINTED else Decision.ALLOW, Decision.DENY} <= outcomes


@pytest.mark.case("POL-20")
@pytest.mark.parametrize("name", OURS)
def test_the_linter_has_nothing_to_say_of_any_pack(name: str) -> None:
    assert lint(parse_policy(PACKS[name], source=name)) == ()


@pytest.mark.parametrize("mode", Mode)
def test_all_packs_go_together_in_one_policy(mode: Mode) -> None:
    listed = ", ".join(f"{{pack: {name}, mode: {mode}}}" for name in OURS)
    text = f"{MAIN}include: [{listed}]\nrules: []\n"
    document = parse_policy(text, source="all", included={f"pack:{name}": PACKS[name] for name in PACKS})
    assert {rule.mode for rule in document.rules} == {mode}
    assert [finding for finding in lint(document) if finding.severity is Severity.ERROR] == []
    policy = compile_policy(document)
    answer = ruling(policy, "email.send", {"to": "eve@evil.example"}, data_kinds=PII)
    assert (answer.decision, answer.rule_id) == (
        (Decision.DENY, "aarm/form-001") if mode is Mode.ENFORCE else (Decision.DENY, None)
    )


def test_a_pack_is_in_shadow_until_it_is_switched_on() -> None:
    text = f"{MAIN}include: [{{pack: email}}]\nrules: []\n"
    document = parse_policy(text, source="mine", included={"pack:email": PACKS["email"]})
    assert {rule.mode for rule in document.rules} == {Mode.SHADOW}
    answer = ruling(compile_policy(document), "email.send", {"to": "bob@corp.example", "subject": "Hello"})
    assert (answer.decision, answer.reason_code) == (Decision.DENY, ReasonCode.DEFAULT_POSTURE)
    assert answer.shadow is not None
    assert (answer.shadow.decision, answer.shadow.rule_id) == (Decision.ALLOW, "email/send-inside")


def test_mcp_denies_parameters_that_were_not_registered() -> None:
    tools = (
        "tools: [{tool: notes.add, effect: read, parameters: {properties: {text: true}, additionalProperties: false}}]"
    )
    text = f"{MAIN}{tools}\ninclude: [{{pack: mcp, mode: enforce}}]\nrules: []\n"
    policy = compile_policy(parse_policy(text, source="mine", included={"pack:mcp": PACKS["mcp"]}))
    assert ruling(policy, "notes.add", {"text": "Hello"}).decision is Decision.ALLOW
    denied = ruling(policy, "notes.add", {"text": "Hello", "note": "the whole conversation"})
    assert (denied.decision, denied.rule_id) == (Decision.DENY, "mcp/as-registered")
