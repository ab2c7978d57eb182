"""The admin: people, agents, hosts and tools can be changed; policies go through the service; facts are only listed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db.models import Model
from django.test import Client

from approvals.models import AdminChange, ApprovalRequest, Delegation, Schedule, Stander, User, Vote
from decisions.models import (
    Agent,
    Credential,
    Decision,
    Deferral,
    Host,
    Human,
    Issuer,
    PolicyProposal,
    PolicyVersion,
    RevokedToken,
    Session,
    Tool,
)
from decisions.selectors import active_version_id
from decisions.services.identity import authenticate
from decisions.services.issuers import revoke_token
from decisions.services.packs import PolicyFiles
from decisions.services.proposals import propose_policy
from receipts.models import PublishedKey, Receipt
from receipts.problems import ProblemError
from tests.factories import Cast, begin_session, begin_session_of, decide, make_issuer, open_step_up, vote
from tests.web.reading import read, signed_in
from tests.web.tampering import tamper

READ_ONLY = [ApprovalRequest, Vote, Session, Decision, Deferral, Receipt, PublishedKey, PolicyVersion, Credential]
READ_ONLY += [PolicyProposal, AdminChange, RevokedToken]
EDITABLE = [User, Agent, Host, Human, Issuer, Tool, Schedule, Delegation, Stander]
POLICY = 'policy: {id: typed, version: "7", default: DENY}\nrules:\n  - {id: a, match: {tool: x.y}, action: ALLOW}\n'


def address(model: type[Model], *parts: str) -> str:
    """A page of the admin, which reads an underscore in an id as the mark of a coded character."""
    return "/".join(["/admin", model._meta.app_label, str(model._meta.model_name), *map(quote, parts), ""])


@pytest.fixture
def everything(cast: Cast) -> Cast:
    """At least one row of everything that the admin lists."""
    step = open_step_up(cast)
    vote(step, cast.bob, reason="Because of the deck.", private_note="Between us.")
    decide(cast, begin_session(cast), "credentials.rotate", parameters={"name": "db"})
    propose_policy(PolicyFiles(text=POLICY, source="proposed.yaml"), author=cast.peggy)
    revoke_token(issuer=make_issuer(), kind="jti", value="t-1", actor=None)
    return cast


def test_nothing_is_in_the_admin_that_has_no_place_there() -> None:
    ours = {model for model in admin.site._registry if model._meta.app_label in {"approvals", "decisions", "receipts"}}
    assert ours == {*READ_ONLY, *EDITABLE}


@pytest.mark.parametrize("model", READ_ONLY)
def test_facts_can_be_looked_at_and_neither_added_changed_nor_deleted(
    everything: Cast, trent: Client, model: type[Model]
) -> None:
    rows = model._default_manager.order_by("pk")
    row, before = rows[0], list(rows.values())
    assert trent.get(address(model)).status_code == 200
    detail = trent.get(address(model, str(row.pk), "change"))
    assert detail.status_code == 200
    page = read(detail)
    assert [item for item in page.tagged("input") if item.attributes.get("name") == "_save"] == []
    assert trent.post(address(model, str(row.pk), "change"), {"state": "APPROVED"}).status_code == 403
    assert trent.post(address(model, str(row.pk), "delete"), {"post": "yes"}).status_code == 403
    if model is not PolicyVersion:
        assert trent.get(address(model, "add")).status_code == 403
        assert trent.post(address(model, "add"), {}).status_code == 403
    trent.post(address(model), {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"})
    assert list(rows.values()) == before


@pytest.mark.parametrize("model", [User, Agent, Host])
def test_whom_receipts_name_is_deactivated_and_never_deleted(
    everything: Cast, trent: Client, model: type[Model]
) -> None:
    row = model._default_manager.order_by("pk")[0]
    assert trent.post(address(model, str(row.pk), "delete"), {"post": "yes"}).status_code == 403
    assert model._default_manager.filter(pk=row.pk).exists()
    assert trent.get(address(model, str(row.pk), "change")).status_code == 200


def test_a_persons_pseudonym_is_shown_and_stays(cast: Cast, trent: Client) -> None:
    page = trent.get(address(User, str(cast.bob.pk), "change"))
    assert cast.bob.person_id in read(page).text
    words = {"username": "bob", "email": "bob@corp.example", "is_active": "on", "person_id": "usr_other"}
    changed = words | {"first_name": "Bob", "groups": [str(group.pk) for group in cast.bob.groups.all()]}
    assert trent.post(address(User, str(cast.bob.pk), "change"), changed).status_code == 302
    after = User.objects.get(pk=cast.bob.pk)
    assert (after.first_name, after.person_id) == ("Bob", cast.bob.person_id)


def test_requests_and_votes_are_found_and_say_nothing_private(everything: Cast, trent: Client) -> None:
    row = ApprovalRequest.objects.get()
    assert row.pk in read(trent.get(address(ApprovalRequest), {"q": row.code})).text
    assert row.pk not in read(trent.get(address(ApprovalRequest), {"q": "no-such-code"})).by_id("changelist").text
    page = read(trent.get(address(ApprovalRequest, row.pk, "change"))).text
    assert "APPROVED" in page
    assert "security-team" in page
    for shown in (page, read(trent.get(address(Vote, Vote.objects.get().pk, "change"))).text):
        assert "Between us." not in shown
        assert "ana@partner.example" not in shown


def test_receipts_are_found_by_what_they_are_about_and_verified_where_they_are_shown(
    everything: Cast, trent: Client
) -> None:
    receipt = Receipt.objects.get(type="vote")
    for words in (receipt.pk, "email", "send", "STEP_UP", receipt.decision_id, receipt.session_id):
        assert receipt.pk in read(trent.get(address(Receipt), {"q": words})).by_id("changelist").text
    assert receipt.pk not in read(trent.get(address(Receipt), {"q": "nothing-like-it"})).by_id("changelist").text
    page = read(trent.get(address(Receipt, receipt.pk, "change"))).text
    assert f"✓ The signature of key {receipt.key_id} fits the stored bytes." in page
    assert "✕" not in page
    assert "Because of the deck." not in page
    tamper(receipt, tool="calendar")
    assert (
        "✕ Searchable columns differ from what was signed: tool."
        in read(trent.get(address(Receipt, receipt.pk, "change"))).text
    )


def test_an_auditor_reads_receipts_and_nothing_else(everything: Cast, victor: Client) -> None:
    assert victor.get(address(Receipt)).status_code == 200
    for model in (User, Agent, Credential, PolicyVersion, ApprovalRequest, Session):
        assert victor.get(address(model)).status_code == 403


def test_a_reviewer_has_no_admin(everything: Cast, bob: Client) -> None:
    reply = bob.get("/admin/")
    assert (reply.status_code, "/login/" in reply.headers["Location"]) == (302, True)


def test_a_key_is_issued_and_shown_once(cast: Cast, trent: Client) -> None:
    for model, row_id, prefix in ((Agent, cast.agent.id, "aak_"), (Host, cast.host.id, "ahk_")):
        reply = trent.post(address(model), {"action": "issue_keys", "_selected_action": [row_id]})
        (secret,) = re.findall(prefix + r"[\w-]{43}", reply.content.decode())
        assert authenticate(secret).id == row_id
        assert secret not in str(reply.cookies)
        listing = read(trent.get(address(Credential))).text
        assert secret not in listing
        assert secret[:12] in listing


def test_neither_keys_nor_their_digests_are_shown(cast: Cast, trent: Client) -> None:
    credential = Credential.objects.filter(agent_id=cast.agent.id).get()
    for path in (address(Credential), address(Credential, credential.pk, "change")):
        content = trent.get(path).content.decode()
        assert credential.prefix in content
        assert credential.digest not in content
        assert cast.agent_key not in content


@pytest.mark.case("API-15")
def test_a_revoked_key_stops_working_at_once(cast: Cast, trent: Client) -> None:
    credential = Credential.objects.filter(agent_id=cast.agent.id).get()
    assert authenticate(cast.agent_key).id == cast.agent.id
    reply = trent.post(address(Credential), {"action": "revoke", "_selected_action": [credential.pk]}, follow=True)
    assert "1 revoked. They stopped working at once." in read(reply).text
    with pytest.raises(ProblemError, match="revoked"):
        authenticate(cast.agent_key)
    assert authenticate(cast.host_key).id == cast.host.id
    again = trent.post(address(Credential), {"action": "revoke", "_selected_action": [credential.pk]}, follow=True)
    assert "0 revoked." in read(again).text


def test_a_policy_is_published_through_the_service(cast: Cast) -> None:
    peggy = signed_in(cast.peggy)
    reply = peggy.post(address(PolicyVersion, "add"), {"text": POLICY.replace("\n", "\r\n")})
    assert reply.status_code == 302
    version = PolicyVersion.objects.get(policy_id="typed")
    assert (version.version, version.text, version.source, version.published_by) == ("7", POLICY, "admin", cast.peggy)
    assert active_version_id() == version.pk
    receipt = Receipt.objects.filter(type="policy_published").latest("issued_at")
    assert version.digest in bytes(receipt.body).decode()
    assert cast.peggy.person_id in bytes(receipt.body).decode()
    page = read(peggy.get(address(PolicyVersion, version.pk, "change")))
    assert "{id: a, match: {tool: x.y}, action: ALLOW}" in page.text


def test_the_linter_speaks_when_a_policy_was_published(cast: Cast) -> None:
    peggy = signed_in(cast.peggy)
    reply = peggy.post(address(PolicyVersion, "add"), {"text": POLICY}, follow=True)
    assert "Line 3, column 5: " in read(reply).text
    assert "reason" in read(reply).text


@pytest.mark.case("POL-19")
def test_with_four_eyes_one_person_proposes_and_another_reads_the_differences_and_publishes(
    cast: Cast, trent: Client, settings: Any
) -> None:
    settings.AARM_POLICY_FOUR_EYES = True
    peggy, before = signed_in(cast.peggy), active_version_id()
    assert peggy.post(address(PolicyVersion, "add"), {"text": POLICY}).status_code == 403
    assert peggy.post(address(PolicyProposal, "add"), {"text": POLICY}).status_code == 302
    proposal = PolicyProposal.objects.get()
    approval = {"action": "approve", "_selected_action": [proposal.pk]}
    refused = peggy.post(address(PolicyProposal), approval, follow=True)
    assert "can't be the one who approves it" in read(refused).text
    assert active_version_id() == before
    page = read(trent.get(address(PolicyProposal, proposal.pk, "change"))).text
    assert "added a: ALLOW, priority 0, enforce" in page
    assert "holds from now on" in read(trent.post(address(PolicyProposal), approval, follow=True)).text
    version = PolicyVersion.objects.get(policy_id="typed")
    assert (version.proposal, version.published_by, active_version_id()) == (proposal, cast.trent, version.pk)


@pytest.mark.case("POL-09")
def test_a_policy_without_rules_is_published_only_when_that_is_confirmed(cast: Cast) -> None:
    peggy, empty = signed_in(cast.peggy), 'policy: {id: typed, version: "1"}\nrules: []\n'
    assert "Confirm that this is meant" in read(peggy.post(address(PolicyVersion, "add"), {"text": empty})).text
    assert peggy.post(address(PolicyVersion, "add"), {"text": empty, "allow_empty": "on"}).status_code == 302


@pytest.mark.case("POL-08")
def test_a_policy_that_is_wrong_says_where_and_changes_nothing(cast: Cast) -> None:
    peggy, before, count = signed_in(cast.peggy), active_version_id(), Receipt.objects.count()
    wrong = POLICY.replace("ALLOW", "PERMIT")
    reply = peggy.post(address(PolicyVersion, "add"), {"text": wrong})
    assert reply.status_code == 200
    assert "Line 3, column" in read(reply).of_class("errorlist")[0].text
    assert read(reply).by_id("id_text").raw_text.strip() == wrong.strip()
    assert (active_version_id(), Receipt.objects.count()) == (before, count)


def test_only_who_may_publish_can(cast: Cast, victor: Client) -> None:
    assert victor.post(address(PolicyVersion, "add"), {"text": POLICY}).status_code == 403
    assert signed_in(cast.peggy).get(address(PolicyVersion, "add")).status_code == 200
    assert PolicyVersion.objects.filter(policy_id="typed").count() == 0


def test_a_tool_is_described_in_the_admin(cast: Cast, trent: Client) -> None:
    tool = Tool.objects.get(tool="email", operation="send")
    words = {"tool": "email", "operation": "send", "effect": "egress", "consequence": "Mails {to}.", "description": ""}
    assert trent.post(address(Tool, str(tool.pk), "change"), words | {"parameters_schema": "{}"}).status_code == 302
    assert Tool.objects.get(pk=tool.pk).consequence == "Mails {to}."


@pytest.mark.case("DEC-04")
def test_names_from_outside_hide_nothing_in_the_admin(cast: Cast, trent: Client) -> None:
    step = open_step_up(cast, session_id=begin_session_of(cast, human="alice\u202e@corp.example"))
    for path in (address(ApprovalRequest), address(ApprovalRequest, step.approval.pk, "change"), address(Session)):
        text = read(trent.get(path)).raw_text
        assert "alice⟦U+202E RIGHT-TO-LEFT OVERRIDE⟧@corp.example" in text
        assert "\u202e" not in text


def test_the_admin_keeps_to_the_same_content_security_policy(everything: Cast, trent: Client) -> None:
    for path in (
        "/admin/",
        address(Receipt),
        address(PolicyVersion, "add"),
        address(Agent, everything.agent.id, "change"),
    ):
        reply = trent.get(path)
        assert "unsafe" not in reply.headers["Content-Security-Policy"]
        page = read(reply)
        code = [item for item in page.tagged("script") if item.attributes.get("type", "") != "application/json"]
        assert [item for item in code if item.raw_text.strip()] == []
        assert [item for item in page.walk() if any(name.startswith("on") for name in item.attributes)] == []


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("tool:email", 3),
        ("decision:DEFER", 1),
        ("type:policy_published", 1),
        ("email outside", 3),
        ("nothing", 0),
        ("tool:", 0),
    ],
)
def test_receipts_are_searched_in_the_language_of_their_page(
    everything: Cast, trent: Client, words: str, count: int
) -> None:
    page = read(trent.get(address(Receipt), {"q": words}))
    assert len([row for row in page.tagged("tr") if row.of_class("field-id")]) == count
    assert ("Tool has no value." in page.text) == (words == "tool:")


@pytest.mark.case("PRV-05")
@pytest.mark.parametrize(
    ("model", "event", "said"),
    [
        (Receipt, "receipts_searched", {"term_kind": "human,text"}),
        (Session, "admin_searched", {"table_kind": "decisions.session"}),
    ],
)
def test_who_searches_in_the_admin_is_logged_and_never_for_whom(
    everything: Cast,
    trent: Client,
    caplog: pytest.LogCaptureFixture,
    model: type[Model],
    event: str,
    said: dict[str, str],
) -> None:
    trent.get(address(model), {"q": "human:alice plan"})
    found: list[Any] = [record.msg for record in caplog.records if event in str(record.msg)]
    assert [{name: line[name] for name in ("caller_id", *said)} for line in found] == [
        {"caller_id": everything.trent.person_id, **said}
    ]
    assert "alice" not in str(found)


def test_a_list_of_receipts_says_of_each_whether_it_verifies(everything: Cast, trent: Client) -> None:
    tamper(Receipt.objects.get(type="vote"), tool="calendar")
    page = read(trent.get(address(Receipt)))
    marks = [cell.tagged("img")[0].attributes["alt"] for cell in page.of_class("field-is_verified")]
    assert sorted(marks) == ["False", *["True"] * (Receipt.objects.count() - 1)]


def test_looking_at_receipts_counts_no_table(everything: Cast, trent: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("receipts.admin.MOST_COUNTED", 2)
    assert "2 receipts" in read(trent.get(address(Receipt))).text
