"""What the engine may know beside the action: the session's accumulated state and where each piece came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from receipts.signing.canonical import JSON


class Trust(StrEnum):
    """Who vouches for a value: the host, a resolver or a user (attested), or only the agent itself (asserted)."""

    ATTESTED = "attested"
    ASSERTED = "asserted"


class ToolEffect(StrEnum):
    """What a tool's registration says that it does to the world."""

    READ = "read"
    WRITE = "write"
    EGRESS = "egress"


@dataclass(frozen=True, slots=True)
class Fact:
    """A named value about the world. `source` says who supplied it, `recorded_at` when (aware, UTC)."""

    value: JSON
    trust: Trust
    source: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Context:
    """A session as one decision sees it; its size doesn't grow with the session.

    `original_request` is the user's first request, None where the session has none. `data_kinds` are the kinds of data
    that the session has touched (`PII`, `PCI`, …) and `tools_used` the `tool.operation` names so far; both are always
    populated, an empty set is not a missing one. `tool_effect` is a `ToolEffect` from the catalogue, None for a tool
    that it does not know.
    """

    original_request: str | None
    request_trust: Trust
    facts: Mapping[str, Fact]
    data_kinds: frozenset[str]
    tools_used: frozenset[str]
    action_count: int
    tool_effect: str | None
