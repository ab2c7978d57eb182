"""Rates and budgets are exact however many ask at once, on both engines, and cost nothing where there are none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from approvals.models import ApprovalRequest
from decisions.models import Decision, Deferral, RuleCounter
from decisions.services.children import open_child
from decisions.services.claims import ClaimRequest, claim_decision
from decisions.services.deferrals import add_evidence
from decisions.services.identity import authenticate
from decisions.services.policies import publish_policy
from decisions.services.sessions import NewSession
from receipts.models import Receipt
from receipts.selectors.accounting import accounts
from tests.e2e.processes import environment, run_command, seeded
from tests.factories import Cast, StepUp, begin_session, decide, make_agent, make_cast, vote
from tests.integration.deciders import Order, deciders, own_database

PROCESSES, EACH = 4, 15
LIMIT, THREADS = 10, 16
SALAMI = """
policy: {id: salami, version: "1"}
rules:
  - {id: reads, match: {tool: files.read}, action: ALLOW}
  - {id: pays, match: {tool: payments.pay}, action: ALLOW}
  - id: ten-reads
    match: {tool: files.read}
    constraints: {rate: {max: 10, window: 1h, per: all}}
    action: DENY
    priority: 5
  - id: ten-euros
    match: {tool: payments.pay}
    constraints: {budget: {sum: parameters.amount, max: 10, window: 1d, per: agent}}
    action: DENY
    priority: 5
"""


def published(text: str) -> None:
    publish_policy(text=text, source="counters.yaml", actor=None)


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def spender(cast: Cast) -> Callable[..., dict[str, Any]]:
    """Asks for something in one session, under the policy above."""
    published(SALAMI)
    session = begin_session(cast)

    def ask(name: str = "files.read", **parameters: Any) -> dict[str, Any]:
        return decide(cast, session, name, parameters=parameters)

    return ask


def _orders(keys: list[str], sessions: list[str]) -> list[Order]:
    actions = [("files.read", {}), ("payments.pay", {"amount": 0.99})]
    return [
        Order(key=key, session=session, actions=[actions[number % 2] for number in range(2 * EACH)])
        for key, session in zip(keys, sessions, strict=True)
    ]


def _outcomes(variables: Mapping[str, str], orders: list[Order]) -> Counter[tuple[str, str | None]]:
    with deciders(len(orders), variables=variables) as crew:
        for child, order in zip(crew, orders, strict=True):
            child.tell(order)
        answers = [answer for child in crew for answer in child.heard()]
    return Counter((answer["decision"], answer["rule_id"]) for answer in answers)


EXPECTED = {
    ("ALLOW", "reads"): LIMIT,
    ("DENY", "ten-reads"): PROCESSES * EACH - LIMIT,
    ("ALLOW", "pays"): LIMIT,
    ("DENY", "ten-euros"): PROCESSES * EACH - LIMIT,
}


@pytest.mark.case("CTX-10")
@pytest.mark.django_db(transaction=True)
def test_four_processes_together_never_pass_a_limit_and_reach_it_exactly() -> None:
    cast = make_cast()
    published(SALAMI)
    sessions = [begin_session(cast) for _ in range(PROCESSES)]
    assert _outcomes(own_database(), _orders([cast.agent_key] * PROCESSES, sessions)) == EXPECTED
    assert Receipt.objects.filter(type="decision").count() == 2 * PROCESSES * EACH
    assert RuleCounter.objects.count() == 2


@pytest.mark.case("CTX-10", "CTX-11")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("sessions", [PROCESSES, 1], ids=["a session for each process", "one session"])
def test_sixty_four_threads_in_four_processes_never_pass_it_either(sessions: int) -> None:
    cast = make_cast()
    published(SALAMI)
    named = [begin_session(cast) for _ in range(sessions)]
    orders = _orders([cast.agent_key] * PROCESSES, [named[number % sessions] for number in range(PROCESSES)])
    assert _outcomes(own_database(), [replace(order, threads=THREADS) for order in orders]) == EXPECTED
    assert Receipt.objects.filter(type="decision").count() == 2 * PROCESSES * EACH
    assert [each.noun for each in accounts() if not each.is_even] == []


@pytest.mark.case("CTX-10")
def test_the_same_holds_on_sqlite(tmp_path: Path) -> None:
    variables = environment(AARM_DATA_DIR=str(tmp_path / "data"), DJANGO_SETTINGS_MODULE="aarm_site.settings.dev")
    assert run_command("migrate", variables=variables).returncode == 0
    agents = seeded(variables)["agents"]
    policy = tmp_path / "salami.yaml"
    policy.write_text(SALAMI, encoding="utf-8")
    done = run_command("policy", "publish", str(policy), variables=variables)
    assert done.returncode == 0, done.stderr
    orders = _orders([agents[0]["key"]] * PROCESSES, [""] * PROCESSES)
    assert _outcomes(variables, orders) == EXPECTED


PRINCIPAL = """
policy: {id: principal, version: "1"}
rules:
  - {id: pays, match: {tool: payments.pay}, action: ALLOW}
  - id: ten-a-week
    match: {tool: payments.pay}
    constraints: {budget: {sum: parameters.amount, max: 10, window: 7d, per: human}}
    action: DENY
    priority: 5
"""
DAY = 86_400


@pytest.mark.case("CTX-11")
def test_sessions_agents_days_and_currencies_of_one_person_share_a_budget(
    cast: Cast, move_clock: Callable[[float], None]
) -> None:
    published(PRINCIPAL)
    other = replace(cast, agent=authenticate(make_agent("other-agent")[1]))
    answers = []
    for currency in ("EUR", "USD", "JPY", "BTC"):
        for each in (cast, other, cast):
            paid = {"amount": 1, "currency": currency}
            answers.append(decide(each, begin_session(each), "payments.pay", parameters=paid))
        move_clock(DAY)
    assert [answer["rule_id"] for answer in answers] == ["pays"] * LIMIT + ["ten-a-week"] * 2
    bobs = begin_session(cast, human="bob@corp.example")
    assert decide(cast, bobs, "payments.pay", parameters={"amount": 10})["decision"] == "ALLOW"
    move_clock(7 * DAY)
    assert decide(other, begin_session(other), "payments.pay", parameters={"amount": 10})["decision"] == "ALLOW"


@pytest.mark.case("CTX-11")
def test_what_is_handed_on_counts_for_the_person_whose_task_it_is(cast: Cast) -> None:
    published(PRINCIPAL)
    parent = begin_session(cast)
    for number in range(LIMIT + 1):
        new = NewSession(original_request="", parent_session_id=parent)
        child = open_child(caller=cast.agent, new=new)
        answer = decide(cast, child.pk, "payments.pay", parameters={"amount": 1})
        assert answer["decision"] == ("ALLOW" if number < LIMIT else "DENY")


def test_what_is_denied_is_not_counted(spender: Callable[..., dict[str, Any]]) -> None:
    assert spender("payments.pay", amount=11)["rule_id"] == "ten-euros"
    assert spender("payments.pay", amount=10)["decision"] == "ALLOW"
    assert spender("payments.pay", amount=1)["rule_id"] == "ten-euros"
    assert RuleCounter.objects.get().state["slots"]


def test_an_amount_that_cannot_be_added_is_not_let_through(spender: Callable[..., dict[str, Any]]) -> None:
    for amount in ("1", -1, None, True):
        answer = spender("payments.pay", amount=amount)
        assert (answer["decision"], answer["reason_code"]) == ("DEFER", "missing_context"), amount
    assert spender("payments.pay", amount=10)["decision"] == "ALLOW"


def test_a_window_slides(spender: Callable[..., dict[str, Any]], move_clock: Callable[[float], None]) -> None:
    for _ in range(LIMIT):
        assert spender()["decision"] == "ALLOW"
    assert spender()["decision"] == "DENY"
    move_clock(3500)
    assert spender()["decision"] == "DENY"
    move_clock(200)
    assert spender()["decision"] == "ALLOW"


def test_counters_go_on_when_the_policy_is_published_again(spender: Callable[..., dict[str, Any]]) -> None:
    for _ in range(LIMIT):
        spender()
    published(SALAMI.replace('version: "1"', 'version: "2"').replace("window: 1h", "window: 2h"))
    assert spender()["decision"] == "DENY"
    published(SALAMI.replace("id: salami", "id: another"))
    assert spender()["decision"] == "ALLOW", "Another policy counts for itself."


ASKING = """
policy: {id: asking, version: "%s"}
rules:
  - {id: asks, match: {tool: files.read}, action: STEP_UP, hold: 0, approvers: [security-team]}
  - {id: once, match: {tool: files.read}, constraints: {rate: {max: 1, window: 1h}}, action: DENY, priority: 5}
  - {id: waits, match: {tool: keys.rotate}, action: DEFER, context_needed: [window], priority: 2}
  - {id: rotates, match: {tool: keys.rotate, facts: {window: open}}, action: ALLOW, priority: 1}
  - id: one-rotation
    match: {tool: keys.rotate, facts: {window: open}}
    constraints: {rate: {max: 1, window: 1h, per: human}}
    action: DENY
    priority: 5
"""


def test_an_action_is_not_counted_again_when_it_is_claimed_under_a_later_version(cast: Cast) -> None:
    published(ASKING % "1")
    session = begin_session(cast)
    answer = decide(cast, session, "files.read", parameters={})
    assert decide(cast, session, "files.read", parameters={})["rule_id"] == "once"
    vote(StepUp(approval=ApprovalRequest.objects.get(pk=answer["approval"]["id"]), answer=answer), cast.bob)
    published(ASKING % "2")
    wanted = ClaimRequest(action_digest=answer["action_digest"])
    assert claim_decision(caller=cast.agent, decision_id=answer["decision_id"], wanted=wanted, key="").status == 200


def test_what_waited_is_counted_when_it_goes_on(cast: Cast) -> None:
    published(ASKING % "1")
    session = begin_session(cast)
    first, second = (decide(cast, session, "keys.rotate", parameters={"n": number}) for number in range(2))
    assert {first["decision"], second["decision"]} == {"DEFER"}
    assert Decision.objects.get(pk=first["decision_id"]).ruling["counted"] == {}
    add_evidence(caller=cast.host, deferral_id=first["deferral"]["id"], field="window", value="open", source="")
    states = [Deferral.objects.get(pk=each["deferral"]["id"]).state for each in (first, second)]
    assert states == ["ALLOWED", "DENIED"]
    wanted = ClaimRequest(action_digest=first["action_digest"])
    assert claim_decision(caller=cast.agent, decision_id=first["decision_id"], wanted=wanted, key="").status == 200
    assert decide(cast, session, "keys.rotate", parameters={})["rule_id"] == "one-rotation"


def test_a_decision_without_counters_costs_no_statement_more_and_one_with_them_costs_one(cast: Cast) -> None:
    plain = SALAMI.partition("  - id: ten-reads")[0]
    assert "constraints" not in plain
    statements = []
    for text in (plain, SALAMI):
        published(text)
        session = begin_session(cast)
        decide(cast, session, "files.read", parameters={})
        with CaptureQueriesContext(connection) as captured:
            decide(cast, session, "files.read", parameters={})
        statements.append(len(captured))
    assert statements[1] - statements[0] == 1
