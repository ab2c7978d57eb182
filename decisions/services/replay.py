"""Putting recorded questions again: to the policy that answered them (G9), or to another, to see what would change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from decisions.engine.policy import Policy
from decisions.engine.verdict import Decision as Verdict
from decisions.engine.verdict import Ruling
from decisions.models import Decision
from decisions.selectors.values import QUESTION, parameters_in
from decisions.services.evaluation import ruled, settled
from decisions.services.policies import policy_of
from decisions.services.questions import ENGINE_VERSION, Question, question_bytes, question_from
from receipts.selectors import opened_values
from receipts.signing.canonical import StrictJSONError, canonical_bytes, sha256_digest

_CHUNK = 500


class Gap(StrEnum):
    """Why a decision can't be replayed."""

    ERASED = "its values were erased"
    ALTERED = "its values are not those that its digest names"
    OTHER_ENGINE = "another version of the engine made it"


@dataclass(frozen=True, slots=True)
class Change:
    """A recorded decision that another policy would have decided otherwise. Names only, no values."""

    decision_id: str
    action: str
    before: Verdict
    after: Verdict
    rule_before: str | None
    rule_after: str | None
    reason_after: str


@dataclass(slots=True)
class Backtest:
    """What came of replaying many. `outcomes` counts pairs of before and after, `gaps` what could not be replayed."""

    outcomes: Counter[tuple[Verdict, Verdict]] = field(default_factory=Counter)
    gaps: Counter[Gap] = field(default_factory=Counter)
    changes: list[Change] = field(default_factory=list)

    @property
    def replayed(self) -> int:
        """How many were."""
        return self.outcomes.total()


def question_of(decision: Decision) -> Question | Gap:
    """What this decision answered, if that is still what its digest says."""
    text = opened_values(decision.payload).get(QUESTION)
    if not isinstance(text, str):
        return Gap.ERASED
    data = text.encode()
    if sha256_digest(data) != decision.evaluation_digest:
        return Gap.ALTERED
    try:
        question = question_from(data)
    except (KeyError, TypeError, ValueError, StrictJSONError):
        # An older version of the product wrote other questions.
        return Gap.OTHER_ENGINE
    return question if question.engine == ENGINE_VERSION else Gap.OTHER_ENGINE


def answer_to(question: Question, *, policy: Policy) -> Ruling:
    """What `policy` says to a recorded question, under the circumstances of then."""
    ruling = ruled(question.action, context=question.context, policy=policy)
    return settled(ruling, question=question)


def reevaluate(decision: Decision) -> Ruling | Gap:
    """The ruling of the very policy version that the decision names: the one on record, or something is broken."""
    question = question_of(decision)
    if isinstance(question, Gap):
        return question
    assert decision.policy_id is not None
    version, policy = policy_of(decision.policy_id)
    if version.digest != question.policy or sha256_digest(question_bytes(question)) != decision.evaluation_digest:
        return Gap.ALTERED
    return answer_to(question, policy=policy)


def recorded_since(moment: datetime) -> Iterator[Decision]:
    """The decisions made from `moment` on, in no particular order."""
    rows = Decision.objects.select_related("payload", "session").filter(decided_at__gte=moment)
    return rows.iterator(chunk_size=_CHUNK)


def backtest(decisions: Iterable[Decision], *, policy: Policy) -> Backtest:
    """What `policy` would have decided instead. What rates and budgets had counted is taken as it was recorded."""
    result = Backtest()
    for decision in decisions:
        question = question_of(decision)
        if isinstance(question, Gap):
            result.gaps[question] += 1
            continue
        before, after = Verdict(decision.decision), answer_to(question, policy=policy)
        result.outcomes[before, after.decision] += 1
        if before is not after.decision or _is_otherwise(decision, after=after):
            result.changes.append(_change(decision, after=after))
    result.changes.sort(key=_attention)
    return result


_RUNS = frozenset({Verdict.ALLOW, Verdict.MODIFY, Verdict.STEP_UP})


def _is_otherwise(decision: Decision, *, after: Ruling) -> bool:
    """Whether the same decision would have let other parameters run."""
    recorded = parameters_in(opened_values(decision.payload))
    return after.decision in _RUNS and canonical_bytes(recorded) != canonical_bytes(dict(after.parameters))


def _change(decision: Decision, *, after: Ruling) -> Change:
    return Change(
        decision_id=decision.pk,
        action=f"{decision.tool}.{decision.operation}",
        before=Verdict(decision.decision),
        after=after.decision,
        rule_before=decision.rule_id or None,
        rule_after=after.rule_id,
        reason_after=after.reason,
    )


_STRICTNESS = {verdict: rank for rank, verdict in enumerate(Verdict)}


def _attention(change: Change) -> tuple[int, int, str]:
    """What is newly permitted comes first, then what is loosened, then the rest."""
    return (_STRICTNESS[change.after], -_STRICTNESS[change.before], change.decision_id)
