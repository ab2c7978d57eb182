"""The bodies of the reviewers' API. Pure."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from approvals.lifecycle.grants import MOST_MINUTES, MOST_USES, Bound, Terms, Within
from approvals.lifecycle.questions import LONGEST_QUESTION, Asked

Words = Annotated[str, Field(max_length=500)]


class ChangeBody(BaseModel):
    """A new value for one parameter, by its JSON pointer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Annotated[str, Field(pattern=r"^/", max_length=500)]
    to: Any


class BoundBody(BaseModel):
    """What one parameter of later actions may be: what was approved, or wider. `most` goes with `at_most`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    within: Within
    most: Annotated[int, Field(strict=True)] | Annotated[float, Field(strict=True, allow_inf_nan=False)] | None = None


class GrantBody(BaseModel):
    """What is granted beside this action. Parameters that `bounds` doesn't name have to be the same."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    uses: Annotated[int, Field(ge=1, le=MOST_USES, strict=True)]
    minutes: Annotated[int, Field(ge=1, le=MOST_MINUTES, strict=True)]
    bounds: Annotated[dict[str, BoundBody], Field(max_length=50)] = {}

    def terms(self) -> Terms:
        """Raises `GrantError`."""
        bounds = {name: Bound(bound.within, bound.most) for name, bound in self.bounds.items()}
        return Terms(uses=self.uses, minutes=self.minutes, bounds=bounds)


class VoteBody(BaseModel):
    """`POST /api/v1/approvals/{id}/votes`.

    `confirm_target` is the value of the parameter that `confirm_field` names, at HIGH and CRITICAL. `assertion` is what
    a passkey made of the challenge, as WebAuthn's JSON (`AuthenticationResponseJSON`), at CRITICAL.
    `modifications` changes what the rule lists as editable, and approves what that comes to; only with `approve`.
    `grant` permits more than this action: terms, or the id of the grant that another reviewer has proposed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    verdict: Literal["approve", "deny", "withdraw"]
    view_digest: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
    version: Annotated[int, Field(ge=1, strict=True)]
    reason: Words = ""
    private_note: Words = ""
    confirm_target: Annotated[str, Field(max_length=2000)] | None = None
    assertion: dict[str, Any] | None = None
    modifications: Annotated[tuple[ChangeBody, ...], Field(min_length=1, max_length=20)] | None = None
    grant: GrantBody | Annotated[str, Field(pattern=r"^grt_", max_length=40)] | None = None

    @model_validator(mode="after")
    def _changes_to_approve(self) -> Self:
        """A denial changes nothing, and a pointer is changed once."""
        changes = self.modifications or ()
        if changes and self.verdict != "approve":
            raise ValueError("modifications go with approve only")
        if self.grant is not None and (changes or self.verdict != "approve"):
            raise ValueError("grant goes with approve, and without modifications")
        if len({change.path for change in changes}) < len(changes):
            raise ValueError("modifications name a path twice")
        return self


class QuestionBody(BaseModel):
    """`POST /api/v1/approvals/{id}/questions`: to the agent, or to the human that it acts for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    to: Asked
    question: Annotated[str, Field(min_length=1, max_length=LONGEST_QUESTION)]


class ReviewClaimBody(BaseModel):
    """`POST /api/v1/approvals/{id}/claim-review`: that one is looking, or with `looking` false not any more."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    looking: bool = True


class ChallengeBody(BaseModel):
    """`POST /api/v1/approvals/{id}/votes/challenge`: optionally the view that is about to be approved."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    verdict: Literal["approve"] = "approve"
    view_digest: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")] | None = None
    version: Annotated[int, Field(ge=1, strict=True)] | None = None


class ExtendBody(BaseModel):
    """`POST /api/v1/approvals/{id}/extend`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seconds: Annotated[int, Field(ge=1, le=30 * 24 * 3600, strict=True)]


class ReassignBody(BaseModel):
    """`POST /api/v1/approvals/{id}/reassign`. `to` is a user name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    to: Annotated[str, Field(min_length=1, max_length=150)]


class EscalateBody(BaseModel):
    """`POST /api/v1/approvals/{id}/escalate`: nothing is left to say."""

    model_config = ConfigDict(extra="forbid", frozen=True)
