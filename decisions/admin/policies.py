"""Policies: published or proposed through the services, and then only read."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from approvals.services.people import Person
from decisions.forms import PolicyForm, ProposalForm, files_typed, words
from decisions.models import PolicyProposal, PolicyVersion
from decisions.selectors import active_version_id
from decisions.selectors.policies import open_proposals
from decisions.services.checking import check_files
from decisions.services.linting import linted_here
from decisions.services.proposals import PUBLISH, approve_proposal, compared, submit_policy
from receipts.problems import ProblemError
from receipts.readonly import ReadOnlyAdmin


class WrittenPolicyAdmin(ReadOnlyAdmin):
    """What versions and proposals have in common: a form with a text, and nothing to change afterwards."""

    shown: tuple[str, ...] = ()
    list_display_links = ("id",)
    search_fields = ("=id", "policy_id", "version", "=digest")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("text", "allow_empty") if obj is None else (*self.shown, "text", "included")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else self.get_fields(request, obj)

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """The service checks, stores and issues the receipt; the admin's own object becomes what it made.

        What the linter has to say stands against nothing, so it is told afterwards.
        """
        assert isinstance(request.user, Person)
        values = form.cleaned_data
        files = files_typed(values["text"])
        made = submit_policy(files, actor=request.user, allows_empty=values["allow_empty"])
        for field in made._meta.concrete_fields:
            setattr(obj, field.attname, getattr(made, field.attname))
        for found in linted_here(check_files(files, runs_cases=False), source=files.source).warnings:
            self.message_user(request, words(found), messages.WARNING)


@admin.register(PolicyVersion)
class PolicyVersionAdmin(WrittenPolicyAdmin):
    form = PolicyForm
    list_display = ("policy_id", "version", "holds", "published_at", "published_by", "source", "id")
    list_select_related = ("published_by",)
    ordering = ("-published_at",)
    shown = ("id", "policy_id", "version", "holds", "digest", "source", "published_by", "published_at", "proposal")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return not settings.AARM_POLICY_FOUR_EYES and request.user.has_perm(PUBLISH)

    @admin.display(description="active", boolean=True)
    def holds(self, version: PolicyVersion) -> bool:
        return version.pk == active_version_id()


@admin.register(PolicyProposal)
class PolicyProposalAdmin(WrittenPolicyAdmin):
    """Where publishing takes two people: the second one reads the differences and approves."""

    form = ProposalForm
    list_display = ("policy_id", "version", "waits", "proposed_at", "proposed_by", "source", "id")
    list_select_related = ("proposed_by",)
    ordering = ("-proposed_at",)
    shown = ("id", "policy_id", "version", "waits", "differences", "digest", "source", "proposed_by", "proposed_at")
    actions = ("approve",)  # type: ignore[assignment]  # the base has none

    def has_add_permission(self, request: HttpRequest) -> bool:
        return settings.AARM_POLICY_FOUR_EYES and request.user.has_perm(PUBLISH)

    def has_publish_permission(self, request: HttpRequest) -> bool:
        """What `permissions` of an action asks."""
        return request.user.has_perm(PUBLISH)

    @admin.display(description="waits", boolean=True)
    def waits(self, proposal: PolicyProposal) -> bool:
        return open_proposals().filter(pk=proposal.pk).exists()

    @admin.display(description="compared with the policy that holds")
    def differences(self, proposal: PolicyProposal) -> str:
        return "\n".join(f"{each.kind} {each.rule}: {each.sentence}" for each in compared(proposal)) or "No difference."

    @admin.action(description="Publish what somebody else has proposed", permissions=["publish"])
    def approve(self, request: HttpRequest, queryset: QuerySet[PolicyProposal]) -> None:
        assert isinstance(request.user, Person)
        for proposal in queryset:
            try:
                version = approve_proposal(proposal.pk, actor=request.user)
            except ProblemError as problem:
                self.message_user(request, f"{problem.why} {problem.fix}", messages.ERROR)
            else:
                self.message_user(request, f"{version} holds from now on.", messages.SUCCESS)
