"""Recording that people, groups, agents, keys or tools were changed: fact and receipt in one transaction (OPS-07).

What is signed names the object by its random id and the fields by their names. What the fields held afterwards is only
committed to, and only for fields that a model lists in `told_fields`: a secret is in none of those lists.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, time
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import Model

from approvals.models import AdminChange, Change, User
from approvals.selectors.ledgers import ADMINISTRATION_STREAM
from receipts.access import Caller, CallerKind
from receipts.clock import database_now
from receipts.identifiers import new_id
from receipts.services import Committed, issue_receipt, store_values
from receipts.signing.canonical import JSON
from receipts.signing.statement import ReceiptType

__all__ = ["Actor", "Change", "payloads_told_of", "record_change", "record_difference", "told_values"]

Actor = Caller | None
"""Who changed it. Nobody is named where a command did, whose user is known to the operating system alone."""

_ACTORS: Mapping[CallerKind, str] = {CallerKind.USER: "person", CallerKind.HOST: "host", CallerKind.AGENT: "agent"}
# Django's own model can't list them itself.
_TOLD: Mapping[str, tuple[str, ...]] = {"auth.group": ("name", "permissions")}
# By what the members of a list are told apart, other than by a number.
_LABELS: Mapping[str, tuple[str, ...]] = {
    "auth.group": ("name",),
    "auth.permission": ("content_type__app_label", "codename"),
}


def told_values(of: Model) -> dict[str, JSON]:
    """What may be told of an object: the fields that its model lists, as they are now."""
    names = _TOLD.get(of._meta.label_lower, getattr(of, "told_fields", ()))
    return {name: _told(getattr(of, name)) for name in names}


def record_change(
    what: Change,
    *,
    of: Model,
    actor: Actor,
    fields: Collection[str] = (),
    source: str = "command",
    said: Committed | None = None,
    approval: str = "",
) -> None:
    """Records what was done to `of` in the open transaction, as its last write; a deletion before it is made.

    `source` is what stands for the actor where there is none. `said` are words that are stored already, and committed
    to in the place of fields; `approval` is the request that it belongs to.

    Raises `signing_unavailable`: without a receipt nothing changes.
    """
    at = database_now()
    change = AdminChange(
        id=new_id("chg"),
        what=what.value,
        kind=of._meta.label_lower,
        object_id=_id_of(of),
        fields=sorted(fields),
        actor=actor.id if actor else "",
        changed_at=at,
    )
    values = {f"administration.values.{name}": value for name, value in told_values(of).items()}
    committed = said
    if values:
        committed = store_values(values, at=at, subject=_subject_of(of))
    change.receipt = issue_receipt(
        type=ReceiptType.ADMINISTRATION,
        stream=ADMINISTRATION_STREAM,
        body={
            "administration": _said(change, of=of),
            "actor": {_ACTORS[actor.kind]: actor.id} if actor else {"source": source},
            "commitments": committed.commitments if committed else {},
            **({"approval": {"id": approval}} if approval else {}),
        },
        at=at,
        payload=committed,
    )
    change.save(force_insert=True)


def payloads_told_of(kind: type[Model], ids: Collection[str]) -> list[str]:
    """Of these objects of one kind, the payloads of what receipts of their changes told."""
    changes = AdminChange.objects.filter(kind=kind._meta.label_lower, object_id__in=ids, receipt__payload__isnull=False)
    return list(changes.values_list("receipt__payload_id", flat=True))


def _subject_of(of: Model) -> str:
    """Whose values are told: the person's whom it is about, or who put it in words of their own."""
    return of.person_id if isinstance(of, User) else getattr(of, "author", "")


def record_difference(of: Model, *, before: Mapping[str, JSON] | None, actor: Actor, source: str = "command") -> None:
    """Records an object that is new, or that tells something else than `before`; nothing if it tells the same."""
    if before is None:
        record_change(Change.ADDED, of=of, actor=actor, source=source)
        return
    fields = [name for name, value in told_values(of).items() if before[name] != value]
    if fields:
        record_change(Change.CHANGED, of=of, actor=actor, fields=fields, source=source)


def _said(change: AdminChange, *, of: Model) -> dict[str, JSON]:
    """What is signed in clear: names of groups and tools stand in other receipts, those of people and agents don't."""
    said: dict[str, JSON] = {"what": change.what, "kind": change.kind, "object": change.object_id}
    if _is_public(of):
        said["name"] = str(of)
    return said | {"fields": list(change.fields)}


def _is_public(of: Model) -> bool:
    return isinstance(of, Group) or getattr(of, "has_public_name", False)


def _id_of(of: Model) -> str:
    return of.person_id if isinstance(of, User) else str(of.pk)


def _told(value: Any) -> JSON:
    if isinstance(value, Model):
        return str(value) if _is_public(value) else _id_of(value)
    if isinstance(value, date | time):
        return value.isoformat()
    return _members(value) if hasattr(value, "values_list") else value


def _members(rows: Any) -> list[JSON]:
    """The members of a list, by name and in order."""
    label = _LABELS.get(rows.model._meta.label_lower, ("pk",))
    names: list[str] = sorted(".".join(map(str, row)) for row in rows.order_by().values_list(*label))
    return list(names)
