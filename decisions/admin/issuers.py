"""Issuers of access tokens, and which of their clients are which agents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from decisions.forms import IssuerForm
from decisions.models import Issuer, RevokedToken, TokenClient
from receipts.readonly import AnyModelAdmin, ReadOnlyAdmin

if TYPE_CHECKING:
    # Generic in the stubs only.
    ClientRows = admin.TabularInline[TokenClient, Issuer]
else:
    ClientRows = admin.TabularInline


class TokenClientInline(ClientRows):
    model = TokenClient
    extra = 1
    fields = ("client", "agent")


@admin.register(Issuer)
class IssuerAdmin(AnyModelAdmin):
    """Deactivated and never deleted: decisions name them. The name and the address stay as they were entered."""

    form = IssuerForm
    inlines = (TokenClientInline,)
    list_display = ("name", "url", "audience", "is_active", "id")
    search_fields = ("name", "url")
    fields = IssuerForm.Meta.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("name", "url") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(RevokedToken)
class RevokedTokenAdmin(ReadOnlyAdmin):
    """What `/api/v1/issuers/…/revocations` was told, by digest."""

    list_display = ("digest", "kind", "issuer", "revoked_at")
    list_select_related = ("issuer",)
    search_fields = ("=digest", "issuer__name")
    fields = ("issuer", "kind", "digest", "revoked_at")
