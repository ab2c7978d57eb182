"""Reading decisions, sessions and the policy that holds."""

from decisions.selectors.answers import decision_answer
from decisions.selectors.names import names_of
from decisions.selectors.policies import active_version_id, refusal_sentence
from decisions.selectors.sessions import entries_of, session_summary, verification_of
from decisions.selectors.standing import (
    approval_of,
    decision_for,
    deferral_of,
    deferral_state_at,
    effective_at,
    pending_among,
)

__all__ = [
    "active_version_id",
    "approval_of",
    "decision_answer",
    "decision_for",
    "deferral_of",
    "deferral_state_at",
    "effective_at",
    "entries_of",
    "names_of",
    "pending_among",
    "refusal_sentence",
    "session_summary",
    "verification_of",
]
