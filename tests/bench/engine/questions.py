"""What every engine is asked, and what each must answer. Standard library only: the peers' environment reads it too.

A policy has one rule a tool: `tool-7.run` is allowed with an `amount` of at most 100. "Early" and "late" are the tools
of the first and the last rule, "none" is a tool that no rule names, which the default denies.
"""

from __future__ import annotations

from enum import StrEnum

SIZES = (50, 1_000, 10_000)
LARGEST_AMOUNT = 100
AMOUNT = 20


class Hit(StrEnum):
    """Where the rule stands that covers the action."""

    EARLY = "early"
    LATE = "late"
    NONE = "none"


def tool_name(number: int) -> str:
    """The tool of the rule with this number."""
    return f"tool-{number}"


def asked_tool(hit: Hit, *, size: int) -> str:
    """The tool of the action."""
    return {Hit.EARLY: tool_name(0), Hit.LATE: tool_name(size - 1), Hit.NONE: "unheard-of"}[hit]


def is_allowed(hit: Hit) -> bool:
    """The right answer."""
    return hit is not Hit.NONE
