"""Exports: asked for by an auditor, written in the background, and on record before anybody can take them away."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.db import transaction
from django.db.models import Q

from receipts.access import AUDIT, caller_of
from receipts.clock import DatabaseNow, database_now
from receipts.exporters.bundle import (
    ReceiptFiles,
    Selection,
    Tally,
    log_head,
    pack,
    write_descriptions,
    write_json,
    write_json_lines,
    write_stamps,
)
from receipts.exporters.companions import write_contexts, write_policies
from receipts.identifiers import new_id
from receipts.models import Chain, Checkpoint, Export, ExportState, Receipt
from receipts.problems import ProblemError, not_found
from receipts.selectors.anchoring import cosigned_note
from receipts.selectors.checkpoints import checkpoints_for_auditors
from receipts.selectors.conditions import Asking, matching
from receipts.selectors.exports import export_for
from receipts.selectors.grammar import Question, parse_question
from receipts.selectors.harvest import in_order_of_log, in_order_of_time
from receipts.selectors.keys import published_jwks
from receipts.selectors.log import newest_checkpoint, places_taken
from receipts.selectors.search import visible_to
from receipts.selectors.unplaced import unplaced
from receipts.services.disclosure import ACCESS_STREAM
from receipts.services.issuing import issue_receipt
from receipts.services.payloads import store_values
from receipts.signing.statement import ReceiptType

SILENT_SECONDS = 120
"""Whoever writes an export says so more often; after this another one begins it again."""
KEPT_DAYS = 7
PROGRESS_EVERY = 500
VERIFIER = "verify.html"
_WITH_FILES = (ExportState.WAITING, ExportState.RUNNING, ExportState.READY)


class LostExportError(Exception):
    """Somebody else took the export over while this one was being written."""


def path_of(export: Export) -> Path:
    """Where the finished file lies, in a folder that web processes and workers share."""
    return Path(settings.AARM_EXPORT_DIR) / f"{export.pk}.zip"


def request_export(owner: Any, *, question: str, has_contexts: bool = False) -> Export:
    """Queues an export. Raises what the question is refused with, and `forbidden`."""
    _require_auditor(owner)
    asked = parse_question(question)
    matching(visible_to(caller_of(owner)), question=asked, asking=Asking(at=database_now()))
    asked_for = {"question": asked.text, "has_contexts": has_contexts, "places": places_taken()}
    return Export.objects.create(id=new_id("exp"), owner=owner, requested_at=database_now(), **asked_for)


def _require_auditor(owner: Any) -> None:
    if not owner.has_perm(AUDIT):
        raise ProblemError(
            "forbidden", status=403, why="Exports are for auditors.", fix="An administrator can give you that role."
        )


def write_next_export() -> bool:
    """Writes the oldest export that nobody is at; False when there is none. A failure is recorded and raised."""
    export = _taken()
    if export is None:
        return False
    has_failed = True
    try:
        _write(export)
        has_failed = False
    except LostExportError:
        has_failed = False
        _drop_if_erased(export)
    finally:
        if has_failed:
            mine = Export.objects.filter(pk=export.pk, state=ExportState.RUNNING, renewed_at=export.renewed_at)
            mine.update(state=ExportState.FAILED)
    return True


def _drop_if_erased(export: Export) -> None:
    """What was erased while it was being written has no other writer, whose file this could be."""
    if Export.objects.filter(pk=export.pk, state=ExportState.ERASED).exists():
        path_of(export).unlink(missing_ok=True)


def _taken() -> Export | None:
    """Marks one as ours by a condition on what was read: of several takers one updates a row."""
    silent = database_now() - timedelta(seconds=SILENT_SECONDS)
    free = Q(state=ExportState.WAITING) | Q(state=ExportState.RUNNING, renewed_at__lt=silent)
    export = Export.objects.select_related("owner").filter(free).order_by("requested_at", "id").first()
    if export is None:
        return None
    at = database_now()
    mine = Export.objects.filter(free, pk=export.pk).update(state=ExportState.RUNNING, renewed_at=at, written=0)
    export.renewed_at = at
    return export if mine else None


@dataclass(slots=True)
class _Progress:
    """Says how far it is, and finds out whether it still is the one who writes."""

    export: Export
    steps: int = 0

    def told(self, written: int) -> None:
        self.steps += 1
        if self.steps % PROGRESS_EVERY:
            return
        at = database_now()
        mine = Export.objects.filter(pk=self.export.pk, state=ExportState.RUNNING, renewed_at=self.export.renewed_at)
        if not mine.update(written=written, renewed_at=at):
            raise LostExportError
        self.export.renewed_at = at


def _write(export: Export) -> None:
    _require_auditor(export.owner)
    path = path_of(export)
    folder = path.with_suffix("")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    try:
        tally = _written(export, folder=folder)
        digest = pack(folder, into=path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _finish(export, tally=tally, digest=digest, size=path.stat().st_size)


def _written(export: Export, *, folder: Path) -> Tally:
    checkpoint, progress = newest_checkpoint(), _Progress(export)
    is_whole = not export.question and checkpoint is not None
    head = log_head(checkpoint) if is_whole and checkpoint else b""
    with ReceiptFiles(folder, head=head, checkpoint=checkpoint) as files:
        for number, receipt in enumerate(_receipts(export, checkpoint=checkpoint if is_whole else None), start=1):
            files.add(receipt)
            progress.told(number)
        checkpoints = checkpoints_for_auditors(checkpoint) if checkpoint else []
        tally = files.finish(streams=_whole_stream(export, total=files.tally.total), checkpoints=checkpoints)
    _write_companions(folder, tally=tally, checkpoints=checkpoints)
    if export.has_contexts:
        for _ in write_contexts(folder, tally.contexts):
            progress.told(tally.total)
    selection = Selection(
        deployment=settings.AARM_DEPLOYMENT,
        question=export.question,
        has_contexts=export.has_contexts,
        person=caller_of(export.owner).id,
        asked_at=export.requested_at,
        later=_later_than(checkpoint, export=export) if is_whole and checkpoint else 0,
        unplaced=unplaced().count() if is_whole else 0,
    )
    write_descriptions(folder, selection, tally=tally)
    return tally


def _later_than(checkpoint: Checkpoint, *, export: Export) -> int:
    """How many receipts that were there when it was asked for have a place that this checkpoint doesn't cover."""
    # Of one that an older version queued nobody knows, so that what came meanwhile counts as well.
    return max(0, (places_taken() if export.places is None else export.places) - checkpoint.size)


def _receipts(export: Export, *, checkpoint: Checkpoint | None) -> Iterator[Receipt]:
    """The whole log as far as it is signed; or what the question finds of the time until it was asked."""
    if checkpoint is not None:
        return in_order_of_log(checkpoint.size)
    rows = visible_to(caller_of(export.owner)).filter(issued_at__lte=export.requested_at)
    found = matching(
        rows, question=parse_question(export.question), asking=Asking(at=export.requested_at), is_counted=True
    )
    return in_order_of_time(found)


def _session_of(question: Question) -> str:
    """The session, where the question asks for all of one and nothing else."""
    terms = question.terms
    is_one = len(terms) == 1 and terms[0].key == "session" and len(terms[0].values) == 1 and not terms[0].is_negated
    return terms[0].values[0] if is_one else ""


def _whole_stream(export: Export, *, total: int) -> list[str]:
    stream = f"session/{_session_of(parse_question(export.question))}"
    chain = Chain.objects.filter(stream=stream, length=total).first()
    return [stream] if chain and total else []


def _write_companions(folder: Path, *, tally: Tally, checkpoints: Sequence[Checkpoint]) -> None:
    write_json(folder / "keys.json", published_jwks())  # type: ignore[arg-type]  # a JWK set is JSON
    write_json_lines(folder / "checkpoints.jsonl", [{"note": cosigned_note(item)} for item in checkpoints])
    write_stamps(folder, checkpoints)
    write_policies(folder, tally.policies)
    verifier = finders.find(VERIFIER)
    if isinstance(verifier, str):
        shutil.copyfile(verifier, folder / VERIFIER)


def _finish(export: Export, *, tally: Tally, digest: str, size: int) -> None:
    """The receipt of the export and the right to take it away come in one transaction."""
    with transaction.atomic():
        at = database_now()
        mine = Export.objects.filter(pk=export.pk, state=ExportState.RUNNING, renewed_at=export.renewed_at)
        ready = {"state": ExportState.READY, "written": tally.total, "size": size, "digest": digest, "finished_at": at}
        if not mine.update(**ready):
            raise LostExportError
        person = caller_of(export.owner).id
        # What somebody looked for can name people, so it is committed to and kept apart.
        values = store_values({"question": export.question}, at=at, subject=person)
        said = {
            "id": export.pk,
            "receipts": tally.total,
            "is_filtered": bool(export.question),
            "has_contexts": export.has_contexts,
            "digest": digest,
        }
        issue_receipt(
            type=ReceiptType.EXPORT,
            stream=ACCESS_STREAM,
            body={"actor": {"person": person}, "export": said, "commitments": dict(values.commitments)},
            at=at,
            payload=values,
        )


def ready_export(owner: Any, export_id: str) -> Export:
    """An export of the owner's that can be taken away. Raises `not_found`."""
    found = export_for(owner, export_id)
    if found.state != ExportState.READY or not path_of(found).is_file():
        raise not_found("export")
    return found


def forget_old_exports() -> int:
    """Removes the files that have been there long enough; what was exported stays on record."""
    old = Export.objects.filter(state=ExportState.READY, finished_at__lt=DatabaseNow() - timedelta(days=KEPT_DAYS))
    count = old.update(state=ExportState.FORGOTTEN)
    _sweep()
    return count


def _sweep() -> None:
    """Removes what no export stands for: forgotten or erased ones, and what a writer left that was stopped."""
    found = {path: path.name.partition(".")[0] for path in Path(settings.AARM_EXPORT_DIR).glob("exp_*")}
    wanted = Export.objects.filter(pk__in=set(found.values()), state__in=_WITH_FILES)
    kept = set(wanted.values_list("pk", flat=True))
    for path in (path for path, export_id in found.items() if export_id not in kept):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
