"""`seed_demo`: who is there afterwards, that a second run takes nothing away, and where it refuses."""

from __future__ import annotations

import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db import connection

from approvals.models import User
from decisions.models import ActivePolicy, Agent, PolicyVersion, Tool
from decisions.services import demo
from decisions.services.demo import CAST, CATALOGUE, describe_tools, seed_demo
from decisions.services.escalation import consequence_of
from decisions.services.identity import authenticate as authenticate_key
from decisions.services.packs import pack_named
from receipts.models import Receipt
from receipts.problems import ProblemError
from receipts.services import ensure_signing_key
from tests.e2e.processes import environment, run_command

Seed = dict[str, Any]


def seeded() -> Seed:
    out = io.StringIO()
    call_command("seed_demo", "--json", stdout=out)
    found: Seed = json.loads(out.getvalue())
    return found


def may_sign_in(seed: Seed) -> list[bool]:
    return [authenticate(username=user["username"], password=user["password"]) is not None for user in seed["users"]]


def keys_of(seed: Seed) -> list[str]:
    return [seed["host_key"], *(agent["key"] for agent in seed["agents"])]


@pytest.mark.django_db
def test_the_object_for_scripts_has_the_promised_shape() -> None:
    seed = seeded()
    assert sorted(seed) == ["agents", "host_key", "policy", "url", "users"]
    assert [agent["name"] for agent in seed["agents"]] == ["demo-agent", "other-agent"]
    assert [sorted(agent) for agent in seed["agents"]] == [["id", "key", "name"]] * 2
    passkeys = {user["username"]: user.pop("passkey", None) for user in seed["users"]}
    assert all(sorted(user) == ["groups", "password", "roles", "username"] for user in seed["users"])
    assert [name for name, key in passkeys.items() if key] == ["bob", "carol", "dave", "erin"]
    assert "BEGIN PRIVATE KEY" in passkeys["bob"]["private_key"]
    parts = {"algorithm", "credential_id", "origin", "private_key", "rp_id", "sign_count", "user_handle"}
    assert set(passkeys["bob"]) == parts
    assert seed["policy"]["id"] == "demo"
    assert [authenticate_key(key).name for key in keys_of(seed)] == ["demo-host", "demo-agent", "other-agent"]
    assert all(may_sign_in(seed))


@pytest.mark.django_db
def test_the_people_are_those_of_the_contract() -> None:
    users = seeded()["users"]
    groups = [group for user in users for group in user["groups"]]
    assert sorted(groups) == ["data-owner"] * 2 + ["security-team"] * 2
    roles = sorted(role for user in users for role in user["roles"])
    assert roles == ["admin", "auditor", "policy-author"] + ["reviewer"] * 4
    assert not User.objects.filter(email__iexact=demo.HUMAN).exists()
    assert not User.objects.filter(username__iexact=demo.HUMAN).exists()
    for user in users:
        row = User.objects.get(username=user["username"])
        assert set(row.groups.values_list("name", flat=True)) == {*user["roles"], *user["groups"]}
        assert row.is_superuser is (user["roles"] == ["admin"])


@pytest.mark.django_db
def test_a_second_run_takes_nothing_away() -> None:
    first, second = seeded(), seeded()
    assert all(may_sign_in(first)), "An earlier password stopped working."
    assert all(may_sign_in(second))
    assert [authenticate_key(key).id for key in keys_of(first)] == [authenticate_key(key).id for key in keys_of(second)]
    assert not {*keys_of(first)} & {*keys_of(second)}
    names = [user["username"] for user in second["users"]]
    assert names == [f"{user['username']}2" for user in first["users"]]
    assert PolicyVersion.objects.count() == 1, "The policy that holds already was published again."


@pytest.mark.django_db
def test_somebody_with_a_name_of_the_cast_keeps_their_account() -> None:
    own = User.objects.create_user("Carol", email="carol@elsewhere.example", password="her own one")
    seed = seeded()
    own.refresh_from_db()
    assert (own.email, own.check_password("her own one"), own.groups.count()) == ("carol@elsewhere.example", True, 0)
    assert seed["users"][0]["username"] == "bob2", "All names of one run carry the same number."


@pytest.mark.django_db
def test_the_demo_policy_holds_afterwards_whatever_held_before() -> None:
    seeded()
    call_command("policy", "publish", "starter", stdout=io.StringIO())
    assert seeded()["policy"]["id"] == "demo"
    assert ActivePolicy.objects.get().version.text == pack_named("demo").text


@pytest.mark.django_db
def test_reviewers_read_a_consequence_in_our_words() -> None:
    seeded()
    assert Tool.objects.count() == len(CATALOGUE)
    sentence = consequence_of(tool="email", operation="send", parameters={"to": "ana@partner.example\u202e"})
    assert sentence == "Sends an e-mail to ana@partner.example⟦U+202E RIGHT-TO-LEFT OVERRIDE⟧. It can't be called back."


@pytest.mark.django_db
def test_what_the_organisation_says_of_a_tool_stays() -> None:
    ensure_signing_key()
    Tool.objects.create(tool="email", operation="send", effect="write", consequence="Our own words.")
    Tool.objects.create(tool="files", operation="read", effect="read")
    describe_tools()
    mail, file = (Tool.objects.get(tool=tool, operation=verb) for tool, verb in (("email", "send"), ("files", "read")))
    assert (mail.effect, mail.consequence) == ("write", "Our own words.")
    assert file.consequence == "Reads the file {name}."


@pytest.mark.django_db
def test_all_or_nothing(settings: Any, tmp_path: Path) -> None:
    settings.AARM_SIGNING_KEY_PATH = tmp_path / "absent.pem"
    with pytest.raises(ProblemError) as caught:
        seed_demo()
    assert caught.value.code == "signing_unavailable"
    assert (User.objects.count(), Agent.objects.count(), Tool.objects.count()) == (0, 0, 0)
    ensure_signing_key()
    seed_demo()
    assert (User.objects.count(), Agent.objects.count()) == (len(CAST), 2)


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_share_no_name() -> None:
    ensure_signing_key()
    barrier = threading.Barrier(2)

    def run(_: int) -> set[str]:
        barrier.wait(timeout=30)
        try:
            return {user.username for user in seed_demo().users}
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=2) as pool:
        one, other = pool.map(run, range(2))
    assert not one & other
    assert User.objects.count() == 2 * len(CAST)


@pytest.mark.django_db
def test_people_get_a_table_and_an_example() -> None:
    out = io.StringIO()
    call_command("seed_demo", stdout=out)
    said = out.getvalue()
    for word in ("bob", "security-team", "ahk_", "aak_", "/decide", "STEP_UP", "Sign in at"):
        assert word in said


@pytest.mark.django_db
def test_settings_that_do_not_say_so_refuse(settings: Any) -> None:
    settings.AARM_MAY_SEED_DEMO = False
    with pytest.raises(CommandError, match="don't belong in production"):
        call_command("seed_demo")
    assert (User.objects.count(), Receipt.objects.count()) == (0, 0)


def test_production_settings_refuse(tmp_path: Path) -> None:
    variables = environment(
        DJANGO_SETTINGS_MODULE="aarm_site.settings.prod",
        DATABASE_URL="postgresql://nobody@127.0.0.1:1/none",
        REDIS_URL="redis://127.0.0.1:1",
        AARM_BASE_URL="https://aarm.corp.example",
        AARM_SECRET_KEY="x" * 48,
        AARM_DATA_DIR=str(tmp_path),
        AARM_SIGNING_KEY_FILE=str(tmp_path / "key.pem"),
        AARM_PAYLOAD_KEY_FILE=str(tmp_path / "payload_keys"),
    )
    done = run_command("seed_demo", "--json", variables=variables)
    assert (done.returncode, done.stdout) == (1, "")
    assert "don't belong in production" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_tables_it_says_what_to_do_first(tmp_path: Path) -> None:
    variables = environment(AARM_DATA_DIR=str(tmp_path / "data"))
    done = run_command("seed_demo", "--json", variables=variables)
    assert (done.returncode, done.stdout) == (1, "")
    assert "./run migrate" in done.stderr
    assert run_command("migrate", variables=variables).returncode == 0
    again = run_command("seed_demo", "--json", variables=variables)
    assert json.loads(again.stdout)["policy"]["id"] == "demo", "Standard output holds more than the object."
