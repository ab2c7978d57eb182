"""What auditors and reviewers are shown, and what leaves in an export, member by member, read by people (PRV-05)."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from approvals.models import User
from receipts.access import caller_of
from receipts.models import Receipt
from receipts.selectors.search import visible_to
from receipts.services.checkpoints import sign_due_checkpoint
from receipts.services.disclosure import disclose_values
from receipts.services.exports import path_of, request_export, write_next_export
from receipts.services.sequencing import sequence_waiting
from receipts.signing.canonical import load_strict
from tests.factories import Cast, begin_session, decide, make_cast, open_step_up, vote
from tests.integration.scenario import busy_session, report

GOLDEN = Path(__file__).with_name("permitted.golden.json")
ACCEPT = "AARM_ACCEPT_PERMITTED"
HOW = (
    "What somebody is shown, or what an export says, has changed. Read the difference: may that reader know it? If so, "
    f"write the list again with `{ACCEPT}=1 ./test tests/privacy/test_permitted.py` and commit it with the change."
)
WORD = "alicecanary7391"


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def history(cast: Cast) -> None:
    """Every kind of receipt, and every kind of value behind one."""
    busy = busy_session(cast)
    modified = decide(cast, busy.session, "database.query", parameters={"table": WORD, "limit": 5000}, explanation=WORD)
    values: Any = {"output": WORD, "error": WORD, "resources": [WORD]}
    report(cast, modified, "failed", **values)
    step = open_step_up(cast, session_id=begin_session(cast), parameters={"to": f"{WORD}@partner.example"})
    vote(step, cast.bob, reason=WORD, private_note=WORD)


def members(value: Any, *, before: str = "") -> Iterator[str]:
    """The paths of the members of a signed body. Places in lists don't count, and commitments are named as such."""
    if isinstance(value, dict) and value:
        for name, item in value.items():
            yield from members(item, before=f"{before}.{name}" if before else name)
    elif isinstance(value, list) and value:
        for item in value:
            yield from members(item, before=f"{before}[]")
    else:
        yield before


def by_type(found: dict[str, set[str]]) -> dict[str, list[str]]:
    return {kind: sorted(paths) for kind, paths in sorted(found.items())}


def shown_to(user: User) -> dict[str, dict[str, list[str]]]:
    """By type of receipt: what this person is shown of the values, and what they are told is withheld."""
    caller = caller_of(user)
    shown, withheld = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for receipt in list(visible_to(caller).exclude(payload=None)):
        found = disclose_values(caller, receipt_id=receipt.pk)
        shown[receipt.type].update(found.opened)
        withheld[receipt.type].update(found.withheld)
    return {"shown": by_type(shown), "withheld": by_type(withheld)}


def exported(user: User) -> dict[str, bytes]:
    """The files of a bundle of everything."""
    export = request_export(user, question="", has_contexts=True)
    assert write_next_export()
    with zipfile.ZipFile(io.BytesIO(path_of(export).read_bytes())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def said_by_entries(files: dict[str, bytes]) -> dict[str, list[str]]:
    """By kind of entry: every member of the entries of sessions that leave."""
    found = defaultdict[str, set[str]](set)
    for name, content in files.items():
        for line in content.splitlines() if name.startswith("contexts/") else ():
            document: Any = load_strict(line)
            found[document["kind"]].update(members(document))
    return by_type(found)


def said_by_receipts() -> dict[str, list[str]]:
    """By type of receipt: every member of what was signed, and with an export leaves."""
    found = defaultdict[str, set[str]](set)
    for row in Receipt.objects.all():
        document: Any = load_strict(bytes(row.body))
        found[row.type].update(members(document["body"]))
    return by_type(found)


@pytest.mark.case("PRV-05")
def test_readers_and_exports_have_the_members_that_were_read_and_no_others(
    cast: Cast, settings: LazySettings, tmp_path: Path
) -> None:
    settings.AARM_EXPORT_DIR = tmp_path / "exports"
    history(cast)
    sequence_waiting()
    sign_due_checkpoint()
    signed = said_by_receipts()
    files = exported(cast.victor)
    # The control: the values are there to be shown, and none of them leaves with the export.
    assert WORD in json.dumps(shown_values(cast.victor))
    assert [name for name, content in files.items() if WORD.encode() in content] == []
    found = {
        "auditor": shown_to(cast.victor),
        "reviewer": shown_to(cast.bob),
        "export": {
            "files": sorted({name.partition("/")[0] for name in files}),
            "receipts.csv": files["receipts.csv"].decode().splitlines()[0].replace('"', "").split(","),
            "signed": signed,
            "contexts": said_by_entries(files),
        },
    }
    text = json.dumps(found, indent=1, sort_keys=True) + "\n"
    if ACCEPT in os.environ:
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text(), HOW


def shown_values(user: User) -> list[dict[str, Any]]:
    caller = caller_of(user)
    rows = list(visible_to(caller).exclude(payload=None))
    return [disclose_values(caller, receipt_id=row.pk).opened for row in rows]
