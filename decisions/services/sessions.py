"""Opening sessions and adding to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from decisions.engine.context import Taint
from decisions.models import Agent, Human, Session
from decisions.selectors.pauses import PAUSE_OF_ROW
from decisions.services.context import append_entry
from decisions.services.delegations import NamedHop, admit_chain
from decisions.services.hosting import hosted_agent
from decisions.services.identity import known_human
from decisions.services.inheritance import carried_state, handed_over
from decisions.services.integrity import PARTIES, fault_of, require_intact
from decisions.services.levels import admitted_limit
from decisions.services.parties import identity_section
from decisions.services.state import with_fact, with_one_more, with_taint
from decisions.services.vouching import REVOKED_KEY_OF_ROW, add_word, keys_of
from receipts.access import Caller, CallerKind
from receipts.clock import as_moment, database_now
from receipts.identifiers import new_id, new_seed
from receipts.problems import ProblemError, not_found
from receipts.reads import RowRead, both
from receipts.services import Chain, chain_of, store_values
from receipts.signing.canonical import JSON


@dataclass(frozen=True, slots=True)
class NewSession:
    """What a caller may say when it opens a session. An agent may say only the request."""

    original_request: str
    human: str = ""
    agent: str = ""
    service: str = ""
    scope: tuple[str, ...] = ()
    expected_scope: tuple[str, ...] = ()
    intent: str = ""
    profile: str = ""
    delegation: tuple[NamedHop, ...] = ()
    max_data_classification: str = ""
    parent_session_id: str = ""


def _claimed_identity(new: NewSession) -> str | None:
    """The first identity field that only a host may name, if the caller sent one."""
    named = {name: getattr(new, name) for name in ("human", "agent", "service", "scope", "delegation")}
    return next((field for field, value in named.items() if value), None)


def _parties(caller: Caller, new: NewSession) -> tuple[Agent, Human | None]:
    if caller.kind is CallerKind.AGENT:
        field = _claimed_identity(new)
        if field:
            raise ProblemError(
                "identity_from_agent",
                status=400,
                why=f"An agent can't say who it acts for: {field} comes from the host.",
                fix="Leave it out, or open the session with a host key.",
                param=field,
            )
        named = caller.authority.human if caller.authority else None
        return Agent.objects.get(pk=caller.id), _active(known_human(named)) if named else None
    for field in ("human", "agent"):
        if not getattr(new, field):
            raise ProblemError(
                f"{field}_required",
                status=400,
                why=f"The host has to name the {field}.",
                fix=f"Send {field}.",
                param=field,
            )
    return hosted_agent(caller, new.agent), _active(known_human(new.human))


def _active(human: Human) -> Human:
    if human.is_active:
        return human
    raise ProblemError(
        "human_deactivated",
        status=403,
        why="Nobody acts for this person any more.",
        fix="Name somebody else, or have an administrator activate the person again.",
        param="human",
    )


def _check_profile(agent: Agent, new: NewSession) -> None:
    """An agent that could choose its kind would choose the one that policy watches least."""
    if agent.profile and new.profile not in ("", agent.profile):
        raise ProblemError(
            "profile_differs",
            status=400,
            why="The agent is registered with another profile.",
            fix="Leave profile out, or have the agent registered anew.",
            param="profile",
        )


def open_session(*, caller: Caller, new: NewSession) -> Session:
    """A session of one agent.

    The request is attested by a host and merely asserted by an agent; the first one stays.
    """
    with transaction.atomic():
        agent, human = _parties(caller, new)
        _check_profile(agent, new)
        at = database_now()
        admitted = admit_chain(new.delegation, human=human, agent=agent, asked=new.scope, at=at)
        request = store_values({"text": new.original_request}, at=at, subject=human.pk if human else "")
        session = Session.objects.create(
            id=new_id("ses"),
            agent=agent,
            host_id=caller.id if caller.kind is CallerKind.HOST else None,
            host_keys=keys_of(caller),
            human=human,
            service=new.service,
            scope=admitted.scope,
            delegation=admitted.rows,
            expected_scope=list(new.expected_scope),
            intent=new.intent,
            profile=new.profile,
            max_data_classification=admitted_limit(new.max_data_classification),
            request=request.row,
            request_provenance="attested" if caller.kind is CallerKind.HOST else "asserted",
            state={**carried_state(agent=agent, human=human, at=at), "salt": new_seed().hex()},
            opened_at=at,
        )
        body: dict[str, JSON] = {
            "identity": vouched_identity(session, caller=caller, at=at),
            "provenance": session.request_provenance,
            "inherited": handed_over(session.state),
            "commitments": dict(request.commitments),
        }
        append_entry(session, kind="request", body=body, at=at, payload=request)
    return session


def vouched_identity(session: Session, *, caller: Caller, at: datetime) -> dict[str, JSON]:
    """Who is behind a session that opens. Raises `invalid_delegation` where the caller's token contradicts itself."""
    section = identity_section(session, credential_id=caller.key_id, authority=caller.authority, at=at)
    if "fault" in section:
        raise ProblemError(
            "invalid_delegation",
            status=400,
            why=str(section["fault"]),
            fix="Open a session with a current key of the host, or with a token whose actors are registered here.",
        )
    return section


_OWNER = {CallerKind.AGENT: "agent_id", CallerKind.HOST: "host_id"}


def _owned(caller: Caller) -> dict[str, str]:
    # Whom a door lets in that isn't a party may see every session.
    return {_OWNER[caller.kind]: caller.id} if caller.kind in _OWNER else {}


def session_of(*, caller: Caller, session_id: str) -> Session:
    """A session of this agent, or one that this host opened; another's is not found (CTX-02). People see all."""
    session = Session.objects.select_related("agent", "human", "host").filter(pk=session_id, **_owned(caller)).first()
    if session is None:
        raise not_found("session")
    return session


_EXTRA: Mapping[str, str | Mapping[str, str]] = {
    "now": "aarm_now()",
    "active_policy_id": "(SELECT version_id FROM decisions_activepolicy)",
    # An admin may have entered one name in two spellings; the older one holds, as in `effect_of`.
    "tool_effect": (
        "(SELECT effect FROM decisions_tool WHERE upper(tool) = upper(%s) AND upper(operation) = upper(%s) "
        "ORDER BY id LIMIT 1)"
    ),
    "pause": PAUSE_OF_ROW,
    "has_revoked_key": REVOKED_KEY_OF_ROW,
    # To be held against the head.
    "last_entry": "(SELECT body FROM decisions_contextentry e WHERE e.session_id = r.id AND e.position = r.length)",
}
_LOCKED = {
    kind: RowRead(
        Session,
        where=f"r.id = %s AND r.{column} = %s",
        related=PARTIES,
        extra=_EXTRA,
        is_locked=True,
        is_awaited=True,
    )
    for kind, column in ((CallerKind.AGENT, "agent_id"), (CallerKind.HOST, "host_id"))
}


def locked_session(*, caller: Caller, session_id: str, tool: str = "", operation: str = "") -> Session:
    """The session's row, locked, with what a decision needs read in the same statement.

    Adds `now` (the database's clock), `active_policy_id`, `tool_effect`, `pause` and `last_entry`, so that a decision
    costs one read, and sees every policy and every pause that was acknowledged before it began (POL-11, APR-31).
    """
    return _usable(_LOCKED[caller.kind].one(tool, operation, session_id, caller.id))


def locked_with_chain(*, caller: Caller, session_id: str, tool: str, operation: str) -> tuple[Session, Chain | None]:
    """The same, and the chain of the session's receipts as it is now, if it has any, for `issue_receipt`."""
    asked = _LOCKED[caller.kind].asked(tool, operation, session_id, caller.id)
    session, chain = both(asked, chain_of(f"session/{session_id}"))
    return _usable(session), chain


def _usable(found: Session | None) -> Session:
    if found is None:
        raise not_found("session")
    require_open(found)
    fault_of(found)
    return found


def require_open(session: Session) -> None:
    """Raises `session_ended`."""
    if session.ended_at is not None:
        raise ProblemError("session_ended", status=409, why="The session has ended.", fix="Open a new one.")


def add_message(*, caller: Caller, session_id: str, role: str, text: str) -> Session:
    """A later turn of the conversation. Only the host can vouch for the user's words."""
    if role == "user" and caller.kind is not CallerKind.HOST:
        raise ProblemError(
            "user_turn_from_agent",
            status=403,
            why="User turns come from the host.",
            fix="Send it with a host key.",
            param="role",
        )
    with transaction.atomic():
        session = locked_session(caller=caller, session_id=session_id)
        require_intact(session)
        at = now_of(session)
        if role == "user":
            add_word(session, caller=caller)
        stored = store_values({"text": text}, at=at, subject=session.human_id or "")
        state = with_one_more(session.state, "messages", role)
        session.state = with_taint(state, Taint.MODEL_TEXT) if role == "model" else state
        body: dict[str, JSON] = {"role": role, "from": caller.kind.value, "commitments": dict(stored.commitments)}
        append_entry(session, kind="message", body=body, at=at, payload=stored)
    return session


def record_fact(session: Session, *, field: str, value: JSON, trust: str, source: str, at: datetime) -> None:
    """Adds a fact to a locked session's state and chain."""
    stored = store_values({"value": value}, at=at, subject=session.human_id or "")
    fact: dict[str, JSON] = {"value": value, "trust": trust, "source": source, "at": at.isoformat()}
    session.state = with_fact(session.state, field=field, fact=fact)
    body: dict[str, JSON] = {"field": field, "trust": trust, "source": source, "commitments": dict(stored.commitments)}
    append_entry(session, kind="evidence", body=body, at=at, payload=stored)


def now_of(session: Session) -> datetime:
    """The database's time as the locking statement read it."""
    return as_moment(getattr(session, "now"))  # noqa: B009 - read along with the row; the model's type doesn't know it
