"""Policies: published through the service, and then only read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from approvals.services.people import Person
from decisions.forms import SOURCE, PolicyForm
from decisions.models import PolicyVersion
from decisions.selectors import active_version_id
from decisions.services.policies import publish_policy
from receipts.readonly import ReadOnlyAdmin

PUBLISH = "decisions.publish_policy"


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ReadOnlyAdmin):
    form = PolicyForm
    list_display = ("policy_id", "version", "holds", "published_at", "published_by", "source", "id")
    list_display_links = ("id",)
    list_select_related = ("published_by",)
    search_fields = ("=id", "policy_id", "version", "=digest")
    ordering = ("-published_at",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        shown = ("id", "policy_id", "version", "holds", "digest", "source", "published_by", "published_at")
        return ("text",) if obj is None else (*shown, "text")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else self.get_fields(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(PUBLISH)

    @admin.display(description="active", boolean=True)
    def holds(self, version: PolicyVersion) -> bool:
        return version.pk == active_version_id()

    def save_model(self, request: HttpRequest, obj: PolicyVersion, form: Any, change: bool) -> None:
        """The service checks, stores, activates and issues the receipt; the admin's own object becomes what it made."""
        assert isinstance(request.user, Person)
        published = publish_policy(text=form.cleaned_data["text"], source=SOURCE, actor=request.user)
        for field in published._meta.concrete_fields:
            setattr(obj, field.attname, getattr(published, field.attname))
