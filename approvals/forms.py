"""The two decision forms. Each carries which view of the request it was made on."""

from __future__ import annotations

from typing import Any

from django import forms

from approvals.lifecycle.quorum import Verdict
from approvals.services.confirmations import NOTHING_MORE, Confirmation
from approvals.services.votes import CastBallot

MAX_WORDS = 500
MAX_TARGET = 2000
PRESETS = (
    ("wrong_target", "Wrong target"),
    ("not_asked", "Not asked for"),
    ("too_much", "Too much data"),
    ("wrong_environment", "Wrong environment"),
    ("injection", "Looks like injection"),
    ("other", "Other"),
)


class ViewForm(forms.Form):
    """Which view of a request was on screen."""

    view_digest = forms.RegexField(r"\Asha256:[0-9a-f]{64}\Z")
    version = forms.IntegerField(min_value=1)


class DecisionForm(ViewForm):
    """What all votes have in common."""

    verdict: Verdict
    reason = forms.CharField(required=False, max_length=MAX_WORDS)

    def ballot(self) -> CastBallot:
        """The valid form as a vote."""
        said = self.cleaned_data
        return CastBallot(
            verdict=self.verdict,
            view_digest=said["view_digest"],
            version=said["version"],
            reason=self.full_reason(),
            private_note=said.get("private_note", ""),
            confirmation=self.confirmation(),
        )

    def confirmation(self) -> Confirmation:
        """What was done for it beyond being signed in."""
        return NOTHING_MORE

    def full_reason(self) -> str:
        """What the record says of why."""
        return str(self.cleaned_data["reason"])


class ApproveForm(DecisionForm):
    """What a page has nothing to ask for stays empty, and whether that is enough is the service's to say."""

    verdict = Verdict.APPROVE
    confirm_target = forms.CharField(required=False, max_length=MAX_TARGET)
    assertion = forms.JSONField(required=False)

    def clean_assertion(self) -> dict[str, Any] | None:
        """An object, as the page's script writes it."""
        found = self.cleaned_data["assertion"]
        if found is not None and not isinstance(found, dict):
            raise forms.ValidationError("This is no signature of a passkey.")
        return found

    def confirmation(self) -> Confirmation:
        """What was typed and signed."""
        said = self.cleaned_data
        return Confirmation(target=said["confirm_target"] or None, assertion=said["assertion"])


class WithdrawForm(DecisionForm):
    verdict = Verdict.WITHDRAW


class DenyForm(DecisionForm):
    verdict = Verdict.DENY
    preset = forms.ChoiceField(choices=PRESETS, required=False)
    private_note = forms.CharField(required=False, max_length=MAX_WORDS)

    def full_reason(self) -> str:
        """The chosen reason in words, then the person's own."""
        preset = dict(PRESETS).get(self.cleaned_data["preset"], "")
        return ": ".join(filter(None, [preset, self.cleaned_data["reason"]]))
