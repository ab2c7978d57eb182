"""Whether every fact has its receipt and every receipt its fact, and every receipt its place in the log (RCP-28).

Both sides are counted by key in the database and compared there, so that the answer names what is missing and memory
does not grow with the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from itertools import islice
from operator import or_
from typing import Any

from django.db.models import CharField, Count, Exists, F, OuterRef, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from receipts.ledgers import RECEIPT_ONLY, Ledger, registered_ledgers
from receipts.models import Chain, LogEntry, PublishedKey, Receipt, Unsequenced
from receipts.selectors.unplaced import unplaced
from receipts.signing.statement import ReceiptType

MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Account:
    """One kind of fact. `missing` and `surplus` are keys whose numbers of receipts are too low or too high."""

    noun: str
    owed: int
    receipts: int
    missing: tuple[str, ...]
    surplus: tuple[str, ...]

    @property
    def is_even(self) -> bool:
        """Whether both sides agree."""
        return self.owed == self.receipts and not self.missing and not self.surplus


def accounts() -> list[Account]:
    """Every ledger, what no ledger speaks of, the chains and the log."""
    return [*map(_account, _ledgers()), *_unclaimed(), _chains(), _log()]


def _ledgers() -> tuple[Ledger, ...]:
    return (*registered_ledgers(), *_KEY_LEDGERS)


def _keys_owed(keys: QuerySet[PublishedKey]) -> QuerySet[Any, Any]:
    return keys.values(fact=_NO_KEY).annotate(due=Count("*")).values_list("fact", "due")


def _endorsed() -> QuerySet[PublishedKey]:
    """The first key of an installation has no receipt: it could only vouch for itself."""
    first = PublishedKey.objects.order_by("created_at", "key_id").values("pk")[:1]
    return PublishedKey.objects.exclude(pk__in=list(first.values_list("pk", flat=True)))


_NO_KEY = Value("", output_field=CharField())
_KEY_LEDGERS = (
    Ledger("keys that took over", ReceiptType.KEY_CREATED, "", lambda: _keys_owed(_endorsed())),
    Ledger(
        "retired keys",
        ReceiptType.KEY_RETIRED,
        "",
        lambda: _keys_owed(PublishedKey.objects.filter(retired_at__isnull=False)),
    ),
    Ledger(
        "revoked keys",
        ReceiptType.KEY_REVOKED,
        "",
        lambda: _keys_owed(PublishedKey.objects.filter(revoked_at__isnull=False)),
    ),
)


def _account(ledger: Ledger) -> Account:
    owed, issued = ledger.owed(), _issued(ledger)
    return Account(
        noun=ledger.noun,
        owed=_sum(owed),
        receipts=Receipt.objects.filter(_concerning(ledger)).count(),
        missing=_keys(owed.difference(issued)),
        surplus=_keys(issued.difference(owed)),
    )


def _issued(ledger: Ledger) -> QuerySet[Any, Any]:
    """(key, number of receipts), as a ledger's `owed`."""
    key = F(ledger.column) if ledger.column else _NO_KEY
    rows = Receipt.objects.filter(_concerning(ledger)).values(fact=key)
    return rows.annotate(due=Count("pk")).values_list("fact", "due")


def _concerning(ledger: Ledger) -> Q:
    """Its receipts."""
    return Q(type=ledger.type.value, stream=ledger.stream) if ledger.stream else Q(type=ledger.type.value)


def _sum(rows: QuerySet[Any, Any]) -> int:
    return sum(due for _, due in rows.iterator())


def _keys(rows: QuerySet[Any, Any]) -> tuple[str, ...]:
    return tuple(str(key) or "-" for key, _ in islice(rows.iterator(), MOST_NAMED))


def _unclaimed() -> list[Account]:
    """Types of which somebody issued receipts and nobody registered the facts."""
    spoken_for = reduce(or_, map(_concerning, _ledgers()), Q(type__in=[item.value for item in RECEIPT_ONLY]))
    found = Receipt.objects.exclude(spoken_for).values("type").annotate(number=Count("pk")).order_by("type")
    return [Account(f"{row['type']} (no facts known)", 0, row["number"], (), ()) for row in found]


def _chains() -> Account:
    """Every chain is as long as its receipts are many: one that was deleted leaves its number."""
    lengths = Chain.objects.aggregate(total=Coalesce(Sum("length"), 0))["total"]
    real = Receipt.objects.values("stream").annotate(number=Count("pk")).values_list("stream", "number")
    said = Chain.objects.filter(length__gt=0).values_list("stream", "length")
    return Account(
        "places in chains", lengths, Receipt.objects.count(), _keys(said.difference(real)), _keys(real.difference(said))
    )


def _log() -> Account:
    """Every receipt is a leaf of the log or waits to become one."""
    gone = Unsequenced.objects.filter(~Exists(Receipt.objects.filter(pk=OuterRef("receipt_id"))))
    placed = LogEntry.objects.count() + Unsequenced.objects.count()
    return Account(
        "places in the log",
        placed,
        Receipt.objects.count(),
        _keys(gone.values_list("receipt_id", "id")),
        _keys(unplaced().values_list("pk", "type")),
    )
