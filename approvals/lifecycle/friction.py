"""What stands between reading a request and approving it, by its risk. Denying takes none of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from approvals.lifecycle.inspection import Opaque
from approvals.lifecycle.origins import Origin
from approvals.lifecycle.render import value_flags
from approvals.lifecycle.snapshot import RiskLevel
from receipts.signing.canonical import JSON, canonical_bytes


class Step(StrEnum):
    """Something that a person does before an approval counts.

    `WHOLE`: having been given all of the action to read. `RECENT`: having shown who they are a short time ago, which a
    passkey does at once. `REASON`: saying why; `REASON_IF_FLAGGED` where something of the action is flagged. `ALONE`:
    without having read what others wrote.
    """

    WHOLE = "whole"
    TARGET = "target"
    RECENT = "recent"
    REASON_IF_FLAGGED = "reason_if_flagged"
    REASON = "reason"
    PASSKEY = "passkey"
    ALONE = "alone"


STEPS: Mapping[RiskLevel, frozenset[Step]] = {
    RiskLevel.LOW: frozenset(),
    RiskLevel.MEDIUM: frozenset(),
    RiskLevel.HIGH: frozenset({Step.WHOLE, Step.TARGET, Step.RECENT, Step.REASON_IF_FLAGGED}),
    RiskLevel.CRITICAL: frozenset(Step),
}

RECENT_SECONDS = 15 * 60
"""How long somebody who has shown who they are needn't do it again."""

_HIGHER: Mapping[RiskLevel, RiskLevel] = {
    RiskLevel.LOW: RiskLevel.MEDIUM,
    RiskLevel.MEDIUM: RiskLevel.HIGH,
    RiskLevel.HIGH: RiskLevel.CRITICAL,
    RiskLevel.CRITICAL: RiskLevel.CRITICAL,
}

TARGETS = ("to", "recipient", "recipients", "url", "host", "path", "file", "name", "table", "account", "command")
"""Parameters that say where an action goes. The first one that is there is its target."""

SINKS = frozenset({*TARGETS, "amount"})
"""Where an action goes, and how much of it: what of these the request didn't say is flagged."""

CHALLENGE_DOMAIN = b"aarm/passkey-approval/1"

WHOLE = "tool.operation"
"""What is confirmed of an action without such a parameter: what it is."""


def steps_for(risk_level: str) -> frozenset[Step]:
    """What approving takes. A level that is none of ours takes everything."""
    known = risk_level in set(RiskLevel)
    return STEPS[RiskLevel(risk_level)] if known else frozenset(Step)


def level_for(risk_level: str, *, opaque: Opaque | None) -> str:
    """The level whose steps are taken: one higher where nobody can read what the action is called with."""
    if opaque is None or risk_level not in set(RiskLevel):
        return risk_level
    return _HIGHER[RiskLevel(risk_level)].value


def is_recent(shown_at: datetime | None, *, at: datetime) -> bool:
    """Whether somebody who showed who they are at `shown_at` (aware; None for never) needn't do it again at `at`."""
    return shown_at is not None and at - shown_at <= timedelta(seconds=RECENT_SECONDS)


def is_flagged(parameters: Mapping[str, JSON], *, origins: Iterable[Mapping[str, JSON]]) -> bool:
    """Whether the page warns of one of the parameters: of its text, or that it goes where the request didn't say."""
    if any(value_flags({name: value}) for name, value in parameters.items()):
        return True
    return any(each["parameter"] in SINKS and each["origin"] != Origin.REQUEST for each in origins)


def target_name(parameters: Mapping[str, JSON]) -> str:
    """The name of the parameter that says where the action goes, or empty."""
    return next((name for name in TARGETS if name in parameters), "")


def confirmed_text(*, tool: str, operation: str, parameters: Mapping[str, JSON]) -> str:
    """What has to be typed: the target as it is, or `tool.operation` where no parameter says it.

    A list of texts is typed with commas between; any other value as its canonical JSON.
    """
    name = target_name(parameters)
    return _typed(parameters[name]) if name else f"{tool}.{operation}"


def _typed(value: JSON) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return ", ".join(str(item) for item in value).strip()
    return canonical_bytes(value).decode()


def is_confirmed(typed: str, *, expected: str) -> bool:
    """Whether somebody typed the target: character by character, but for blanks around it. Empty confirms nothing."""
    return bool(expected) and typed.strip() == expected


def challenge(*, approval_id: str, action_digest: str, view_digest: str, version: int, nonce: str) -> bytes:
    """What a passkey signs: this view of this action, to be approved, once.

    32 bytes: SHA-256 over the domain, a zero byte and RFC 8785 JSON.
    """
    bound: JSON = {
        "approval_id": approval_id,
        "action_digest": action_digest,
        "view_digest": view_digest,
        "version": version,
        "verdict": "approve",
        "scope": "once",
        "nonce": nonce,
    }
    return hashlib.sha256(CHALLENGE_DOMAIN + b"\x00" + canonical_bytes(bound)).digest()
