"""Whatever is administered leaves a receipt: by the admin's pages, by services and by commands (OPS-07, RCP-28)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db.models import Model
from django.test import Client

from approvals.lifecycle.questions import Asked
from approvals.models import AdminChange, Delegation, Schedule, SignInLink, Stander, User
from approvals.services.memberships import Claims, follow_claims
from approvals.services.people import Role, create_person, issue_sign_in_link, role_group
from approvals.services.questions import answer_as_agent, ask_question
from decisions.models import Agent, Credential, Host, Human, Issuer, Tool
from decisions.services.identity import authenticate
from decisions.services.registration import register_agent
from receipts.models import Receipt
from receipts.problems import ProblemError
from receipts.readonly import ReadOnlyAdmin
from receipts.selectors.accounting import Account, accounts
from receipts.selectors.values import opened_values
from tests.api.doors import Door
from tests.factories import Cast, open_step_up
from tests.web.reading import read
from tests.web.tampering import unguarded
from tests.web.test_admin import address

Body = Mapping[str, Any]
SCHEMA = '{"type": "object"}'
ISSUER = {
    "name": "corp", "url": "https://idp.corp.example", "audience": "aarm", "algorithms": ["RS256"],
    "agent_claim": "azp", "human_claim": "sub", "scope_claim": "scope", "leeway_seconds": "30", "is_active": "on",
    "clients-TOTAL_FORMS": "0", "clients-INITIAL_FORMS": "0",
}  # fmt: skip
_NO_ROWS = {f"{name}-{count}": 0 for name in ("turns", "covers") for count in ("TOTAL_FORMS", "INITIAL_FORMS")}
ROTA = {"name": "nights", "zone": "Europe/Berlin", "starts_on": "2026-03-02", "handover": "09:00", **_NO_ROWS}
DAY = {"starts_at_0": "2026-03-02", "starts_at_1": "00:00", "ends_at_0": "2026-03-03", "ends_at_1": "00:00"}
# What a person types to add one of each that may be written by hand, and what to change of it then.
NEW: Mapping[type[Model], Mapping[str, Any]] = {
    User: {"username": "ivan", "usable_password": "false"},
    Group: {"name": "on-call"},
    Agent: {"name": "new-agent", "environment": "LIVE", "is_active": "on"},
    Host: {"name": "new-host", "is_active": "on"},
    Issuer: ISSUER,
    Tool: {"tool": "wiki", "operation": "edit", "effect": "write", "parameters_schema": SCHEMA},
    Schedule: {**ROTA, "turn_days": 7},
    Delegation: {"person": "@bob", "deputy": "@carol", **DAY},
    Stander: {"human": "Alice@corp.example", "relation": "manager", "person": "@bob"},
}
CHANGED: Mapping[type[Model], Mapping[str, Any]] = {
    User: {"username": "ivan", "email": "ivan@corp.example", "is_active": "on", "is_superuser": "on"},
    Group: {"name": "off-call"},
    Agent: {"name": "new-agent", "environment": "LIVE"},
    Host: {"name": "new-host"},
    Issuer: {name: value for name, value in ISSUER.items() if name != "is_active"},
    Tool: {"tool": "wiki", "operation": "edit", "effect": "egress", "parameters_schema": SCHEMA}
    | {"initial-parameters_schema": SCHEMA},
    Schedule: {**ROTA, "turn_days": 1},
    Delegation: {"person": "@bob", "deputy": "@dave", **DAY},
    Stander: {"human": "alice@corp.example", "relation": "data-owner", "person": "@bob"},
}
FIELDS: Mapping[type[Model], list[str]] = {
    User: ["email", "is_superuser"],
    Group: ["name"],
    Agent: ["is_active"],
    Host: ["is_active"],
    Issuer: ["is_active"],
    Tool: ["effect"],
    Schedule: ["turn_days"],
    Delegation: ["deputy"],
    Stander: ["relation"],
}


def filled(form: Mapping[str, Any]) -> dict[str, Any]:
    """The form with `@name` as the number of that account."""
    accounts = dict(User.objects.values_list("username", "pk"))
    return {name: accounts[said[1:]] if str(said).startswith("@") else said for name, said in form.items()}


def bodies() -> list[Body]:
    """What the receipts of administration say, in order."""
    rows = Receipt.objects.filter(stream="system/administration").order_by("position")
    return [json.loads(bytes(row.body))["body"] for row in rows]


def newest() -> Body:
    return bodies()[-1]


def told() -> Mapping[str, Any]:
    """What was told of the object that was changed last."""
    row = Receipt.objects.filter(stream="system/administration").latest("position")
    return {path.removeprefix("administration.values."): value for path, value in opened_values(row.payload).items()}


def account() -> Account:
    """Both sides of the administrative changes."""
    (found,) = [each for each in accounts() if each.noun == "administrative changes"]
    return found


def test_nothing_can_be_registered_that_is_written_by_hand_and_was_not_tried_below() -> None:
    writable = {model for model, page in admin.site._registry.items() if not isinstance(page, ReadOnlyAdmin)}
    # Second factors are only taken away, and links to providers not bent: tests/web/test_accounts.py tries both. People
    # come by being named, and are only switched off and on: tests/api/test_vouching.py.
    assert writable == set(NEW) | {Authenticator, SocialAccount, Human}


@pytest.mark.case("OPS-07", "RCP-28")
@pytest.mark.parametrize("model", list(NEW))
def test_what_is_added_changed_and_deleted_by_hand_leaves_a_receipt_each(
    cast: Cast, trent: Client, model: type[Model]
) -> None:
    before, known = account(), set(model._default_manager.values_list("pk", flat=True))
    assert before.is_even
    assert trent.post(address(model, "add"), filled(NEW[model])).status_code == 302
    (row,) = model._default_manager.exclude(pk__in=known)
    added = newest()
    label, actor = model._meta.label_lower, {"person": cast.trent.person_id}
    key = row.person_id if isinstance(row, User) else str(row.pk)
    assert {**added["administration"], "name": ""} == {
        "what": "added", "kind": label, "object": key, "fields": [], "name": ""
    }  # fmt: skip
    assert trent.post(address(model, str(row.pk), "change"), filled(CHANGED[model])).status_code == 302
    changed = newest()
    assert (changed["administration"]["what"], changed["administration"]["fields"]) == ("changed", FIELDS[model])
    assert (added["actor"], changed["actor"]) == (actor, actor)
    trent.post(address(model), {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"})
    is_gone = not model._default_manager.filter(pk=row.pk).exists()
    assert is_gone == (model in {Group, Tool, Schedule, Delegation, Stander})
    assert newest()["administration"]["what"] == ("deleted" if is_gone else "changed")
    after = account()
    assert (after.owed - before.owed, after.is_even) == (3 if is_gone else 2, True)


@pytest.mark.case("OPS-07")
def test_who_was_given_which_role_is_on_record_and_erasable(cast: Cast, trent: Client) -> None:
    groups = [str(group.pk) for group in (role_group(Role.ADMIN), role_group(Role.REVIEWER))]
    form = {"username": "bob", "email": cast.bob.email, "is_active": "on", "groups": groups}
    assert trent.post(address(User, str(cast.bob.pk), "change"), form).status_code == 302
    assert newest()["administration"]["fields"] == ["groups"]
    assert told()["groups"] == ["admin", "reviewer"]
    row = Receipt.objects.filter(stream="system/administration").latest("position")
    assert b"bob" not in bytes(row.body)
    assert sorted(newest()["commitments"]) == [f"administration.values.{name}" for name in sorted(told())]


@pytest.mark.case("OPS-07")
def test_a_new_password_is_recorded_without_a_trace_of_it(cast: Cast, trent: Client) -> None:
    words = {"usable_password": "true", "password1": "correct-horse-battery", "password2": "correct-horse-battery"}
    assert trent.post(address(User, str(cast.bob.pk), "password"), words).status_code == 302
    assert newest()["administration"]["fields"] == ["password"]
    assert "password" not in told()
    cast.bob.refresh_from_db()
    assert cast.bob.check_password("correct-horse-battery")
    kept = "".join(str(body) for body in bodies()) + str(told())
    assert "correct-horse" not in kept
    assert cast.bob.password not in kept


@pytest.mark.case("OPS-07")
def test_keys_that_are_issued_and_revoked_by_hand_name_who_did_it(cast: Cast, trent: Client) -> None:
    trent.post(address(Agent), {"action": "issue_keys", "_selected_action": [cast.agent.id]})
    credential = Credential.objects.filter(agent_id=cast.agent.id).latest("created_at")
    said = newest()
    assert said["administration"]["object"] == credential.pk
    assert said["actor"] == {"person": cast.trent.person_id}
    assert told()["agent"] == cast.agent.id
    trent.post(address(Credential), {"action": "revoke", "_selected_action": [credential.pk]})
    assert newest()["administration"] == {
        "what": "changed", "kind": "decisions.credential", "object": credential.pk, "fields": ["revoked_at"],
    }  # fmt: skip
    assert credential.digest not in str(bodies())
    assert account().is_even


@pytest.mark.case("OPS-07", "FLT-30")
def test_nothing_is_administered_while_nothing_can_be_signed(cast: Cast, trent: Client, settings: Any) -> None:
    settings.AARM_SIGNER = f"file:{settings.AARM_SIGNING_KEY_PATH}.gone"
    changes = AdminChange.objects.count()
    trent.raise_request_exception = False
    form = {"action": "revoke", "_selected_action": list(Credential.objects.values_list("pk", flat=True))}
    assert trent.post(address(Credential), form).status_code == 503
    assert trent.post(address(Agent, cast.agent.id, "change"), {**NEW[Agent], "name": "renamed"}).status_code == 503
    delete = {"action": "delete_selected", "post": "yes"}
    tools = [str(key) for key in Tool.objects.values_list("pk", flat=True)]
    assert trent.post(address(Tool), {**delete, "_selected_action": tools}).status_code == 503
    assert trent.post(address(User, str(cast.bob.pk), "password"), {
        "usable_password": "true", "password1": "correct-horse-battery", "password2": "correct-horse-battery",
    }).status_code == 503  # fmt: skip
    assert not Credential.objects.filter(revoked_at__isnull=False).exists()
    assert (Agent.objects.get(pk=cast.agent.id).name, Tool.objects.count()) == ("demo-agent", len(tools))
    assert not User.objects.get(pk=cast.bob.pk).check_password("correct-horse-battery")
    assert AdminChange.objects.count() == changes


def test_services_record_what_is_new_and_what_differs_and_nothing_else(cast: Cast) -> None:
    def kinds(act: Callable[[], object]) -> list[tuple[str, str, list[str]]]:
        before = len(bodies())
        act()
        said = [body["administration"] for body in bodies()[before:]]
        return [(item["what"], item["kind"].partition(".")[2], item["fields"]) for item in said]

    def person(*roles: Role) -> Callable[[], object]:
        return lambda: create_person(username="ivan", email="ivan@corp.example", roles=roles, teams=("new-team",))

    assert kinds(person(Role.REVIEWER)) == [("added", "group", []), ("added", "user", [])]
    assert kinds(person(Role.REVIEWER)) == []
    assert kinds(person(Role.ADMIN)) == [("changed", "user", ["groups", "is_staff", "is_superuser"])]
    assert kinds(lambda: register_agent(name="fresh")) == [("added", "agent", []), ("added", "credential", [])]
    Agent.objects.filter(name="fresh").update(is_active=False)
    again = [("changed", "agent", ["is_active"]), ("added", "credential", [])]
    assert kinds(lambda: register_agent(name="fresh")) == again
    assert kinds(lambda: issue_sign_in_link(user=cast.bob)) == [("added", "signinlink", [])]
    assert (told()["user"], newest()["actor"]) == (cast.bob.person_id, {"source": "command"})
    assert SignInLink.objects.get().token_digest not in str(bodies())
    role_group(Role.AUDITOR).permissions.clear()
    assert kinds(lambda: role_group(Role.AUDITOR)) == [("changed", "group", ["permissions"])]
    assert account().is_even


@pytest.mark.case("OPS-07")
def test_the_tools_that_a_host_declares_are_recorded_as_its_own(cast: Cast) -> None:
    tools = [{"name": name, "effect": "read"} for name in ("wiki.read", "email.send", "wiki.find")]
    tools[1]["effect"] = Tool.objects.get(tool="email", operation="send").effect
    before = len(bodies())
    assert Door(cast.host_key).post("/api/v1/tools", {"tools": tools}).status_code == 201
    said = bodies()[before:]
    assert [body["administration"]["name"] for body in said] == ["wiki.read", "wiki.find"]
    assert [body["actor"] for body in said] == [{"host": cast.host.id}] * 2


@pytest.mark.case("OPS-07")
def test_commands_that_change_people_leave_receipts(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "correct-horse-battery")
    call_command("createsuperuser", "--noinput", username="root", email="root@corp.example", verbosity=0)
    root = User.objects.get(username="root", is_superuser=True, is_staff=True)
    assert root.check_password("correct-horse-battery")
    assert (newest()["administration"]["object"], newest()["actor"]) == (root.person_id, {"source": "command"})
    with pytest.raises(CommandError, match="already exists"):
        call_command("createsuperuser", "--noinput", username="root", email="", verbosity=0)
    typed = iter(["another-good-secret", "another-good-secret", "another-good-secret", "mistyped", "12345", "12345"])
    monkeypatch.setattr("getpass.getpass", lambda prompt="": next(typed))
    call_command("changepassword", "root")
    assert newest()["administration"]["fields"] == ["password"]
    count = len(bodies())
    for complaint in ("differ", "too short"):
        with pytest.raises(CommandError, match=complaint):
            call_command("changepassword", "root")
    with pytest.raises(CommandError, match="Nobody"):
        call_command("changepassword", "nobody")
    root.refresh_from_db()
    assert (root.check_password("another-good-secret"), len(bodies())) == (True, count)


def test_commands_say_in_a_sentence_that_nothing_can_be_signed(cast: Cast, settings: Any) -> None:
    settings.AARM_SIGNER = f"file:{settings.AARM_SIGNING_KEY_PATH}.gone"
    for words in (("agents", "create", "fresh"), ("createsuperuser", "--noinput", "--username=root", "--email=r@x.io")):
        with pytest.raises(CommandError, match="Restore what AARM_SIGNER"):
            call_command(*words)
    assert not Agent.objects.filter(name="fresh").exists()
    assert not User.objects.filter(username="root").exists()


@pytest.mark.case("RCP-28")
def test_a_change_without_its_receipt_and_a_receipt_without_its_change_are_named(cast: Cast) -> None:
    register_agent(name="fresh")
    assert account().is_even
    victim = AdminChange.objects.latest("changed_at")
    with unguarded(AdminChange._meta.db_table):
        AdminChange.objects.filter(pk=victim.pk).delete()
    found = account()
    assert (found.surplus, found.missing) == ((victim.receipt_id,), ())


def test_a_sentence_names_an_agent_or_a_provider_and_no_command(cast: Cast, victor: Client) -> None:
    step = open_step_up(cast)
    question = ask_question(approval_id=step.approval.pk, person=cast.bob, to=Asked.AGENT, text="Why her?")
    answer_as_agent(caller=cast.agent, approval_id=step.approval.pk, question_id=question.pk, text="She asked.")
    answered = Receipt.objects.filter(stream="system/administration").latest("position")
    follow_claims(cast.bob, claims=Claims(email="bob@other.example"), is_new=False)
    followed = Receipt.objects.filter(stream="system/administration").latest("position")
    told = [read(victor.get(f"/r/{receipt.pk}")).text for receipt in (answered, followed)]
    assert "demo-agent added the answer" in told[0]
    assert "An identity provider changed the account bob." in told[1]


def test_a_change_is_told_in_a_sentence_and_listed(cast: Cast, trent: Client, victor: Client) -> None:
    trent.post(address(Agent, cast.agent.id, "change"), {**CHANGED[Agent], "name": "demo-agent"})
    receipt = Receipt.objects.filter(stream="system/administration").latest("position")
    page = read(victor.get(f"/r/{receipt.pk}")).text
    assert "trent changed the agent demo-agent." in page
    assert "Changed: is_active." in page
    listing = read(trent.get(address(AdminChange))).text
    assert "trent" in listing
    assert receipt.pk in listing
    with pytest.raises(ProblemError):
        authenticate(cast.agent_key)
