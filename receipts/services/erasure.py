"""Destroying what is known of a person, while everything that was signed stays and verifies (G16).

The keys go first, and with them what lies in backups and in other processes' unfinished transactions; then the sealed
values themselves, and what other tables repeat of them. Erasures, holds and the end of retention wait for each other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.db import transaction

from receipts.clock import database_now
from receipts.erasers import erase_copies, lock_subject
from receipts.identifiers import new_id
from receipts.models import Chain, LegalHold, Payload, Receipt, SubjectKey
from receipts.problems import ProblemError, not_found
from receipts.selectors.mentions import is_named
from receipts.selectors.privacy import standing_holds
from receipts.selectors.subject_keys import forget_keys
from receipts.services.issuing import issue_receipt
from receipts.services.payloads import store_values
from receipts.signing.canonical import JSON
from receipts.signing.statement import ReceiptType

PRIVACY_STREAM = "system/privacy"
EVERYBODY = ""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: a signed-in person by their id, or whoever runs a command by the name that the machine knows."""

    person: str = ""
    login: str = ""


class Ground(StrEnum):
    """Why a person's values go: Article 17(1) of the GDPR."""

    NO_LONGER_NECESSARY = "no_longer_necessary"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    OBJECTION = "objection"
    UNLAWFUL_PROCESSING = "unlawful_processing"
    LEGAL_OBLIGATION = "legal_obligation"


def erase_subject(subject: str, *, actor: Actor, ground: Ground) -> Receipt:
    """Destroys every value about the subject of this pseudonymous id, and says so in a receipt.

    Raises `not_found` where nothing is kept, and `legal_hold`.
    """
    with transaction.atomic():
        take_turn()
        require_no_hold(subject)
        # Before anything goes: a key or a name that is committed later than it is looked for would stay.
        lock_subject(subject)
        began = database_now()
        keys, payloads = SubjectKey.objects.filter(subject=subject), Payload.objects.filter(subject=subject)
        if not subject or not (keys.exists() or payloads.filter(erased_at=None).exists() or is_named(subject)):
            raise not_found("subject")
        emptied = payloads.filter(erased_at=None).update(content=None, erased_at=database_now())
        counts = {"keys": keys.delete()[0], "payloads": emptied} | erase_copies(subject)
        transaction.on_commit(forget_keys)
        said: dict[str, JSON] = {"subject": subject, "ground": ground, "rows": dict(counts)}
        # Words of others that named the person. Erasures have their turns, so that what went since went by this one.
        others = Payload.objects.filter(erased_at__gte=began).exclude(subject=subject)
        said["others"] = list[JSON](others.order_by("pk").values_list("pk", flat=True))
        return privacy_receipt("erasure", said, actor=actor)


def blank_payloads(ids: Collection[str], *, held: Collection[str]) -> int:
    """Empties these rows, except those of held subjects; how many. Their keys are the caller's matter."""
    kept = Payload.objects.filter(pk__in=ids, erased_at=None).exclude(subject__in=held)
    return kept.update(content=None, erased_at=database_now())


def place_hold(subject: str, *, actor: Actor, reason: str) -> Receipt:
    """From now on nothing of the subject is erased; an empty one stands for everybody. Raises `legal_hold`."""
    with transaction.atomic():
        take_turn()
        if standing_holds().filter(subject=subject).exists():
            raise _held("A hold stands for this subject already.", fix="Nothing to do.")
        LegalHold.objects.create(id=new_id("hld"), subject=subject, placed_at=database_now())
        return privacy_receipt("hold_placed", {"subject": subject or None}, actor=actor, reason=reason)


def release_hold(subject: str, *, actor: Actor, reason: str) -> Receipt:
    """Ends a hold. Raises `not_found`."""
    with transaction.atomic():
        take_turn()
        if not standing_holds().filter(subject=subject).update(released_at=database_now()):
            raise not_found("hold")
        return privacy_receipt("hold_released", {"subject": subject or None}, actor=actor, reason=reason)


def take_turn() -> None:
    """The lock of the stream that the receipt goes to: a hold that was placed before this is seen."""
    Chain.objects.bulk_create([Chain(stream=PRIVACY_STREAM)], ignore_conflicts=True)
    Chain.objects.select_for_update().get(pk=PRIVACY_STREAM)


def require_no_hold(subject: str) -> None:
    """Raises `legal_hold` if one stands for the subject, or for everybody."""
    if standing_holds().filter(subject__in=(subject, EVERYBODY)).exists():
        raise _held("A legal hold stands for this subject.", fix="See ./run privacy holds; release it first.")


def _held(why: str, *, fix: str) -> ProblemError:
    return ProblemError("legal_hold", status=409, why=why, fix=fix)


def privacy_receipt(what: str, facts: Mapping[str, JSON], *, actor: Actor, reason: str = "") -> Receipt:
    """Says what was done. A login and a reason are words of a person, who may want them erased one day."""
    at = database_now()
    words = store_values({"/privacy/actor": actor.login, "/privacy/reason": reason}, at=at, subject=actor.person)
    body: dict[str, JSON] = {"privacy": {"what": what, **facts}, "commitments": dict(words.commitments)}
    if actor.person:
        body["actor"] = {"person": actor.person}
    return issue_receipt(type=ReceiptType.ERASURE, stream=PRIVACY_STREAM, body=body, at=at, payload=words)
