"""Asking the engine, and writing down exactly what it was asked, so that the same question can be put again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog
from django.conf import settings

from approvals.lifecycle.quorum import Stage
from approvals.lifecycle.route import Route as ApprovalRoute
from approvals.lifecycle.route import Step
from approvals.selectors import has_enough_reviewers
from decisions.engine.action import Action
from decisions.engine.context import Context
from decisions.engine.distance import Said, said_by
from decisions.engine.drift import Drift
from decisions.engine.folding import fold
from decisions.engine.policy import Policy
from decisions.engine.verdict import Decision, ReasonCode, RiskLevel, Route, Ruling
from decisions.intake.judging import actions_in, judge
from decisions.models import PolicyVersion, Session
from decisions.services.context import context_of
from decisions.services.counters import Earlier, Ledger, open_ledger
from decisions.services.inheritance import with_children
from decisions.services.integrity import fault_of
from decisions.services.levels import limit_bar
from decisions.services.parties import Section, bar_to, identity_for_policy
from decisions.services.past import Past, past_of
from decisions.services.policies import active_policy
from decisions.services.questions import Bar, Question, Standing, question_bytes
from decisions.services.signals import drift_of, scope_signals
from decisions.services.tools import effect_of
from decisions.services.wording import wording_of
from receipts.signing.canonical import JSON, sha256_digest

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Judged:
    """A ruling, the policy version it was made under, and the question in the bytes in which it is kept.

    `signals` are the risk signals that it was made with, `drift` how far the action goes from what was asked for. `bar`
    is what forbade the action whatever policy says, `past` what was asked before where people are to be asked for the
    first time.
    """

    ruling: Ruling
    policy: PolicyVersion
    question: bytes
    signals: Mapping[str, JSON]
    drift: Drift
    bar: Bar | None = None
    past: Past | None = None

    @property
    def evaluation_digest(self) -> str:
        """The digest of the whole question."""
        return sha256_digest(self.question)


def denial(ruling: Ruling, *, code: ReasonCode, reason: str) -> Ruling:
    """The same ruling, refused for another reason. Nothing is labelled, counted or asked for."""
    return replace(
        ruling,
        decision=Decision.DENY,
        reason_code=code,
        reason=reason,
        route=None,
        on_timeout=None,
        modifications=(),
        labels=frozenset(),
        counted=(),
        context_needed=(),
    )


def _failed(action: Action) -> Ruling:
    return Ruling(
        decision=Decision.DENY,
        reason="The policy could not be evaluated.",
        reason_code=ReasonCode.EVALUATION_ERROR,
        rule_id=None,
        classification=None,
        risk_level=RiskLevel.HIGH,
        parameters=dict(action.parameters),
        modifications=(),
        matched_rules=(),
        route=None,
        context_needed=(),
        timeout_seconds=None,
        labels=frozenset(),
        confidence=0.0,
    )


def ruled(action: Action, *, context: Context, policy: Policy) -> Ruling:
    """What the policy says by itself. A denial for want of somebody behind the action has a code of its own."""
    try:
        ruling = judge(action, context=context, policy=policy)
        return _unvouched(ruling) if _wants_identity(ruling, action, context=context, policy=policy) else ruling
    except Exception as error:  # noqa: BLE001 - the one place: whatever goes wrong in the engine is a recorded refusal
        log.error("evaluation_failed", error=type(error).__name__, policy_digest=policy.hash)
        return _failed(action)


def _wants_identity(ruling: Ruling, action: Action, *, context: Context, policy: Policy) -> bool:
    """Whether nothing but the identity of somebody behind the action is missing.

    A session's parties are settled when it opens, so that a DEFER would wait for them in vain. Of a denial it is asked
    whether a verified human and a delegation would have made a difference.
    """
    identity = context.identity
    if ruling.decision is Decision.DEFER:
        return ruling.on_timeout is None and any(name.startswith("identity.") for name in ruling.context_needed)
    if ruling.decision is not Decision.DENY or (identity.human_verified and identity.delegation_depth):
        return False
    vouched = replace(identity, human_verified=True, delegation_depth=max(identity.delegation_depth, 1))
    again = judge(action, context=replace(context, identity=vouched), policy=policy)
    return again.decision is not Decision.DENY


def _unvouched(ruling: Ruling) -> Ruling:
    why = "The policy asks for a verified human or a delegation behind this, and the session has none."
    return denial(ruling, code=ReasonCode.IDENTITY_UNVERIFIED, reason=why)


def settled(ruling: Ruling, *, question: Question) -> Ruling:
    """What the policy's word comes to, given the people that there are and the actions that this one depends on."""
    if ruling.decision is Decision.STEP_UP and question.has_reviewers is False:
        why = "This needs approval, and nobody who could give it is there."
        ruling = denial(ruling, code=ReasonCode.NO_ELIGIBLE_REVIEWER, reason=why)
    if not question.is_intact:
        why = "The record of this session was altered, so nothing is permitted in it."
        return denial(ruling, code=ReasonCode.CONTEXT_INTEGRITY, reason=why)
    if question.bar:
        return denial(ruling, code=question.bar.code, reason=question.bar.reason)
    if question.standing is Standing.DENIED:
        why = "An action that this one depends on was not allowed."
        return denial(ruling, code=ReasonCode.DEPENDENCY_DENIED, reason=why)
    if question.standing is Standing.PENDING and ruling.decision is not Decision.DENY:
        return _waiting(ruling, depends_on=question.depends_on)
    return ruling


def _waiting(ruling: Ruling, *, depends_on: tuple[str, ...]) -> Ruling:
    return replace(
        ruling,
        decision=Decision.DEFER,
        reason_code=ReasonCode.DEPENDENCY_PENDING,
        reason="An action that this one depends on is still undecided.",
        context_needed=tuple(f"depends_on/{action_id}" for action_id in depends_on),
        route=None,
        on_timeout=None,
    )


@dataclass(frozen=True, slots=True)
class Basis:
    """The policy that holds, and what its rates and budgets have counted for the actions that are to be judged."""

    version: PolicyVersion
    policy: Policy
    ledger: Ledger


def basis_for(actions: Iterable[Action], *, session: Session, policy_id: str | None, is_counting: bool) -> Basis:
    """What these actions of a locked session are judged on. `is_counting` locks the counters; see `open_ledger`."""
    version, policy = active_policy(policy_id)
    ledger = open_ledger(policy, session=session, actions=actions, is_locked=is_counting)
    return Basis(version=version, policy=policy, ledger=ledger)


@dataclass(frozen=True, slots=True)
class Asked:
    """An action as it is put before a policy. `identity` is the section that its decision keeps.

    `nonce` is the decision's. `asserted` are the facts that the agent sent along; `standing` is how the actions stand
    that this one depends on. `earlier` is what it has counted for when it was judged before. `is_new` is what was never
    judged, and so may be refused because of what was asked before. `said` is what the action is compared by, where that
    is known already.
    """

    action: Action
    nonce: bytes
    identity: Section
    tool_effect: str | None
    asserted: Mapping[str, JSON] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    standing: Standing = Standing.SETTLED
    earlier: tuple[Earlier, ...] = ()
    is_new: bool = False
    said: Said | None = None


def judge_action(asked: Asked, *, session: Session, basis: Basis, at: datetime) -> Judged:
    """Evaluates an action in its locked session's present context."""
    is_intact = not fault_of(session)
    session.state = with_children(session)
    identity = identity_for_policy(session, section=asked.identity)
    wording = wording_of(session)
    context = context_of(
        session,
        request=wording.text,
        identity=identity,
        tool_effect=asked.tool_effect,
        asserted=asked.asserted,
        at=at,
    )
    actions = actions_in(asked.action, policy=basis.policy)
    said = asked.said or said_by(asked.action)
    drift = drift_of(session, said=said, request=wording.passages, is_counted=bool(asked.earlier))
    signals = drift.signals | scope_signals(actions, session=session)
    context = replace(context, inner_effects=_inner_effects(actions), risk_signals=signals)
    counted = basis.ledger.before(asked.action, at=at, earlier=asked.earlier)
    # An action that is judged again was counted among the session's own when it was submitted.
    before = context.action_count - (1 if asked.earlier else 0)
    context = replace(context, counted=counted, action_count=before)
    ruling = ruled(asked.action, context=context, policy=basis.policy)
    bar = bar_to(actions, session=session, section=asked.identity, at=at) or limit_bar(
        context.data_kinds | ruling.labels, session=session, levels=basis.policy.levels
    )
    past = None
    if asked.is_new and bar is None and ruling.decision is Decision.STEP_UP:
        past = past_of(asked.action, session=session, at=at)
    question = Question(
        policy=basis.version.digest,
        nonce=asked.nonce.hex(),
        action=asked.action,
        context=context,
        standing=asked.standing,
        depends_on=asked.depends_on,
        has_reviewers=has_reviewers(ruling.route, session=session, at=at) if ruling.route else None,
        is_intact=is_intact,
        bar=past.bar if past else bar,
    )
    return Judged(
        ruling=settled(ruling, question=question),
        policy=basis.version,
        question=question_bytes(question),
        signals=signals,
        drift=drift,
        bar=question.bar,
        past=past,
    )


def _inner_effects(actions: Sequence[Action]) -> dict[str, str]:
    """The registered effects of what is called inside an action; no statement for one that stands for itself."""
    _, *inner = actions
    names = {fold(f"{each.tool}.{each.operation}"): each for each in inner}
    effects = {name: effect_of(tool=each.tool, operation=each.operation) for name, each in names.items()}
    return {name: effect for name, effect in effects.items() if effect is not None}


def has_reviewers(route: Route, *, session: Session, at: datetime) -> bool:
    """Whether the people there are at `at` could approve."""
    requester = session.human.identifier if session.human else ""
    return has_enough_reviewers(route=approval_route(route), requester=requester, at=at)


def approval_route(route: Route) -> ApprovalRoute:
    """Who is asked, as approvals know it."""
    return ApprovalRoute(
        tuple(Stage(group=stage.group, count=stage.count) for stage in route.stages),
        timeout_seconds=route.timeout_seconds,
        hold_seconds=settings.AARM_HOLD_SECONDS if route.hold_seconds is None else route.hold_seconds,
        claim_seconds=settings.AARM_CLAIM_WINDOW_SECONDS,
        denials=route.denials,
        escalation=_steps(route),
        editable=route.editable,
    )


def _steps(route: Route) -> tuple[Step, ...]:
    """Rules that agree may name one time twice, or a time after the shorter timeout of another one."""
    parties: dict[int, dict[str, None]] = {}
    for escalation in route.escalation:
        if escalation.after_seconds < route.timeout_seconds:
            parties.setdefault(escalation.after_seconds, {}).update(dict.fromkeys(escalation.groups))
    return tuple(Step(after, tuple(names)) for after, names in sorted(parties.items()))
