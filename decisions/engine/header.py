"""Reading what a policy says about itself and its organisation: `policy:`, `organisation:`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from decisions.engine.consequences import read_consequence
from decisions.engine.destinations import is_domain
from decisions.engine.document import Consequence, Mode
from decisions.engine.networks import parse_network
from decisions.engine.readers import Entry, members, read_choice, read_items, read_mapping, wrong_type
from decisions.engine.routes import read_stages
from decisions.engine.source import Findings, Node, Place, Scalar
from decisions.engine.verdict import Decision, Stage

HEADER_KEYS = ("id", "version", "description", "default", "mode", "approvers", "organisation")
ORGANISATION_KEYS = ("domains", "networks")
# What a default can say beside its action. It changes no parameters and waits for nothing in particular.
DEFAULT_KEYS = {
    **{name: name for name in ("action", "reason", "risk_level", "approvers", "quorum", "timeout", "timeout_action")},
    "decision": "action",
    "on_timeout": "timeout_action",
}
POLICY_ID = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}"
LONGEST_VERSION = 64

_ReadText: TypeAlias = Callable[[Node, Findings], str | None]

_HEADER = {name: name for name in HEADER_KEYS}
_ORGANISATION = {name: name for name in ORGANISATION_KEYS}
_POSTURES = {name: decision for name, decision in members(Decision).items() if decision is not Decision.MODIFY}
_ID = re.compile(POLICY_ID)


@dataclass(frozen=True, slots=True)
class Organisation:
    """What is one's own: domains in lower case (`*.` for all below one) and networks in CIDR form."""

    domains: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Header:
    """What stands under `policy:`. `mode` is that of rules that name none, `approvers` whom these ask."""

    id: str
    version: str
    description: str
    default: Consequence
    mode: Mode
    approvers: tuple[Stage, ...]
    organisation: Entry | None


def read_header(node: Node, *, findings: Findings) -> Header | None:
    """The header, or None where it lacks what no policy can be without."""
    entries = read_mapping(node, keys=_HEADER, what="`policy`", findings=findings)
    if entries is None or not has_all(entries, names=("id", "version"), place=node.place, findings=findings):
        return None
    mode = read_choice(entries["mode"].node, choices=members(Mode), findings=findings) if "mode" in entries else None
    return Header(
        id=_read_id(entries["id"].node, findings=findings),
        version=_read_version(entries["version"].node, findings=findings),
        description=_read_description(entries, findings=findings),
        default=_read_default(entries, place=node.place, findings=findings),
        mode=mode or Mode.ENFORCE,
        approvers=read_stages(entries, findings=findings),
        organisation=entries.get("organisation"),
    )


def read_organisation(entries: Iterable[Entry | None], *, findings: Findings) -> Organisation:
    """What is one's own, from the one place where a policy says so."""
    given = [entry for entry in entries if entry is not None]
    if not given:
        return Organisation()
    if len(given) > 1:
        why, fix = "`organisation` stands inside `policy:` and beside it.", "Keep one of the two."
        findings.report(given[1].place, code="duplicate_key", why=why, fix=fix)
    node = given[0].node
    organisation = read_mapping(node, keys=_ORGANISATION, what="`organisation`", findings=findings)
    if not organisation:
        fix = f"Name one of {', '.join(ORGANISATION_KEYS)}."
        findings.report(node.place, code="missing_key", why="The organisation has nothing.", fix=fix)
        return Organisation()
    return Organisation(
        domains=_read_texts(organisation.get("domains"), read=_read_domain, findings=findings),
        networks=_read_texts(organisation.get("networks"), read=_read_network, findings=findings),
    )


def has_all(entries: Mapping[str, Entry], *, names: Iterable[str], place: Place, findings: Findings) -> bool:
    """Whether every one of `names` is there; those that aren't are reported."""
    missing = [name for name in names if name not in entries]
    for name in missing:
        findings.report(place, code="missing_key", why=f"`{name}` is missing.", fix=f"Add `{name}:`.")
    return not missing


def _read_id(node: Node, *, findings: Findings) -> str:
    if isinstance(node, Scalar) and isinstance(node.value, str) and _ID.fullmatch(node.value):
        return node.value
    wrong_type(node, wanted="a name (letters, digits, _ . -)", findings=findings)
    return ""


def _read_version(node: Node, *, findings: Findings) -> str:
    # A version is a name, so `1.10` keeps its zero.
    if isinstance(node, Scalar) and not isinstance(node.value, bool) and 0 < len(node.text) <= LONGEST_VERSION:
        return node.text
    wrong_type(node, wanted=f"a version of at most {LONGEST_VERSION} characters", findings=findings)
    return ""


def _read_description(entries: Mapping[str, Entry], *, findings: Findings) -> str:
    if "description" not in entries:
        return ""
    node = entries["description"].node
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return node.value
    wrong_type(node, wanted="a text", findings=findings)
    return ""


def _read_texts(entry: Entry | None, *, read: _ReadText, findings: Findings) -> tuple[str, ...]:
    if entry is None:
        return ()
    items = read_items(entry.node, wanted="a text", findings=findings) or ()
    return tuple(text for item in items if (text := read(item, findings)))


def _read_domain(node: Node, findings: Findings) -> str | None:
    if isinstance(node, Scalar) and isinstance(node.value, str) and is_domain(node.value):
        return node.value
    wanted = "a domain in lower case (`corp.example`, `*.corp.example` for all below it)"
    wrong_type(node, wanted=wanted, findings=findings)
    return None


def _read_network(node: Node, findings: Findings) -> str | None:
    if isinstance(node, Scalar) and isinstance(node.value, str) and parse_network(node.value) is not None:
        return node.value
    wrong_type(node, wanted="a network such as `10.0.0.0/8`", findings=findings)
    return None


def _read_default(entries: Mapping[str, Entry], *, place: Place, findings: Findings) -> Consequence:
    """The posture: an action, or a mapping with an action and what goes with it. DENY where there is none."""
    action: Node = Scalar("DENY", "DENY", place)
    beside: dict[str, Entry] = {}
    if "default" in entries:
        place, action = entries["default"].place, entries["default"].node
        if not isinstance(action, Scalar):
            beside = read_mapping(action, keys=DEFAULT_KEYS, what="`default`", findings=findings) or {}
            if not has_all(beside, names=("action",), place=place, findings=findings):
                beside = {"action": Entry(place, Scalar("DENY", "DENY", place))}
            action = beside["action"].node
    decision = read_choice(action, choices=_POSTURES, findings=findings) or Decision.DENY
    reason = f"No rule covers this action, and the default is {decision}."
    return read_consequence(beside, decision=decision, place=place, reason=reason, findings=findings)
