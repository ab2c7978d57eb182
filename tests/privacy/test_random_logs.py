"""Any small log, any order of erasures, holds and ends of retention: what was signed stays as it was, and both
verifiers say `valid, payload erased` of exactly what was erased."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest
from django.conf import LazySettings

from approvals.lifecycle.quorum import Verdict as Ballot
from decisions.models import Session
from receipts.exporters.logfile import log_lines
from receipts.models import Payload, Receipt
from receipts.problems import ProblemError
from receipts.selectors import published_jwks
from receipts.selectors.log import newest_checkpoint
from receipts.services.checkpoints import sign_due_checkpoint
from receipts.services.erasure import Actor, Ground, erase_subject, place_hold, release_hold
from receipts.services.retention import end_retention
from receipts.services.sequencing import sequence_waiting
from tests.factories import Cast, begin_session, decide, make_cast, open_step_up, vote
from tests.integration.scenario import report
from tests.privacy.conftest import Both
from tests.privacy.test_verifiers import commitments_of, disclosed
from tests.verifiers.questions import Question

OPERATOR = Actor(login="operator")
MONTH_TO_COME = "9999-01"
FEW, MANY = 2, 60


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture(autouse=True)
def always_signing(settings: LazySettings, tmp_path: Path) -> None:
    settings.AARM_CHECKPOINT_SINKS = [f"dir:{tmp_path / 'outside'}"]
    settings.AARM_CHECKPOINT_IDLE_SECONDS = settings.AARM_CHECKPOINT_SECONDS = 0


def _allowed(cast: Cast, session: str) -> None:
    answer = decide(cast, session, "email.send", parameters={"to": "bob@corp.example"})
    report(cast, answer, "succeeded", output={"sent": True})


def _denied(cast: Cast, session: str) -> None:
    decide(cast, session, "database.drop", parameters={"table": "customers"})


def _asked(cast: Cast, session: str) -> None:
    number = Receipt.objects.count()
    step = open_step_up(cast, session_id=session, parameters={"to": "ana@partner.example", "subject": str(number)})
    vote(step, cast.bob, verdict=(Ballot.APPROVE, Ballot.DENY)[number % 2])


DEEDS = (_allowed, _denied, _asked)


@dataclass(slots=True)
class Model:
    """What must have become of each payload, told without looking at it."""

    subjects: list[str]
    held: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)

    def takes(self, subjects: Mapping[str, str]) -> None:
        """These payloads, with their subjects, are asked to go."""
        self.erased |= {payload for payload, subject in subjects.items() if subject not in self.held}

    @property
    def forgotten(self) -> set[str]:
        """Of whom nothing is left that could be erased."""
        left = Payload.objects.exclude(pk__in=self.erased).filter(subject__in=self.subjects)
        return set(self.subjects) - set(left.values_list("subject", flat=True))


def _kept(**conditions: str) -> dict[str, str]:
    return dict(Payload.objects.filter(**conditions).values_list("pk", "subject"))


def _erase(model: Model, subject: str) -> None:
    if subject in model.held | model.forgotten:
        with pytest.raises(ProblemError):
            erase_subject(subject, actor=OPERATOR, ground=Ground.OBJECTION)
        return
    model.takes(_kept(subject=subject))
    erase_subject(subject, actor=OPERATOR, ground=Ground.OBJECTION)


def _hold(model: Model, subject: str) -> None:
    if subject in model.held:
        release_hold(subject, actor=OPERATOR, reason="Settled.")
    else:
        place_hold(subject, actor=OPERATOR, reason="A claim is pending.")
    model.held ^= {subject}


def _end_month(model: Model, subject: str) -> None:
    model.takes(_kept())
    end_retention(MONTH_TO_COME, actor=OPERATOR)


STEPS: tuple[Callable[[Model, str], None], ...] = (_erase, _erase, _erase, _hold, _hold, _end_month)


def live(cast: Cast, chance: Random) -> Model:
    """A few people with a few actions each, in any order; their ids."""
    sessions = [begin_session(cast, human=f"{name}@corp.example") for name in "abcd"[: chance.randint(2, 4)]]
    for _ in range(chance.randint(2, 6)):
        chance.choice(DEEDS)(cast, chance.choice(sessions))
    humans = [str(Session.objects.get(pk=session).human_id) for session in sessions]
    return Model(subjects=[*humans, cast.bob.person_id])


def signed_log() -> bytes:
    """The log as an outsider has it."""
    sequence_waiting()
    sign_due_checkpoint()
    checkpoint = newest_checkpoint()
    assert checkpoint is not None
    return b"".join(log_lines(checkpoint))


def questions(before: bytes, after: bytes) -> Iterator[Question]:
    """The whole log with the checkpoint of before, and each payload with its receipt."""
    note = json.loads(before.partition(b"\n")[0])["checkpoint"].encode()
    yield Question(file=after, keys=json.dumps(published_jwks()).encode(), kept=(note,))
    for receipt in receipts_with_values():
        yield disclosed(receipt)


def receipts_with_values() -> list[Receipt]:
    rows = Receipt.objects.filter(payload__isnull=False).select_related("payload").order_by("id")
    return [row for row in rows if commitments_of(row)]


def holds_of(cast: Cast, both: Both, *, seed: int) -> None:
    chance = Random(seed)
    model = live(cast, chance)
    before = signed_log()
    for _ in range(chance.randint(1, 6)):
        chance.choice(STEPS)(model, chance.choice(model.subjects))
    after = signed_log()
    # Everything that was signed is there as it was; what came since stands behind it.
    assert after.splitlines()[1:][: before.count(b"\n") - 1] == before.splitlines()[1:]
    expected = [(6 if row.payload_id in model.erased else 0, None) for row in receipts_with_values()]
    assert both(list(questions(before, after))) == [(0, None), *expected]


@pytest.mark.case("RCP-30", "PRV-03")
@pytest.mark.parametrize("seed", range(FEW))
def test_exactly_what_was_erased_is_valid_and_erased_whatever_else_was_done(cast: Cast, both: Both, seed: int) -> None:
    holds_of(cast, both, seed=seed)


@pytest.mark.nightly
@pytest.mark.case("RCP-30", "PRV-03")
@pytest.mark.parametrize("seed", range(FEW, MANY))
def test_many_logs_have_exactly_what_was_erased_valid_and_erased(cast: Cast, both: Both, seed: int) -> None:
    holds_of(cast, both, seed=seed)
