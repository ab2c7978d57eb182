"""From text to a policy: read the YAML, check every key and value, and refuse the whole file if anything is wrong.

`parse_policy` gives the checked document, `compile_policy` what can be evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from decisions.engine.consequences import read_consequence
from decisions.engine.destinations import is_domain
from decisions.engine.document import Consequence, PolicyDocument
from decisions.engine.errors import PolicyError
from decisions.engine.policy import compile_policy
from decisions.engine.readers import Entry, members, read_choice, read_items, read_mapping, wrong_type
from decisions.engine.rules import read_rules
from decisions.engine.source import Findings, Node, Place, Scalar, read_source
from decisions.engine.verdict import Decision

__all__ = ["compile_policy", "parse_policy"]

_TOP = {name: name for name in ("policy", "rules")}
_HEADER = {name: name for name in ("id", "version", "description", "default", "organisation")}
_MOVE = dict.fromkeys(_HEADER, "Move it into `policy:`.")
_ORGANISATION = {"domains": "domains"}
# What a default can say beside its action. It changes no parameters and waits for nothing in particular.
_DEFAULT = {
    **{name: name for name in ("action", "reason", "risk_level", "approvers", "quorum", "timeout", "timeout_action")},
    "decision": "action",
    "on_timeout": "timeout_action",
}
_POSTURES = {name: decision for name, decision in members(Decision).items() if decision is not Decision.MODIFY}
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
_LONGEST_VERSION = 64


def parse_policy(text: str, *, source: str) -> PolicyDocument:
    """The checked policy in `text`. `source` names where it comes from, for messages.

    Raises PolicyError with every problem of the file at once, each with line and column; then nothing of it is used.
    """
    findings = Findings()
    tree = read_source(text, findings=findings)
    document = None if tree is None else _read_document(tree, findings=findings)
    problems = findings.all()
    if document is None or problems:
        raise PolicyError(problems, source=source)
    return document


def _read_document(tree: Node, *, findings: Findings) -> PolicyDocument | None:
    top = read_mapping(tree, keys=_TOP, what="a policy file", hints=_MOVE, findings=findings)
    if top is None or not _has_all(top, names=_TOP, place=tree.place, findings=findings):
        return None
    header = top["policy"].node
    entries = read_mapping(header, keys=_HEADER, what="`policy`", findings=findings)
    if entries is None or not _has_all(entries, names=("id", "version"), place=header.place, findings=findings):
        return None
    domains = _read_domains(entries, findings=findings)
    return PolicyDocument(
        id=_read_id(entries["id"].node, findings=findings),
        version=_read_version(entries["version"].node, findings=findings),
        description=_read_description(entries, findings=findings),
        default=_read_default(entries, place=header.place, findings=findings),
        organisation_domains=domains,
        rules=read_rules(top["rules"].node, has_domains=bool(domains), findings=findings),
    )


def _has_all(entries: Mapping[str, Entry], *, names: Iterable[str], place: Place, findings: Findings) -> bool:
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
    if isinstance(node, Scalar) and not isinstance(node.value, bool) and 0 < len(node.text) <= _LONGEST_VERSION:
        return node.text
    wrong_type(node, wanted=f"a version of at most {_LONGEST_VERSION} characters", findings=findings)
    return ""


def _read_description(entries: Mapping[str, Entry], *, findings: Findings) -> str:
    if "description" not in entries:
        return ""
    node = entries["description"].node
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return node.value
    wrong_type(node, wanted="a text", findings=findings)
    return ""


def _read_domains(entries: Mapping[str, Entry], *, findings: Findings) -> tuple[str, ...]:
    if "organisation" not in entries:
        return ()
    node = entries["organisation"].node
    organisation = read_mapping(node, keys=_ORGANISATION, what="`organisation`", findings=findings)
    if organisation is None or not _has_all(organisation, names=_ORGANISATION, place=node.place, findings=findings):
        return ()
    names = read_items(organisation["domains"].node, wanted="a domain", findings=findings) or ()
    return tuple(name for item in names if (name := _read_domain(item, findings=findings)))


def _read_domain(node: Node, *, findings: Findings) -> str | None:
    if isinstance(node, Scalar) and isinstance(node.value, str) and is_domain(node.value):
        return node.value
    wrong_type(
        node, wanted="a domain in lower case (`corp.example`, `*.corp.example` for all below it)", findings=findings
    )
    return None


def _read_default(entries: Mapping[str, Entry], *, place: Place, findings: Findings) -> Consequence:
    """The posture: an action, or a mapping with an action and what goes with it. DENY where there is none."""
    action: Node = Scalar("DENY", "DENY", place)
    beside: dict[str, Entry] = {}
    if "default" in entries:
        place, action = entries["default"].place, entries["default"].node
        if not isinstance(action, Scalar):
            beside = read_mapping(action, keys=_DEFAULT, what="`default`", findings=findings) or {}
            if not _has_all(beside, names=("action",), place=place, findings=findings):
                beside = {"action": Entry(place, Scalar("DENY", "DENY", place))}
            action = beside["action"].node
    decision = read_choice(action, choices=_POSTURES, findings=findings) or Decision.DENY
    reason = f"No rule covers this action, and the default is {decision}."
    return read_consequence(beside, decision=decision, place=place, reason=reason, findings=findings)
