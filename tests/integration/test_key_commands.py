"""`agents create` and `keys`: standard output carries what a shell or a file wants, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from decisions.models import Agent, Credential, Host
from decisions.services.identity import authenticate
from decisions.services.packs import pack_named
from decisions.services.policies import publish_policy
from receipts.access import CallerKind
from receipts.clock import database_now
from receipts.models import PublishedKey, Receipt
from receipts.selectors import envelope_of
from receipts.selectors.log import log_origin
from receipts.services import ensure_signing_key
from receipts.services.rotation import rotate_key
from receipts.signing.documents import read_keys
from receipts.signing.verify import verify_receipt
from tests.e2e.processes import run_command
from tests.e2e.servers import embedded_variables
from tests.engines import free_port

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> tuple[str, str]:
    out, error = io.StringIO(), io.StringIO()
    call_command(*arguments, stdout=out, stderr=error)
    return out.getvalue(), error.getvalue()


@pytest.mark.parametrize(
    ("options", "kind", "model"), [((), CallerKind.AGENT, Agent), (("--host",), CallerKind.HOST, Host)]
)
def test_a_fresh_key_authenticates(options: tuple[str, ...], kind: CallerKind, model: type[Agent] | type[Host]) -> None:
    out, error = run("agents", "create", "billing", *options)
    caller = authenticate(out.rstrip("\n"))
    assert (caller.kind, caller.id, caller.name) == (kind, model.objects.get().pk, "billing")
    assert caller.id in error
    assert out.strip() not in error


def test_a_second_key_leaves_the_first_one_valid() -> None:
    first, again = run("agents", "create", "billing"), run("agents", "create", "billing")
    assert authenticate(first[0].strip()).id == authenticate(again[0].strip()).id
    assert ("is new" in first[1], "was known" in again[1]) == (True, True)
    assert (Agent.objects.count(), Credential.objects.count()) == (1, 2)


@pytest.mark.parametrize("name", ["", " billing", "agt_0000", "hst_0000", "x" * 129, "bill\u202eing", "bill\ning"])
def test_a_name_that_deceives_is_refused(name: str) -> None:
    with pytest.raises(CommandError, match="printable"):
        run("agents", "create", name)
    assert Agent.objects.count() == 0


def test_the_exported_keys_verify_a_receipt_offline() -> None:
    ensure_signing_key()
    pack = pack_named("starter")
    publish_policy(text=pack.text, source=pack.source, actor=None)
    out, _ = run("keys", "export")
    assert {member for key in json.loads(out)["keys"] for member in key} & {"d", "k"} == set(), "A private half."
    verify_receipt(envelope_of(Receipt.objects.get()), keys=read_keys(out.encode()))


def test_creating_the_signing_key_twice_gives_one_key() -> None:
    first, again = run("keys", "create")[0], run("keys", "create")[0]
    assert first == again
    assert first.strip() in run("keys", "export")[0]


@pytest.fixture
def first(settings: LazySettings, tmp_path: Path) -> str:
    """The id of the key that signs, in a folder of this test's own."""
    settings.AARM_SIGNING_KEY_PATH = tmp_path / "signing_key.pem"
    return run("keys", "create")[0].strip()


def test_a_rotation_prints_the_new_key_and_lists_what_became_of_the_old_one(first: str) -> None:
    second, said = run("keys", "rotate", "--yes")
    assert first in said
    lines = run("keys", "list")[0].splitlines()
    assert [line.split()[0] for line in lines] == [first, second.strip()]
    assert ("retired" in lines[0], "signs now" in lines[1]) == (True, True)
    run("keys", "revoke", first, "--reason", "compromised", "--yes")
    assert "revoked" in run("keys", "list")[0].splitlines()[0]
    entry = next(key for key in json.loads(run("keys", "export")[0])["keys"] if key["kid"] == first)
    assert entry["revoked_size"] == 2


def test_a_prepared_key_takes_over_when_it_is_named(first: str) -> None:
    prepared = run("keys", "prepare")[0].strip()
    assert prepared not in run("keys", "export")[0]
    assert run("keys", "rotate", "--to", prepared, "--yes")[0].strip() == prepared


@pytest.mark.parametrize("answer", ["", "no\n", "y\n"])
@pytest.mark.parametrize("words", [("rotate",), ("retire", "KEY"), ("revoke", "KEY", "--reason", "lost")])
def test_what_can_not_be_taken_back_happens_only_after_a_yes(
    first: str, monkeypatch: pytest.MonkeyPatch, answer: str, words: tuple[str, ...]
) -> None:
    target = first
    if words != ("rotate",):
        # Only a key that no longer signs can end: this one still has to retire.
        PublishedKey.objects.update(created_at=database_now() - timedelta(days=1))
        rotate_key()
        PublishedKey.objects.filter(pk=first).update(retired_at=None)
    asked = ["keys", *(target if word == "KEY" else word for word in words)]
    before = list(PublishedKey.objects.order_by("pk").values())
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    with pytest.raises(CommandError, match="Nothing was changed"):
        run(*asked)
    assert list(PublishedKey.objects.order_by("pk").values()) == before
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    run(*asked)
    assert list(PublishedKey.objects.order_by("pk").values()) != before


def test_a_refusal_is_one_sentence_and_says_what_to_do(first: str) -> None:
    with pytest.raises(CommandError, match=r"signs now\. .*\./run keys rotate"):
        run("keys", "retire", first, "--yes")
    with pytest.raises(CommandError, match="ever published"):
        run("keys", "revoke", "aarm-nobody", "--reason", "lost", "--yes")


def test_a_witness_is_told_the_log_s_name_and_key(first: str) -> None:
    vkey = run("keys", "export", "--vkey")[0].strip()
    name, hashed, key = vkey.split("+", 2)
    raw = base64.b64decode(key)
    assert (name, raw[:1]) == (log_origin(), b"\x01")
    assert hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4].hex() == hashed


EMBEDDED_LIFE = """
from django.core.management import call_command
from receipts.selectors import active_key_id
call_command("migrate", verbosity=0)
call_command("keys", "create")
first = active_key_id()
call_command("keys", "rotate", "--yes")
call_command("keys", "revoke", first, "--reason", "suspected", "--yes")
call_command("keys", "list")
"""


@pytest.mark.case("RCP-23")
def test_keys_rotate_and_end_in_the_embedded_product_too(tmp_path: Path) -> None:
    variables = embedded_variables(tmp_path, port=free_port())
    done = run_command("shell", "-v", "0", "-c", EMBEDDED_LIFE, variables=variables)
    first, second, *listed = done.stdout.splitlines()
    assert ["revoked" in line for line in listed] == [True, False], done.stderr
    assert [line.split()[0] for line in listed] == [first, second]
