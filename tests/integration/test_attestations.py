"""Receipts in the forms of others: signed as those forms ask, saying no more than the receipt, or refused."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import pytest
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.management import CommandError, call_command

from receipts.exporters.agent_receipts import DRAFT
from receipts.models import Receipt
from receipts.selectors import envelope_of
from receipts.selectors.keys import published_jwks
from tests.factories import MAIL, Cast, begin_session, decide, make_cast, open_step_up, vote

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def attested(*arguments: str) -> list[dict[str, Any]]:
    out = io.StringIO()
    call_command("attest", *arguments, stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def public_key(key_id: str) -> Ed25519PublicKey:
    """The published key, read without our code."""
    keys: Any = published_jwks()["keys"]
    (jwk,) = [key for key in keys if key["kid"] == key_id]
    return Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(jwk["x"] + "=="))


def decision_receipt(cast: Cast, **parameters: Any) -> Receipt:
    answer = decide(cast, begin_session(cast), "email.send", parameters={**MAIL, **parameters})
    return Receipt.objects.get(decision_id=answer["decision_id"], type="decision")


def test_an_attestation_is_in_toto_in_dsse_and_names_the_receipts_digest(cast: Cast) -> None:
    receipt = decision_receipt(cast)
    (envelope,) = attested(receipt.pk)
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    payload = base64.b64decode(envelope["payload"])
    (signature,) = envelope["signatures"]
    message = b"DSSEv1 28 application/vnd.in-toto+json %d " % len(payload) + payload
    key = public_key(signature["keyid"])
    key.verify(base64.b64decode(signature["sig"]), message)
    with pytest.raises(InvalidSignature):
        key.verify(base64.b64decode(signature["sig"]), message.replace(b"email", b"e-mail"))
    statement = json.loads(payload)
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "urn:aarm:receipt:v1"
    (subject,) = statement["subject"]
    assert (subject["name"], "sha256:" + subject["digest"]["sha256"]) == (receipt.pk, receipt.digest)
    assert statement["predicate"] == json.loads(bytes(receipt.body))
    assert not any(str(value) in payload.decode() for value in MAIL.values()), "values stay behind their commitments"


def test_every_kind_of_receipt_can_be_attested(cast: Cast) -> None:
    vote(open_step_up(cast), cast.bob)
    rows = list(Receipt.objects.order_by("id"))
    found = attested(*[row.pk for row in rows])
    names = [json.loads(base64.b64decode(item["payload"]))["subject"][0]["name"] for item in found]
    assert names == [row.pk for row in rows]


@pytest.mark.parametrize(
    ("to", "word"),
    [("bob@corp.example", "allow"), ("ana@partner.example", "require_approval")],
    ids=["allow", "step-up"],
)
def test_a_decision_in_the_drafts_form_verifies_as_the_draft_says(cast: Cast, to: str, word: str) -> None:
    receipt = decision_receipt(cast, to=to)
    (found,) = attested(receipt.pk, "--experimental", DRAFT)
    assert set(found) == {"payload", "signature"}
    payload, signature = found["payload"], found["signature"]
    assert (payload["type"], payload["tool_name"], payload["decision"]) == ("protectmcp:decision", "email.send", word)
    assert payload["issuer_id"] == signature["kid"]
    assert signature["alg"] == "EdDSA"
    public_key(signature["kid"]).verify(bytes.fromhex(signature["sig"]), rfc8785.dumps(payload))
    assert payload["payload_digest"]["size"] == len(envelope_of(receipt).payload)


def test_what_the_draft_has_no_word_for_is_refused(cast: Cast) -> None:
    step = open_step_up(cast)
    vote(step, cast.bob)
    cast_vote = Receipt.objects.get(decision_id=step.answer["decision_id"], type="vote")
    assert attested(cast_vote.pk), "as in-toto it goes"
    with pytest.raises(CommandError, match="for no others"):
        attested(cast_vote.pk, "--experimental", DRAFT)
    with pytest.raises(CommandError, match="There is no receipt"):
        attested("rct_nobody")
