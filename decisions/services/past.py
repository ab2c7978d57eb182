"""What an agent has put before people already: when a STEP_UP is one too many, and which request it only repeats.

All of it is looked up in one statement, and only for what people would be asked about.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils.crypto import salted_hmac

from approvals.lifecycle.snapshot import Source
from approvals.lifecycle.states import State
from approvals.selectors.earlier import Asker, Earlier, earlier_of
from approvals.services.folding import fold_into
from approvals.services.requests import Request
from decisions.engine.action import Action
from decisions.engine.content import folded_content
from decisions.engine.verdict import ReasonCode, Ruling
from decisions.models import Session
from decisions.services.parties import Section
from decisions.services.questions import Bar
from receipts.signing.canonical import JSON, canonical_bytes

_SALT = "aarm/likeness/v1"
# Sections of an identity that are another's at each request, and no other identity for that.
_PASSING = frozenset({"checked_at"})


@dataclass(frozen=True, slots=True)
class Past:
    """Who asks for what, and what they have asked for before."""

    asker: Asker
    earlier: Earlier = field(default_factory=Earlier)

    @property
    def bar(self) -> Bar | None:
        """What forbids asking once more, or nothing."""
        turned_down, waiting = self.earlier.turned_down, self.earlier.waiting
        if len(turned_down) >= settings.AARM_TURNED_DOWN_LIMIT:
            word = "denied" if turned_down[0].state == State.DENIED else "withdrawn"
            why = f"The same was {word} before ({turned_down[0].pk}), and asking again doesn't help."
            return Bar(ReasonCode.TURNED_DOWN, why)
        here = sum(row.stream == self.asker.stream for row in waiting)
        if here < settings.AARM_WAITING_PER_SESSION and len(waiting) < settings.AARM_WAITING_PER_AGENT:
            return None
        return Bar(ReasonCode.TOO_MANY_WAITING, "Too many actions of this agent wait for people already.")

    @property
    def again_of(self) -> str:
        """The newest request for the same that was turned down, or empty."""
        return self.earlier.turned_down[0].pk if self.earlier.turned_down else ""

    @property
    def turned_down(self) -> tuple[dict[str, JSON], ...]:
        """What reviewers are shown of those."""
        return tuple(
            {"id": row.pk, "state": row.state, "at": row.resolved_at.isoformat(timespec="seconds")}
            for row in self.earlier.turned_down
            if row.resolved_at is not None
        )


def asker_of(action: Action, *, session: Session) -> Asker:
    """The agent, for the human that it acts for."""
    likeness: JSON = [session.agent_id, session.human_id or "", folded_content(action)]
    key = salted_hmac(_SALT, canonical_bytes(likeness), algorithm="sha256").hexdigest()
    return Asker(id=session.agent_id, stream=f"session/{session.pk}", likeness=key)


def past_of(action: Action, *, session: Session, at: datetime) -> Past:
    """One statement."""
    asker = asker_of(action, session=session)
    since = at - timedelta(seconds=settings.AARM_TURNED_DOWN_SECONDS)
    return Past(asker, earlier_of(asker, since=since, at=at))


def folded(past: Past, *, ruling: Ruling, identity: Section, policy: str, at: datetime) -> Request | None:
    """The request of this session that asks for exactly this and still waits, counted once more; or nothing.

    The digest that people approve is that of the first; every decision that is folded into it has its own receipt,
    and the approval is used once.
    """
    for row in past.earlier.waiting:
        is_alike = (row.stream, row.likeness, row.policy_hash) == (past.asker.stream, past.asker.likeness, policy)
        if is_alike and _asks_for(row, ruling=ruling, identity=identity) and fold_into(row, at=at):
            row.repeats += 1
            return row
    return None


def _asks_for(row: Request, *, ruling: Ruling, identity: Section) -> bool:
    shown = row.shown
    if row.source != Source.STEP_UP or not shown or row.risk_level != ruling.risk_level.value:
        return False
    is_same = canonical_bytes([shown["parameters"], shown["rule_id"]]) == canonical_bytes(
        [dict(ruling.parameters), ruling.rule_id]
    )
    return is_same and _lasting(row.receipt_sections["identity"]) == _lasting(identity)


def _lasting(identity: Section) -> dict[str, Any]:
    return {name: value for name, value in identity.items() if name not in _PASSING}
