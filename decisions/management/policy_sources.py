"""Finding what somebody names on the command line: a policy, which is a file, one of the product's or a published
version; a decision, a person, a time, a JSON value."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import CommandError

from approvals.services.people import Person
from decisions.engine.durations import parse_duration
from decisions.management.preconditions import require_tables
from decisions.models import Decision
from decisions.selectors import active_version_id
from decisions.selectors.policies import version_named
from decisions.services.includes import with_included
from decisions.services.packs import PolicyFiles, pack_named, pack_names, shipped
from decisions.services.policies import files_of
from decisions.services.proposals import PUBLISH
from receipts.clock import database_now
from receipts.problems import ProblemError

FAULTY, IMPOSSIBLE = 1, 2
_VERSION_PREFIX = "pol_"


def policy_named(name: str) -> PolicyFiles:
    """The policy with everything that it includes. Raises CommandError if it can't be read."""
    if name in pack_names():
        return with_included(pack_named(name), read=lambda file: None)
    if name.startswith(_VERSION_PREFIX):
        return _published(name)
    path = Path(name)
    files = PolicyFiles(text=read_text(path), source=name)
    return with_included(files, read=lambda file: _beside(path, file))


def as_recorded(files: PolicyFiles) -> PolicyFiles:
    """The same under the name that receipts say: of a file only its own, not where somebody keeps it."""
    is_ours = files.source in {each.files.source for each in shipped()}
    return files if is_ours else replace(files, source=Path(files.source).name)


def _beside(policy: Path, file: str) -> str | None:
    """A file that the policy includes. The language allows names without folders only."""
    path = policy.parent / file
    return read_text(path) if path.is_file() else None


def _published(version_id: str) -> PolicyFiles:
    require_tables()
    try:
        return files_of(version_named(version_id))
    except ProblemError as error:
        raise CommandError(f"{error.why} {error.fix}", returncode=IMPOSSIBLE) from error


def read_text(path: Path) -> str:
    """What the file says. Raises CommandError."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        _unreadable(path, error=error)


def _unreadable(path: Path, *, error: OSError | UnicodeDecodeError) -> NoReturn:
    why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
    known = ", ".join(pack_names())
    message = f"{path} can't be read: {why}. Name a file, a published version, or one of: {known}."
    raise CommandError(message, returncode=IMPOSSIBLE) from error


def version_id_of(name: str | None) -> str:
    """The version that is named, otherwise the active one. Raises CommandError if there is none."""
    found = name or active_version_id()
    if found is None:
        raise CommandError("No policy is active. Publish one: ./run policy publish starter.", returncode=FAULTY)
    return found


def decision_named(decision_id: str) -> Decision:
    """A recorded decision. Raises CommandError."""
    found = Decision.objects.select_related("payload").filter(pk=decision_id).first()
    if found is None:
        raise CommandError(f"There is no decision {decision_id}.", returncode=IMPOSSIBLE)
    return found


def author_named(username: str | None) -> Person | None:
    """Who publishes, if that is said. Raises CommandError for somebody who is not there or may not."""
    if username is None:
        return None
    person = Person.objects.filter(username=username, is_active=True).first()
    if person is None or not person.has_perm(PUBLISH):
        raise CommandError(f"{username} is nobody who may publish policies.", returncode=IMPOSSIBLE)
    return person


def moment_before(duration: str) -> datetime:
    """The time that lies this long in the past. Raises CommandError."""
    seconds = parse_duration(duration)
    if seconds is None:
        raise CommandError(f"{duration} is no duration. Write 90s, 30m, 24h or 7d.", returncode=IMPOSSIBLE)
    return database_now() - timedelta(seconds=seconds)


def json_given(text: str) -> Any:
    """The JSON value of an argument. Raises CommandError."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise CommandError(f"This is not JSON: {text}", returncode=IMPOSSIBLE) from error
