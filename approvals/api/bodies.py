"""The bodies of the reviewers' API. Pure."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Words = Annotated[str, Field(max_length=500)]


class VoteBody(BaseModel):
    """`POST /api/v1/approvals/{id}/votes`.

    `confirm_target` and `assertion` are extra proof that no request asks for yet; they are taken and not looked at.
    `modifications` and `grant` would change what is approved: until that exists they are refused, never ignored.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    verdict: Literal["approve", "deny", "withdraw"]
    view_digest: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
    version: Annotated[int, Field(ge=1, strict=True)]
    reason: Words = ""
    private_note: Words = ""
    confirm_target: Annotated[str, Field(max_length=2000)] | None = None
    assertion: dict[str, Any] | None = None
    modifications: None = None
    grant: None = None
