"""Reading `approvers:` and `quorum:` of a STEP_UP rule into stages, all of which have to approve."""

from __future__ import annotations

import re
from collections.abc import Mapping

from decisions.engine.readers import Entry, read_integer, read_items, read_mapping, wrong_type
from decisions.engine.source import Findings, Node, Scalar
from decisions.engine.verdict import Stage

LARGEST_QUORUM = 20

_GROUP = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
_WANTED = "the name of a group, or {group: NAME, count: NUMBER}"


def read_stages(entries: Mapping[str, Entry], *, findings: Findings) -> tuple[Stage, ...]:
    """The stages in reading order; a quorum that isn't given is 1."""
    if "approvers" not in entries:
        return ()
    items = read_items(entries["approvers"].node, wanted=_WANTED, findings=findings) or ()
    stages = [stage for item in items if (stage := _read_stage(item, findings=findings))]
    groups = [stage.group for stage in stages]
    for place, group in ((item.place, group) for item, group in zip(items, groups, strict=False)):
        if groups.count(group) > 1:
            why, fix = f"`{group}` is asked more than once.", "Name it once, with the count that is needed."
            findings.report(place, code="duplicate_group", why=why, fix=fix)
    if "quorum" in entries:
        return _with_quorum(stages, items=items, entry=entries["quorum"], findings=findings)
    return tuple(stages)


def _with_quorum(
    stages: list[Stage], *, items: tuple[Node, ...], entry: Entry, findings: Findings
) -> tuple[Stage, ...]:
    quorum = read_integer(entry.node, lowest=1, highest=LARGEST_QUORUM, findings=findings)
    if len(items) != 1 or not isinstance(items[0], Scalar):
        why = "`quorum` counts the people of a single group."
        fix = "Give every group its own count: `approvers: [{group: NAME, count: NUMBER}]`."
        findings.report(entry.place, code="quorum_of_groups", why=why, fix=fix)
    return tuple(Stage(group=stage.group, count=quorum or 1) for stage in stages)


def _read_stage(node: Node, *, findings: Findings) -> Stage | None:
    if isinstance(node, Scalar):
        group = _read_group(node, findings=findings)
        return None if group is None else Stage(group=group, count=1)
    entries = read_mapping(node, keys={"group": "group", "count": "count"}, what=_WANTED, findings=findings)
    if entries is None:
        return None
    if "group" not in entries:
        wrong_type(node, wanted=_WANTED, findings=findings)
        return None
    group = _read_group(entries["group"].node, findings=findings)
    count: int | None = 1
    if "count" in entries:
        count = read_integer(entries["count"].node, lowest=1, highest=LARGEST_QUORUM, findings=findings)
    return None if group is None or count is None else Stage(group=group, count=count)


def _read_group(node: Node, *, findings: Findings) -> str | None:
    if not isinstance(node, Scalar) or not isinstance(node.value, str) or _GROUP.fullmatch(node.value) is None:
        wrong_type(node, wanted="the name of a group (letters, digits, _ . -)", findings=findings)
        return None
    return node.value
