"""Is this process alive, and may it be sent requests? Each check answers in a sentence; an empty one means good."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from aarm_site.durable_answers import answers_without_database
from aarm_site.embedded import dead_parts
from decisions.selectors import active_version_id, refusal_sentence
from decisions.services.policies import active_policy
from receipts.problems import ProblemError
from receipts.protection import missing_protection
from receipts.selectors.log import context_alarms, log_alarms
from receipts.services import current_signer, signature_by

Migration = tuple[str, str]
# Each of them, off, lets PostgreSQL forget what it has acknowledged (FLT-04).
DURABILITY = ("fsync", "full_page_writes", "synchronous_commit")


@dataclass(frozen=True, slots=True)
class Check:
    """`problem` returns what is wrong, or the empty string; `note` what is to be known though nothing is."""

    name: str
    problem: Callable[[], str]
    note: Callable[[], str] = str


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    name: str
    problem: str
    note: str = ""


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return ""


def durability_problem() -> str:
    """PostgreSQL settings that would let an acknowledged receipt be lost, as this very role sees them."""
    if connection.vendor != "postgresql":
        return ""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_settings WHERE setting = 'off' AND name = ANY(%s)", [list(DURABILITY)])
        off = sorted(name for (name,) in cursor.fetchall())
    return f"PostgreSQL runs with {', '.join(off)} off, so that an acknowledged receipt can be lost." if off else ""


@lru_cache(maxsize=1)
def _migrations_on_disk() -> frozenset[Migration]:
    return frozenset(MigrationLoader(None).graph.nodes)


def unapplied_migrations() -> list[Migration]:
    """Migrations of this version that the database doesn't have."""
    return sorted(_migrations_on_disk() - set(MigrationRecorder(connection).applied_migrations()))


def _migrations() -> str:
    missing = unapplied_migrations()
    return f"{len(missing)} migrations have not been applied; the first is {'.'.join(missing[0])}." if missing else ""


def _policy() -> str:
    active_policy(active_version_id())
    return ""


def _signing_key() -> str:
    # Only a signature shows that a service or a module still signs.
    signature_by(current_signer(), message=b"aarm/readiness/v1")
    return ""


def _log() -> str:
    return _said(log_alarms())


def _sessions() -> str:
    """To be known, and no reason to send requests elsewhere: all sessions but these are answered as ever."""
    return _said(context_alarms())


def _said(alarms: QuerySet[Any]) -> str:
    found = list(alarms[:2])
    if not found:
        return ""
    more = " There are more: ./run receipts log." if len(found) > 1 else ""
    return f"{found[0].sentence}{more}"


def _protection() -> str:
    missing = missing_protection()
    return f"{len(missing)} triggers that guard the facts are missing; the first is {missing[0]}." if missing else ""


def _parts() -> str:
    dead = dead_parts()
    return f"Ended: {', '.join(dead)}. Restart the process." if dead else ""


CHECKS = (
    Check("database", _database),
    Check("durability", durability_problem),
    Check("migrations", _migrations),
    Check("policy", _policy, note=refusal_sentence),
    Check("signing_key", _signing_key),
    Check("append_only", _protection),
    Check("log", _log, note=_sessions),
    Check("background", _parts),
)


def found_by(check: Check) -> Finding:
    """Runs one check; what stops it is its answer."""
    try:
        return Finding(check.name, check.problem(), note=check.note())
    except ProblemError as error:
        return Finding(check.name, error.why)
    except DatabaseError:
        return Finding(check.name, "The database doesn't answer this check.")


@answers_without_database
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"status": "ok"})


@answers_without_database
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when every check is good, else 503; either way each check with its sentence."""
    findings = [found_by(check) for check in CHECKS]
    is_ready = not any(finding.problem for finding in findings)
    checks = [
        {"name": item.name, "ok": not item.problem, "says": item.problem or item.note or "good"} for item in findings
    ]
    body = {"status": "ready" if is_ready else "not_ready", "checks": checks}
    return JsonResponse(body, status=200 if is_ready else 503)
