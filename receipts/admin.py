"""Receipts and keys to look up. The values behind the commitments are not shown here; the pages show them by role."""

from __future__ import annotations

from django.contrib import admin

from receipts.models import PublishedKey, Receipt
from receipts.readonly import ReadOnlyAdmin
from receipts.selectors import check_receipt


@admin.register(Receipt)
class ReceiptAdmin(ReadOnlyAdmin):
    list_display = ("issued_at", "type", "tool", "operation", "decision", "outcome", "risk_level", "id")
    list_display_links = ("id",)
    list_filter = ("type", "decision", "risk_level")
    search_fields = ("=id", "tool", "operation", "decision", "=decision_id", "=approval_id", "=session_id")
    search_help_text = "A tool, operation or decision, or the whole id of a receipt, decision, approval or session."
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
