"""What is typed into pages: decision forms, each with the view that it was made on, and those of people and routes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django import forms

from approvals.lifecycle.grants import MOST_MINUTES, MOST_USES
from approvals.lifecycle.questions import LONGEST_ANSWER, LONGEST_QUESTION, Asked
from approvals.lifecycle.quorum import Verdict
from approvals.services.absences import Absence
from approvals.services.confirmations import NOTHING_MORE, Confirmation
from approvals.services.schedules import Plan
from approvals.services.votes import CastBallot
from receipts.problems import ProblemError

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

MAX_NAME = 150


def checked(form: forms.Form) -> dict[str, Any]:
    """What the form says. Raises `invalid_form` with the first field that says nothing usable."""
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        why = f"{field.replace('_', ' ')}: {errors[0]}"
        raise ProblemError("invalid_form", status=400, why=why, fix="Correct it and send it again.", param=field)
    return dict(form.cleaned_data)


class ViewForm(forms.Form):
    """Which view of a request was on screen."""

    view_digest = forms.RegexField(r"\Asha256:[0-9a-f]{64}\Z")
    version = forms.IntegerField(min_value=1)


class DecisionForm(ViewForm):
    """What all votes have in common."""

    verdict: Verdict
    reason = forms.CharField(required=False, max_length=MAX_WORDS)

    def ballot(self, *, shown_at: datetime | None) -> CastBallot:
        """The valid form as a vote of somebody who showed who they are at `shown_at`."""
        said = self.cleaned_data
        return CastBallot(
            verdict=self.verdict,
            view_digest=said["view_digest"],
            version=said["version"],
            reason=self.full_reason(),
            private_note=said.get("private_note", ""),
            confirmation=replace(self.confirmation(), shown_at=shown_at),
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
    all = forms.BooleanField(required=False)
    confirm_target = forms.CharField(required=False, max_length=MAX_TARGET)
    assertion = forms.JSONField(required=False)

    def clean_assertion(self) -> dict[str, Any] | None:
        """An object, as the page's script writes it."""
        found = self.cleaned_data["assertion"]
        if found is not None and not isinstance(found, dict):
            raise forms.ValidationError("This is no signature of a passkey.")
        return found

    def confirmation(self) -> Confirmation:
        """What was shown, typed and signed."""
        said = self.cleaned_data
        target = said["confirm_target"] or None
        return Confirmation(is_whole=said["all"], target=target, assertion=said["assertion"])


class GrantForm(ApproveForm):
    """How much more is granted. What of each parameter stands in fields of its own, which `pages.granting` reads."""

    uses = forms.IntegerField(min_value=1, max_value=MOST_USES)
    minutes = forms.IntegerField(min_value=1, max_value=MOST_MINUTES)


class QuestionForm(forms.Form):
    """Who is asked what."""

    to = forms.ChoiceField(choices=[(item.value, item.value) for item in Asked])
    question = forms.CharField(max_length=LONGEST_QUESTION)


class SnoozeForm(forms.Form):
    """For how long a request is put aside; 0 takes it back. How long it may be is the service's to say."""

    minutes = forms.IntegerField(min_value=0, max_value=MOST_MINUTES)


class ExtendForm(forms.Form):
    """By how much the deadline that was on screen is moved. How far it may be is the service's to say."""

    expires_at = forms.DateTimeField()
    minutes = forms.IntegerField(min_value=1, max_value=MOST_MINUTES)


class EscalateForm(forms.Form):
    """Which step of the route is taken now: the one that was on screen."""

    step = forms.IntegerField(min_value=1, max_value=100)


class AssignForm(forms.Form):
    """Who decides instead."""

    to = forms.CharField(max_length=MAX_NAME)


class AnswerForm(forms.Form):
    """What its requester answers."""

    answer = forms.CharField(max_length=LONGEST_ANSWER)


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


class MomentField(forms.DateTimeField):
    """A date and time in UTC, as browsers send them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"], **options)


class PreviewForm(forms.Form):
    """For which moment, and whose agent, the routes are shown."""

    day = forms.TypedChoiceField(
        choices=[(str(day), day) for day in range(7)], coerce=int, required=False, empty_value=None
    )
    time = forms.TimeField(required=False)
    human = forms.CharField(required=False, max_length=254)


class TeamForm(forms.Form):
    """Somebody joins a team, or leaves it."""

    what = forms.ChoiceField(choices=[("join", "join"), ("leave", "leave")])
    team = forms.CharField(max_length=MAX_NAME)
    username = forms.CharField(max_length=MAX_NAME)


class AbsenceForm(forms.Form):
    """Who is away, one's own self where nobody is named; for how long; and who votes meanwhile."""

    person = forms.CharField(max_length=MAX_NAME, required=False)
    deputy = forms.CharField(max_length=MAX_NAME)
    starts_at = MomentField(required=False)
    ends_at = MomentField()

    def absence(self, *, of: str) -> Absence:
        """As the service takes it; without a beginning it begins at once. Raises `invalid_form`."""
        said = checked(self)
        starts_at: datetime = said["starts_at"] or said["ends_at"] - timedelta(days=36500)
        return Absence(said["person"] or of, said["deputy"], starts_at=starts_at, ends_at=said["ends_at"])


class AbsenceEndForm(forms.Form):
    absence = forms.IntegerField(min_value=1)


class CoverForm(forms.Form):
    """Somebody steps in on a schedule."""

    schedule = forms.CharField(max_length=MAX_NAME)
    username = forms.CharField(max_length=MAX_NAME)
    starts_at = MomentField()
    ends_at = MomentField()


class CoverEndForm(forms.Form):
    cover = forms.IntegerField(min_value=1)


class ScheduleForm(forms.Form):
    """A whole schedule; `order` has one user name a line."""

    name = forms.SlugField(max_length=80)
    zone = forms.CharField(max_length=64)
    starts_on = forms.DateField()
    handover = forms.TimeField()
    turn_days = forms.IntegerField(min_value=1, max_value=365)
    order = forms.CharField(max_length=20_000, required=False)

    def plan(self) -> Plan:
        """As the service takes it. Raises `invalid_form`."""
        said = checked(self)
        return Plan(**said | {"order": tuple(said["order"].split())})
