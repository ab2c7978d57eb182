"""Publishing a policy and finding the one that holds."""

from __future__ import annotations

from functools import lru_cache

from django.db import transaction

from approvals.services.people import Person
from decisions.engine.errors import PolicyError
from decisions.engine.parser import compile_policy, parse_policy
from decisions.engine.policy import Policy
from decisions.models import ActivePolicy, PolicyVersion
from receipts.clock import database_now
from receipts.identifiers import new_id
from receipts.problems import ProblemError
from receipts.services import issue_receipt
from receipts.signing.statement import ReceiptType

POLICY_STREAM = "system/policy"


def _compiled(text: str, source: str) -> Policy:
    try:
        return compile_policy(parse_policy(text, source=source))
    except PolicyError as error:
        first = error.problems[0]
        raise ProblemError(
            "invalid_policy",
            status=400,
            why="; ".join(f"line {item.line}: {item.why}" for item in error.problems),
            fix=first.fix,
        ) from error


def publish_policy(*, text: str, source: str, actor: Person | None) -> PolicyVersion:
    """Checks, stores and activates a policy in one transaction; a broken one changes nothing (POL-08)."""
    policy = _compiled(text, source)
    with transaction.atomic():
        at = database_now()
        version = PolicyVersion.objects.create(
            id=new_id("pol"),
            policy_id=policy.id,
            version=policy.version,
            digest=policy.hash,
            text=text,
            source=source,
            published_by=actor,
            published_at=at,
        )
        ActivePolicy.objects.update_or_create(pk=1, defaults={"version": version})
        issue_receipt(
            type=ReceiptType.POLICY_PUBLISHED,
            stream=POLICY_STREAM,
            body={
                "policy": {"row": version.pk, "id": policy.id, "version": policy.version, "hash": policy.hash},
                "actor": {"person": actor.person_id if actor else None, "source": source},
            },
            at=at,
        )
    return version


@lru_cache(maxsize=16)
def policy_of(version_id: str) -> tuple[PolicyVersion, Policy]:
    """A stored version and its compiled form. Versions never change, so neither does this answer."""
    version = PolicyVersion.objects.get(pk=version_id)
    return version, _compiled(version.text, version.source)


def active_policy(version_id: str | None) -> tuple[PolicyVersion, Policy]:
    """The policy that holds, by the id that the caller's own query has just read."""
    if version_id is None:
        raise ProblemError(
            "no_policy",
            status=503,
            why="No policy has been published, so nothing can be decided.",
            fix="Publish one: ./run policy publish FILE.",
        )
    return policy_of(version_id)
