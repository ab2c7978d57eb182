"""People, with their roles, teams and ways to sign in; requests and votes to look up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest

from approvals.lifecycle.render import plain, render
from approvals.models import AdminChange, ApprovalRequest, Cover, Delegation, Schedule, Stander, Turn, User, Vote
from approvals.selectors import state_at
from approvals.selectors.people import names_of
from receipts.clock import database_now
from receipts.readonly import AnyModelAdmin, ReadOnlyAdmin

if TYPE_CHECKING:
    # Generic in the stubs only.
    OwnUserAdmin = UserAdmin[User]
    OwnModelForm = forms.ModelForm[Any]
    RowInline = admin.TabularInline[Any, Schedule]
    AnyAdmin = admin.ModelAdmin[Any]
else:
    OwnUserAdmin = UserAdmin
    OwnModelForm = forms.ModelForm
    RowInline = admin.TabularInline
    AnyAdmin = admin.ModelAdmin

admin.site.site_header = "AARM administration"
admin.site.site_title = "AARM"
admin.site.index_title = "People, agents and policies"


@admin.register(User)
class PersonAdmin(OwnUserAdmin):
    """Accounts are deactivated and never deleted: votes and receipts refer to them."""

    list_display = ("username", "email", "is_active", "is_staff", "last_login")
    readonly_fields = ("person_id", "last_login", "date_joined")
    fieldsets = (
        *UserAdmin.fieldsets,  # type: ignore[misc]  # the stubs allow for None, which it is not
        ("Another account of the same person", {"fields": ("main",)}),
        ("In receipts", {"fields": ("person_id",), "description": "What receipts name instead of the person."}),
    )
    raw_id_fields = ("main",)
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "email", "usable_password", "password1", "password2")}),
    )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


# What the sign-in library would show: addresses that nobody uses, secrets, and providers that settings define.
for unused in (Authenticator, EmailAddress, SocialAccount, SocialApp, SocialToken, UserSession):
    if admin.site.is_registered(unused):
        admin.site.unregister(unused)


@admin.register(Authenticator)
class SecondFactorAdmin(AnyModelAdmin):
    """Taking one away is for whoever lost a device. Its secret is nobody's to read."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    search_fields = ("user__username",)
    fields = ("user", "type", "created_at", "last_used_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return isinstance(request.user, User) and request.user.is_superuser


class LinkForm(OwnModelForm):
    """Which person of ours a provider's subject is."""

    provider = forms.ChoiceField(choices=lambda: [(item.id, item.name) for item in settings.AARM_SSO_PROVIDERS])
    uid = forms.CharField(label="subject", max_length=191, help_text="The claim `sub` of this person.")

    class Meta:
        model = SocialAccount
        fields = ("user", "provider", "uid")


@admin.register(SocialAccount)
class LinkAdmin(AnyModelAdmin):
    """Links are made and taken away, never bent to another person."""

    form = LinkForm
    list_display = ("user", "provider", "uid", "last_login")
    list_filter = ("provider",)
    search_fields = ("user__username", "uid")
    autocomplete_fields = ("user",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ApprovalRequest)
class ApprovalRequestAdmin(ReadOnlyAdmin):
    list_display = ("opened_at", "action", "risk_level", "state_now", "asked_for", "code", "id")
    list_display_links = ("id",)
    list_filter = ("risk_level", "state", "source")
    search_fields = ("=id", "tool", "operation", "requester", "=code")
    fields = (
        "id", "action", "risk_level", "source", "state_now", "resolution", "version", "asked_for", "asked",
        "opened_at", "expires_at", "release_at", "claim_expires_at", "resolved_at",
        "code", "action_digest", "snapshot_digest", "view_digest", "policy_hash", "stream",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApprovalRequest]:
        return super().get_queryset(request).prefetch_related("asked")

    @admin.display(description="action")
    def action(self, row: ApprovalRequest) -> str:
        return f"{row.tool}.{row.operation}"

    @admin.display(description="state")
    def state_now(self, row: ApprovalRequest) -> str:
        """By the clock, whether or not a sweeper has run."""
        return state_at(row, database_now()).value

    @admin.display(description="asked for by")
    def asked_for(self, row: ApprovalRequest) -> str:
        """A host named this person; nothing in the name may hide."""
        return plain(render(row.requester, limit=200))


@admin.register(AdminChange)
class AdminChangeAdmin(ReadOnlyAdmin):
    """Who changed what. What the fields held afterwards is shown with the receipt, to auditors."""

    list_display = ("changed_at", "what", "kind", "object_id", "fields", "who", "receipt_id")
    list_display_links = ("receipt_id",)
    list_filter = ("what",)
    search_fields = ("=id", "=object_id", "=actor", "=receipt__id", "kind")
    fields = ("id", "what", "kind", "object_id", "fields", "who", "changed_at", "receipt_id")

    @admin.display(description="by")
    def who(self, change: AdminChange) -> str:
        return names_of([change.actor]).get(change.actor, change.actor) or "a command"


@admin.register(Vote)
class VoteAdmin(ReadOnlyAdmin):
    list_display = ("cast_at", "person", "verdict", "surface", "request", "id")
    list_display_links = ("id",)
    list_filter = ("verdict", "surface")
    list_select_related = ("person", "request")
    search_fields = ("=id", "=request__id", "person__username")
    fields = ("id", "request", "person", "verdict", "groups", "surface", "view_digest", "version", "cast_at")


class TurnInline(RowInline):
    model = Turn
    extra = 0


class CoverInline(RowInline):
    model = Cover
    extra = 0


@admin.register(Schedule)
class ScheduleAdmin(AnyAdmin):
    list_display = ("name", "zone", "starts_on", "handover", "turn_days")
    inlines = (TurnInline, CoverInline)


@admin.register(Delegation)
class DelegationAdmin(AnyAdmin):
    list_display = ("person", "deputy", "starts_at", "ends_at", "request")
    list_select_related = ("person", "deputy", "request")
    fields = ("person", "deputy", "starts_at", "ends_at")


@admin.register(Stander)
class StanderAdmin(AnyAdmin):
    list_display = ("human", "relation", "person")
    list_select_related = ("person",)
    search_fields = ("human", "person__username")
