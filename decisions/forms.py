"""What is typed into the admin's own forms. What is wrong with it is said at the field; only services publish."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms

from decisions.engine.allowed_tools import is_entry
from decisions.intake.tokens import AGENT_CLAIMS, ALGORITHMS, HUMAN_CLAIMS, SCOPE_CLAIMS
from decisions.models import Agent, Issuer, PolicyProposal, PolicyVersion, Scope
from decisions.services.checking import Finding, check_files
from decisions.services.includes import with_included
from decisions.services.issuers import issuer_fault
from decisions.services.packs import PolicyFiles

SOURCE = "admin"
LONGEST_REASON = 500
if TYPE_CHECKING:
    # Generic in the stubs only.
    PolicyModelForm = forms.ModelForm[PolicyVersion]
    AgentModelForm = forms.ModelForm[Agent]
    IssuerModelForm = forms.ModelForm[Issuer]
else:
    PolicyModelForm = AgentModelForm = IssuerModelForm = forms.ModelForm


class PolicyForm(PolicyModelForm):
    text = forms.CharField(
        strip=False,
        help_text="It holds for every decision from the moment it is published. Versions are never changed.",
        widget=forms.Textarea(attrs={"rows": 30, "cols": 100, "class": "vLargeTextField", "spellcheck": "false"}),
    )

    allow_empty = forms.BooleanField(required=False, help_text="Needed for a policy without any rules.")

    class Meta:
        model = PolicyVersion
        fields = ("text",)

    def clean(self) -> dict[str, Any]:
        """The text, once it would take effect as a whole."""
        values: dict[str, Any] = super().clean() or {}
        if "text" in values:
            report = check_files(files_typed(values["text"]))
            if not report.is_publishable:
                raise forms.ValidationError({"text": [*map(words, (*report.faults, *report.failures))]})
            if report.policy and not report.policy.rules and not values["allow_empty"]:
                raise forms.ValidationError({"allow_empty": "The policy has no rules. Confirm that this is meant."})
        return values


class ProposalForm(PolicyForm):
    """The same text, for somebody else to publish."""

    class Meta:
        model = PolicyProposal
        fields = ("text",)


def files_typed(text: str) -> PolicyFiles:
    """What was typed into the form, with the packs that it includes. There are no files beside it."""
    files = PolicyFiles(text=text.replace("\r\n", "\n"), source=SOURCE)
    return with_included(files, read=lambda name: None)


def words(found: Finding) -> str:
    """A finding in one line."""
    where = "" if found.source == SOURCE else f"{found.source}: "
    return f"{where}Line {found.line}, column {found.column}: {found.why} {found.fix}"


class ToolNames(forms.CharField):
    """One name a line, as policies write them."""

    widget = forms.Textarea(attrs={"rows": 6, "cols": 60, "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), "\n".join(str(data or "").split()))

    def clean(self, value: Any) -> list[str]:
        names = str(super().clean(value)).split()
        wrong = [name for name in names if not is_entry(name)]
        if wrong:
            raise forms.ValidationError(f"No tool can be called {wrong[0]!a}.")
        return names


class AgentForm(AgentModelForm):
    allowed_tools = ToolNames(
        required=False,
        help_text="Such as email.send, email for all its operations, or mcp.files.*; empty leaves it to policy alone.",
    )

    class Meta:
        model = Agent
        fields = ("name", "owner", "environment", "profile", "drift_threshold", "allowed_tools", "is_active")


class PauseForm(forms.Form):
    """What is to stop, and why. `confirmed` is sent by the second step."""

    target = forms.RegexField(r"\A(everything|team|agent|session):.{0,150}\Z")
    reason = forms.CharField(max_length=LONGEST_REASON)
    confirmed = forms.BooleanField(required=False)

    @property
    def scope(self) -> Scope:
        """Of a valid form: what kind of thing is to stop."""
        return Scope(self.cleaned_data["target"].partition(":")[0])

    @property
    def name(self) -> str:
        """Of a valid form: which one."""
        return str(self.cleaned_data["target"].partition(":")[2])


def _choices(names: Iterable[str]) -> list[tuple[str, str]]:
    return [(name, name) for name in names]


class IssuerForm(IssuerModelForm):
    algorithms = forms.MultipleChoiceField(choices=_choices(ALGORITHMS), initial=("RS256", "ES256"))
    agent_claim = forms.ChoiceField(choices=_choices(AGENT_CLAIMS), help_text="Names the client, listed below.")
    human_claim = forms.ChoiceField(
        choices=_choices(HUMAN_CLAIMS),
        help_text="Names the person. Where reviewers may be those persons, choose one that their accounts have too.",
    )
    scope_claim = forms.ChoiceField(choices=_choices(SCOPE_CLAIMS))

    class Meta:
        model = Issuer
        fields = (
            "name", "url", "audience", "algorithms", "jwks_url", "agent_claim", "human_claim", "scope_claim",
            "required_scope", "leeway_seconds", "introspection_url", "introspection_client", "is_active",
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        fault = issuer_fault(values)
        if fault and fault[0] not in self.errors:
            raise forms.ValidationError({fault[0]: fault[1]})
        return values
