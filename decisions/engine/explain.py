"""A ruling in plain words, for an agent's log, a reviewer's screen and an auditor's report alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from decisions.engine.verdict import Decision, ReasonCode, Ruling


def explain(ruling: Ruling) -> str:
    """One or two sentences: what was decided and by which rule, then the reason that the policy gives."""
    return f"{_OPENINGS[ruling.decision](ruling)} {_sentence(ruling.reason)}"


def _source(ruling: Ruling) -> str:
    if ruling.reason_code is ReasonCode.DEFAULT_POSTURE:
        return "by the policy's default"
    return "by the policy" if ruling.rule_id is None else f"by rule {ruling.rule_id}"


def _allowed(ruling: Ruling) -> str:
    return f"Allowed {_source(ruling)}."


def _modified(ruling: Ruling) -> str:
    paths = dict.fromkeys(change.path.removeprefix("/") for change in ruling.modifications)
    return f"Allowed {_source(ruling)} after changing {_listed(list(paths))}."


def _stepped_up(ruling: Ruling) -> str:
    stages = ruling.route.stages if ruling.route else ()
    people = _listed([f"{stage.count} of {stage.group}" for stage in stages])
    return f"Needs approval {_source(ruling)}: {people}, within {ruling.timeout_seconds} seconds."


def _deferred(ruling: Ruling) -> str:
    waits = f" until {_listed(list(ruling.context_needed))} is known" if ruling.context_needed else ""
    return f"Deferred {_source(ruling)}{waits}, for {ruling.timeout_seconds} seconds at most."


def _denied(ruling: Ruling) -> str:
    finality = ", which nothing overrides" if ruling.reason_code is ReasonCode.FORBIDDEN else ""
    return f"Denied {_source(ruling)}{finality}."


_OPENINGS: Mapping[Decision, Callable[[Ruling], str]] = {
    Decision.ALLOW: _allowed,
    Decision.MODIFY: _modified,
    Decision.STEP_UP: _stepped_up,
    Decision.DEFER: _deferred,
    Decision.DENY: _denied,
}


def _listed(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else text + "."
