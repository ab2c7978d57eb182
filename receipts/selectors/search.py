"""Finding receipts: whose they are, and by what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q, QuerySet

from receipts.access import Caller, CallerKind
from receipts.models import PublishedKey, Receipt
from receipts.problems import ProblemError, not_found
from receipts.selectors.verification import envelope_of
from receipts.signing.statement import ReceiptType

PAGE = 50
# The contract's search parameters and the columns that they compare with.
FILTERS: Mapping[str, str] = {
    "tool": "tool__iexact",
    "operation": "operation__iexact",
    "decision": "decision__iexact",
    "outcome": "outcome__iexact",
    "human": "human_id",
    "agent": "agent_id",
    "session": "session_id",
    "rule": "rule_id",
    "approver": "approver_id",
    "risk": "risk_level__iexact",
    "type": "type__iexact",
    "since": "issued_at__gte",
    "until": "issued_at__lt",
}


def visible_to(caller: Caller) -> QuerySet[Receipt]:
    """An agent's own; a reviewer's those of actions that they voted on; everything for auditors."""
    rows = Receipt.objects.select_related("payload")
    if caller.kind is CallerKind.AGENT:
        return rows.filter(agent_id=caller.id)
    if caller.user is not None and caller.user.has_perm("receipts.audit"):
        return rows
    if caller.kind is not CallerKind.USER:
        return rows.none()
    voted = Receipt.objects.filter(approver_id=caller.id, type=ReceiptType.VOTE.value)
    return rows.filter(decision_id__in=voted.values("decision_id")).exclude(decision_id="")


def receipt_for(caller: Caller, receipt_id: str) -> Receipt:
    """One receipt that this caller may see."""
    found = visible_to(caller).filter(pk=receipt_id).first()
    if found is None:
        raise not_found("receipt")
    return found


def of_decision(caller: Caller, decision_id: str) -> QuerySet[Receipt]:
    """What this caller may see of everything that was signed about one decision, oldest first."""
    rows = visible_to(caller)
    return rows.filter(decision_id=decision_id).order_by("stream", "position") if decision_id else rows.none()


def matching(rows: QuerySet[Receipt], *, query: Mapping[str, str]) -> QuerySet[Receipt]:
    """Receipts that match every parameter, newest first. An unknown parameter or a malformed time is an error."""
    for name, value in query.items():
        if name in {"cursor", "q"} or not value:
            continue
        if name not in FILTERS:
            raise ProblemError(
                "unknown_filter",
                status=400,
                why=f"Receipts have no filter {name!a}.",
                fix="See /api/schema.",
                param=name[:64],
            )
        rows = rows.filter(**{FILTERS[name]: _value(name, value)})
    words = query.get("q", "")[:200]
    if words:
        rows = rows.filter(Q(pk=words) | Q(tool__icontains=words) | Q(operation__icontains=words) | Q(rule_id=words))
    return rows.order_by("-issued_at", "-id")


def _instant(text: str) -> datetime | None:
    try:
        # A plus sign in a query string arrives as a space.
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        # At the ends of the calendar the time in UTC doesn't exist, and SQLite needs it.
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _value(name: str, value: str) -> Any:
    if name not in {"since", "until"}:
        return value
    moment = _instant(value)
    if moment is None:
        raise ProblemError(
            "invalid_time", status=400, why="A time is RFC 3339.", fix="Write 2026-01-31T00:00:00Z.", param=name
        )
    return moment


def page_of(rows: QuerySet[Receipt], *, cursor: str) -> tuple[list[Receipt], str | None]:
    """A page in keyset order, and the cursor of the next one: the last row's time and id."""
    if cursor:
        text, _, last = cursor.partition("~")
        moment = _instant(text)
        if moment is None or not last:
            raise ProblemError(
                "invalid_cursor", status=400, why="The cursor isn't one of ours.", fix="Start without one."
            )
        rows = rows.filter(Q(issued_at__lt=moment) | Q(issued_at=moment, pk__lt=last))
    found = list(rows[: PAGE + 1])
    last_row = found[PAGE - 1] if len(found) > PAGE else None
    return found[:PAGE], f"{last_row.issued_at.isoformat()}~{last_row.pk}" if last_row else None


def receipt_answer(receipt: Receipt) -> dict[str, Any]:
    """A search result: the index, without the values behind the commitments."""
    names = ("id", "type", "stream", "position", "digest", *sorted({*_COLUMNS}))
    return {name: getattr(receipt, name) for name in names} | {"issued_at": receipt.issued_at.isoformat()}


_COLUMNS = (
    "session_id",
    "decision_id",
    "approval_id",
    "agent_id",
    "human_id",
    "approver_id",
    "tool",
    "operation",
    "decision",
    "outcome",
    "rule_id",
    "risk_level",
)


def signed_form(receipt: Receipt) -> dict[str, object]:
    """The envelope as signed."""
    return envelope_of(receipt).to_dict()


def published_key(key_id: str) -> PublishedKey | None:
    """The published half of a signing key."""
    return PublishedKey.objects.filter(pk=key_id).first()
