"""`./test --bench engine`: the engine beside its peers, written into `docs/performance.md`.

Every engine and every question takes its turn in every round, so that whatever else the machine does meets all alike.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.blocks import with_block
from tests.bench.engine.ours import Way, asking
from tests.bench.engine.peer import timed
from tests.bench.engine.questions import SIZES, Hit, is_allowed
from tests.e2e.processes import ROOT

PAGE = ROOT / "docs" / "performance.md"
BEGIN = "<!-- engine: written by ./test --bench engine -->"
END = "<!-- end of engine -->"
PEERS = ("cedarpy", "agentmesh", "agent_os")
# A slow peer is asked less often: it shall not make the others' rounds rare.
TIMES = 400
PEER_TIMES: Mapping[int, int] = {50: 100, 1_000: 10, 10_000: 2}


@dataclass(frozen=True, slots=True)
class Question:
    """One cell of the table."""

    engine: str
    size: int
    hit: Hit


@dataclass(frozen=True, slots=True)
class Times:
    """Microseconds of single evaluations."""

    values: list[float] = field(default_factory=list)

    def add(self, nanoseconds: Sequence[int]) -> None:
        """Those of one more round."""
        self.values.extend(value / 1000 for value in nanoseconds)

    @property
    def p50(self) -> float:
        """Half of all are faster."""
        return statistics.median(self.values)

    @property
    def p99(self) -> float:
        """One in a hundred is slower."""
        return sorted(self.values)[int(len(self.values) * 0.99)]


@dataclass(frozen=True, slots=True)
class Peer:
    """A running peer with its policy."""

    process: subprocess.Popen[str]

    def ask(self, job: Mapping[str, Any]) -> dict[str, Any]:
        """One line there, one line back."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


@contextmanager
def peer_with(engine: str, *, size: int, python: str) -> Iterator[Peer]:
    """A peer that has built its policy."""
    program = Path(__file__).with_name("peer.py")
    with subprocess.Popen(
        [python, str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        peer = Peer(process)
        peer.ask({"engine": engine, "size": size})
        yield peer
        assert process.stdin is not None
        process.stdin.close()


def peers_python() -> str:
    """The interpreter of the peers' environment, made on first use."""
    made = subprocess.run(
        [ROOT / ".ci/environment", ROOT / "requirements-peers.lock"], capture_output=True, text=True, check=True
    )
    return made.stdout.strip()


def require(answer: bool, *, question: Question) -> None:
    """Raises RuntimeError for a wrong answer."""
    if answer is not is_allowed(question.hit):
        raise RuntimeError(f"{question} was answered wrongly, so that its time says nothing.")


def measure(*, rounds: int, sizes: Sequence[int], peers: Mapping[str, str]) -> dict[Question, Times]:
    """Every question in every round. `peers` are the interpreters of the peers to ask, by name."""
    found: dict[Question, Times] = {}
    for size in sizes:
        with ExitStack() as stack:
            running = {
                name: stack.enter_context(peer_with(name, size=size, python=python)) for name, python in peers.items()
            }
            for _ in range(rounds):
                for hit in Hit:
                    _one_turn(found, size=size, hit=hit, peers=running)
    return found


def _one_turn(found: dict[Question, Times], *, size: int, hit: Hit, peers: Mapping[str, Peer]) -> None:
    for way in Way:
        question = Question(way, size, hit)
        ask = asking(way, hit=hit, size=size)
        require(ask(), question=question)
        found.setdefault(question, Times()).add(timed(ask, times=TIMES if way is not Way.UNINDEXED else 40))
    for name, peer in peers.items():
        question = Question(name, size, hit)
        answer = peer.ask({"hit": hit, "times": PEER_TIMES[size]})
        require(answer["is_allowed"], question=question)
        found.setdefault(question, Times()).add(answer["nanoseconds"])


def table(found: Mapping[Question, Times], *, sizes: Sequence[int]) -> str:
    """p50 / p99 in µs, and the growth of p50 from the smallest to the largest policy."""
    heads = [f"{size:,} rules, {hit}" for size in sizes for hit in Hit]
    lines = [f"| | {' | '.join(heads)} | growth |", f"|---|{'---|' * (len(heads) + 1)}"]
    for engine in dict.fromkeys(question.engine for question in found):
        cells = [found[Question(engine, size, hit)] for size in sizes for hit in Hit]
        growth = max(
            found[Question(engine, sizes[-1], hit)].p50 / found[Question(engine, sizes[0], hit)].p50 for hit in Hit
        )
        shown = " | ".join(f"{each.p50:.1f} / {each.p99:.1f}" for each in cells)
        lines.append(f"| {engine} | {shown} | {growth:.2f} × |")
    return "\n".join(lines) + "\n"


def with_table(page: str, *, block: str) -> str:
    """The page with its table replaced. Raises ValueError for a page without a place for it."""
    return with_block(page, block=block, begin=BEGIN, end=END)


def main(arguments: Sequence[str]) -> int:
    """Measures and writes."""
    parser = argparse.ArgumentParser(prog="./test --bench engine", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="try every piece, print, write nothing")
    chosen = parser.parse_args(arguments)
    sizes = SIZES[:2] if chosen.quick else SIZES
    peers = dict.fromkeys(PEERS, peers_python())
    block = table(measure(rounds=1 if chosen.quick else 20, sizes=sizes, peers=peers), sizes=sizes)
    sys.stdout.write(block)
    if not chosen.quick:
        PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8"), block=block), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
