"""What the digests in a receipt stand for, as it is kept beside it, and whether it still is that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from receipts.pages.bodies import Body, policy_hash_in, text_at, value_at
from receipts.ports import PolicyText, SessionEntry, ShownView
from receipts.signing.canonical import JSON, canonical_bytes

PolicySource = Callable[[str], PolicyText | None]
EntrySource = Callable[[str, int], SessionEntry | None]
ViewSource = Callable[[str], ShownView | None]

_ATTENTION: Mapping[str, str] = {
    "passed": "its target was confirmed at once",
    "attention_miss": "another target was confirmed first",
}


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One thing that a receipt refers to.

    `is_same`: its digest, computed again, is the one that was signed; None where nothing is left to compute it from.
    """

    title: str
    about: str
    is_same: bool | None
    text: str = ""
    values: Mapping[str, JSON] | None = None

    @property
    def sentence(self) -> str:
        """The comparison in words."""
        if self.is_same is None:
            return "It is not kept any more, so its digest can't be compared."
        return (
            "Its digest is the one that was signed." if self.is_same else "Its digest is NOT the one that was signed."
        )


def _same(computed: str, *, signed: str) -> bool | None:
    return computed == signed if computed else None


def policy_exhibit(body: Body, *, find: PolicySource) -> Exhibit | None:
    """The policy as of then."""
    signed = policy_hash_in(body)
    found = find(signed)
    if not signed:
        return None
    if found is None:
        return Exhibit("Policy as of then", "", None)
    about = f"{found.source}, published {found.published_at:%Y-%m-%d %H:%M} UTC"
    return Exhibit("Policy as of then", about, _same(found.digest, signed=signed), text=found.text)


def context_exhibit(body: Body, *, find: EntrySource) -> Exhibit | None:
    """The session's entry that the receipt names as the end of the context; it holds digests and commitments only."""
    signed, position = text_at(body, "context.head"), value_at(body, "context.position")
    if not signed or not isinstance(position, int):
        return None
    entry = find(text_at(body, "context.session"), position)
    if entry is None:
        return Exhibit("Context as of then", "", None)
    about = f"Entry {entry.position} of the session, {entry.kind}, {entry.at:%Y-%m-%d %H:%M:%S} UTC"
    text = canonical_bytes(dict(entry.body)).decode()
    return Exhibit("Context as of then", about, _same(entry.digest, signed=signed), text=text)


def view_exhibit(body: Body, *, find: ViewSource, is_open: bool) -> Exhibit | None:
    """What reviewers were shown. Its values are shown to whom the receipt's values are."""
    signed = text_at(body, "vote.view_digest") or text_at(body, "approval.view_digest")
    view = find(text_at(body, "approval.id")) if signed else None
    if not signed:
        return None
    if view is None:
        return Exhibit("What the reviewer saw", "", None)
    about = f"Code {view.code}, projection {view.projection}"
    surface, proof = text_at(body, "vote.surface"), text_at(body, "vote.verified_by")
    about += f", on {surface}, identity verified by {proof}" if surface else ""
    attention = _ATTENTION.get(text_at(body, "vote.attention"), "")
    about += f"; {attention}" if attention else ""
    same = _same(view.view_digest, signed=signed)
    return Exhibit("What the reviewer saw", about, same, values=view.values if is_open else None)
