"""A word of its own for every place in which values enter, and every place that they must not come out of."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.contrib import admin
from django.core import mail
from django.urls import reverse
from redis import Redis

from approvals.models import ApprovalRequest
from approvals.realtime import announce
from decisions.models import ContextEntry
from receipts.models import Checkpoint, Receipt
from receipts.services.checkpoints import sign_due_checkpoint
from receipts.services.exports import path_of, request_export, write_next_export
from receipts.services.publication import publish_due_copies
from receipts.services.sequencing import sequence_waiting
from tests.api.doors import Door, Reply, door_of
from tests.api.routes import addresses
from tests.factories import Cast, confirmation

FIELDS = (
    "request", "person", "user_turn", "model_turn", "asserted", "attested", "parameter", "nested", "explanation",
    "output", "output_digest", "error", "resource", "state_digest", "started_at", "reason", "note", "hold_reason",
    "search", "export", "malformed", "header", "address", "internal",
)  # fmt: skip
WORDS: Mapping[str, str] = {name: f"kiebitz{number:02d}{name.replace('_', '')}" for number, name in enumerate(FIELDS)}
"""By the field that each is sent in. None is part of another, and all may stand in an address of mail."""


def _taken(reply: Reply) -> Any:
    assert reply.status_code < 300, reply.content
    return reply.json()


def _session(cast: Cast, host: Door, agent: Door) -> str:
    request = f"Do {WORDS['request']}."
    opening = {"human": f"{WORDS['person']}@corp.example", "agent": cast.agent.id, "original_request": request}
    session = str(_taken(host.post("/api/v1/sessions", opening))["session_id"])
    for door, role, name in ((host, "user", "user_turn"), (agent, "model", "model_turn")):
        _taken(door.post(f"/api/v1/sessions/{session}/messages", {"role": role, "text": WORDS[name]}))
    return session


def _asked(agent: Door, session: str, name: str) -> Any:
    said = {"to": f"{WORDS['parameter']}@partner.example", "deep": [{"deeper": WORDS["nested"]}]}
    facts = {"weather": WORDS["asserted"]}
    reply = agent.decide(session, name, parameters=said, facts=facts, explanation=WORDS["explanation"], key=name)
    return _taken(reply)


def _approve(cast: Cast, answer: Mapping[str, Any]) -> None:
    row = ApprovalRequest.objects.get(pk=answer["approval"]["id"])
    words = {"reason": WORDS["reason"], "private_note": WORDS["note"]}
    ballot = {"verdict": "approve", "view_digest": row.view_digest, "version": row.version} | words
    ballot |= confirmation(row, cast.bob)
    _taken(door_of(cast.bob).post(f"/api/v1/approvals/{row.pk}/votes", ballot))


def send(cast: Cast) -> str:
    """Sends every word through the door that takes it; the session."""
    host, agent, trent = Door(cast.host_key), Door(cast.agent_key), door_of(cast.trent)
    session = _session(cast, host, agent)
    deferral = _asked(agent, session, "credentials.rotate")["deferral"]["id"]
    _taken(host.post(f"/api/v1/deferrals/{deferral}/evidence", {"field": "mood", "value": WORDS["attested"]}))
    answer = _asked(agent, session, "email.send")
    _approve(cast, answer)
    _taken(agent.claim(answer, key="claim"))
    names = ("output", "output_digest", "error", "started_at")
    more: Any = {"resources": [WORDS["resource"]], "state_digests": {"disk": WORDS["state_digest"]}}
    _taken(agent.report(answer, key="report", **{name: WORDS[name] for name in names}, **more))
    _taken(trent.post("/api/v1/holds", {"subject": "hum_nobody", "reason": WORDS["hold_reason"]}))
    _taken(door_of(cast.victor).get(f"/api/v1/receipts?q={WORDS['search']}"))
    return session


def refused(cast: Cast, session: str) -> bytes:
    """What is answered to requests that are wrong in many ways, each with a word in it."""
    agent, word = Door(cast.agent_key), WORDS["malformed"]
    bodies: tuple[object, ...] = (
        f'{{"{word}": '.encode(),
        {word: word},
        {"session_id": word, "tool": word},
        {"session_id": session, "tool": "email.send", "parameters": word},
        {"session_id": session, "tool": "email.send", "depends_on": [word]},
        {"session_id": session, "tool": "email.send", "protocol": word, "request": {word: word}},
    )
    replies = [agent.post("/decide", body) for body in bodies]
    replies.append(Door(WORDS["header"]).post("/decide", b"{}", User_Agent=WORDS["header"]))
    replies.append(agent.get(f"/api/v1/{WORDS['address']}/x?y={WORDS['address']}"))
    with patch("decisions.api.sessions.session_summary", side_effect=RuntimeError(WORDS["internal"])):
        replies.append(agent.get(f"/api/v1/sessions/{session}"))
    assert all(reply.status_code >= 400 for reply in replies)
    return b"".join(reply.content for reply in replies)


def _pages(door: Door, *paths: str) -> bytes:
    """What these addresses answer."""
    return b"".join(door.get(path).content for path in paths)


def _admin_pages(cast: Cast) -> Iterator[str]:
    """The lists of the admin, and each row's own page."""
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        yield from (reverse(f"{name}_change", args=[row.pk]) for row in model._default_manager.all())


def _exported(cast: Cast) -> bytes:
    """A bundle of everything; its question says what it is of, to whoever may read it, and is none here."""
    export = request_export(cast.victor, question="", has_contexts=True)
    assert write_next_export()
    return path_of(export).read_bytes()


def _redis(cast: Cast) -> bytes:
    assert announce()
    with Redis.from_url(settings.CELERY_BROKER_URL) as redis:
        return b"".join(key + (redis.dump(key) or b"") for key in redis.scan_iter())


def _signed(cast: Cast) -> bytes:
    return b"".join(bytes(row.body) for row in Receipt.objects.all())


def _chained(cast: Cast) -> bytes:
    return b"".join(bytes(row.body) for row in ContextEntry.objects.all())


def _checkpoints(cast: Cast) -> bytes:
    copies = Path(settings.AARM_CHECKPOINT_SINKS[0].removeprefix("dir:"))
    written = [path.read_bytes() for path in copies.rglob("*") if path.is_file()]
    assert written
    return b"".join([*written, *(row.note.encode() for row in Checkpoint.objects.all())])


def _api(cast: Cast) -> bytes:
    ids = Receipt.objects.values_list("pk", flat=True)
    return _pages(door_of(cast.victor), "/api/v1/receipts", *(f"/api/v1/receipts/{pk}" for pk in ids))


def _receipt_pages(cast: Cast) -> bytes:
    ids = Receipt.objects.values_list("pk", flat=True)
    return _pages(door_of(cast.victor), "/receipts", *(f"/r/{pk}" for pk in ids))


def _operations(cast: Cast) -> bytes:
    paths = {"/healthz", "/readyz", "/metrics", "/.well-known/aarm/keys.json"} & addresses()
    return _pages(Door(), *paths)


def _mailed(cast: Cast) -> bytes:
    return json.dumps([sent.message().as_string() for sent in getattr(mail, "outbox", [])]).encode()


def asked_for(cast: Cast) -> bytes:
    """What a reviewer is asked about, and an auditor asks to be shown: here the values do come out."""
    ids = Receipt.objects.exclude(payload=None).values_list("pk", flat=True)
    shown = [f"/api/v1/receipts/{pk}/disclosure" for pk in ids]
    return _pages(door_of(cast.bob), "/api/v1/approvals?state=all") + _pages(door_of(cast.victor), *shown)


SINKS: Mapping[str, Callable[[Cast], bytes]] = {
    "signed receipts": _signed,
    "chained entries": _chained,
    "checkpoints and their copies": _checkpoints,
    "exports": _exported,
    "receipts over HTTP": _api,
    "pages of receipts, before values are asked for": _receipt_pages,
    "admin": lambda cast: _pages(door_of(cast.trent), *_admin_pages(cast)),
    "health, metrics and keys": _operations,
    "live updates and the broker": _redis,
    "mail": _mailed,
}


def log_everything() -> None:
    """Signs a checkpoint over all receipts and hands it outside."""
    sequence_waiting()
    assert sign_due_checkpoint() is not None
    publish_due_copies()


def found_in(data: bytes) -> list[str]:
    """The fields whose words are there, plainly."""
    return [name for name, word in WORDS.items() if word.encode() in data.lower()]
