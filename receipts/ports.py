"""What receipts ask of the apps above them: whose random ids are, and what the digests in signed bytes stand for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from receipts.models import Payload
from receipts.signing.canonical import JSON

MOST_NAMED = 50
"""How many ids one name may stand for; who means more has to say more of the name."""


class Directory(Protocol):
    """Registered by an app that gives out ids."""

    def __call__(self, ids: Collection[str], /) -> Mapping[str, str]:
        """The present name of each id that this app knows."""


class Finder(Protocol):
    """The other way round, registered beside it."""

    def __call__(self, beginning: str, /) -> Mapping[str, str]:
        """Names by id, of those whose present name begins so in any spelling; at most `MOST_NAMED`."""


class Spelling(Protocol):
    """Registered beside it where somebody may have several names."""

    def __call__(self, subject: str, /) -> Collection[str]:
        """Every name by which the subject of an id may be called, if this app knows it."""


@dataclass(frozen=True, slots=True)
class PolicyText:
    """A policy as it was published. `digest` was computed again of `meaning`; empty where it can't be read any more."""

    text: str
    meaning: bytes
    digest: str
    source: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class SessionEntry:
    """An entry of a session's context. `is_linked`: its bytes have its digest, and it names the digest before it.

    `builds_on` are the positions of the earlier actions that the agent said this one depends on. `consequence` is the
    sentence with which an action's tool is registered today, with … for every value; empty where there is none.
    """

    position: int
    kind: str
    at: datetime
    body: Mapping[str, JSON]
    digest: str
    is_linked: bool
    builds_on: Sequence[int] = ()
    consequence: str = ""


@dataclass(frozen=True, slots=True)
class PauseRecord:
    """A pause that stands or stood over a session: of what, by whom (empty for a command), and why."""

    id: str
    what: str
    by: str
    at: datetime
    reason: str
    resumed_by: str
    resumed_at: datetime | None


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A stretch of a session as it is kept; `request` is the original request, which can be erased.

    `entries` are those after position `start`, up to `end`, in order. `decided` counts the actions of the whole session
    by decision, and `labels` are the kinds of data that it has seen. `fault` says what is wrong with its row or its
    last entry; empty where nothing is. `pauses` are those under which it stood while it was open, newest first.
    """

    id: str
    agent: str
    human: str
    provenance: str
    opened_at: datetime
    ended_at: datetime | None
    request: Payload
    entries: Sequence[SessionEntry]
    start: int
    end: int
    length: int
    decided: Mapping[str, int]
    labels: Sequence[str]
    fault: str
    pauses: Sequence[PauseRecord] = ()

    @property
    def standing(self) -> Sequence[PauseRecord]:
        """The pauses that nobody has ended, of a session that is still open."""
        return [] if self.ended_at else [pause for pause in self.pauses if pause.resumed_at is None]

    @property
    def ended_pauses(self) -> Sequence[PauseRecord]:
        """The others."""
        return [pause for pause in self.pauses if pause not in self.standing]


@dataclass(frozen=True, slots=True)
class ShownView:
    """What reviewers of a request were shown. `view_digest` was computed again from it, empty where it was erased."""

    code: str
    view_digest: str
    projection: str
    values: Mapping[str, JSON]


class SessionArchive(Protocol):
    """Registered by the app that keeps sessions."""

    def __call__(self, session_id: str, /, *, before: int | None) -> SessionRecord | None:
        """The session with its newest entries, or with the newest of those before that position."""


Teller = Callable[[str], Iterable[Mapping[str, JSON]]]
"""What an app keeps about the subject of an id beside values: rows, each with a `kind`, that name nobody else."""
PolicyArchive = Callable[[str], PolicyText | None]
"""The policy of a digest."""
LengthArchive = Callable[[str], int]
"""How many entries the session of an id has; 0 where there is none."""
EntryArchive = Callable[[str, int], SessionEntry | None]
"""The entry at a position of a session."""
ContextArchive = Callable[[str, int], Iterable[bytes]]
"""The entries of a session up to a position, in order, each the bytes that its digest covers."""
ViewArchive = Callable[[str], ShownView | None]
"""What was shown of the request of an id."""


class _Registry:
    directories: tuple[Directory, ...] = ()
    finders: tuple[Finder, ...] = ()
    spellings: tuple[Spelling, ...] = ()
    tellers: tuple[Teller, ...] = ()
    policies: PolicyArchive = staticmethod(lambda digest: None)
    sessions: SessionArchive = staticmethod(lambda session_id, /, *, before: None)
    lengths: LengthArchive = staticmethod(lambda session_id: 0)
    entries: EntryArchive = staticmethod(lambda session_id, position: None)
    contexts: ContextArchive = staticmethod(lambda session_id, upto: ())
    views: ViewArchive = staticmethod(lambda approval_id: None)


def register_directory(directory: Directory, *, finder: Finder, spelling: Spelling | None = None) -> None:
    """Called at start-up."""
    _Registry.directories += (directory,)
    _Registry.finders += (finder,)
    _Registry.spellings += (spelling,) if spelling else ()


def register_teller(teller: Teller) -> None:
    """Called at start-up by the app that keeps them."""
    _Registry.tellers += (teller,)


def register_archives(
    *,
    policies: PolicyArchive,
    sessions: SessionArchive,
    lengths: LengthArchive,
    entries: EntryArchive,
    contexts: ContextArchive,
) -> None:
    """Called at start-up by the app that keeps them."""
    _Registry.policies, _Registry.sessions = policies, sessions
    _Registry.lengths, _Registry.entries, _Registry.contexts = lengths, entries, contexts


def register_views(views: ViewArchive) -> None:
    """Called at start-up by the app that shows them."""
    _Registry.views = views


def names_of(ids: Collection[str]) -> dict[str, str]:
    """As `Directory`, from all of them. An id that nobody knows any more, as after an erasure, has no name."""
    wanted = {item for item in ids if item}
    return {key: name for directory in _Registry.directories for key, name in directory(wanted).items()}


def all_names_of(subject: str) -> set[str]:
    """Its present name, and every other one by which it may be called."""
    others = {name for spelling in _Registry.spellings for name in spelling(subject)}
    return ({*names_of({subject}).values()} | others) - {""}


def told_of(subject: str) -> Iterator[Mapping[str, JSON]]:
    """As `Teller`, from all of them."""
    return (row for teller in _Registry.tellers for row in teller(subject))


def named(beginning: str) -> dict[str, str]:
    """As `Finder`, from all of them."""
    return {key: name for finder in _Registry.finders for key, name in finder(beginning).items()}


def policy_text(digest: str) -> PolicyText | None:
    """The policy that `decision.policy.hash` of a receipt names."""
    return _Registry.policies(digest) if digest else None


def session_record(session_id: str, *, before: int | None = None) -> SessionRecord | None:
    """The session that `context.session` of a receipt names: its newest entries, or the newest before a position."""
    return _Registry.sessions(session_id, before=before) if session_id else None


def session_length(session_id: str) -> int:
    """How many entries it has."""
    return _Registry.lengths(session_id)


def session_entry(session_id: str, position: int) -> SessionEntry | None:
    """The entry that `context.position` of a receipt names."""
    return _Registry.entries(session_id, position)


def context_entries(session_id: str, *, upto: int) -> Iterable[bytes]:
    """The entries that `context.position` of the session's receipts name, up to that one; none where none are kept."""
    return _Registry.contexts(session_id, upto)


def shown_view(approval_id: str) -> ShownView | None:
    """What the request showed that `approval.id` of a receipt names."""
    return _Registry.views(approval_id) if approval_id else None
