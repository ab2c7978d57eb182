"""A million receipts in the shape of real ones, signed and chained, written by COPY: what the search is measured on."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from psycopg import Cursor

from receipts.selectors.index import index_of
from receipts.signing.canonical import sha256_digest
from receipts.signing.envelope import PAYLOAD_TYPE, pae
from receipts.signing.keys import Signer
from receipts.signing.merkle import Frontier, leaf_hash
from receipts.signing.statement import VERSION, ReceiptType
from receipts.signing.times import format_time

OPEN_SESSIONS = 64
_COLUMNS = (
    "id", "stream", "position", "previous_digest", "digest", "body", "signature", "key_id", "payload_id", "issued_at",
    "type", "session_id", "decision_id", "approval_id", "agent_id", "human_id", "approver_id", "tool", "operation",
    "decision", "outcome", "rule_id", "risk_level", "surface", "attention", "environment",
)  # fmt: skip
# Tool, operation, rule, risk, decision, and how many of a hundred actions are this one.
ACTIONS: Sequence[tuple[str, str, str, str, str, int]] = (
    ("database", "query", "database-reads", "LOW", "ALLOW", 34),
    ("email", "send", "email-inside", "LOW", "ALLOW", 18),
    ("files", "read", "files-read", "LOW", "ALLOW", 16),
    ("database", "query", "database-limit", "MEDIUM", "MODIFY", 8),
    ("email", "send", "email-outside", "HIGH", "STEP_UP", 6),
    ("files", "write", "files-write", "MEDIUM", "ALLOW", 6),
    ("crm.contacts", "export", "contacts-export", "HIGH", "DENY", 4),
    ("database", "drop", "database-drop", "CRITICAL", "DENY", 3),
    ("credentials", "rotate", "rotation-window", "HIGH", "DEFER", 2),
    ("payments", "transfer", "payments-large", "CRITICAL", "STEP_UP", 2),
    ("robot.arm", "calibrate", "robot-rare", "MEDIUM", "ALLOW", 1),
)
_STEPS: Mapping[str, Sequence[tuple[ReceiptType, str]]] = {
    "ALLOW": ((ReceiptType.DECISION, ""), (ReceiptType.OUTCOME, "succeeded")),
    "MODIFY": ((ReceiptType.DECISION, ""), (ReceiptType.OUTCOME, "succeeded")),
    "DENY": ((ReceiptType.DECISION, ""),),
    "DEFER": ((ReceiptType.DECISION, ""), (ReceiptType.DEFERRAL_TERMINAL, "DENIED")),
    "STEP_UP": (
        (ReceiptType.DECISION, ""),
        (ReceiptType.VOTE, ""),
        (ReceiptType.APPROVAL_TERMINAL, "APPROVED"),
        (ReceiptType.CLAIM, "CLAIMED"),
        (ReceiptType.OUTCOME, "succeeded"),
    ),
}


@dataclass(frozen=True, slots=True)
class Crowd:
    """Whose ids the receipts name; the first of each are named most often."""

    agents: Sequence[str]
    humans: Sequence[str]
    approvers: Sequence[str]


@dataclass(slots=True)
class _Stream:
    """A session that goes on: who, the end of its chain, and what is still to be said of its present action."""

    session: str
    agent: str
    human: str
    left: int
    position: int = 0
    head: str | None = None
    pending: list[tuple[ReceiptType, dict[str, Any]]] = field(default_factory=list)


@dataclass(slots=True)
class Population:
    """Makes rows of `receipts_receipt` from `first_at` on, `every` apart. The same seed gives the same rows."""

    signer: Signer
    crowd: Crowd
    first_at: datetime
    every: timedelta
    deployment: str = "bench"
    seed: int = 1
    _random: random.Random = field(init=False)
    _open: list[_Stream] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def rows(self, wanted: int) -> Iterator[tuple[Any, ...]]:
        """So many rows, in the order of their times."""
        for number in range(wanted):
            if len(self._open) < OPEN_SESSIONS:
                self._open.append(self._begun())
            stream = self._random.choice(self._open)
            yield self._row(stream, at=self.first_at + number * self.every)

    def chains(self) -> Iterator[tuple[str, int, str]]:
        """The heads of the sessions that are still open; those that ended are left out, as nothing appends to them."""
        return ((f"session/{stream.session}", stream.position, stream.head or "") for stream in self._open)

    def _id(self, prefix: str) -> str:
        return f"{prefix}_{self._random.getrandbits(104):026x}"

    def _digest(self) -> str:
        return f"sha256:{self._random.getrandbits(256):064x}"

    def _one_of(self, people: Sequence[str]) -> str:
        return people[min(int(self._random.expovariate(8 / len(people))), len(people) - 1)]

    def _begun(self) -> _Stream:
        return _Stream(
            session=self._id("ses"),
            agent=self._one_of(self.crowd.agents),
            human=self._one_of(self.crowd.humans),
            left=self._random.randint(2, 24),
        )

    def _acted(self, stream: _Stream) -> None:
        tool, operation, rule, risk, result, _ = self._random.choices(ACTIONS, [row[-1] for row in ACTIONS])[0]
        decision, approval = self._id("dec"), self._id("apr")
        said = {
            "action": {
                "action_digest": self._digest(), "id": self._id("act"), "operation": operation,
                "tool": tool,
            },
            "commitments": {f"parameters/{name}": self._digest() for name in ("body", "subject", "to")},
            "context": {"head": self._digest(), "position": stream.position + 2, "session": stream.session},
            "decision": {
                "classification": None, "evaluation_digest": self._digest(), "id": decision,
                "policy": {"hash": f"sha256:{7:064x}", "id": "bench", "version": "1"},
                "reason": "Mail to someone outside the company cannot be taken back.", "reason_code": "rule_matched",
                "result": result, "risk_level": risk, "rule": rule,
            },
            "identity": {
                "agent": stream.agent, "credential": f"key_{1:026x}", "delegation": [], "environment": "LIVE",
                "host": f"hst_{1:026x}",
                "human": stream.human, "provenance": "attested", "scope": [], "service": None,
            },
        }  # fmt: skip
        for kind, status in _STEPS[result]:
            stream.pending.append((kind, self._step(said, kind=kind, status=status, approval=approval)))
        stream.left -= 1

    def _step(self, said: dict[str, Any], *, kind: ReceiptType, status: str, approval: str) -> dict[str, Any]:
        more: dict[str, Any] = {"outcome": {"status": status}} if status else {}
        if said["decision"]["result"] == "STEP_UP":
            more["approval"] = {"id": approval}
        if kind is ReceiptType.VOTE:
            person = self._one_of(self.crowd.approvers)
            more["vote"] = {"approver": person, "groups": ["security-team"], "surface": "web", "verdict": "approve"}
        return said | more

    def _row(self, stream: _Stream, *, at: datetime) -> tuple[Any, ...]:
        if not stream.pending:
            self._acted(stream)
        kind, body = stream.pending.pop(0)
        document = {
            "alg": self.signer.algorithm, "body": body, "deployment": self.deployment, "id": self._id("rct"),
            "issued_at": format_time(at), "key_id": self.signer.key_id, "payload_type": PAYLOAD_TYPE,
            "position": stream.position + 1, "previous": stream.head, "stream": f"session/{stream.session}",
            "type": kind.value, "v": VERSION,
        }  # fmt: skip
        # Of ASCII and small integers this is the RFC 8785 form, at a tenth of the time.
        payload = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
        message = pae(PAYLOAD_TYPE, payload)
        digest, previous = sha256_digest(message), stream.head
        stream.position, stream.head = stream.position + 1, digest
        if not stream.pending and not stream.left:
            self._open.remove(stream)
        columns = index_of(body)
        return (
            document["id"], document["stream"], document["position"], previous, digest, payload,
            self.signer.sign(message), self.signer.key_id, None, at, kind.value,
            *(columns[name] for name in _COLUMNS[11:]),
        )  # fmt: skip


def copy_receipts(cursor: Cursor[Any], *, population: Population, wanted: int) -> None:
    """So many receipts with their places in the log, and the heads of the chains that may go on.

    The log, and the table, must be empty.
    """
    leaves, frontier = [], Frontier.empty()
    # Table and columns are the product's own.
    with cursor.copy(f"COPY receipts_receipt ({', '.join(_COLUMNS)}) FROM STDIN") as copy:
        for row in population.rows(wanted):
            copy.write_row(row)
            leaves.append((row[0], bytes.fromhex(row[4].removeprefix("sha256:"))))
    with cursor.copy("COPY receipts_logentry (leaf_index, receipt_id, nodes) FROM STDIN") as copy:
        for place, (receipt_id, digest) in enumerate(leaves):
            copy.write_row((place, receipt_id, b"".join(frontier.append(leaf_hash(digest)))))
    with cursor.copy("COPY receipts_chain (stream, length, head) FROM STDIN") as copy:
        for chain in population.chains():
            copy.write_row(chain)


def crowd_of(size: int) -> Crowd:
    """Ids of so many agents, three times as many humans, and a tenth as many approvers."""
    many = {"agt": size, "hum": size * 3, "usr": max(size // 10, 2)}
    agents, humans, approvers = (
        [f"{prefix}_{number:026x}" for number in range(1, count + 1)] for prefix, count in many.items()
    )
    return Crowd(agents=agents, humans=humans, approvers=approvers)
