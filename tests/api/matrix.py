"""Who gets which answer where: every route × every caller × own and other, tried one by one and taken back each time.

A cell is the answer's status. `in` is a redirect to a page where one signs in; for a websocket it is the code that
closes it, or 101 where it opens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from asgiref.sync import async_to_sync
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.db import transaction
from django.test import Client

from aarm_site.asgi import application
from approvals.models import User
from tests.api.doors import as_bytes, new_client, open_transaction_kept
from tests.api.routes import Route, every_route
from tests.api.world import POLICY, Camp, World, any_object, receipt_of

SIGN_IN = ("/accounts/login/", "/admin/login/")
NO_SIDE, BOTH = "-", "both"
SOCKET_OPENS = "101"
# A socket that is given up on while its thread still works is never closed, however slow the machine.
PATIENCE_SECONDS = 120
COLUMNS = ("anon", "agent", "host", "review", "agent2", "host2", "review2", "audit", "author", "admin")

SPAN = {
    "context": {"trace_id": "1", "span_id": "2"},
    "attributes": {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "files.read"},
}

# Which object of a camp a route is about; one that isn't named here is about what waits.
DECISIONS: Mapping[str, Callable[[Camp], Any]] = {
    "/api/v1/decisions/{decision_id}/claim": lambda camp: camp.approved.answer,
    "/api/v1/decisions/{decision_id}/outcome": lambda camp: camp.allowed,
}
IDS: Mapping[str, Callable[[World, Camp], str]] = {
    "deferral_id": lambda world, camp: str(camp.deferred["deferral"]["id"]),
    "session_id": lambda world, camp: camp.session,
    "approval_id": lambda world, camp: camp.pending.approval.pk,
    "receipt_id": lambda world, camp: receipt_of(camp),
    "grant_id": lambda world, camp: camp.grant,
    "question_id": lambda world, camp: camp.question,
    "agent_id": lambda world, camp: camp.agent.id,
    "issuer_id": lambda world, camp: world.issuer,
    "client_id": lambda world, camp: world.client,
    "key_id": lambda world, camp: camp.agent.key_id,
    "version_id": lambda world, camp: world.version,
    "name": lambda world, camp: "nights",
    "pause_id": lambda world, camp: world.pause,
    "proposal_id": lambda world, camp: world.proposal,
    "view_id": lambda world, camp: "1",
    "hold_id": lambda world, camp: world.hold,
    "subject": lambda world, camp: camp.person,
    "export_id": lambda world, camp: "exp_nobody",
    "token": lambda world, camp: world.link,
    "app_label": lambda world, camp: "decisions",
    "url": lambda world, camp: "nowhere",
    "pk": lambda world, camp: "1",
    "provider_id": lambda world, camp: "nobody",
    "organization_slug": lambda world, camp: "nobody",
    "content_type_id": lambda world, camp: "1",
}
# The parameters that name somebody's own: of these there are two rows.
OWNED = {"decision_id", "deferral_id", "session_id", "approval_id", "receipt_id", "grant_id", "question_id"}


def _ballot(camp: Camp) -> dict[str, Any]:
    approval = camp.pending.approval
    return {"view_digest": approval.view_digest, "version": approval.version}


def _action(camp: Camp) -> dict[str, Any]:
    return {"session_id": camp.session, "tool": "files", "operation": "read", "parameters": {}}


SPELL = {"starts_at": "2098-01-01T00:00", "ends_at": "2099-01-01T00:00"}
TURNS = {"zone": "UTC", "starts_on": "2020-01-01", "handover": "09:00", "turn_days": "7", "order": "our-reviewer"}


# What is posted where. A body that is right lets the answer show who may, and not what is missing.
BODIES: Mapping[str, Callable[[Camp], dict[str, Any]]] = {
    "/decide": _action,
    "/api/v1/decide": _action,
    "/api/v1/sessions": lambda camp: {"original_request": "Do it."},
    "/api/v1/sessions/{session_id}/messages": lambda camp: {"role": "model", "text": "Reading."},
    "/api/v1/decisions/{decision_id}/claim": lambda camp: {"action_digest": camp.approved.answer["action_digest"]},
    "/api/v1/decisions/{decision_id}/outcome": lambda camp: {"status": "succeeded"},
    "/api/v1/deferrals/{deferral_id}/evidence": lambda camp: {"field": "maintenance_window", "value": "closed"},
    "/api/v1/observations": lambda camp: {"session_id": camp.session, "protocol": "otel", "request": SPAN},
    "/api/v1/tools": lambda camp: {"tools": [{"name": "files.read", "effect": "read"}]},
    "/api/v1/issuers": lambda camp: {"name": "other", "url": "https://other.example", "audience": "aarm"},
    "/api/v1/issuers/{issuer_id}/clients": lambda camp: {"client": "another", "agent": camp.agent.id},
    "/api/v1/issuers/{issuer_id}/revocations": lambda camp: {"kind": "jti", "value": "t-2"},
    "/api/v1/agents": lambda camp: {"name": "another-agent"},
    "/api/v1/policies": lambda camp: {"text": POLICY},
    "/api/v1/policies/lint": lambda camp: {"text": POLICY},
    "/api/v1/policies/proposals": lambda camp: {"text": POLICY},
    "/api/v1/policies/test": lambda camp: {"text": POLICY, "given": {"action": {"tool": "a.b", "parameters": {}}}},
    "/api/v1/pauses": lambda camp: {"scope": "session", "name": camp.session, "reason": "It looks wrong."},
    "/api/v1/sessions/{session_id}/pause": lambda camp: {"reason": "It looks wrong."},
    "/pauses/new": lambda camp: {"target": f"session:{camp.session}", "reason": "It looks wrong."},
    "/api/v1/approvals/{approval_id}/extend": lambda camp: {"seconds": 1},
    "/api/v1/approvals/{approval_id}/reassign": lambda camp: {"to": "alice"},
    "/api/v1/approvals/{approval_id}/votes": lambda camp: _ballot(camp) | {"verdict": "deny"},
    "/a/{approval_id}/approve": _ballot,
    "/a/{approval_id}/deny": _ballot,
    "/a/{approval_id}/ask": lambda camp: {"to": "agent", "question": "Why?"},
    "/a/{approval_id}/looking": lambda camp: {"looking": "yes"},
    "/a/{approval_id}/snooze": lambda camp: {"minutes": "1"},
    "/a/{approval_id}/assign": lambda camp: {"to": "admin"},
    "/a/{approval_id}/extend": lambda camp: {"expires_at": "2026-01-14T13:32:00Z", "minutes": "1"},
    "/a/{approval_id}/escalate": lambda camp: {"step": "1"},
    "/api/v1/approvals/{approval_id}/claim-review": lambda camp: {},
    "/api/v1/approvals/{approval_id}/questions": lambda camp: {"to": "agent", "question": "Why?"},
    "/api/v1/decisions/{decision_id}/answers": lambda camp: {"question_id": camp.question, "answer": "Because."},
    "/asked/{question_id}": lambda camp: {"answer": "Because."},
    "/a/{approval_id}/change": _ballot,
    "/a/{approval_id}/grant": lambda camp: _ballot(camp) | {"uses": 1, "minutes": 1},
    "/a/{approval_id}/withdraw": _ballot,
    "/api/v1/erasures": lambda camp: {"subject": camp.person, "confirm": camp.person, "ground": "objection"},
    "/api/v1/holds": lambda camp: {"subject": "hum_nobody", "reason": "A claim."},
    "/api/v1/holds/{hold_id}/release": lambda camp: {"reason": "Settled."},
    "/routes/teams": lambda camp: {"what": "join", "team": "marketing", "username": "our-reviewer"},
    "/routes/absences": lambda camp: {"deputy": "admin", "ends_at": "2099-01-01T00:00"},
    "/routes/absences/end": lambda camp: {"absence": "1"},
    "/routes/covers": lambda camp: {"schedule": "nights", "username": "our-reviewer", **SPELL},
    "/routes/covers/end": lambda camp: {"cover": "1"},
    "/routes/schedules/new": lambda camp: TURNS | {"name": "days"},
    "/routes/schedules/{name}": lambda camp: TURNS | {"name": "nights"},
    "/receipts/views": lambda camp: {"name": "Mail", "question": "tool:email"},
    "/receipts/exports/new": lambda camp: {"question": "tool:email"},
}
# An agent can't say whom it acts for, and anybody else has to.
SAID_BY_OTHERS: Mapping[str, Callable[[Camp], dict[str, Any]]] = {
    "/api/v1/sessions": lambda camp: {"human": "alice@corp.example", "agent": camp.agent.id},
}
FORMS = {
    "/routes/teams",
    "/routes/absences",
    "/routes/absences/end",
    "/routes/covers",
    "/routes/covers/end",
    "/routes/schedules/new",
    "/routes/schedules/{name}",
    "/agents/{agent_id}/keys/{key_id}/rotate",
    "/pauses/new",
    "/pauses/{pause_id}/resume",
    "/a/{approval_id}/alike",
    "/a/{approval_id}/ask",
    "/a/{approval_id}/looking",
    "/a/{approval_id}/snooze",
    "/a/{approval_id}/watch",
    "/a/{approval_id}/assign",
    "/a/{approval_id}/extend",
    "/a/{approval_id}/escalate",
    "/a/{approval_id}/reveal",
    "/asked/{question_id}",
    "/a/{approval_id}/approve",
    "/a/{approval_id}/deny",
    "/a/{approval_id}/change",
    "/a/{approval_id}/grant",
    "/grants/{grant_id}/revoke",
    "/a/{approval_id}/withdraw",
    "/receipts/views",
    "/receipts/views/{view_id}/forget",
    "/receipts/exports/new",
    "/r/{receipt_id}/values",
    "/s/{session_id}/request",
}
# Their bodies, and not their addresses, name somebody's own.
OWNED_BY_BODY = {"/decide", "/api/v1/decide", "/api/v1/sessions", "/api/v1/pauses", "/pauses/new"}


@dataclass(frozen=True, slots=True)
class Caller:
    """How one column of the matrix calls: with a key, as a signed-in person, or neither."""

    key: str = ""
    cookie: str = ""

    @property
    def is_agent(self) -> bool:
        return self.key.startswith("aak_")

    def client(self, *, enforce_csrf_checks: bool = False) -> Client:
        """A fresh one: signing out in one cell must not reach the next."""
        client = new_client(enforce_csrf_checks=enforce_csrf_checks)
        if self.cookie:
            client.cookies[settings.SESSION_COOKIE_NAME] = self.cookie
        return client

    @property
    def headers(self) -> dict[str, str]:
        """What identifies an agent or a host."""
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}


def cookie_of(user: User) -> str:
    """Of a browser in which this person has signed in."""
    client = Client()
    client.force_login(user)
    return str(client.cookies[settings.SESSION_COOKIE_NAME].value)


def _person(user: User) -> Caller:
    return Caller(cookie=cookie_of(user))


def callers_of(world: World) -> dict[str, Caller]:
    """The columns. The second agent, host and reviewer are the other camp's."""
    ours, theirs = world.ours, world.theirs
    callers = (
        Caller(), Caller(key=ours.agent_key), Caller(key=ours.host_key), _person(ours.reviewer),
        Caller(key=theirs.agent_key), Caller(key=theirs.host_key), _person(theirs.reviewer),
        _person(world.auditor), _person(world.author), _person(world.admin),
    )  # fmt: skip
    return dict(zip(COLUMNS, callers, strict=True))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the matrix. `side` is `ours`, `theirs`, `both` where they don't differ, or `-` without an object."""

    method: str
    template: str
    side: str
    cells: Mapping[str, str]


def address(route: Route, *, world: World, camp: Camp) -> str:
    """The route with its parameters filled in."""
    values = {name: _value(route, name, world=world, camp=camp) for name in route.parameters}
    return route.template.format(**values)


def _value(route: Route, name: str, *, world: World, camp: Camp) -> str:
    if name in ("object_id", "id"):
        _, _, app, model, *_ = route.template.split("/")
        return any_object(app, model) if app != "r" else "1"
    if name == "decision_id":
        return str(DECISIONS.get(route.template, _pending)(camp)["decision_id"])
    return IDS[name](world, camp)


def _pending(camp: Camp) -> Any:
    return camp.pending.answer


def _cell(response: Any) -> str:
    if response.status_code in (301, 302, 303) and urlsplit(response["Location"]).path in SIGN_IN:
        return "in"
    return str(response.status_code)


def try_once(caller: Caller, method: str, route: Route, *, world: World, camp: Camp, csrf: bool = False) -> Any:
    """The answer of one request, whose effects are taken back."""
    client = caller.client(enforce_csrf_checks=csrf)
    path = address(route, world=world, camp=camp)
    data, kind = content_of(caller, route, camp=camp) if method == "POST" else (b"", "")
    with transaction.atomic():
        answer = client.generic(method, path, data, content_type=kind, headers=caller.headers)
        transaction.set_rollback(True)
    return answer


def content_of(caller: Caller, route: Route, *, camp: Camp) -> tuple[bytes, str]:
    """What is posted, as pages and as the API take it, and of which type it is."""
    body = BODIES.get(route.template, _nothing)(camp)
    if not caller.is_agent:
        body |= SAID_BY_OTHERS.get(route.template, _nothing)(camp)
    if route.template in FORMS or route.template.startswith(("/admin/", "/accounts/")):
        return urlencode(body).encode(), "application/x-www-form-urlencoded"
    return as_bytes(body), "application/json"


def _nothing(camp: Camp) -> dict[str, Any]:
    return {}


def _listen(caller: Caller, route: Route) -> str:
    """What becomes of a websocket that this caller opens from our own page."""
    origin = settings.AARM_BASE_URL
    headers = [(b"origin", origin.encode()), (b"host", urlsplit(origin).netloc.encode())]
    if caller.cookie:
        headers.append((b"cookie", f"{settings.SESSION_COOKIE_NAME}={caller.cookie}".encode()))
    headers += [(name.lower().encode(), value.encode()) for name, value in caller.headers.items()]

    async def attempt() -> str:
        socket = WebsocketCommunicator(application, route.template, headers=headers)
        is_open, code = await socket.connect(timeout=PATIENCE_SECONDS)
        await socket.disconnect(timeout=PATIENCE_SECONDS)
        return SOCKET_OPENS if is_open else str(code)

    with open_transaction_kept():
        return async_to_sync(attempt)()


def _cells(method: str, route: Route, *, world: World, callers: Mapping[str, Caller], camp: Camp) -> dict[str, str]:
    if route.is_socket:
        return {name: _listen(caller, route) for name, caller in callers.items()}
    return {name: _cell(try_once(caller, method, route, world=world, camp=camp)) for name, caller in callers.items()}


def has_sides(method: str, route: Route) -> bool:
    """Whether the request is about something that belongs to somebody."""
    by_body = method == "POST" and route.template in OWNED_BY_BODY
    return by_body or bool(OWNED & set(route.parameters))


def _rows(method: str, route: Route, *, world: World, callers: Mapping[str, Caller]) -> list[Row]:
    ours = _cells(method, route, world=world, callers=callers, camp=world.ours)
    if not has_sides(method, route):
        return [Row(method, route.template, NO_SIDE, ours)]
    theirs = _cells(method, route, world=world, callers=callers, camp=world.theirs)
    if ours == theirs:
        return [Row(method, route.template, BOTH, ours)]
    return [Row(method, route.template, "ours", ours), Row(method, route.template, "theirs", theirs)]


def access_matrix(world: World) -> list[Row]:
    """Every row there is. Needs an open transaction."""
    callers = callers_of(world)
    found: list[Row] = []
    for route in every_route():
        for method in ("WS",) if route.is_socket else ("GET", "POST"):
            found += _rows(method, route, world=world, callers=callers)
    return found
