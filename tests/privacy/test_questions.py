"""What auditors asked and saved names people: it is erased with them, and so are the files that say it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client

from decisions.models import Pause, Session
from receipts.models import Export, ExportState, Receipt, SavedView
from receipts.problems import ProblemError
from receipts.selectors import opened_values
from receipts.selectors.accounting import accounts
from receipts.selectors.mentions import mentioned
from receipts.selectors.privacy import said_of
from receipts.services.erasure import Actor, Ground, erase_subject, place_hold
from receipts.services.exports import forget_old_exports, path_of, ready_export, request_export, write_next_export
from receipts.services.retention import end_retention
from receipts.services.saved import save_view
from receipts.signing.statement import ReceiptType
from tests.factories import Cast, begin_session, make_cast
from tests.privacy.people import tables_with, tell

ALICE, CHARLIE = "alicecanary7391", "charliecanary5520"
OPERATOR = Actor(login="operator")


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: LazySettings) -> Path:
    settings.AARM_EXPORT_DIR = tmp_path / "exports"
    return tmp_path / "exports"


def exported(cast: Cast, question: str) -> Export:
    export = request_export(cast.victor, question=question)
    assert write_next_export()
    return export


def erase(subject: str) -> Receipt:
    return erase_subject(subject, actor=OPERATOR, ground=Ground.CONSENT_WITHDRAWN)


def manifest_of(export: Export) -> str:
    with zipfile.ZipFile(path_of(export)) as archive:
        return archive.read("manifest.json").decode()


def sealed_question(export: Export) -> object:
    export.refresh_from_db()
    assert export.finished_at is not None
    row = Receipt.objects.get(type=ReceiptType.EXPORT.value, issued_at=export.finished_at)
    assert row.payload is not None
    return opened_values(row.payload).get("question")


@pytest.mark.case("PRV-02")
def test_questions_and_files_that_name_an_erased_person_go_and_others_stay(
    cast: Cast, client: Client, django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[object]]
) -> None:
    alice, charlie = tell(cast, ALICE), tell(cast, CHARLIE)
    hers, his = (exported(cast, f"human:{name}@corp.example since:30d") for name in (ALICE, CHARLIE))
    save_view(cast.victor, name="hers", question=f"human:{ALICE}", team_id=None)
    save_view(cast.victor, name="his", question=f"human:{charlie.subject}", team_id=None)
    # The control: both tables and the file have her name, and so has what the receipt seals.
    assert {"receipts_export", "receipts_savedview"} <= set(tables_with(ALICE))
    assert ALICE in manifest_of(hers)
    assert ALICE in str(sealed_question(hers))
    with django_capture_on_commit_callbacks(execute=True):
        receipt = erase(alice.subject)
    assert tables_with(ALICE) == []
    assert not path_of(hers).exists()
    assert sealed_question(hers) is None
    assert CHARLIE in str(sealed_question(his))
    assert CHARLIE in manifest_of(ready_export(cast.victor, his.pk))
    assert list(SavedView.objects.values_list("name", flat=True)) == ["his"]
    rows = said_of(receipt)["rows"]
    assert (rows["exports"], rows["saved_views"]) == (1, 1)
    assert [account.noun for account in accounts() if not account.is_even] == []
    client.force_login(cast.victor)
    page = client.get("/receipts/exports").content.decode()
    assert "Deleted by an erasure" in page
    assert "The question was erased" in page
    with pytest.raises(ProblemError):
        ready_export(cast.victor, hers.pk)


@pytest.mark.parametrize(
    ("question", "is_hers"),
    [
        ("human:alice.example@corp.example", True),
        ("-human:ALICE.Example@corp.example,bob", True),
        ('tool:email "alice.example"', True),
        ("rule:for-alice.example-only", True),
        ("human:alice.e", True),
        ("human:{id}", True),
        ("human:al", False),
        ("human:alice", False),
        ("human:alicia@corp.example", False),
        ("tool:email agent:mailer", False),
        ("", False),
    ],
)
def test_a_question_names_a_person_by_what_finds_that_person_alone(cast: Cast, question: str, is_hers: bool) -> None:
    ids = [
        str(Session.objects.get(pk=begin_session(cast, human=f"{name}@corp.example")).human_id)
        for name in ("alice.example", "alice.other")
    ]
    assert mentioned(ids[0]).is_in(question.format(id=ids[0])) is is_hers


def test_what_an_erased_auditor_asked_goes_too(cast: Cast) -> None:
    export = exported(cast, "tool:email")
    save_view(cast.victor, name="mine", question="tool:email", team_id=None)
    erase(cast.victor.person_id)
    export.refresh_from_db()
    assert (export.state, export.question) == (ExportState.ERASED, "")
    assert not SavedView.objects.exists()


@pytest.mark.case("PRV-03")
def test_what_a_held_person_asked_saved_or_wrote_is_kept_from_the_erasure_of_whom_it_names(cast: Cast) -> None:
    alice = tell(cast, ALICE)
    export, other = exported(cast, f"human:{ALICE}"), request_export(cast.trent, question=f"human:{ALICE}")
    save_view(cast.victor, name="hers", question=f"human:{ALICE}", team_id=None)
    Pause.objects.filter(scope="everything").update(paused_by=cast.victor)
    place_hold(cast.victor.person_id, actor=OPERATOR, reason="An inquiry.")
    erase(alice.subject)
    assert set(tables_with(ALICE)) == {"receipts_export", "receipts_savedview", "decisions_pause"}
    assert ALICE in str(sealed_question(export))
    assert ALICE in manifest_of(ready_export(cast.victor, export.pk))
    other.refresh_from_db()
    assert other.state == ExportState.ERASED


def test_questions_end_with_their_month_except_those_of_who_is_held(cast: Cast) -> None:
    export = exported(cast, "tool:email")
    place_hold(cast.victor.person_id, actor=OPERATOR, reason="An inquiry.")
    end_retention("9999-01", actor=OPERATOR)
    export.refresh_from_db()
    assert export.question == "tool:email"
    other = request_export(cast.trent, question="tool:email")
    end_retention("9999-01", actor=OPERATOR)
    other.refresh_from_db()
    assert (other.state, other.question) == (ExportState.ERASED, "")
    assert not write_next_export(), "nothing is written of a question that is gone"


def test_an_export_that_is_erased_while_it_is_written_leaves_no_file(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    alice = tell(cast, ALICE)
    export = request_export(cast.victor, question=f"human:{ALICE}")

    def erased(*arguments: object, into: Path) -> str:
        erase(alice.subject)
        into.write_bytes(ALICE.encode())
        return "sha256:" + "0" * 64

    monkeypatch.setattr("receipts.services.exports.pack", erased)
    assert write_next_export()
    export.refresh_from_db()
    assert export.state == ExportState.ERASED
    assert list(folder.iterdir()) == []
    assert not Receipt.objects.filter(type=ReceiptType.EXPORT.value).exists()


def test_what_a_stopped_writer_left_is_swept_up_once_no_export_stands_for_it(cast: Cast, folder: Path) -> None:
    kept = exported(cast, "tool:email")
    waiting = request_export(cast.victor, question=f"human:{ALICE}")
    path_of(waiting).with_suffix("").mkdir()
    (path_of(waiting).with_suffix("") / "manifest.json").write_text(ALICE)
    path_of(waiting).with_suffix(".part").write_text(ALICE)
    forget_old_exports()
    assert len(list(folder.iterdir())) == 3, "somebody may be writing it"
    Export.objects.filter(pk=waiting.pk).update(state=ExportState.ERASED, question="")
    forget_old_exports()
    assert list(folder.iterdir()) == [path_of(kept)]
