"""Turning a ruling that needs a human into a request for approval: the frozen snapshot and where it goes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from approvals.lifecycle.masking import masked
from approvals.lifecycle.origins import origins_of
from approvals.lifecycle.render import plain, render
from approvals.lifecycle.snapshot import PriorStep, Provenance, RiskLevel, Snapshot, Source
from approvals.ports import Opening
from approvals.selectors.granted import Asked
from approvals.selectors.parties import by_ids
from approvals.services.granting import open_within_grants
from approvals.services.requests import Request, new_approval_id, open_request
from decisions.engine.context import Environment
from decisions.engine.marking import marks_in
from decisions.engine.verdict import Ruling
from decisions.models import Decision, PolicyVersion, Session, Tool
from decisions.selectors.novelty import novelties_of
from decisions.selectors.pauses import was_paused_since
from decisions.selectors.said import said_before
from decisions.selectors.values import action_asked, asked_parameters
from decisions.services.delegations import go_betweens
from decisions.services.evaluation import approval_route
from decisions.services.parties import recorded_section
from decisions.services.past import Past, past_of
from decisions.services.records import modification_answer, step_values
from decisions.services.signals import estimates_of
from receipts.identifiers import new_seed
from receipts.selectors import opened_values
from receipts.signing.canonical import JSON, canonical_bytes

PRIOR_STEPS = 5
# What agents and people said, where secrets may stand. The sentence of the consequence is made of what is covered.
_SAID = frozenset({"parameters", "original_parameters", "original_request", "explanation", "modifications", "steps"})
_PLACEHOLDER = re.compile(r"\{([A-Za-z0-9_]+)\}")


def consequence_of(*, tool: str, operation: str, parameters: Mapping[str, JSON], sentence: str | None = None) -> str:
    """What approving permits. Values put into it are rendered, as everywhere.

    `sentence` is the policy's own, which comes before the one that the tool was registered with.
    """
    template = sentence or _registered_sentence(tool=tool, operation=operation)
    if not template:
        return f"No trusted description exists for {tool}.{operation}. Read the raw parameters."

    def shown(match: re.Match[str]) -> str:
        value = parameters.get(match[1])
        text = value if isinstance(value, str) else canonical_bytes(value).decode()
        return plain(render(text, limit=80))

    return _PLACEHOLDER.sub(shown, template)


def _registered_sentence(*, tool: str, operation: str) -> str:
    found = Tool.objects.filter(tool__iexact=tool, operation__iexact=operation).first()
    return found.consequence if found else ""


def prior_steps(session: Session, *, before: int) -> tuple[PriorStep, ...]:
    """The last few actions of the session, oldest first."""
    rows = Decision.objects.filter(session=session, position__lt=before).order_by("-position")[:PRIOR_STEPS]
    return tuple(
        PriorStep(position=row.position, action=f"{row.tool}.{row.operation}", decision=row.decision, at=row.decided_at)
        for row in reversed(rows)
    )


def snapshot_of(
    decision: Decision, *, session: Session, ruling: Ruling, source: Source, policy: PolicyVersion, past: Past
) -> Snapshot:
    """Everything that the reviewer will see, as it is now."""
    values = opened_values(decision.payload)
    request = opened_values(session.request).get("text")
    explanation = values.get("explanation")
    identity = recorded_section(decision, session=session)
    snapshot = Snapshot(
        tool=decision.tool,
        operation=decision.operation,
        parameters=dict(ruling.parameters),
        original_parameters=asked_parameters(decision, values=values) if ruling.modifications else None,
        modifications=tuple(modification_answer(change) for change in ruling.modifications),
        original_request=request if isinstance(request, str) else "",
        request_provenance=Provenance(session.request_provenance),
        explanation=explanation if isinstance(explanation, str) else None,
        agent=session.agent.name,
        human=session.human.identifier if session.human else None,
        service=session.service or None,
        session=session.pk,
        scope=tuple(identity["scope"]),
        delegation=go_betweens(identity["delegation"]),
        environment=None if identity["environment"] == Environment.LIVE else identity["environment"],
        consequence=consequence_of(
            tool=decision.tool,
            operation=decision.operation,
            parameters=_covered(ruling.parameters),
            sentence=ruling.tool.consequence if ruling.tool else None,
        ),
        reason=ruling.reason,
        rule_id=ruling.rule_id,
        policy_id=policy.policy_id,
        policy_version=policy.version,
        policy_hash=policy.digest,
        risk_level=RiskLevel(ruling.risk_level.value),
        source=source,
        data_kinds=tuple(session.state["kinds"]),
        session_so_far=prior_steps(session, before=decision.position),
        context_needed=tuple(ruling.context_needed),
        steps=tuple(step_values(step) for step in ruling.steps),
        origins=origins_of(ruling.parameters, said=said_before(session, position=decision.position)),
        novelties=novelties_of(decision, session=session, parameters=ruling.parameters),
        estimates=estimates_of(decision, threshold=identity.get("drift_threshold")),
        questions=ruling.route.questions if ruling.route else (),
        turned_down=past.turned_down,
        nonce=new_seed().hex(),
    )
    return replace(snapshot, masks=_masks(snapshot))


def _masks(snapshot: Snapshot) -> tuple[dict[str, JSON], ...]:
    said = {name: value for name, value in snapshot.to_dict().items() if name in _SAID}
    return tuple(mark.to_dict() for mark in marks_in(said))


def _covered(parameters: Mapping[str, JSON]) -> Mapping[str, JSON]:
    said: dict[str, JSON] = {"parameters": dict(parameters)}
    found: Mapping[str, JSON] = masked(said | {"masks": [mark.to_dict() for mark in marks_in(said)]})["parameters"]
    return found


def ask_people(
    decision: Decision,
    *,
    session: Session,
    ruling: Ruling,
    sections: Mapping[str, JSON],
    at: datetime,
    past: Past,
) -> Request:
    """A pending request for an action that was just decided; one that a grant covers names it, and it is to answer."""
    policy = decision.policy
    assert policy is not None
    opening = opening_of(
        decision,
        session=session,
        ruling=ruling,
        sections=sections,
        source=Source.STEP_UP,
        digest="",
        policy=policy,
        past=past,
    )
    return open_within_grants(Asked(opening, at, lambda since: was_paused_since(session, since=since)))


def open_approval(
    decision: Decision,
    *,
    session: Session,
    ruling: Ruling,
    sections: Mapping[str, JSON],
    at: datetime,
    source: Source = Source.STEP_UP,
    digest: str = "",
    policy: PolicyVersion | None = None,
) -> Request:
    """A pending request for this action, in the caller's transaction.

    `digest` and `policy` replace those of a deferred action, which a later policy may have ruled on.
    """
    applied = policy or decision.policy
    assert applied is not None
    opening = opening_of(
        decision,
        session=session,
        ruling=ruling,
        sections=sections,
        source=source,
        digest=digest,
        policy=applied,
        past=past_of(action_asked(decision), session=session, at=at),
    )
    return open_request(approval_id=new_approval_id(), opening=opening, at=at)


def opening_of(
    decision: Decision,
    *,
    session: Session,
    ruling: Ruling,
    sections: Mapping[str, JSON],
    source: Source,
    digest: str,
    policy: PolicyVersion,
    past: Past,
) -> Opening:
    """What people are to be asked about this action as `policy` rules on it now."""
    assert ruling.route is not None
    return Opening(
        snapshot=snapshot_of(decision, session=session, ruling=ruling, source=source, policy=policy, past=past),
        route=by_ids(approval_route(ruling.route)),
        source=source.value,
        action_digest=digest or decision.action_digest,
        policy_hash=policy.digest,
        subject=session.human_id or "",
        requester=session.human.identifier if session.human else "",
        stream=f"session/{session.pk}",
        receipt_sections=sections,
        asker=past.asker.id,
        likeness=past.asker.likeness,
        again_of=past.again_of,
    )
