"""A session as a context: the guarded calls inside belong to one request of one human."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from types import TracebackType

from aarm import flows
from aarm.connections import Connections
from aarm.errors import AarmError, ConfigurationError
from aarm.flows import Flow
from aarm.records import Session

logger = logging.getLogger("aarm")


@dataclass(frozen=True, slots=True)
class Opening:
    """How to come by a session: join `session_id`, or open one for `request`; only with a `host_key` for `named`."""

    session_id: str | None
    request: str | None
    host_key: str | None = field(repr=False)
    named: Mapping[str, str]

    def __post_init__(self) -> None:
        if (self.session_id is None) == (self.request is None):
            raise ConfigurationError(
                "A session needs either the request of the human or the id of an open session.",
                fix='Write guard.session(request="…") or guard.session(session_id="ses_…").',
            )
        if self.named and not self.is_by_host:
            raise ConfigurationError(
                f"Only a host can say who the {min(self.named)} of a new session is.",
                fix="Pass the host application's host_key together with the request.",
            )

    @property
    def is_by_host(self) -> bool:
        """The host application opens it here, and so ends it here."""
        return self.host_key is not None and self.session_id is None

    def open(self) -> Flow[Session]:
        """The joined or the new session."""
        if self.session_id is not None:
            return Session(session_id=self.session_id, request_provenance=None)
        return (yield from flows.open_session(self.request or "", **self.named))

    def close(self, session: Session) -> Flow[None]:
        """Ends a session that the host opened. A failure must not replace what happened inside, so it is logged."""
        try:
            if self.is_by_host:
                yield from flows.end_session(session.session_id)
        except AarmError as error:
            logger.warning("The session %s was not ended: %s", session.session_id, error)


class GuardSession:
    """`with` or `async with`: sets the session of the current context and puts the outer one back."""

    def __init__(self, opening: Opening, *, current: ContextVar[Session | None], connections: Connections) -> None:
        self._opening = opening
        self._current = current
        self._connections = connections
        self._entered: list[tuple[Session, Token[Session | None]]] = []

    def __enter__(self) -> Session:
        with self._connections.blocking(self._opening.host_key) as caller:
            return self._enter(caller.perform(self._opening.open()))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._connections.blocking(self._opening.host_key) as caller:
            caller.perform(self._leave())

    async def __aenter__(self) -> Session:
        async with self._connections.asynchronous(self._opening.host_key) as caller:
            return self._enter(await caller.perform(self._opening.open()))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        async with self._connections.asynchronous(self._opening.host_key) as caller:
            await caller.perform(self._leave())

    def _enter(self, session: Session) -> Session:
        self._entered.append((session, self._current.set(session)))
        return session

    def _leave(self) -> Flow[None]:
        session, token = self._entered.pop()
        self._current.reset(token)
        yield from self._opening.close(session)
