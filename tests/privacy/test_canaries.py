"""Whatever somebody sends, in whichever field, stays where values are kept, and leaves by no way that isn't asked."""

from __future__ import annotations

import io
import logging
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings

from aarm_site.logs import line_formatter
from decisions.models import Session
from receipts.services.erasure import Actor, Ground, erase_subject
from tests.factories import Cast, make_cast
from tests.privacy.canaries import SINKS, WORDS, asked_for, found_in, log_everything, refused, send
from tests.privacy.people import tables_with

# Where values are repeated in the clear for those who work with them, and blanked with the person: docs/privacy.md.
CLEAR = {
    "person": {"approvals_approvalrequest", "decisions_human"},
    "parameter": {"decisions_idempotentanswer", "decisions_session"},
    "nested": {"decisions_idempotentanswer"},
    "attested": {"decisions_session"},
}
# Where people work, the names that they know others by stand for the ids; everything else has to be asked for.
NAMED = {"pages of receipts, before values are asked for": ["person"], "admin": ["person"]}


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the process writes, whoever logs it, at the level of production."""
    written, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(written)
    handler.setFormatter(line_formatter())
    root.addHandler(handler)
    yield written
    root.removeHandler(handler)


def unpacked(data: bytes) -> bytes:
    """What is in an archive, or what isn't one."""
    if not data.startswith(b"PK"):
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return b"".join(archive.read(name) for name in archive.namelist())


@pytest.mark.case("PRV-01")
def test_no_value_that_anybody_sends_leaves_by_any_way_that_is_not_for_it(
    cast: Cast, settings: LazySettings, tmp_path: Path, lines: io.StringIO
) -> None:
    settings.AARM_EXPORT_DIR = tmp_path / "exports"
    settings.AARM_CHECKPOINT_SINKS = [f"dir:{tmp_path / 'copies'}"]
    session = send(cast)
    assert found_in(refused(cast, session)) == [], "answers that refuse"
    log_everything()
    asked = found_in(asked_for(cast))
    assert {"request", "parameter", "nested", "explanation", "attested", "output", "reason", "note"} <= set(asked)
    leaks = {name: found_in(unpacked(read(cast))) for name, read in SINKS.items()}
    assert leaks == {name: NAMED.get(name, []) for name in SINKS}
    logs = lines.getvalue().encode()
    assert logs.count(b'"event": "request"') > 20, "the control: these requests were logged"
    assert found_in(logs) == []


@pytest.mark.case("PRV-01", "PRV-02")
def test_values_are_sealed_wherever_they_are_kept_but_in_the_tables_that_are_said(cast: Cast) -> None:
    session = send(cast)
    kept = {name: set(tables_with(word)) for name, word in WORDS.items()}
    assert {name: tables for name, tables in kept.items() if tables} == CLEAR
    subject = str(Session.objects.get(pk=session).human_id)
    erase_subject(subject, actor=Actor(login="operator"), ground=Ground.CONSENT_WITHDRAWN)
    assert {name: tables for name, word in WORDS.items() if (tables := tables_with(word))} == {}
