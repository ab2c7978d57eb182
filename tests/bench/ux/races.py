"""U13: people, the agent and the clock at one request at once; nothing may be permitted but what was shown."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.e2e.agents import Answer, ask, claim, send
from tests.e2e.people import SignedIn, sign_in
from tests.e2e.servers import Servers

OUTSIDE = "ana@partner.example"
Act = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Table:
    """Who is at it."""

    servers: Servers
    bob: SignedIn
    carol: SignedIn

    def acts(self, asked: Answer, *, shown: dict[str, Any]) -> Sequence[Act]:
        """What may happen to a request at once."""
        approval, decision = asked["approval"]["id"], asked["decision_id"]
        seen = {"view_digest": shown["view_digest"], "version": shown["version"], "confirm_target": OUTSIDE}
        other = seen | {"view_digest": "sha256:" + "0" * 64}
        return (
            lambda: self.bob.vote(approval, **seen),
            lambda: self.carol.vote(approval, **seen),
            lambda: self.carol.vote(approval, verdict="deny", view_digest=seen["view_digest"]),
            lambda: self.bob.vote(approval, **other),
            lambda: self.carol.vote(approval, **(seen | {"version": 99})),
            lambda: self.bob.vote(approval, **(seen | {"confirm_target": "x"})),
            lambda: claim(self.servers, asked),
            lambda: send(self.servers, f"decisions/{decision}/cancel"),
        )


def races(servers: Servers, *, count: int, seed: int) -> tuple[int, int]:
    """How many requests were raced for, and how many permitted something that nobody approved as shown.

    The agent claims at the end. What it may run then has to be what was shown, with an approval of just that view.
    """
    chance = random.Random(seed)
    with sign_in(servers, "bob") as bob, sign_in(servers, "carol") as carol, ThreadPoolExecutor(4) as pool:
        table = Table(servers, bob, carol)
        return count, sum(_went_wrong(table, pool, chance) for _ in range(count))


def _went_wrong(table: Table, pool: ThreadPoolExecutor, chance: random.Random) -> bool:
    asked = ask(table.servers, "email.send", to=OUTSIDE, subject=f"{chance.random()}")
    shown = table.bob.reads(asked["approval"]["id"])
    acts = chance.sample(table.acts(asked, shown=shown), k=3)
    for future in [pool.submit(act) for act in acts]:
        # A refusal is an answer like any other.
        future.exception()
    answer = claim(table.servers, asked)
    after = table.bob.reads(asked["approval"]["id"])
    said = {vote["verdict"] for vote in after["votes"]}
    ran = answer.status_code == 200 or after["state"] in {"APPROVED", "CLAIMED"}
    same = after["view_digest"] == shown["view_digest"] and after["snapshot"]["parameters"]["to"] == OUTSIDE
    return ran and not (same and said == {"approve"})
