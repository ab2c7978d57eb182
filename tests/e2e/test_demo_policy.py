"""The demo policy, row by row of the contract's table, over HTTP, on both shapes of the product.

Scripts rely on what these rows say, so the tests ask as scripts do: with the keys that `seed_demo --json` printed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import httpx
import pytest

from tests.e2e import agents
from tests.e2e.agents import Answer, ask, asserted_session, claim, new_key, read_decision, report, send
from tests.e2e.people import SignedIn, sign_in
from tests.e2e.processes import ROOT, run_command
from tests.e2e.servers import Servers
from tests.waiting import wait_until

DEMO = ROOT / "decisions" / "policies" / "demo.yaml"
OUTSIDE = {"to": "ana@partner.example", "subject": "Q4"}
SHAPES = [
    pytest.param(name, marks=pytest.mark.xdist_group(name), id=name.partition("_")[0])
    for name in ("embedded_server", "production_servers")
]


@pytest.fixture(scope="module", params=SHAPES)
def servers(request: pytest.FixtureRequest) -> Servers:
    found: Servers = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def bob(servers: Servers) -> Iterator[SignedIn]:
    """Of the security team."""
    with sign_in(servers, "bob") as person:
        yield person


@pytest.fixture(scope="module")
def carol(servers: Servers) -> Iterator[SignedIn]:
    """Of the security team, too."""
    with sign_in(servers, "carol") as person:
        yield person


@pytest.fixture(scope="module")
def dave(servers: Servers) -> Iterator[SignedIn]:
    """Of the data owners."""
    with sign_in(servers, "dave") as person:
        yield person


def told(answer: Answer) -> tuple[str, str]:
    return answer["decision"], answer["effective"]


def stages(approval: Answer) -> list[tuple[str, int]]:
    return [(stage["group"], stage["count"]) for stage in approval["quorum"]["stages"]]


def seconds_open(approval: Answer) -> float:
    return (datetime.fromisoformat(approval["expires_at"]) - datetime.fromisoformat(approval["opened_at"])).seconds


def test_mail_within_the_company_is_allowed(servers: Servers) -> None:
    answer = ask(servers, "email.send", to="bob@corp.example", subject="Lunch")
    assert told(answer) == ("ALLOW", "ALLOW")
    assert answer["parameters"] == {"to": "bob@corp.example", "subject": "Lunch"}


@pytest.mark.parametrize(
    "recipients",
    [
        {"to": "ana@partner.example"},
        {"to": "ana@corp.example.partner.example"},
        {"to": ["bob@corp.example", "ana@partner.example"]},
        {"to": "bob@corp.example", "cc": "ana@partner.example"},
        {"to": "bob@corp.example", "bcc": "ana@partner.example"},
    ],
)
def test_mail_to_anyone_else_asks_one_of_the_security_team(servers: Servers, bob: SignedIn, recipients: Answer) -> None:
    answer = ask(servers, "email.send", subject="Q4", **recipients)
    assert told(answer) == ("STEP_UP", "PENDING")
    assert answer["risk_level"] == "HIGH"
    assert "parameters" not in answer
    approval = bob.reads(answer["approval"]["id"])
    assert (stages(approval), seconds_open(approval)) == ([("security-team", 1)], 3600)


def test_mail_to_nobody_in_particular_is_not_allowed(servers: Servers) -> None:
    assert ask(servers, "email.send", subject="Q4")["effective"] != "ALLOW"


def test_after_the_customers_were_read_no_mail_leaves(servers: Servers) -> None:
    session = agents.open_session(servers)
    before = ask(servers, "email.send", session, **OUTSIDE)
    ask(servers, "database.query", session, table="customers", limit=5)
    after = ask(servers, "email.send", session, **OUTSIDE)
    assert (before["decision"], after["decision"], after["effective"]) == ("STEP_UP", "DENY", "DENY")
    assert after["classification"] == "context_dependent_deny"
    inside = ask(servers, "email.send", session, to="bob@corp.example", subject="Lunch")
    assert told(inside) == ("ALLOW", "ALLOW")


def test_taint_does_not_reach_another_session(servers: Servers) -> None:
    ask(servers, "database.query", table="customers", limit=5)
    assert ask(servers, "email.send", **OUTSIDE)["decision"] == "STEP_UP"


@pytest.mark.parametrize(
    ("output", "decision"),
    [
        ({"rows": [{"crates": 3, "note": "Berth 7"}]}, "STEP_UP"),
        ({"rows": [{"card": "4111 1111 1111 1111"}]}, "DENY"),
        ({"rows": [{"contact": "Write to dora@customer.example."}]}, "DENY"),
    ],
    ids=["nothing personal", "a card", "an address"],
)
def test_personal_data_in_an_output_is_noticed(servers: Servers, output: Answer, decision: str) -> None:
    session = agents.open_session(servers)
    query = ask(servers, "database.query", session, table="orders", limit=5)
    report(servers, query, output=output)
    assert ask(servers, "email.send", session, **OUTSIDE)["decision"] == decision


@pytest.mark.parametrize(
    ("asked", "decision", "limit"),
    [({}, "MODIFY", 100), ({"limit": 5000}, "MODIFY", 100), ({"limit": 100}, "ALLOW", 100)],
)
def test_a_query_returns_at_most_a_hundred_rows(servers: Servers, asked: Answer, decision: str, limit: int) -> None:
    answer = ask(servers, "database.query", table="orders", **asked)
    assert told(answer) == (decision, "ALLOW")
    assert answer["parameters"] == {"table": "orders", "limit": limit}
    assert [change["path"] for change in answer.get("modifications", [])] == (
        ["/limit"] if decision == "MODIFY" else []
    )


@pytest.mark.parametrize("limit", ["5000", [5000], {"$gt": 0}, True, -1])
def test_a_limit_that_is_no_number_is_not_let_through(servers: Servers, limit: object) -> None:
    answer = ask(servers, "database.query", table="orders", limit=limit)
    assert answer["effective"] != "ALLOW" or answer["parameters"]["limit"] in {100, -1}


def test_a_table_is_never_dropped(servers: Servers) -> None:
    answer = ask(servers, "database.drop", table="orders")
    assert told(answer) == ("DENY", "DENY")
    assert answer["classification"] == "forbidden"


REQUESTS = [
    ("Please delete the old orders.", True),
    ("Remove what expired in March.", True),
    ("Clean up the test rows.", True),
    ("How many orders are there?", False),
]


@pytest.mark.parametrize(("request_text", "is_asked_for"), REQUESTS)
def test_deleting_needs_that_the_person_asked_for_it(
    servers: Servers, bob: SignedIn, request_text: str, is_asked_for: bool
) -> None:
    session = agents.open_session(servers, request=request_text)
    answer = ask(servers, "database.delete", session, table="orders")
    if not is_asked_for:
        assert told(answer) == ("DENY", "DENY")
        return
    assert told(answer) == ("STEP_UP", "PENDING")
    assert answer["risk_level"] == "CRITICAL"
    assert stages(bob.reads(answer["approval"]["id"])) == [("security-team", 1), ("data-owner", 1)]


def test_what_the_agent_says_was_asked_is_not_enough_to_delete(servers: Servers) -> None:
    session = asserted_session(servers, "Please delete the old orders.")
    assert told(ask(servers, "database.delete", session, table="orders")) == ("DENY", "DENY")


@pytest.mark.case("APR-04")
def test_a_critical_action_takes_one_vote_of_each_group_and_runs_once(
    servers: Servers, bob: SignedIn, carol: SignedIn, dave: SignedIn
) -> None:
    session = agents.open_session(servers, request="Please delete the old orders.")
    answer = ask(servers, "database.delete", session, table="orders")
    approval_id = answer["approval"]["id"]
    assert bob.vote(approval_id).json()["state"] == "PENDING"
    assert carol.vote(approval_id).json()["state"] == "PENDING"
    assert claim(servers, answer).json()["code"] == "not_approved"
    assert dave.vote(approval_id).json()["state"] == "APPROVED"
    assert read_decision(servers, decision_id=answer["decision_id"]).json()["effective"] == "ALLOW"
    assert claim(servers, answer).json()["parameters"] == {"table": "orders"}
    assert claim(servers, answer).json()["code"] == "already_consumed"
    assert report(servers, answer, output={"deleted": 3})["receipt"]["id"].startswith("rct_")


def test_one_reviewer_who_says_no_ends_it(servers: Servers, bob: SignedIn, dave: SignedIn) -> None:
    answer = ask(servers, "email.send", **OUTSIDE)
    assert dave.get(f"/api/v1/approvals/{answer['approval']['id']}").status_code == 404
    assert bob.vote(answer["approval"]["id"], verdict="deny", reason="Not to them.").json()["state"] == "DENIED"
    ended = read_decision(servers, decision_id=answer["decision_id"]).json()
    assert (ended["effective"], ended["approval"]["state"]) == ("DENY", "DENIED")


@pytest.mark.parametrize(("window", "effective"), [("open", "ALLOW"), ("closed", "DENY"), ("ajar", "DENY")])
def test_rotating_waits_for_the_maintenance_window(servers: Servers, window: str, effective: str) -> None:
    answer = ask(servers, "credentials.rotate", credential="billing")
    assert told(answer) == ("DEFER", "PENDING")
    assert answer["deferral"]["context_needed"] == ["maintenance_window"]
    path = f"deferrals/{answer['deferral']['id']}/evidence"
    fact: Answer = {"field": "maintenance_window", "value": window, "source": "calendar"}
    assert send(servers, path, **fact)["effective"] == "PENDING", "The agent's own word is not enough."
    assert send(servers, path, as_host=True, **fact)["effective"] == effective
    ended = read_decision(servers, decision_id=answer["decision_id"]).json()
    assert ended["effective"] == effective
    claimed = claim(servers, ended)
    assert claimed.status_code == (200 if effective == "ALLOW" else 409), claimed.text


def test_a_known_window_needs_no_waiting(servers: Servers) -> None:
    session = agents.open_session(servers)
    first = ask(servers, "credentials.rotate", session, credential="billing")
    fact: Answer = {"field": "maintenance_window", "value": "open", "source": "calendar"}
    send(servers, f"deferrals/{first['deferral']['id']}/evidence", as_host=True, **fact)
    assert told(ask(servers, "credentials.rotate", session, credential="payroll")) == ("ALLOW", "ALLOW")


@pytest.fixture
def impatient_policy(servers: Servers, tmp_path: Path) -> Iterator[None]:
    """The demo policy with one second instead of 300, for as long as one test runs."""
    path = tmp_path / "impatient.yaml"
    text = DEMO.read_text(encoding="utf-8")
    assert text.count("timeout: 300") == 1
    path.write_text(text.replace("timeout: 300", "timeout: 1"), encoding="utf-8")
    assert run_command("policy", "publish", str(path), variables=servers.variables).returncode == 0
    yield
    assert run_command("policy", "publish", "demo", variables=servers.variables).returncode == 0


def test_a_window_that_nobody_tells_of_is_a_no(servers: Servers, impatient_policy: None) -> None:
    answer = ask(servers, "credentials.rotate", credential="billing")
    assert told(answer) == ("DEFER", "PENDING")
    ended = read_decision(servers, decision_id=answer["decision_id"], wait_seconds=30).json()
    assert (ended["effective"], ended["deferral"]["state"]) == ("DENY", "EXPIRED")
    assert claim(servers, ended).status_code == 410


def test_an_event_that_nobody_answers_for_is_denied_by_the_clock(servers: Servers, bob: SignedIn) -> None:
    answer = ask(servers, "calendar.create", title="Review")
    assert (told(answer), answer["risk_level"]) == (("STEP_UP", "PENDING"), "LOW")
    approval = bob.reads(answer["approval"]["id"])
    assert (stages(approval), seconds_open(approval)) == ([("security-team", 1)], 5)
    ended = read_decision(servers, decision_id=answer["decision_id"], wait_seconds=30).json()
    assert (ended["effective"], ended["approval"]["state"]) == ("DENY", "EXPIRED")
    assert bob.vote(answer["approval"]["id"]).json()["code"] == "expired"
    assert claim(servers, answer).status_code == 410


@pytest.mark.parametrize("name", ["files.read", "email.archive", "databases.query", "robots.move", "database"])
def test_anything_else_is_denied(servers: Servers, name: str) -> None:
    answer = ask(servers, name if "." in name else f"{name}.call", path="/etc/hosts")
    assert (told(answer), answer["reason_code"]) == (("DENY", "DENY"), "default_posture")


@pytest.mark.case("APR-39")
@pytest.mark.parametrize(
    ("tool", "operation", "parameters"),
    [
        ("email", "send", OUTSIDE),
        ("database", "query", {"table": "orders"}),
        ("database", "drop", {"table": "orders"}),
        ("credentials", "rotate", {"credential": "billing"}),
    ],
)
def test_a_retry_gets_the_same_bytes(servers: Servers, tool: str, operation: str, parameters: Answer) -> None:
    session, same = agents.open_session(servers), new_key()
    action = {"tool": tool, "operation": operation, "parameters": parameters}
    first, again = (agents.decide(servers, session=session, key=same, **action) for _ in range(2))
    assert (again.status_code, again.content) == (first.status_code, first.content)
    other = agents.decide(servers, session=session, key=same, **(action | {"parameters": {"table": "others"}}))
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")


def test_another_agent_may_use_the_same_key(servers: Servers) -> None:
    same, action = new_key(), {"tool": "database", "operation": "drop", "parameters": {"table": "orders"}}
    first = agents.decide(servers, session=agents.open_session(servers), key=same, **action)
    agent = servers.seed["agents"][1]
    opened = send(
        servers, "sessions", as_host=True, human=agents.HUMAN, agent=agent["name"], original_request="Tidy up."
    )
    headers = {"Authorization": f"Bearer {agent['key']}", "Idempotency-Key": same}
    body = {"session_id": opened["session_id"]} | action
    second = httpx.post(f"{servers.decide_url}/decide", json=body, headers=headers, timeout=agents.SECONDS)
    assert (first.status_code, second.status_code) == (200, 200)
    assert second.json()["decision_id"] != first.json()["decision_id"]


@pytest.mark.case("APR-06")
def test_somebody_else_finds_nothing_of_it(servers: Servers) -> None:
    answer = ask(servers, "email.send", **OUTSIDE)
    headers = {"Authorization": f"Bearer {servers.seed['agents'][1]['key']}"}
    found = httpx.get(f"{servers.base_url}/api/v1/decisions/{answer['decision_id']}", headers=headers, timeout=30)
    assert found.status_code == 404


def test_a_deadline_leaves_its_receipt_though_nobody_looks(servers: Servers) -> None:
    answer = ask(servers, "calendar.create", title="Review")
    headers = {"Authorization": f"Bearer {servers.seed['agents'][0]['key']}"}
    query = {"session": answer["session_id"], "type": "approval_terminal"}

    def outcomes() -> list[str]:
        listed = httpx.get(f"{servers.base_url}/api/v1/receipts", params=query, headers=headers, timeout=agents.SECONDS)
        return [row["outcome"] for row in listed.json()["results"]]

    assert wait_until(outcomes, "the sweeper has written down the expiry") == ["EXPIRED"]
