"""Several rulings joined to the strictest of them, with what the others ask for as well."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain

from decisions.engine.precedence import joined_stages
from decisions.engine.verdict import Counted, Decision, ReasonCode, RiskLevel, Route, Ruling, ShadowRuling

# No rule has spoken: the default did, or the session's purpose in its place.
SILENT = frozenset({ReasonCode.DEFAULT_POSTURE, ReasonCode.ALIGNED})
_STRICTNESS = {decision: rank for rank, decision in enumerate(Decision)}
_RISK = {risk: rank for rank, risk in enumerate(RiskLevel)}


def joined(rulings: Sequence[Ruling]) -> Ruling:
    """The strictest ruling, with what the others of the same decision ask for as well."""
    strictest = max(_STRICTNESS[each.decision] for each in rulings)
    deciding = [each for each in rulings if _STRICTNESS[each.decision] == strictest]
    leading = max(deciding, key=lambda each: _RISK[each.risk_level])
    is_denied = leading.decision is Decision.DENY
    timeouts = [each.timeout_seconds for each in deciding if each.timeout_seconds is not None]
    return replace(
        leading,
        route=_joined_routes([each.route for each in deciding if each.route is not None]),
        on_timeout=leading.on_timeout if len(deciding) == 1 else None,
        timeout_seconds=min(timeouts, default=None),
        context_needed=_once(chain.from_iterable(each.context_needed for each in deciding)),
        resolvers=_once(chain.from_iterable(each.resolvers for each in deciding)),
        matched_rules=_once(chain.from_iterable(each.matched_rules for each in rulings)),
        confidence=min(each.confidence for each in rulings),
        labels=frozenset[str]() if is_denied else frozenset[str]().union(*(each.labels for each in rulings)),
        counted=() if is_denied else _summed(chain.from_iterable(each.counted for each in rulings)),
    )


def _joined_routes(routes: Sequence[Route]) -> Route | None:
    """Everybody whom one of them asks. Nobody edits what is inside another call."""
    if not routes:
        return None
    escalation = frozenset(chain.from_iterable(each.escalation for each in routes))
    return Route(
        stages=joined_stages(chain.from_iterable(each.stages for each in routes)),
        timeout_seconds=min(each.timeout_seconds for each in routes),
        risk_level=max((each.risk_level for each in routes), key=_RISK.__getitem__),
        escalation=tuple(sorted(escalation, key=lambda each: (each.after_seconds, each.groups))),
        questions=_once(chain.from_iterable(each.questions for each in routes)),
        hold_seconds=max((each.hold_seconds for each in routes if each.hold_seconds is not None), default=None),
        denials=min(each.denials for each in routes),
    )


def _summed(counted: Iterable[Counted]) -> tuple[Counted, ...]:
    sums: dict[str, int | float] = {}
    for each in counted:
        sums[each.rule_id] = sums.get(each.rule_id, 0) + each.amount
    return tuple(Counted(rule_id, amount) for rule_id, amount in sums.items())


def joined_shadow(rulings: Sequence[Ruling]) -> ShadowRuling | None:
    """What would be decided if the rules in shadow were enforced: the strictest, here too."""
    if all(each.shadow is None for each in rulings):
        return None
    would = [
        each.shadow or ShadowRuling(each.decision, each.rule_id, each.reason, each.reason_code) for each in rulings
    ]
    heard = [each for each in would if each.reason_code not in SILENT] or would
    return max(heard, key=lambda each: _STRICTNESS[each.decision])


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
