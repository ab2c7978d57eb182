"""Which grant answers what people would be asked, and why the others don't.

All that a grant rests on is looked up when it is used: whether those who granted it may still decide, whether what they
approved still stands, and whether who acts, the policy, the rule and the people asked are the same. A grant is never
looked for at CRITICAL risk, nor for what a deferral ended with or nobody can read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from approvals.lifecycle.errors import GrantError
from approvals.lifecycle.grants import PEOPLE, Bound, Terms, Within, bounds_from, check_terms, outside
from approvals.lifecycle.inspection import why_opaque
from approvals.lifecycle.quorum import Result
from approvals.lifecycle.route import Route
from approvals.lifecycle.snapshot import JSONObject, RiskLevel, Source
from approvals.lifecycle.states import State
from approvals.models import ApprovalRequest, Grant
from approvals.ports import Opening
from approvals.selectors.friction import opaque
from approvals.selectors.standing import current_tally, state_at
from receipts.selectors import opened_values
from receipts.signing.canonical import JSON, canonical_bytes

MOST = 20
"""How many grants of a session for one operation are looked at, the newest first."""

# Sections of an identity that say who acts. Tokens and times are others at each request.
_WHO = (
    "human", "human_verified", "agent", "host", "service", "credential", "environment", "scope", "delegation",
    "provenance", "sources",
)  # fmt: skip
_GIVEN = frozenset({State.APPROVED, State.CLAIMED})


@dataclass(frozen=True, slots=True)
class Asked:
    """What people would be asked at `at`. `is_stopped_since` says whether people have paused who acts since a time."""

    opening: Opening
    at: datetime
    is_stopped_since: Callable[[datetime], bool]


@dataclass(frozen=True, slots=True)
class Coverage:
    """The grant that covers it, if any; otherwise why each of those that there are doesn't."""

    grant: Grant | None = None
    refusals: tuple[JSONObject, ...] = ()


def coverage_of(asked: Asked) -> Coverage:
    """One statement where nothing was granted for this operation in this session."""
    opening = asked.opening
    if opening.snapshot.risk_level not in PEOPLE or opening.source != Source.STEP_UP:
        return Coverage()
    action = opening.snapshot
    grants = Grant.objects.filter(
        stream=opening.stream, request__tool=action.tool, request__operation=action.operation
    ).select_related("request__snapshot", "terms")
    refusals: list[JSONObject] = []
    for grant in grants.order_by("-granted_at", "-id")[:MOST]:
        refusal = _refusal(grant, asked=asked)
        if refusal is None:
            return Coverage(grant=grant)
        refusals.append({"grant": grant.pk, **refusal})
    return Coverage(refusals=tuple(refusals))


def lapse_of(grant: Grant, *, at: datetime) -> str:
    """Why a grant is in force for nothing any more, or not yet; empty where it is."""
    return next((why for is_so, why in _LAPSES if is_so(grant, at)), "")


def endorsement_lost(grant: Grant) -> bool:
    """Whether those who granted it and may still decide are too few for what they approved."""
    return current_tally(grant.request, granting=grant).result is not Result.APPROVED


def bounds_of(grant: Grant) -> dict[str, Bound] | None:
    """Its bounds; None where they were erased."""
    said = opened_values(grant.terms).get("grant")
    try:
        return None if said is None else bounds_from(said)
    except GrantError:
        return None


def approved_parameters(request: ApprovalRequest) -> Mapping[str, JSON] | None:
    """What was approved; None where it was erased."""
    found = request.shown.get("parameters")
    return found if isinstance(found, dict) else None


_LAPSES: tuple[tuple[Callable[[Grant, datetime], bool], str], ...] = (
    (lambda grant, at: grant.revoked_at is not None, "It was taken back."),
    (lambda grant, at: at >= grant.expires_at, "Its time is over."),
    (lambda grant, at: grant.left < 1, "It was used as often as it may be."),
    (
        lambda grant, at: state_at(grant.request, at) is State.HELD,
        "It is not in force yet: the approval that it came with can still be undone.",
    ),
    (
        lambda grant, at: state_at(grant.request, at) not in _GIVEN,
        "The approval that it came with is not in force.",
    ),
    (lambda grant, at: endorsement_lost(grant), "Too few of those who granted it may still decide."),
)


def _refusal(grant: Grant, *, asked: Asked) -> JSONObject | None:
    """Why it doesn't cover this, or nothing; what costs a look at the database comes last."""
    why = next((why for is_so, why in _DIFFERENCES if is_so(grant.request, asked.opening)), "")
    why = why or lapse_of(grant, at=asked.at)
    if why:
        return {"why": why}
    if asked.is_stopped_since(grant.granted_at):
        return {"why": "People have stopped this since it was granted."}
    return _outside(grant, opening=asked.opening)


def _outside(grant: Grant, *, opening: Opening) -> JSONObject | None:
    approved, bounds = approved_parameters(grant.request), bounds_of(grant)
    if approved is None or bounds is None:
        return {"why": "Its values were erased."}
    names = outside(opening.snapshot.parameters, approved=approved, bounds=bounds)
    if names:
        return {"why": "It is outside what was granted.", "parameters": list(names)}
    if why_opaque(opening.snapshot.parameters):
        return {"why": "Nobody can read what it is called with."}
    kinds = set(opening.snapshot.data_kinds) - set(grant.request.shown.get("data_kinds", ()))  # type: ignore[call-overload]
    if kinds and any(bound.within is Within.ANY_TEXT for bound in bounds.values()):
        return {"why": "It grants any text, and the session has touched other data since."}
    return None


def _who(sections: Mapping[str, JSON]) -> bytes:
    identity = sections.get("identity")
    return canonical_bytes({name: identity.get(name) for name in _WHO} if isinstance(identity, dict) else None)


def _rule(sections: Mapping[str, JSON]) -> JSON:
    decision = sections.get("decision")
    return decision.get("rule") if isinstance(decision, dict) else None


def _stages(route: Mapping[str, JSON]) -> bytes:
    return canonical_bytes(route["stages"])


_DIFFERENCES: tuple[tuple[Callable[[ApprovalRequest, Opening], bool], str], ...] = (
    (lambda row, new: row.policy_hash != new.policy_hash, "Another policy holds now."),
    (lambda row, new: _rule(row.receipt_sections) != _rule(new.receipt_sections), "Another rule asks."),
    (lambda row, new: _stages(row.route) != _stages(new.route.to_dict()), "Other people are asked."),
    (lambda row, new: _is_riskier(new, than=row), "It is riskier than what was approved."),
    (lambda row, new: bool(new.again_of), "The same was turned down before."),
    (lambda row, new: _who(row.receipt_sections) != _who(new.receipt_sections), "Somebody else acts, or for others."),
)


def _is_riskier(new: Opening, *, than: ApprovalRequest) -> bool:
    order = list(RiskLevel)
    return order.index(new.snapshot.risk_level) > order.index(RiskLevel(than.risk_level))


def may_grant(request: ApprovalRequest) -> bool:
    """Whether more than this one action can be granted with it."""
    return not why_not_grantable(request, terms=Terms(uses=1, minutes=1))


def why_not_grantable(request: ApprovalRequest, *, terms: Terms) -> GrantError | None:
    """Why these terms can't be granted with an approval of this request, or nothing."""
    parameters = approved_parameters(request)
    if parameters is None:
        return GrantError("The action's values have been erased.", fix="Deny it.")
    if request.changed_by_id or request.source != Source.STEP_UP or opaque(request):
        why = "What a reviewer has changed, a deferral ended with, or nobody can read, is approved by itself."
        return GrantError(why, fix="Approve it once.")
    try:
        check_terms(terms, parameters=parameters, risk_level=request.risk_level, people=people_of(request))
    except GrantError as error:
        return error
    return None


def people_of(request: ApprovalRequest) -> int:
    """How many people have to approve it."""
    return sum(stage.count for stage in Route.from_dict(request.route).stages)
