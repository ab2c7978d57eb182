"""`agents create` and `keys export`: standard output carries what a shell or a file wants, and nothing else."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from decisions.models import Agent, Credential, Host
from decisions.services.identity import authenticate
from decisions.services.packs import pack_named
from decisions.services.policies import publish_policy
from receipts.access import CallerKind
from receipts.models import Receipt
from receipts.selectors import envelope_of
from receipts.services import ensure_signing_key
from receipts.signing.documents import read_keys
from receipts.signing.verify import verify_receipt

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
