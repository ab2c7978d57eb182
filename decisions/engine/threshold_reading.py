"""Reading the `thresholds:` of a policy."""

from __future__ import annotations

from collections.abc import Mapping

from decisions.engine.consequences import DEFAULT_TIMEOUTS
from decisions.engine.readers import Entry, read_mapping, read_seconds, read_share
from decisions.engine.routes import LONGEST_TIMEOUT, read_stages
from decisions.engine.source import Findings, Node
from decisions.engine.verdict import NO_THRESHOLDS, Decision, RiskLevel, Route, Thresholds

LIMIT_KEYS = ("session_risk", "alignment", "confidence")
ROUTE_KEYS = ("approvers", "quorum", "timeout")
_KEYS = {name: name for name in (*LIMIT_KEYS, *ROUTE_KEYS)}


def read_thresholds(node: Node, *, findings: Findings) -> Thresholds:
    """The limits, and who is asked about an action that the default denies although it fits the session's intent."""
    entries = read_mapping(node, keys=_KEYS, what="`thresholds`", findings=findings)
    if not entries:
        return NO_THRESHOLDS
    limits = {name: read_share(entries[name].node, findings=findings) for name in LIMIT_KEYS if name in entries}
    return Thresholds(**limits, route=_read_route(entries, findings=findings))


def _read_route(entries: Mapping[str, Entry], *, findings: Findings) -> Route | None:
    used = [name for name in ROUTE_KEYS if name in entries]
    if not used:
        return None
    for name in ("alignment", "approvers"):
        if name not in entries:
            why, fix = f"`{used[0]}` means nothing without `{name}`.", f"Add `{name}`, or leave it out."
            findings.report(entries[used[0]].place, code="key_without_use", why=why, fix=fix)
    timeout = DEFAULT_TIMEOUTS[Decision.STEP_UP]
    if "timeout" in entries:
        timeout = read_seconds(entries["timeout"].node, lowest=1, highest=LONGEST_TIMEOUT, findings=findings) or timeout
    stages = read_stages(entries, findings=findings)
    return Route(stages=stages, timeout_seconds=timeout, risk_level=RiskLevel.MEDIUM)
