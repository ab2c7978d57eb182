"""Whoever has the log, or the database without its keys, and tries every likely value, finds none of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction

from decisions.models import ContextEntry, Decision, Session
from decisions.services.integrity import lock_session
from decisions.services.questions import nonce_in
from decisions.services.sessions import record_fact
from receipts.clock import database_now
from receipts.models import Payload, Receipt
from receipts.selectors import disclosure_of, opened_values
from receipts.services.erasure import Actor, Ground, erase_subject
from receipts.signing.canonical import (
    action_digest,
    canonical_bytes,
    commitment,
    digest,
    field_salt,
    load_strict,
    request_digest,
)
from tests.factories import Cast, begin_session, decide, make_cast
from tests.privacy.people import tables_with

AMOUNT, MAIL = 4711, "alicecanary7391@corp.example"
TOOLS = ("email", "database", "credentials", "payments", "calendar", "ALLOW", "DENY")
FULL_AMOUNTS, FULL_MAILS = 10**7, 10**6
NOTHING = bytes(32)
_MARK = 8_888_888
_DIGEST = re.compile(rb"[0-9a-f]{64}")


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@dataclass(frozen=True, slots=True)
class Form:
    """What is hashed when a value is guessed: its canonical bytes between two texts."""

    before: bytes
    after: bytes

    def digest_of(self, text: bytes) -> str:
        return hashlib.sha256(self.before + text + self.after).hexdigest()


def form_of(value: object) -> Form:
    """Around the mark in the canonical bytes of `value`."""
    before, _, after = canonical_bytes(value).partition(str(_MARK).encode())
    return Form(before, after)


def committed(path: str, *, salt: bytes) -> Form:
    """By the format document, written here once more."""
    name = path.encode()
    return Form(b"aarm/commit/v1" + len(name).to_bytes(4, "big") + name + salt, b"")


def asked(session: str, parameters: dict[str, Any]) -> Form:
    named = {"operation": "send", "parameters": parameters, "session_id": session, "tool": "email"}
    return form_of(named)


def bound(nonce: bytes, parameters: dict[str, Any]) -> Form:
    form = form_of({"operation": "send", "parameters": parameters, "tool": "email"})
    return Form(b"aarm/action/v1\x00" + nonce + form.before, form.after)


def forms(session: str) -> list[Form]:
    """Every way in which somebody who knows all the rest might find the amount or the address."""
    rest: list[dict[str, Any]] = [{"to": MAIL, "amount": _MARK}, {"to": _MARK, "amount": AMOUNT}]
    return [
        Form(b"", b""),
        *(committed(f"parameters/{name}", salt=salt) for name in ("to", "amount") for salt in (b"", NOTHING)),
        *(committed(path, salt=field_salt(NOTHING, path)) for path in ("parameters/to", "parameters/amount")),
        *(asked(session, parameters) for parameters in rest),
        *(bound(nonce, parameters) for nonce in (b"", NOTHING) for parameters in rest),
    ]


def guesses(*, amounts: int, mails: int) -> Iterator[bytes]:
    """Every amount, addresses of the usual shape, and every tool, in canonical form."""
    yield from (str(number).encode() for number in range(amounts))
    yield from (f'"{name}@corp.example"'.encode() for name in ("alice", "bob", MAIL.partition("@")[0]))
    yield from (f'"user{number}@corp.example"'.encode() for number in range(mails))
    yield from (canonical_bytes(word) for word in (*TOOLS, True, False, None))


def in_the_log() -> set[str]:
    """Every digest in every signed receipt."""
    return {found.decode() for row in Receipt.objects.all() for found in _DIGEST.findall(bytes(row.body))}


def opened(targets: set[str], *, by: list[Form], amounts: int, mails: int) -> int:
    """How many of the guesses hit any target in any form."""
    tried = guesses(amounts=amounts, mails=mails)
    return sum(form.digest_of(guess) in targets for guess in tried for form in by)


def paid(cast: Cast) -> tuple[str, dict[str, Any]]:
    """A session in which the amount is a fact, and was sent to the address; the answer to that."""
    session = begin_session(cast)
    with transaction.atomic():
        locked = lock_session(session)
        assert locked is not None
        record_fact(locked, field="limit", value=AMOUNT, trust="attested", source="host", at=database_now())
    return session, decide(cast, session, "email.send", parameters={"to": MAIL, "amount": AMOUNT})


def _attack(cast: Cast, *, amounts: int, mails: int) -> None:
    session, answer = paid(cast)
    targets = in_the_log()
    assert len(targets) > 5
    assert opened(targets, by=forms(session), amounts=amounts, mails=mails) == 0
    # The controls: the forms are the right ones, and find both where there is no secret, or the secret is known.
    rest: dict[str, Any] = {"to": MAIL, "amount": AMOUNT}
    plain = request_digest(session_id=session, tool="email", operation="send", parameters=rest)
    assert answer["request_digest"] == plain
    bare = action_digest(nonce=NOTHING, tool="email", operation="send", parameters=rest)
    zero = commitment("parameters/amount", salt=NOTHING, value=AMOUNT)
    found = {text.removeprefix("sha256:") for text in (plain, bare, zero)}
    assert opened(found, by=forms(session), amounts=AMOUNT + 1, mails=0) == 5
    row = Payload.objects.get(pk=Receipt.objects.get(type="decision").payload_id)
    told: Any = disclosure_of(row, commitments=[])
    salted = committed("parameters/amount", salt=bytes.fromhex(told["parameters/amount"]["salt"]))
    assert opened(targets, by=[salted], amounts=AMOUNT + 1, mails=0) == 1


@pytest.mark.case("PRV-04")
def test_a_dictionary_opens_nothing_in_an_exported_log(cast: Cast) -> None:
    _attack(cast, amounts=40_000, mails=4_000)


@pytest.mark.nightly
@pytest.mark.case("PRV-04")
def test_a_dictionary_of_all_amounts_and_a_million_addresses_opens_nothing_either(cast: Cast) -> None:
    _attack(cast, amounts=FULL_AMOUNTS, mails=FULL_MAILS)


def secrets_of(decision: Decision) -> list[str]:
    """What makes the digests of a decision guessable, as hexadecimal digits."""
    values = opened_values(decision.payload)
    told: Any = disclosure_of(decision.payload, commitments=[])
    asked_for = request_digest(
        session_id=decision.session_id, tool="email", operation="send", parameters={"to": MAIL, "amount": AMOUNT}
    )
    state = decision.session.state
    return [nonce_in(values).hex(), told["parameters/amount"]["salt"], asked_for.removeprefix("sha256:"), state["salt"]]


@pytest.mark.case("PRV-04")
def test_an_erasure_leaves_no_secret_with_which_a_dump_of_the_database_could_be_guessed(cast: Cast) -> None:
    _, answer = paid(cast)
    decision = Decision.objects.get(pk=answer["decision_id"])
    secrets = secrets_of(decision)
    assert tables_with(secrets[-1]) == ["decisions_session"]
    # The answer is kept for retries, and says the question's digest; everything else is sealed.
    assert [tables_with(secret) for secret in secrets[:2]] == [[], []]
    erase_subject(str(decision.session.human_id), actor=Actor(login="operator"), ground=Ground.OBJECTION)
    assert [tables_with(secret) for secret in secrets] == [[], [], [], []]


@pytest.mark.case("PRV-04")
def test_what_a_fact_says_is_not_found_from_the_chain_of_its_session(cast: Cast) -> None:
    session, _ = paid(cast)
    row = Session.objects.get(pk=session)
    state: Any = row.state

    def hits(salt: dict[str, str]) -> list[int]:
        rest = {name: value for name, value in state.items() if name != "salt"} | salt
        fact = state["facts"]["limit"]
        tried = ((n, rest | {"facts": {"limit": fact | {"value": n}}}) for n in range(AMOUNT - 50, AMOUNT + 50))
        return [number for number, guess in tried if digest(guess) == chained["state"]]

    chained: Any = load_strict(bytes(ContextEntry.objects.filter(session=row).latest("position").body))
    assert hits({}) == hits({"salt": ""}) == hits({"salt": NOTHING.hex()}) == []
    assert hits({"salt": state["salt"]}) == [AMOUNT]
