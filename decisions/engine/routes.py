"""Reading who is asked: `approvers:` and `quorum:` as stages, all of which have to approve, and what goes with them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from decisions.engine.pointers import pointer, read_path
from decisions.engine.readers import Entry, read_integer, read_items, read_mapping, read_seconds, read_text, wrong_type
from decisions.engine.source import Findings, Node, Scalar
from decisions.engine.verdict import Escalation, Stage

LARGEST_QUORUM = 20
LONGEST_TIMEOUT = 30 * 24 * 3600
LONGEST_QUESTION = 500
LONGEST_HOLD = 30
MOST_QUESTIONS = 10

# A group, or somebody by another kind of name: one account, a role, who is on call, who stands by the asking human.
GROUP = (
    r"(?:(?:(?:role|schedule):)?[A-Za-z0-9][A-Za-z0-9_.-]{0,79}"
    r"|user:[A-Za-z0-9][A-Za-z0-9_.@+-]{0,149}|human:(?:manager|data-owner))"
)
STAGE_KEYS = {"group": "group", "count": "count"}
ESCALATION_KEYS = {"after": "after", "to": "to"}
_GROUP = re.compile(GROUP)
_WANTED_GROUP = "the name of a group (letters, digits, _ . -), user:NAME, role:NAME, schedule:NAME or human:manager"
_WANTED = "the name of a group, or {group: NAME, count: NUMBER}"
_WANTED_ESCALATION = "{after: DURATION, to: [GROUP]}"


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


def read_escalation(
    entries: Mapping[str, Entry], *, timeout_seconds: int | None, findings: Findings
) -> tuple[Escalation, ...]:
    """Who is asked in addition, and when: the times rise and lie before the timeout."""
    if "escalation" not in entries:
        return ()
    items = read_items(entries["escalation"].node, wanted=_WANTED_ESCALATION, findings=findings) or ()
    steps: list[Escalation] = []
    for item in items:
        step = _read_escalation_step(item, findings=findings)
        if step is None:
            continue
        earliest, latest = steps[-1].after_seconds if steps else 0, timeout_seconds or LONGEST_TIMEOUT
        if not earliest < step.after_seconds < latest:
            why = f"{step.after_seconds} seconds do not lie between {earliest} and {latest}."
            fix = "Let the times rise, and end before the timeout."
            findings.report(item.place, code="out_of_range", why=why, fix=fix)
        steps.append(step)
    return tuple(steps)


def read_questions(entries: Mapping[str, Entry], *, findings: Findings) -> tuple[str, ...]:
    """What the reviewer is asked to judge."""
    if "questions" not in entries:
        return ()
    node = entries["questions"].node
    items = read_items(node, wanted="a question", findings=findings) or ()
    if len(items) > MOST_QUESTIONS:
        why, fix = f"There are {len(items)} questions; the limit is {MOST_QUESTIONS}.", "Ask fewer."
        findings.report(node.place, code="too_long", why=why, fix=fix)
    read = (read_text(item, wanted="a question", longest=LONGEST_QUESTION, findings=findings) for item in items)
    return tuple(question for question in read if question is not None)


def read_editable(entries: Mapping[str, Entry], *, findings: Findings) -> tuple[str, ...]:
    """JSON pointers to the parameters that the reviewer may change."""
    if "editable" not in entries:
        return ()
    items = read_items(entries["editable"].node, wanted="the name of a parameter", findings=findings) or ()
    pointers = [_read_pointer(item, findings=findings) for item in items]
    return tuple(dict.fromkeys(found for found in pointers if found is not None))


def read_hold(entries: Mapping[str, Entry], *, findings: Findings) -> int | None:
    """How long an approval can be taken back; None leaves it to the deployment."""
    if "hold" not in entries:
        return None
    return read_seconds(entries["hold"].node, lowest=0, highest=LONGEST_HOLD, findings=findings)


def read_denials(entries: Mapping[str, Entry], *, findings: Findings) -> int:
    """How many people have to say no; one, if nothing is said."""
    if "denials" not in entries:
        return 1
    return read_integer(entries["denials"].node, lowest=1, highest=LARGEST_QUORUM, findings=findings) or 1


def read_groups(node: Node, *, findings: Findings) -> tuple[str, ...]:
    """The names of one or more groups."""
    items = read_items(node, wanted="the name of a group", findings=findings) or ()
    groups = [_read_group(item, findings=findings) for item in items]
    return tuple(dict.fromkeys(group for group in groups if group is not None))


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
    entries = read_mapping(node, keys=STAGE_KEYS, what=_WANTED, findings=findings)
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


def _read_escalation_step(node: Node, *, findings: Findings) -> Escalation | None:
    entries = read_mapping(node, keys=ESCALATION_KEYS, what=_WANTED_ESCALATION, findings=findings)
    if entries is None:
        return None
    if len(entries) < len(ESCALATION_KEYS):
        wrong_type(node, wanted=_WANTED_ESCALATION, findings=findings)
        return None
    after = read_seconds(entries["after"].node, lowest=1, highest=LONGEST_TIMEOUT, findings=findings)
    groups = read_groups(entries["to"].node, findings=findings)
    return Escalation(after_seconds=after, groups=groups) if after is not None and groups else None


def _read_pointer(node: Node, *, findings: Findings) -> str | None:
    text = node.value if isinstance(node, Scalar) else None
    path = read_path(text.removeprefix("parameters.")) if isinstance(text, str) else None
    if path is None:
        wrong_type(node, wanted="the name of a parameter", findings=findings)
        return None
    return pointer(path)


def _read_group(node: Node, *, findings: Findings) -> str | None:
    if not isinstance(node, Scalar) or not isinstance(node.value, str) or _GROUP.fullmatch(node.value) is None:
        wrong_type(
            node,
            wanted=_WANTED_GROUP,
            findings=findings,
        )
        return None
    return node.value
