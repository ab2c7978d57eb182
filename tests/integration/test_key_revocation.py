"""A stolen key: from its revocation on only a place in the log counts, whatever time a thief writes."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import transaction
from django.test import Client

from receipts.clock import database_now
from receipts.identifiers import new_id
from receipts.models import PublishedKey, Receipt, Unsequenced
from receipts.selectors import active_key_id, check_receipt, envelope_of
from receipts.selectors.accounting import accounts
from receipts.selectors.log import open_alarms
from receipts.selectors.verification import leaf_indexes
from receipts.services import current_signer, ensure_signing_key, issue_receipt, rotation
from receipts.services.checkpoints import sign_due_checkpoint
from receipts.services.rotation import KeyChangeError, RevocationReason, revoke_key, rotate_key
from receipts.services.sequencing import sequence_waiting
from receipts.signing.checkpoint import verify_checkpoint
from receipts.signing.envelope import sign_payload
from receipts.signing.errors import RevokedKeyError, UntrustedKeyError
from receipts.signing.keys import KeySet, SigningKey
from receipts.signing.statement import ReceiptType, build_statement, parse_statement
from receipts.signing.verify import verify_receipt
from tests.web.tampering import tamper

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def folder(settings: LazySettings, tmp_path: Path) -> Path:
    """Where this test's keys lie; the first one signs already."""
    settings.AARM_SIGNING_KEY_PATH = tmp_path / "signing_key.pem"
    ensure_signing_key()
    return tmp_path


def issued(stream: str = "ses_alice") -> Receipt:
    with transaction.atomic():
        return issue_receipt(type=ReceiptType.DECISION, stream=stream, body={}, at=database_now())


def published() -> KeySet:
    """What anybody may fetch."""
    return KeySet.from_jwks(Client().get("/.well-known/aarm/keys.json").json())


def forged(
    key: SigningKey,
    *,
    issued_at: datetime,
    after: Receipt | None = None,
    stream: str = "",
    type: ReceiptType = ReceiptType.DECISION,
    body: dict[str, Any] | None = None,
) -> Receipt:
    """What somebody writes who has the key and may insert rows: the next receipt of a stream, as if it were old."""
    stream = after.stream if after else stream
    position, previous = (after.position + 1, after.digest) if after else (1, None)
    payload = build_statement(
        id=new_id("rct"),
        type=type,
        stream=stream,
        position=position,
        previous=previous,
        issued_at=issued_at,
        key_id=key.key_id,
        algorithm=key.algorithm,
        deployment="aarm",
        body=body or {},
    )
    envelope = sign_payload(payload, signer=key)
    row = Receipt(
        id=parse_statement(payload).id,
        type=type,
        stream=stream,
        position=position,
        previous_digest=previous,
        digest=envelope.digest,
        body=payload,
        signature=envelope.signature,
        key_id=key.key_id,
        issued_at=issued_at,
    )
    row.save(force_insert=True)
    Unsequenced.objects.create(receipt_id=row.pk)
    return row


@pytest.mark.case("RCP-22", "RCP-21")
def test_what_a_revoked_key_signs_later_fails_however_it_is_dated(folder: Path) -> None:
    stolen = SigningKey.from_pem((folder / "signing_key.pem").read_bytes())
    honest = [issued() for _ in range(3)]
    sequence_waiting()
    assert sign_due_checkpoint() is not None
    rotate_key()
    size = revoke_key(key_id=stolen.key_id, reason=RevocationReason.COMPROMISED)
    fake = forged(stolen, after=honest[-1], issued_at=honest[0].issued_at)
    sequence_waiting()
    places = leaf_indexes([*honest, fake])
    assert [places[item.pk] for item in honest] == [0, 1, 2]
    # What was signed after the key's end gets no place; at any that it could have it would not count.
    assert fake.pk not in places
    assert list(open_alarms().values_list("code", "subject")) == [("ALTERED", fake.pk)]
    # With its place in the log, what the key signed by right still counts, here and for everybody.
    for receipt in honest:
        assert all(check.is_good for check in check_receipt(receipt))
        verify_receipt(envelope_of(receipt), keys=published(), leaf_index=places[receipt.pk])
    for receipt, place in [(fake, size), (fake, size + 1), (fake, None), (honest[0], None)]:
        with pytest.raises(RevokedKeyError):
            verify_receipt(envelope_of(receipt), keys=published(), leaf_index=place)
    assert [check.is_good for check in check_receipt(fake)] == [False]
    revoked = Receipt.objects.get(type=ReceiptType.KEY_REVOKED)
    body: Any = parse_statement(bytes(revoked.body)).body
    expected = {"key_id": stolen.key_id, "algorithm": "Ed25519", "reason": "compromised", "log_size": size}
    assert (body["key"], leaf_indexes([revoked])[revoked.pk]) == (expected, size)


@pytest.mark.case("RCP-22")
def test_the_log_goes_on_after_the_key_that_signed_its_last_checkpoint_was_revoked(settings: LazySettings) -> None:
    settings.AARM_CHECKPOINT_SECONDS = 0
    stolen = str(active_key_id())
    issued()
    sequence_waiting()
    first = sign_due_checkpoint()
    assert first is not None
    rotate_key()
    revoke_key(key_id=stolen, reason=RevocationReason.SUSPECTED)
    sequence_waiting()
    second = sign_due_checkpoint()
    assert second is not None
    assert list(open_alarms()) == []
    assert [item for item in accounts() if " key" in item.noun and not item.is_even] == []
    verify_checkpoint(second.note, keys=published())
    with pytest.raises(RevokedKeyError):
        verify_checkpoint(first.note, keys=published())


@pytest.mark.case("RCP-22")
def test_nobody_holds_up_a_revocation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a transaction, where the key has retired, nor for longer than a moment what never gets a place."""
    monkeypatch.setattr(rotation, "WAIT_SECONDS", 0.2)
    old, first = str(active_key_id()), issued()
    rotate_key()
    sequence_waiting()
    # Under the name of the key that is to end, and with a signature that is not its.
    tamper(forged(SigningKey.from_seed(b"\x22" * 32), after=first, issued_at=database_now()), key_id=old)
    monkeypatch.setattr(rotation, "_running_transactions", lambda: pytest.fail("It had retired."))
    assert revoke_key(key_id=old, reason=RevocationReason.LOST) == 3
    assert PublishedKey.objects.get(pk=old).revoked_at is not None
    with pytest.raises(KeyChangeError, match="already"):
        revoke_key(key_id=old, reason=RevocationReason.LOST)
    with pytest.raises(KeyChangeError, match="signs now"):
        revoke_key(key_id=str(active_key_id()), reason=RevocationReason.LOST)


@pytest.mark.case("RCP-22")
def test_whoever_kept_a_retired_key_gets_no_place_in_the_log_whatever_time_they_state() -> None:
    old, first = current_signer(), issued()
    rotate_key()
    late = forged(old, after=first, issued_at=first.issued_at)  # type: ignore[arg-type]
    sequence_waiting()
    assert Unsequenced.objects.filter(receipt_id=late.pk).exists()
    assert [alarm.subject for alarm in open_alarms()] == [late.pk]
    size = PublishedKey.objects.get(pk=old.key_id).jwk["retired_size"]
    assert size == 2
    verify_receipt(envelope_of(first), keys=published(), leaf_index=0)
    with pytest.raises(UntrustedKeyError, match="retired"):
        verify_receipt(envelope_of(late), keys=published(), leaf_index=size)
