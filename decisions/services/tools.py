"""The tool catalogue: what an operation does, as the organisation says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from approvals.services.administration import Change, record_change
from decisions.models import Tool
from receipts.access import Caller
from receipts.problems import ProblemError


@dataclass(frozen=True, slots=True)
class NewTool:
    """A tool's registration. `effect` is read, write or egress."""

    tool: str
    operation: str
    effect: str
    description: str
    parameters: dict[str, Any]


def effect_of(*, tool: str, operation: str) -> str | None:
    """The registered effect, or nothing for a tool that nobody registered."""
    return Tool.objects.filter(tool__iexact=tool, operation__iexact=operation).values_list("effect", flat=True).first()


def register_tools(*, caller: Caller, tools: Sequence[NewTool]) -> list[Tool]:
    """Adds tools to the catalogue.

    A host can't change what is already there: that would let it relabel a write as a read.
    """
    with transaction.atomic():
        found = [_registered(caller, item) for item in tools]
        for tool, is_new in found:
            if is_new:
                record_change(Change.ADDED, of=tool, actor=caller)
    return [tool for tool, _ in found]


def _registered(caller: Caller, item: NewTool) -> tuple[Tool, bool]:
    # Names are compared without regard to case, so that another spelling is the same tool.
    found, is_new = Tool.objects.get_or_create(
        tool__iexact=item.tool,
        operation__iexact=item.operation,
        defaults={
            "tool": item.tool,
            "operation": item.operation,
            "effect": item.effect,
            "description": item.description,
            "parameters_schema": item.parameters,
            "registered_by": caller.id,
        },
    )
    if found.effect != item.effect:
        raise ProblemError(
            "tool_differs",
            status=409,
            why=f"{found} is already registered with the effect {found.effect}.",
            fix="Ask an admin to change the catalogue.",
            param="effect",
        )
    return found, is_new
