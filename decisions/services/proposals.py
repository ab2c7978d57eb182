"""Publishing with two people, where the deployment asks for it: one proposes, another one publishes what was proposed.

The text that the second person reads is the text that takes effect: a proposal is never changed, and it stands only for
as long as the policy holds that it was compared with.
"""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from approvals.selectors import is_same_person
from approvals.services.people import Person
from decisions.models import ActivePolicy, PolicyProposal, PolicyVersion
from decisions.selectors import active_version_id
from decisions.selectors.ledgers import POLICY_STREAM
from decisions.services.checking import check_files
from decisions.services.differences import Difference, differences
from decisions.services.packs import PolicyFiles
from decisions.services.policies import files_of, policy_to_publish, publish_policy
from receipts.clock import database_now
from receipts.identifiers import new_id
from receipts.problems import ProblemError, not_found
from receipts.services import issue_receipt
from receipts.signing.statement import ReceiptType

PUBLISH = "decisions.publish_policy"


def submit_policy(
    files: PolicyFiles, *, actor: Person | None, allows_empty: bool = False
) -> PolicyVersion | PolicyProposal:
    """Publishes at once or, with `AARM_POLICY_FOUR_EYES`, proposes to somebody else. The way in for every door."""
    if settings.AARM_POLICY_FOUR_EYES:
        return propose_policy(files, author=actor, allows_empty=allows_empty)
    return _published(files, actor=actor, allows_empty=allows_empty)


def propose_policy(files: PolicyFiles, *, author: Person | None, allows_empty: bool = False) -> PolicyProposal:
    """Keeps a policy that is in order for a second person. Raises `no_second_person` where there is none."""
    if author is None:
        raise ProblemError(
            "no_second_person",
            status=409,
            why="Publishing takes two people here, and nobody is named as the author.",
            fix="Name the author: --author USERNAME.",
        )
    if not _others_who_may(author):
        raise ProblemError(
            "no_second_person",
            status=409,
            why="Publishing takes two people here, and nobody but the author may publish.",
            fix="Give somebody else the role policy-author.",
        )
    policy = policy_to_publish(files, allows_empty=allows_empty)
    with transaction.atomic():
        at = database_now()
        proposal = PolicyProposal.objects.create(
            id=new_id("prp"),
            policy_id=policy.id,
            version=policy.version,
            digest=policy.hash,
            text=files.text,
            source=files.source,
            included=dict(files.included),
            base_id=active_version_id(),
            proposed_by=author,
            proposed_at=at,
        )
        issue_receipt(
            type=ReceiptType.ADMINISTRATION,
            stream=POLICY_STREAM,
            body={
                "administration": {"what": "policy_proposed", "proposal": proposal.pk},
                "policy": {"id": policy.id, "version": policy.version, "hash": policy.hash},
                "actor": {"person": author.person_id, "source": files.source},
            },
            at=at,
        )
    return proposal


def approve_proposal(proposal_id: str, *, actor: Person) -> PolicyVersion:
    """Publishes what was proposed, on the word of another person.

    Raises `not_found`, `own_proposal`, `already_resolved` and `proposal_outdated`.
    """
    with transaction.atomic():
        # Whoever publishes changes this row, so that what the proposal was compared with can't change any more.
        active = ActivePolicy.objects.select_for_update().first()
        proposal = PolicyProposal.objects.select_related("proposed_by").filter(pk=proposal_id).first()
        if proposal is None:
            raise not_found("proposal")
        _require_another_person(proposal, actor=actor)
        if PolicyVersion.objects.filter(proposal=proposal).exists():
            raise ProblemError("already_resolved", status=409, why="This has been published.", fix="Nothing is left.")
        if proposal.base_id != (active.version_id if active else None):
            raise ProblemError(
                "proposal_outdated",
                status=409,
                why="Another policy has been published since this one was proposed.",
                fix="Compare it with the policy that holds now, and propose it again.",
            )
        # Whoever approves has seen that it is empty; the author has confirmed it.
        return _published(files_of(proposal), actor=actor, proposal=proposal, allows_empty=True)


def _published(
    files: PolicyFiles, *, actor: Person | None, allows_empty: bool, proposal: PolicyProposal | None = None
) -> PolicyVersion:
    return publish_policy(
        text=files.text,
        source=files.source,
        included=files.included,
        actor=actor,
        proposal=proposal,
        allows_empty=allows_empty,
    )


def _require_another_person(proposal: PolicyProposal, *, actor: Person) -> None:
    if not is_same_person(proposal.proposed_by, actor):
        return
    raise ProblemError(
        "own_proposal",
        status=403,
        why="Whoever proposes a policy can't be the one who approves it.",
        fix="Ask somebody else who may publish policies.",
    )


def _others_who_may(author: Person) -> list[Person]:
    people = Person.objects.with_perm(PUBLISH)
    return [person for person in people if not is_same_person(person, author)]


def compared(proposal: PolicyProposal) -> tuple[Difference, ...]:
    """How a proposal differs from the policy that it was compared with when it was made."""
    after = check_files(files_of(proposal), runs_cases=False).document
    before = check_files(files_of(proposal.base), runs_cases=False).document if proposal.base else None
    return differences(before, after) if after else ()
