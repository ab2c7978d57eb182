"""What others wrote of a person goes with the person, by whatever name they wrote it, sealed or not."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import ADDITION, LogEntry

from approvals.models import User
from decisions.models import Pause, Scope
from decisions.services.pauses import pause_actions, resume_actions, target_named
from receipts.models import Receipt
from receipts.selectors.accounting import accounts
from receipts.services.erasure import Actor, Ground, erase_subject, place_hold, release_hold
from receipts.services.exports import request_export
from receipts.services.saved import save_view
from receipts.services.subject_export import export_subject
from tests.factories import Cast, make_cast
from tests.privacy.people import sealed_with, tables_with, tell

ALICE, CHARLIE, REVIEWER = "alicecanary7391", "charliecanary5520", "bobcanary8812"
OPERATOR = Actor(login="operator")


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def closed(cast: Cast) -> str:
    """Bob, whom pages call by his full name, with an account that was closed."""
    named = {"username": REVIEWER, "first_name": "Robert", "last_name": "Jonescanary", "email": "rj@bobcanary8812.test"}
    User.objects.filter(pk=cast.bob.pk).update(is_active=False, **named)
    return cast.bob.person_id


def erase(subject: str) -> Receipt:
    return erase_subject(subject, actor=OPERATOR, ground=Ground.CONSENT_WITHDRAWN)


def pause(cast: Cast, reason: str) -> Pause:
    return pause_actions(target_named(Scope.EVERYTHING, name=""), reason=reason, actor=cast.trent)


@pytest.mark.case("PRV-02")
@pytest.mark.parametrize("name", [REVIEWER, "Robert Jonescanary", "Jonescanary", "rj@bobcanary8812.test"])
def test_a_reviewer_is_forgotten_by_each_of_their_names(cast: Cast, name: str) -> None:
    reviewer = closed(cast)
    LogEntry.objects.create(user=cast.victor, object_repr=name, action_flag=ADDITION)
    save_view(cast.victor, name="His", question=f'"{name}" since:7d', team_id=None)
    request_export(cast.victor, question=f'"{name}" since:7d')
    pause(cast, f"{name} is not to be reached.")
    before = tables_with(name)
    # The control: all of them repeat the name in the clear, and the receipt of the pause under seal.
    assert {"django_admin_log", "receipts_savedview", "receipts_export", "decisions_pause"} <= set(before)
    assert sealed_with(name.lower())
    erase(reviewer)
    assert tables_with(name) == []
    assert sealed_with(name.lower()) == []
    assert [account.noun for account in accounts() if not account.is_even] == []


def test_a_part_of_a_name_that_others_have_too_tells_of_nobody(cast: Cast) -> None:
    reviewer = closed(cast)
    User.objects.filter(pk=cast.trent.pk).update(last_name="Robertson", first_name="Robert")
    row = pause(cast, "Robert is not to be reached.")
    erase(reviewer)
    assert Pause.objects.get(pk=row.pk).reason == "Robert is not to be reached."


@pytest.mark.case("PRV-02")
def test_the_sealed_reason_of_a_pause_goes_with_the_one_in_its_row(cast: Cast) -> None:
    alice, charlie = tell(cast, ALICE), tell(cast, CHARLIE)
    stopped = pause_actions(
        target_named(Scope.SESSION, name=alice.session), reason="The canary asked us.", actor=cast.trent
    )
    resume_actions(stopped.pk, actor=cast.trent)
    pause(cast, f"{ALICE} asked us to stop.")
    pause_actions(target_named(Scope.SESSION, name=charlie.session), reason=f"So did {CHARLIE}.", actor=cast.trent)
    assert len(sealed_with("the canary asked us")) == 2
    erase(alice.subject)
    assert sealed_with(ALICE) == []
    assert sealed_with("the canary asked us") == []
    assert sealed_with(f"so did {CHARLIE}")
    erase(cast.trent.person_id)
    assert sealed_with(f"so did {CHARLIE}") == [], "it was Trent's to say"


@pytest.mark.case("PRV-02")
def test_why_a_person_was_held_goes_with_the_person_and_so_does_a_login(cast: Cast) -> None:
    alice, charlie = tell(cast, ALICE), tell(cast, CHARLIE)
    reviewer = closed(cast)
    for told in (alice, charlie):
        place_hold(told.subject, actor=OPERATOR, reason=f"A claim of {told.word}, sealedcanary.")
        release_hold(told.subject, actor=OPERATOR, reason="It was withdrawn, sealedcanary.")
    b"".join(export_subject(alice.subject, actor=Actor(login=REVIEWER)))
    assert len(sealed_with("sealedcanary")) == 4
    erase(alice.subject)
    assert sealed_with(ALICE) == []
    assert len(sealed_with("sealedcanary")) == 2
    assert sealed_with(REVIEWER)
    erase(reviewer)
    assert sealed_with(REVIEWER) == []
    assert len(sealed_with("sealedcanary")) == 2
