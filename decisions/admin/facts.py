"""Sessions, decisions and deferrals to look up. Values that may be personal are not shown."""

from __future__ import annotations

from django.contrib import admin

from approvals.lifecycle.render import plain, render
from decisions.models import Decision, Deferral, Session
from receipts.readonly import ReadOnlyAdmin


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    list_display = ("opened_at", "agent", "acts_for", "request_provenance", "length", "ended_at", "id")
    list_display_links = ("id",)
    list_select_related = ("agent", "human")
    list_filter = ("request_provenance",)
    search_fields = ("=id", "agent__name", "human__identifier")
    fields = (
        "id", "agent", "host", "acts_for", "named_service", "request_provenance", "length", "head",
        "opened_at", "ended_at", "broken_at",
    )  # fmt: skip

    @admin.display(description="human")
    def acts_for(self, session: Session) -> str:
        """A host named this person; nothing in the name may hide."""
        return plain(render(session.human.identifier, limit=200)) if session.human else ""

    @admin.display(description="service")
    def named_service(self, session: Session) -> str:
        return plain(render(session.service, limit=200))


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    list_display = ("decided_at", "tool", "operation", "decision", "reason_code", "risk_level", "agent", "id")
    list_display_links = ("id",)
    list_select_related = ("agent",)
    list_filter = ("decision", "reason_code", "risk_level")
    search_fields = ("=id", "=action_id", "tool", "operation", "=session__id", "rule_id")
    fields = (
        "id", "action_id", "session", "position", "agent", "credential_id", "policy", "tool", "operation",
        "decision", "reason_code", "rule_id", "risk_level", "depends_on",
        "action_digest", "evaluation_digest", "approval", "receipt", "decided_at",
    )  # fmt: skip


@admin.register(Deferral)
class DeferralAdmin(ReadOnlyAdmin):
    list_display = ("opened_at", "decision", "state", "context_needed", "expires_at", "id")
    list_display_links = ("id",)
    list_filter = ("state", "method")
    list_select_related = ("decision",)
    search_fields = ("=id", "=decision__id", "=session__id")
    fields = (
        "id", "decision", "session", "state", "context_needed", "method", "approval",
        "opened_at", "expires_at", "resolved_at",
    )  # fmt: skip
