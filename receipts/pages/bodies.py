"""Reading members of a signed body by path."""

from __future__ import annotations

from collections.abc import Mapping

from receipts.signing.canonical import JSON, canonical_bytes

Body = Mapping[str, JSON]
Names = Mapping[str, str]


def value_at(body: Body, path: str) -> JSON:
    """The member that `section.member…` names, or None."""
    found: JSON = dict(body)
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def text_at(body: Body, path: str) -> str:
    """That member as text: a list joined, nothing as the empty string."""
    return _as_text(value_at(body, path))


def policy_hash_in(body: Body) -> str:
    """The hash of the policy that a decision was made by, or that the receipt is about; empty where there is none."""
    return text_at(body, "decision.policy.hash") or text_at(body, "policy.hash")


def _as_text(value: JSON) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(map(_as_text, value))
    return canonical_bytes(value).decode()


def account_of(party: str) -> str:
    """The id of the one account that a route names so; nothing where it names a group, or others."""
    kind, _, name = party.partition(":")
    return name if kind == "user" else ""
