"""Those who ask, their keys, and what their tools do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from decisions.forms import AgentForm
from decisions.models import Agent, Credential, Host, Human, Tool
from decisions.services.identity import issue_key, revoke_keys, rotate_key
from receipts.access import caller_of
from receipts.clock import database_now
from receipts.readonly import AnyModelAdmin, ReadOnlyAdmin

OVERLAP = timedelta(days=1)


class KeyOwnerAdmin(AnyModelAdmin):
    """Owners of keys are deactivated and never deleted: sessions and receipts refer to them."""

    list_filter: ClassVar[Any] = ("is_active",)
    search_fields = ("name", "=id")
    readonly_fields = ("id", "created_at")
    actions = ("issue_keys",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(description="Issue a key", permissions=["change"])
    def issue_keys(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        """Shown by this answer and never again; a message after a redirect would leave the key in a cookie."""
        at, actor = database_now(), caller_of(request.user)
        keys = [{"owner": owner.name, "secret": issue_key(owner=owner, at=at, actor=actor)} for owner in queryset]
        context = {**self.admin_site.each_context(request), "title": "New keys", "keys": keys, "opts": self.opts}
        return TemplateResponse(request, "admin/decisions/keys_issued.html", context)


@admin.register(Agent)
class AgentAdmin(KeyOwnerAdmin):
    form = AgentForm
    list_display = ("name", "owner", "environment", "profile", "is_active", "created_at", "id")
    list_filter: ClassVar[Any] = ("is_active", "environment", "owner")
    fields = (
        "name",
        "owner",
        "environment",
        "profile",
        "drift_threshold",
        "allowed_tools",
        "is_active",
        "id",
        "created_at",
    )


@admin.register(Host)
class HostAdmin(KeyOwnerAdmin):
    list_display = ("name", "is_active", "created_at", "id")
    fields = ("name", "agents", "is_active", "id", "created_at")
    filter_horizontal = ("agents",)


@admin.register(Human)
class HumanAdmin(AnyModelAdmin):
    """People come here by being named; they are deactivated and never deleted, for sessions refer to them."""

    list_display = ("id", "identifier", "is_active", "created_at")
    list_filter = ("is_active",)
    search_fields = ("=identifier", "=id")
    readonly_fields = ("id", "identifier", "created_at")
    fields = ("id", "identifier", "is_active", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Credential)
class CredentialAdmin(ReadOnlyAdmin):
    """Neither the key nor its digest is shown; the prefix tells keys apart."""

    list_display = ("prefix", "owner", "scopes", "created_at", "last_used_at", "expires_at", "revoked_at", "id")
    list_display_links = ("id",)
    list_select_related = ("agent", "host")
    search_fields = ("=id", "prefix", "agent__name", "host__name")
    fields = ("id", "prefix", "agent", "host", "scopes", "created_at", "last_used_at", "expires_at", "revoked_at")
    actions = ("rotate", "revoke")  # type: ignore[assignment]  # the base has none

    @admin.display(description="owner")
    def owner(self, credential: Credential) -> str:
        return str(credential.agent or credential.host)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("decisions.change_credential")

    @admin.action(description="Rotate: new keys, the old ones hold for another day", permissions=["revoke"])
    def rotate(self, request: HttpRequest, queryset: QuerySet[Credential]) -> HttpResponse:
        actor = caller_of(request.user)
        made = [(row, rotate_key(id=row.pk, overlap=OVERLAP, actor=actor)) for row in queryset]
        keys = [{"owner": self.owner(row), "secret": secret} for row, secret in made]
        context = {**self.admin_site.each_context(request), "title": "New keys", "keys": keys, "opts": self.opts}
        return TemplateResponse(request, "admin/decisions/keys_issued.html", context)

    @admin.action(description="Revoke the selected keys", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Credential]) -> None:
        count = revoke_keys(ids=set(queryset.values_list("pk", flat=True)), actor=caller_of(request.user))
        self.message_user(request, f"{count} revoked. They stopped working at once.", messages.SUCCESS)


@admin.register(Tool)
class ToolAdmin(AnyModelAdmin):
    list_display = ("tool", "operation", "effect", "consequence")
    list_filter = ("effect",)
    search_fields = ("tool", "operation", "consequence")
    readonly_fields = ("registered_by",)
    fields = ("tool", "operation", "effect", "consequence", "description", "parameters_schema", "registered_by")
