"""Publishing a policy and finding the one that holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from django.db import transaction

from approvals.services.people import Person
from decisions.engine.policy import Policy
from decisions.models import ActivePolicy, PolicyProposal, PolicyVersion, RefusedPolicy
from decisions.selectors.ledgers import POLICY_STREAM
from decisions.services.checking import Finding, Report, check_files
from decisions.services.packs import PolicyFiles
from receipts.clock import database_now
from receipts.identifiers import new_id
from receipts.problems import ProblemError
from receipts.services import issue_receipt
from receipts.signing.statement import ReceiptType


def check_policy(files: PolicyFiles, *, allows_empty: bool = False) -> Policy:
    """The compiled policy. Raises `invalid_policy` and `failing_cases` with every finding, and `empty_policy`."""
    report = check_files(files)
    refusal = _refusal(report, allows_empty=allows_empty)
    if refusal is not None:
        raise refusal
    assert report.policy is not None
    return report.policy


def policy_to_publish(files: PolicyFiles, *, allows_empty: bool) -> Policy:
    """As `check_policy`. A refusal leaves a note until something is published (POL-08)."""
    try:
        return check_policy(files, allows_empty=allows_empty)
    except ProblemError:
        _note_refusal(files)
        raise


def _refusal(report: Report, *, allows_empty: bool) -> ProblemError | None:
    if report.faults:
        return ProblemError("invalid_policy", status=400, why=_told(report.faults), fix=report.faults[0].fix)
    if report.failures:
        return ProblemError("failing_cases", status=400, why=_told(report.failures), fix=report.failures[0].fix)
    if report.policy and not report.policy.rules and not allows_empty:
        return ProblemError(
            "empty_policy",
            status=409,
            why="The policy has no rules, so that its default decides everything.",
            fix="Confirm that this is meant: --allow-empty, or allow_empty in the request.",
        )
    return None


def _told(found: Iterable[Finding]) -> str:
    return "; ".join(f"{each.place}: {each.why}" for each in found)


def _note_refusal(files: PolicyFiles) -> None:
    report = check_files(files)
    faults = [each.as_json() for each in (*report.faults, *report.failures)]
    if faults:
        values = {"source": files.source, "faults": faults, "refused_at": database_now()}
        RefusedPolicy.objects.update_or_create(pk=1, defaults=values)


def publish_policy(
    *,
    text: str,
    source: str,
    actor: Person | None,
    included: Mapping[str, str] | None = None,
    proposal: PolicyProposal | None = None,
    allows_empty: bool = False,
) -> PolicyVersion:
    """Checks, stores and activates a policy in one transaction; a broken one changes nothing (POL-08).

    `proposal` is what `actor` approves where that takes two people. Raises as `check_policy` does.
    """
    files = PolicyFiles(text=text, source=source, included=included or {})
    policy = policy_to_publish(files, allows_empty=allows_empty)
    with transaction.atomic():
        at = database_now()
        version = PolicyVersion.objects.create(
            id=new_id("pol"),
            policy_id=policy.id,
            version=policy.version,
            digest=policy.hash,
            text=files.text,
            source=files.source,
            included=dict(files.included),
            proposal=proposal,
            published_by=actor,
            published_at=at,
        )
        ActivePolicy.objects.update_or_create(pk=1, defaults={"version": version})
        RefusedPolicy.objects.all().delete()
        issue_receipt(
            type=ReceiptType.POLICY_PUBLISHED,
            stream=POLICY_STREAM,
            body={
                "policy": {"row": version.pk, "id": policy.id, "version": policy.version, "hash": policy.hash},
                "actor": {
                    "person": actor.person_id if actor else None,
                    "author": proposal.proposed_by.person_id if proposal else None,
                    "source": source,
                },
            },
            at=at,
        )
    return version


def files_of(written: PolicyVersion | PolicyProposal) -> PolicyFiles:
    """What was published or proposed, as it was written."""
    return PolicyFiles(text=written.text, source=written.source, included=written.included)


@lru_cache(maxsize=16)
def policy_of(version_id: str) -> tuple[PolicyVersion, Policy]:
    """A stored version and its compiled form. Versions never change, so neither does this answer.

    Raises `no_policy` for a text whose hash is no longer the one that receipts name.
    """
    version = PolicyVersion.objects.get(pk=version_id)
    policy = check_files(files_of(version), runs_cases=False).policy
    if policy is None or policy.hash != version.digest:
        raise ProblemError(
            "no_policy",
            status=503,
            why="The published policy is not what its hash says: it was altered, or this product reads it otherwise.",
            fix="Publish it again: ./run policy publish FILE.",
        )
    return version, policy


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
