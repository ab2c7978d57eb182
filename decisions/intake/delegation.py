"""Whether a chain of delegation holds: who passed how much of whose authority on to whom, and until when.

A chain leads from the human to the agent that acts, hop by hop. Each hop passes on no more than it was given: fewer
scopes or the same, and never to somebody who is in the chain already.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from decisions.intake.errors import IntakeError

# Hosts' clocks may be ahead of the database's by this much.
CLOCK_TOLERANCE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Hop:
    """`delegator` lets `delegatee` act for it within `scope`. Parties are compared as they are; times are aware."""

    delegator: str
    delegatee: str
    scope: frozenset[str]
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many hops a chain may have, and to how many others one party may have delegated at one time."""

    hops: int
    fan_out: int


def check_chain(chain: Sequence[Hop], *, human: str, agent: str, bounds: Bounds, at: datetime) -> None:
    """Raises IntakeError `invalid_delegation` unless `chain` leads from `human` to `agent` and every hop holds `at`.

    An empty chain says nothing and is in order. `param` names the hop that is at fault, counted from 0.
    """
    if not chain:
        return
    if len(chain) > bounds.hops:
        raise _invalid(f"The chain has {len(chain)} hops, {bounds.hops} are permitted.", hop=bounds.hops)
    _check_parties(chain, human=human, agent=agent)
    for place, hop in enumerate(chain):
        fault = _time_fault(hop, at=at)
        if fault:
            raise _invalid(fault, hop=place)
    for place, (before, after) in enumerate(pairwise(chain), start=1):
        if not after.scope <= before.scope:
            raise _invalid("A hop passes on more than it was given.", hop=place)


def _check_parties(chain: Sequence[Hop], *, human: str, agent: str) -> None:
    expected = human
    met = {human}
    for place, hop in enumerate(chain):
        if hop.delegator != expected:
            raise _invalid(
                "A hop does not begin where the one before it ends, the first one with the human.", hop=place
            )
        if hop.delegatee in met:
            raise _invalid("A chain comes back to somebody who is in it already.", hop=place)
        met.add(hop.delegatee)
        expected = hop.delegatee
    if expected != agent:
        raise _invalid("The chain does not end with the agent that acts.", hop=len(chain) - 1)


def _time_fault(hop: Hop, *, at: datetime) -> str:
    if hop.expires_at <= hop.issued_at:
        return "A hop ends before it begins."
    if hop.issued_at > at + CLOCK_TOLERANCE:
        return "A hop was issued in the future."
    return "A hop has expired." if has_lapsed(hop, at=at) else ""


def has_lapsed(hop: Hop, *, at: datetime) -> bool:
    """Whether what was delegated holds no longer. No tolerance: what is over is over."""
    return at >= hop.expires_at


def granted_scope(chain: Sequence[Hop], *, asked: frozenset[str]) -> frozenset[str]:
    """The scope that is left at the end of the chain: that of the last hop, of which `asked` may name a part.

    Without a chain it is `asked`. Raises IntakeError `invalid_delegation` where `asked` goes beyond the chain.
    """
    if not chain:
        return asked
    if not asked <= chain[-1].scope:
        raise _invalid("The session's scope goes beyond what was delegated.", hop=len(chain) - 1)
    return asked or chain[-1].scope


def check_fan_out(chain: Sequence[Hop], *, others: Iterable[Hop], bounds: Bounds) -> None:
    """Raises IntakeError `invalid_delegation` where a party of `chain` would have delegated to too many at one time.

    `others` are hops that hold now, of other chains.
    """
    known: dict[str, set[str]] = {hop.delegator: {hop.delegatee} for hop in chain}
    for hop in others:
        if hop.delegator in known:
            known[hop.delegator].add(hop.delegatee)
    for place, hop in enumerate(chain):
        if len(known[hop.delegator]) > bounds.fan_out:
            raise _invalid(f"One party may delegate to {bounds.fan_out} others at one time.", hop=place)


def _invalid(why: str, *, hop: int) -> IntakeError:
    return IntakeError(
        code="invalid_delegation",
        why=why,
        fix="Send the hops in order from the human to the agent, each with part of the scope of the one before it.",
        param=f"delegation.{hop}",
    )
