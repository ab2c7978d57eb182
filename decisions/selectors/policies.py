"""Which policy holds, which ones did, and what waits for a second person."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from decisions.models import ActivePolicy, PolicyProposal, PolicyVersion, RefusedPolicy
from receipts.problems import not_found

PAGE = 50


def active_version_id() -> str | None:
    """The id of the policy version that holds, or nothing when none was published."""
    return ActivePolicy.objects.values_list("version_id", flat=True).first()


def version_named(version_id: str) -> PolicyVersion:
    """A published version. Raises `not_found`."""
    found = PolicyVersion.objects.select_related("published_by", "proposal__proposed_by").filter(pk=version_id).first()
    if found is None:
        raise not_found("policy version")
    return found


def policies_page(*, offset: int) -> dict[str, Any]:
    """A page of versions, newest first."""
    rows = PolicyVersion.objects.select_related("published_by", "proposal__proposed_by")
    page = list(rows.order_by("-published_at", "id")[offset : offset + PAGE + 1])
    following = str(offset + PAGE) if len(page) > PAGE else None
    active = active_version_id()
    return {"results": [version_answer(row, active=active) for row in page[:PAGE]], "next": following}


def version_answer(version: PolicyVersion, *, active: str | None) -> dict[str, Any]:
    """A version without its text, as lists show it."""
    author = version.proposal.proposed_by if version.proposal else version.published_by
    return {
        "id": version.pk,
        "policy_id": version.policy_id,
        "version": version.version,
        "hash": version.digest,
        "source": version.source,
        "is_active": version.pk == active,
        "author": author.get_username() if author else None,
        "published_by": version.published_by.get_username() if version.published_by else None,
        "published_at": version.published_at.isoformat(),
    }


def written(policy: PolicyVersion | PolicyProposal) -> dict[str, Any]:
    """The text and what it includes, as they were written."""
    return {"text": policy.text, "included": policy.included}


def open_proposals() -> QuerySet[PolicyProposal]:
    """What waits for a second person: not published, and compared with the policy that holds. Oldest first."""
    rows = PolicyProposal.objects.select_related("proposed_by").filter(published__isnull=True)
    active = active_version_id()
    current = rows.filter(base__isnull=True) if active is None else rows.filter(base_id=active)
    return current.order_by("proposed_at", "id")


def proposal_answer(proposal: PolicyProposal) -> dict[str, Any]:
    """A proposal with everything that its second reader has to see."""
    return {
        "id": proposal.pk,
        "policy_id": proposal.policy_id,
        "version": proposal.version,
        "hash": proposal.digest,
        "source": proposal.source,
        "author": proposal.proposed_by.get_username(),
        "proposed_at": proposal.proposed_at.isoformat(),
        "base": proposal.base_id,
        **written(proposal),
    }


def refused_policy() -> RefusedPolicy | None:
    """The attempt to publish that failed, if nothing has been published since."""
    return RefusedPolicy.objects.first()


def refused_answer() -> dict[str, Any] | None:
    """The same for programs: what was to be published, when, and every fault with its place."""
    refused = refused_policy()
    if refused is None:
        return None
    return {"source": refused.source, "refused_at": refused.refused_at.isoformat(), "faults": refused.faults}


def refusal_sentence() -> str:
    """The same for people, in a sentence; empty where there is none."""
    refused = refused_policy()
    if refused is None:
        return ""
    count = len(refused.faults)
    return (
        f"The policy {refused.source} could not be published on {refused.refused_at:%Y-%m-%d %H:%M} UTC: "
        f"{count} fault{'' if count == 1 else 's'}. The one before it still holds."
    )
