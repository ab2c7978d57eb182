"""What policy says of an action that a reviewer has changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from approvals.lifecycle.snapshot import Source
from approvals.ports import Revision
from decisions.engine.budget import Meter
from decisions.engine.errors import BudgetError
from decisions.engine.schema import compile_schema
from decisions.engine.verdict import Decision as Verdict
from decisions.engine.verdict import RiskLevel, Ruling
from decisions.models import Decision, Session
from decisions.services.evaluation import Judged
from decisions.services.judging_again import judge_again
from decisions.services.renewal import anew, asking
from receipts.signing.canonical import JSON

_RISKS = list(RiskLevel)
_PERMITTED = frozenset({Verdict.ALLOW, Verdict.MODIFY})


def revise(decision: Decision, *, session: Session, parameters: dict[str, JSON], at: datetime) -> Revision:
    """What people are asked about the changed action, or why policy doesn't let it be asked. The session is locked.

    The people are those that the changed action asks for; where policy would let it run unasked they are those who are
    asked already, and the risk is never less than it was.
    """
    judged = judge_again(decision, session=session, at=at, parameters=parameters)
    if not _fits(judged, parameters=parameters):
        return Revision(opening=None, refusal="The catalogue's schema of the tool doesn't permit these parameters.")
    ruling = _asking(decision, session=session, judged=judged, at=at)
    if ruling is None:
        is_forbidden = judged.ruling.decision not in _PERMITTED
        asks_nobody = "The policy asks nobody about this action any more."
        return Revision(opening=None, refusal=judged.ruling.reason if is_forbidden else asks_nobody)
    source = Source.STEP_UP if decision.decision == Verdict.STEP_UP else Source.DEFER
    opening = anew(decision, session=session, ruling=ruling, source=source, judged=judged, at=at)
    return Revision(opening=opening, refusal="")


def _asking(decision: Decision, *, session: Session, judged: Judged, at: datetime) -> Ruling | None:
    before = asking(judge_again(decision, session=session, at=at), session=session, at=at)
    after = asking(judged, session=session, at=at)
    if before is None:
        return None
    if after is None and judged.ruling.decision in _PERMITTED:
        changed = judged.ruling
        after = replace(
            before, parameters=changed.parameters, modifications=changed.modifications, labels=changed.labels
        )
    return after and replace(after, risk_level=max(before.risk_level, after.risk_level, key=_RISKS.index))


def _fits(judged: Judged, *, parameters: dict[str, JSON]) -> bool:
    tool = judged.ruling.tool
    if tool is None or tool.parameters is None:
        return True
    try:
        return compile_schema(tool.parameters)(parameters, Meter())
    except BudgetError:
        return False
