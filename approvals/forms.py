"""The two decision forms. Each carries which view of the request it was made on."""

from __future__ import annotations

from django import forms

from approvals.lifecycle.quorum import Verdict
from approvals.services.votes import CastBallot

MAX_WORDS = 500
PRESETS = (
    ("wrong_target", "Wrong target"),
    ("not_asked", "Not asked for"),
    ("too_much", "Too much data"),
    ("wrong_environment", "Wrong environment"),
    ("injection", "Looks like injection"),
    ("other", "Other"),
)


class DecisionForm(forms.Form):
    """What both have in common."""

    verdict: Verdict
    view_digest = forms.RegexField(r"\Asha256:[0-9a-f]{64}\Z")
    version = forms.IntegerField(min_value=1)
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
        )

    def full_reason(self) -> str:
        """What the record says of why."""
        return str(self.cleaned_data["reason"])


class ApproveForm(DecisionForm):
    verdict = Verdict.APPROVE


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
