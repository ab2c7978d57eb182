"""A process remembers a session's request for seconds; what was erased or altered it doesn't answer from memory."""

from __future__ import annotations

import pytest

from decisions.models import Session
from decisions.services.wording import Wording, wording_of
from receipts.models import Payload, SubjectKey
from receipts.sealing import SealingError
from receipts.selectors.subject_keys import forget_keys
from receipts.short_memory import ShortMemory
from tests.factories import REQUEST, begin_session, make_cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def session() -> Session:
    found = Session.objects.select_related("request").get(pk=begin_session(make_cast()))
    assert wording_of(found).text == REQUEST
    return found


def _read_again(session: Session) -> Session:
    return Session.objects.select_related("request").get(pk=session.pk)


def test_a_request_is_opened_and_taken_apart_once(session: Session) -> None:
    assert wording_of(_read_again(session)) is wording_of(session)


def test_an_erased_request_is_not_answered_from_memory(session: Session) -> None:
    Payload.objects.filter(pk=session.request_id).update(content=None)
    assert wording_of(_read_again(session)) == Wording()


def test_a_request_whose_key_was_destroyed_is_not_answered_from_memory(session: Session) -> None:
    SubjectKey.objects.filter(pk=session.request.key_id).delete()
    forget_keys()
    assert wording_of(_read_again(session)) == Wording()


def test_an_altered_request_is_not_answered_from_memory(session: Session) -> None:
    content = bytes(session.request.content or b"")
    Payload.objects.filter(pk=session.request_id).update(content=content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(SealingError):
        wording_of(_read_again(session))


def test_what_was_read_too_long_ago_is_not_remembered_and_the_oldest_goes_first() -> None:
    memory: ShortMemory[int] = ShortMemory(seconds=3600, most=2)
    memory.put("old", 1, read_at=float("-inf"))
    assert memory.get("old") is None
    for number, name in enumerate(("a", "b", "c")):
        memory.put(name, number, read_at=float("inf"))
    assert [memory.get(name) for name in "abc"] == [None, 1, 2]
    memory.clear()
    assert memory.get("c") is None
