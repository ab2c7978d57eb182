"""The load: a process of its own that spends little, so that it takes little from what it measures.

It reads one job a line from its standard input and answers each with one line of JSON. A lane sends a request, reads
the answer to its end and sends the next; where the server closes the connection, the time to connect again counts.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import cast

import uvloop

HEADERS_END = b"\r\n\r\n"
LENGTH = b"content-length:"
CLOSES = b"connection: close"


@dataclass(frozen=True, slots=True)
class Job:
    """`bodies[n]` goes over lane `n`. Answers count from `warm_seconds` on, for `seconds`.

    An answer is good when its status is 200 and its body holds `expected`.
    """

    port: int
    path: str
    bodies: tuple[str, ...]
    authorization: str
    key_prefix: str
    expected: str
    warm_seconds: float
    seconds: float


@dataclass(slots=True)
class Report:
    """`answered` are all good answers, those outside the measured time included; times are in microseconds."""

    answered: int = 0
    errors: int = 0
    first_error: str = ""
    latencies_us: list[int] = field(default_factory=list)

    def fail(self, why: str) -> None:
        """One answer that was not good, or none."""
        self.errors += 1
        self.first_error = self.first_error or why


def request_head(job: Job, *, length: int) -> bytes:
    """All of a request but the key's end and the body, with one `%d` for the number of the request."""
    return (
        f"POST {job.path} HTTP/1.1\r\nHost: 127.0.0.1:{job.port}\r\nContent-Type: application/json\r\n"
        f"Authorization: {job.authorization}\r\nContent-Length: {length}\r\n"
        f"Idempotency-Key: {job.key_prefix}-%d\r\n\r\n"
    ).encode()


class Lane:
    """One client with at most one connection and one request at a time."""

    def __init__(self, job: Job, *, number: int, report: Report, opens_at: float) -> None:
        self.job, self.report = job, report
        self.body = job.bodies[number].encode()
        self.head = request_head(job, length=len(self.body))
        self.expected = job.expected.encode()
        self.sent, self.step = number, len(job.bodies)
        self.opens_at, self.ends_at = opens_at, opens_at + job.seconds
        self.loop = asyncio.get_running_loop()
        self.done: asyncio.Future[None] = self.loop.create_future()
        self.wire: Wire | None = None
        self.started = 0.0
        self.connecting: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """The next request, on the open connection or a new one; after the end, nothing more."""
        self.started = time.perf_counter()
        if self.started >= self.ends_at:
            self.finish()
        elif self.wire is not None:
            self.send(self.wire)
        else:
            self.connecting = self.loop.create_task(self.connect())

    async def connect(self) -> None:
        try:
            await self.loop.create_connection(lambda: Wire(self), "127.0.0.1", self.job.port)
        except OSError as error:
            self.report.fail(f"no connection: {error}")
            self.finish()

    def finish(self) -> None:
        self.hang_up()
        if not self.done.done():
            self.done.set_result(None)

    def hang_up(self) -> None:
        wire, self.wire = self.wire, None
        if wire is not None:
            wire.transport.close()

    def send(self, wire: Wire) -> None:
        self.wire = wire
        wire.buffer = b""
        wire.transport.write(self.head % self.sent + self.body)
        self.sent += self.step

    def take(self, head: bytes, body: bytes) -> None:
        """A whole answer is here."""
        now = time.perf_counter()
        if head[9:12] == b"200" and self.expected in body:
            self.report.answered += 1
            if self.opens_at <= now < self.ends_at:
                self.report.latencies_us.append(round((now - self.started) * 1e6))
        else:
            self.report.fail((head[:40] + body[:300]).decode(errors="replace"))
        if CLOSES in head:
            self.hang_up()
        self.begin()

    def lost(self, wire: Wire, error: Exception | None) -> None:
        """A connection that this side has given up is no news; one that broke while in use ends the lane."""
        if wire is self.wire:
            self.report.fail(f"connection lost: {error}")
            self.finish()


class Wire(asyncio.Protocol):
    """One connection, and what has come over it of the present answer."""

    transport: asyncio.Transport

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports don't descend from asyncio's class of that name.
        self.transport = cast(asyncio.Transport, transport)
        self.lane.send(self)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(HEADERS_END)
        if end < 0:
            return
        head = self.buffer[:end].lower()
        if len(self.buffer) - end - len(HEADERS_END) >= content_length(head):
            self.lane.take(head, self.buffer[end:])

    def connection_lost(self, error: Exception | None) -> None:
        self.lane.lost(self, error)


def content_length(head: bytes) -> int:
    """Of lower-case headers; a server that sends none is not one that this client can measure."""
    at = head.index(LENGTH) + len(LENGTH)
    end = head.find(b"\r\n", at)
    return int(head[at : end if end >= 0 else len(head)])


async def run_job(job: Job) -> Report:
    """All lanes at once, until each has its last answer."""
    report = Report()
    opens_at = time.perf_counter() + job.warm_seconds
    lanes = [Lane(job, number=number, report=report, opens_at=opens_at) for number in range(len(job.bodies))]
    for lane in lanes:
        lane.begin()
    await asyncio.gather(*(lane.done for lane in lanes))
    return report


def main() -> None:
    """Until standard input ends."""
    for line in sys.stdin:
        given = json.loads(line)
        job = Job(**given | {"bodies": tuple(given["bodies"])})
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            report = runner.run(run_job(job))
        sys.stdout.write(json.dumps(asdict(report)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
