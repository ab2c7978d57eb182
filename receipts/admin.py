"""Receipts and keys to look up. The values behind the commitments are not shown here; the pages show them by role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

from receipts.access import caller_of
from receipts.clock import database_now
from receipts.models import PublishedKey, Receipt
from receipts.problems import ProblemError
from receipts.readonly import ReadOnlyAdmin
from receipts.selectors import Asking, check_receipt, matching
from receipts.selectors.fields import DECISIONS, LEVELS
from receipts.selectors.grammar import parse_question
from receipts.selectors.verification import faults_in
from receipts.services.searches import record_search

MOST_COUNTED = 10_000


if TYPE_CHECKING:
    # Generic in the stubs only.
    AnyPaginator = Paginator[Any]
else:
    AnyPaginator = Paginator


class BoundedPaginator(AnyPaginator):
    """Counts no further than anybody turns pages: a table of millions is not counted to be looked at."""

    @property
    def count(self) -> int:
        rows: Any = self.object_list
        return len(rows.values_list("pk")[:MOST_COUNTED])


class _ChoiceFilter(admin.SimpleListFilter):
    """A closed list of values; the stock filter would read the whole table to find them."""

    choices_known: tuple[str, ...] = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, value) for value in self.choices_known]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset.filter(**{str(self.parameter_name): value}) if value in self.choices_known else queryset


class DecisionFilter(_ChoiceFilter):
    title = "decision"
    parameter_name = "decision"
    choices_known = DECISIONS


class RiskFilter(_ChoiceFilter):
    title = "risk"
    parameter_name = "risk_level"
    choices_known = LEVELS


@admin.register(Receipt)
class ReceiptAdmin(ReadOnlyAdmin):
    list_display = ("issued_at", "type", "tool", "operation", "decision", "outcome", "risk_level", "is_verified", "id")
    list_display_links = ("id",)
    list_filter = ("type", DecisionFilter, RiskFilter)
    list_per_page = 50
    list_max_show_all = 200
    ordering = ("-issued_at", "-id")
    paginator = BoundedPaginator
    # What is searched for goes through the language of the search page; this only makes the box appear.
    search_fields = ("id",)
    search_help_text = "As on the page of receipts: tool:email decision:DENY since:7d, an id, or words."
    fieldsets = (
        (None, {"fields": ("id", "type", "issued_at", "verification")}),
        ("Chain", {"fields": ("stream", "position", "previous_digest", "digest", "key_id")}),
        (
            "What it is found by",
            {
                "fields": (
                    "session_id", "decision_id", "approval_id", "agent_id", "human_id", "approver_id",
                    "tool", "operation", "decision", "outcome", "rule_id", "risk_level",
                )
            },
        ),
        ("Signed payload", {"fields": ("signed_text",)}),
    )  # fmt: skip
    readonly_fields = ("verification", "signed_text")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Receipt], search_term: str
    ) -> tuple[QuerySet[Receipt], bool]:
        """The rows that answer the question; one that can't be read is told above an empty list."""
        try:
            question = parse_question(search_term)
            record_search(caller_of(request.user), question=question)
            return matching(queryset, question=question, asking=Asking(at=database_now())), False
        except ProblemError as problem:
            self.message_user(request, f"{problem.why} {problem.fix}", level="ERROR")
            return queryset.none(), False

    @admin.display(description="Verified", boolean=True)
    def is_verified(self, receipt: Receipt) -> bool:
        """Signature and columns, checked as the row is listed."""
        return not faults_in([receipt])

    @admin.display(description="Verification")
    def verification(self, receipt: Receipt) -> str:
        """One line a check, made from the stored bytes when the page is."""
        return "\n".join(f"{'✓' if check.is_good else '✕'} {check.sentence}" for check in check_receipt(receipt))

    @admin.display(description="Text")
    def signed_text(self, receipt: Receipt) -> str:
        """The bytes under the signature: digests and ids, no values."""
        return bytes(receipt.body).decode("utf-8", "replace")


@admin.register(PublishedKey)
class PublishedKeyAdmin(ReadOnlyAdmin):
    list_display = ("key_id", "created_at", "retired_at", "revoked_at")
    fields = ("key_id", "jwk", "created_at", "retired_at", "revoked_at")
