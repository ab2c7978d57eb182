"""For each problem code, a request that is answered with it."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.db import connection

from approvals.accounts.recency import SIGNED_IN_AT
from approvals.lifecycle.friction import RECENT_SECONDS
from approvals.models import ApprovalRequest, User
from approvals.selectors.friction import confirm_field, expected_target, needs_reason
from approvals.services.software_keys import give_software_key
from decisions.models import ActivePolicy, Agent, Human, Scope, Session
from decisions.services.identity import revoke_keys
from decisions.services.pauses import Target, pause_actions
from decisions.services.policies import publish_policy
from receipts.clock import database_now
from receipts.models import AlarmCode
from receipts.selectors.subject_keys import forget_keys
from receipts.services.alarms import raise_alarm
from receipts.services.checkpoints import sign_due_checkpoint
from receipts.services.erasure import Actor, Ground, erase_subject, place_hold
from receipts.services.sequencing import sequence_waiting
from tests.api.doors import Door, Reply, door_of
from tests.factories import REASON, Cast, StepUp, begin_session, make_issuer, vote

# What an unexpected error might say, and no answer may.
SECRETS = ("Traceback", "SELECT secret", "/srv/private", "hunter2", "psycopg", "site-packages", "DETAIL:")
ONE_RULE = 'policy: {id: demo, version: "9"}\nrules: [{id: a, match: {tool: a.b}, action: ALLOW}]\n'
FAILING = ONE_RULE + "cases: [{action: {tool: a.b, parameters: {}}, expect: {decision: DENY}}]\n"
EMPTY = 'policy: {id: demo, version: "9", default: DENY}\nrules: []\n'
CONFESSION = f"{' '.join(SECRETS)} of 10.1.2.3"


@dataclass(frozen=True, slots=True)
class Stage:
    """Who acts: the cast, its agent and host at their doors, Bob at his browser, and a session of the agent."""

    cast: Cast
    agent: Door
    host: Door
    bob: Door
    session: str

    def step_up(self, name: str = "email.send", *, session: str = "", **body: Any) -> StepUp:
        answer = self.agent.decide(session or self.session, name, **body).json()
        return StepUp(approval=ApprovalRequest.objects.get(pk=answer["approval"]["id"]), answer=answer)

    def approved(self) -> StepUp:
        step = self.step_up()
        vote(step, self.cast.bob)
        return step

    def deferral(self) -> str:
        return str(self.agent.decide(self.session, "credentials.rotate").json()["deferral"]["id"])

    def vote(self, step: StepUp, *, door: Door | None = None, **change: Any) -> Reply:
        row = ApprovalRequest.objects.get(pk=step.approval.pk)
        confirmed = {"confirm_target": expected_target(row)} if confirm_field(row) else {}
        reasoned = {"reason": REASON} if needs_reason(row) else {}
        seen = {"verdict": "approve", "view_digest": row.view_digest, "version": row.version}
        body = seen | confirmed | reasoned | change
        return (door or self.bob).post(f"/api/v1/approvals/{row.pk}/votes", body)

    def deletion(self) -> StepUp:
        """What takes a passkey to approve."""
        session = begin_session(self.cast, request="Please delete the old rows.")
        return self.step_up("database.delete", session=session, parameters={"table": "old"})


Provoke = Callable[[Stage], Reply]


def _raw(data: bytes) -> Provoke:
    return lambda stage: stage.agent.post("/decide", data)


def _decide(**body: Any) -> Provoke:
    return lambda stage: stage.agent.decide(stage.session, **body)


def _envelope(protocol: str, request: Mapping[str, Any]) -> Provoke:
    body = {"protocol": protocol, "request": dict(request)}
    return lambda stage: stage.agent.post("/decide", {"session_id": stage.session, **body})


def _path(path: str) -> Provoke:
    return lambda stage: stage.bob.get(path)


def _open(**body: Any) -> Provoke:
    return lambda stage: stage.host.post("/api/v1/sessions", {"original_request": "Do it."} | body)


def _read(stage: Stage, **headers: str) -> Reply:
    return stage.agent.get(f"/api/v1/sessions/{stage.session}", **headers)


def _unstamped(stage: Stage) -> Reply:
    return stage.agent.get(f"/api/v1/receipts/{stage.step_up().answer['receipt']['id']}/timestamp")


def _claiming(stage: Stage) -> Reply:
    return stage.agent.post("/api/v1/sessions", {"original_request": "Do it.", "human": "ceo@corp.example"})


def _impatient(stage: Stage) -> Reply:
    return stage.agent.get(f"/api/v1/decisions/{stage.step_up().answer['decision_id']}?wait=x")


def _other_action(stage: Stage) -> Reply:
    return stage.agent.claim(stage.approved().answer, action={"tool": "x", "parameters": {}})


def _consumed(stage: Stage) -> Reply:
    step = stage.approved()
    stage.agent.claim(step.answer)
    return stage.agent.claim(step.answer)


def _resolved(stage: Stage) -> Reply:
    step = stage.step_up()
    stage.agent.post(f"/api/v1/decisions/{step.answer['decision_id']}/cancel")
    return stage.vote(step)


def _about_time(what: str, **body: Any) -> Provoke:
    """Bob asks for something about the time of a request, or about who decides it."""
    return lambda stage: stage.bob.post(f"/api/v1/approvals/{stage.step_up().approval.pk}/{what}", body)


def _voted(stage: Stage) -> Reply:
    step = stage.deletion()
    vote(step, stage.cast.bob)
    return stage.vote(step)


def _forged(stage: Stage) -> Reply:
    give_software_key(stage.cast.bob)
    return stage.vote(stage.deletion(), assertion={"id": "x", "response": {}})


def _expired(stage: Stage) -> Reply:
    step = stage.step_up()
    ApprovalRequest.objects.filter(pk=step.approval.pk).update(expires_at=database_now())
    return stage.agent.claim(step.answer)


def _own(stage: Stage) -> Reply:
    session = begin_session(stage.cast, human=stage.cast.bob.email)
    return stage.vote(stage.step_up(session=session))


def _ineligible(stage: Stage) -> Reply:
    # An admin sees every request and is asked about none.
    return stage.vote(stage.step_up(), door=door_of(stage.cast.trent))


def _signed_in_long_ago(stage: Stage) -> Reply:
    session = stage.bob.client.session
    session[SIGNED_IN_AT] -= RECENT_SECONDS + 1
    session.save()
    return stage.vote(stage.step_up())


def _stale(stage: Stage) -> Reply:
    step = stage.step_up()
    Agent.objects.filter(pk=stage.cast.agent.id).update(is_active=False)
    return stage.vote(step)


def _changed_policy(stage: Stage) -> Reply:
    step = stage.approved()
    publish_policy(text=EMPTY, source="none.yaml", actor=None, allows_empty=True)
    return stage.agent.claim(step.answer)


def _publishing(text: str, *, path: str = "") -> Provoke:
    """A policy author publishes or, with a path, does something else with this text."""
    return lambda stage: door_of(stage.cast.peggy).post(f"/api/v1/policies{path}", {"text": text})


def _approving(text: str, *, by_author: bool = False) -> Provoke:
    """A proposal is approved after another one has been, or by its own author."""

    def provoke(stage: Stage) -> Reply:
        peggy, trent = door_of(stage.cast.peggy), door_of(stage.cast.trent)
        first, second = (peggy.post("/api/v1/policies/proposals", {"text": text}).json()["id"] for _ in range(2))
        if by_author:
            return peggy.post(f"/api/v1/policies/proposals/{first}/approve")
        trent.post(f"/api/v1/policies/proposals/{first}/approve")
        return trent.post(f"/api/v1/policies/proposals/{second}/approve")

    return provoke


def _nobody_else(stage: Stage) -> Reply:
    User.objects.filter(pk=stage.cast.trent.pk).update(is_active=False)
    return _publishing(ONE_RULE, path="/proposals")(stage)


def _another_use_of_a_key(stage: Stage) -> Reply:
    stage.agent.decide(stage.session, key="k")
    return stage.agent.decide(stage.session, key="k", explanation="Again.")


def _ended(stage: Stage) -> Reply:
    stage.host.post(f"/api/v1/sessions/{stage.session}/end")
    return stage.agent.decide(stage.session)


def _facts(stage: Stage) -> Reply:
    path = f"/api/v1/deferrals/{stage.deferral()}/evidence"
    replies = [stage.host.post(path, {"field": f"fact_{number}", "value": 1}) for number in range(65)]
    return replies[-1]


def _tools(stage: Stage) -> Reply:
    with patch("decisions.services.state.MAX_TOOLS", 1):
        stage.agent.decide(stage.session, "files.read")
        return stage.agent.decide(stage.session)


def _labels(stage: Stage) -> Reply:
    done = stage.agent.decide(stage.session, "email.send", parameters={"to": "bob@corp.example"}).json()
    labels = [f"{number:0128}" for number in range(20)]
    stage.agent.report(done, data_classification=labels)
    return stage.agent.decide(stage.session)


def _child(**body: Any) -> Provoke:
    return lambda stage: stage.agent.post("/api/v1/sessions", {"parent_session_id": stage.session} | body)


def _many_children(stage: Stage) -> Reply:
    with patch.object(settings, "AARM_SESSION_CHILDREN", 0):
        return _child()(stage)


def _other_effect(stage: Stage) -> Reply:
    return stage.host.post("/api/v1/tools", {"tools": [{"name": "email.send", "effect": "read"}]})


def _no_policy(stage: Stage) -> Reply:
    ActivePolicy.objects.all().delete()
    return stage.agent.decide(stage.session)


def _no_key(stage: Stage) -> Reply:
    with patch.object(settings, "AARM_SIGNING_KEY_PATH", "/srv/private/nowhere.pem"):
        return stage.agent.decide(stage.session)


def _read_only(stage: Stage) -> Reply:
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
    return stage.agent.decide(stage.session)


def _broken(stage: Stage) -> Reply:
    with patch("decisions.api.sessions.session_summary", side_effect=RuntimeError(CONFESSION)):
        return _read(stage)


class _CutOff(io.RawIOBase):
    """A body whose sender has gone away."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        raise OSError(CONFESSION)


def _cut_off(stage: Stage) -> Reply:
    environ: dict[str, Any] = {"wsgi.input": _CutOff(), "CONTENT_LENGTH": "100"}
    headers = {"Authorization": f"Bearer {stage.agent.key}"}
    return stage.agent.client.post("/decide", b"{}", content_type="application/json", headers=headers, **environ)


def _no_master_key(stage: Stage) -> Reply:
    forget_keys()
    with patch.object(settings, "AARM_PAYLOAD_KEY_PATH", Path("/srv/private/nowhere")):
        return stage.agent.decide(stage.session)


def _erased(stage: Stage) -> Reply:
    session = begin_session(stage.cast)
    stage.agent.decide(session, key="erased")
    erase_subject(str(Session.objects.get(pk=session).human_id), actor=Actor(login="operator"), ground=Ground.OBJECTION)
    return stage.agent.decide(session, key="erased")


def _held(stage: Stage) -> Reply:
    subject = str(Session.objects.get(pk=begin_session(stage.cast)).human_id)
    place_hold(subject, actor=Actor(login="operator"), reason="A claim.")
    asked = {"subject": subject, "confirm": subject, "ground": "objection"}
    return door_of(stage.cast.trent).post("/api/v1/erasures", asked)


def _beyond_the_log(stage: Stage) -> Reply:
    sequence_waiting()
    assert sign_due_checkpoint() is not None
    return stage.agent.get("/api/v1/log/consistency?from=1&to=1000000")


def _halted(stage: Stage) -> Reply:
    raise_alarm(AlarmCode.BEHIND, subject="a copy", sentence="Lost.")
    return stage.agent.decide(stage.session)


def _another_profile(stage: Stage) -> Reply:
    Agent.objects.filter(name="demo-agent").update(profile="payments")
    return _open(human="alice@corp.example", agent="demo-agent", profile="research")(stage)


def _for_somebody_gone(stage: Stage) -> Reply:
    Human.objects.filter(identifier="alice@corp.example").update(is_active=False)
    return _open(human="alice@corp.example", agent="demo-agent")(stage)


_MOMENT = "2026-01-01T00:00:00Z"
_NO_HOP = {"delegator": "alice@corp.example", "delegatee": "nobody", "issued_at": _MOMENT, "expires_at": _MOMENT}


def _rotating_a_revoked_key(stage: Stage) -> Reply:
    caller = stage.cast.agent
    revoke_keys(ids={caller.key_id})
    return door_of(stage.cast.trent).post(f"/api/v1/agents/{caller.id}/keys/{caller.key_id}/rotate", {})


def _same_issuer_twice(stage: Stage) -> Reply:
    issuer = make_issuer()
    body = {"name": issuer.name, "url": issuer.url, "audience": "aarm"}
    return door_of(stage.cast.trent).post("/api/v1/issuers", body)


def _altered(stage: Stage) -> Reply:
    step = stage.approved()
    Session.objects.filter(pk=stage.session).update(scope=["everything"])
    return stage.agent.claim(step.answer)


def _stop_everything(stage: Stage) -> Reply:
    return stage.bob.post("/api/v1/pauses", {"scope": "everything", "reason": "It looks wrong."})


def _paused(stage: Stage) -> Reply:
    step = stage.approved()
    pause_actions(Target(Scope.EVERYTHING), reason="It looks wrong.", actor=None)
    return stage.agent.claim(step.answer)


_ELSEWHERE = {"path": "/to", "to": "bob@partner.example"}


def _asked_too_much(stage: Stage) -> Reply:
    step = stage.step_up()
    body = {"to": "agent", "question": "Why?"}
    replies = [stage.bob.post(f"/api/v1/approvals/{step.approval.pk}/questions", body) for _ in range(6)]
    return replies[-1]


def _answered(stage: Stage) -> Reply:
    step = stage.step_up()
    asking = f"/api/v1/approvals/{step.approval.pk}/questions"
    (question,) = stage.bob.post(asking, {"to": "agent", "question": "Why?"}).json()["questions"]
    path = f"/api/v1/decisions/{step.answer['decision_id']}/answers"
    said = {"question_id": question["id"], "answer": "Because."}
    stage.agent.post(path, said)
    return stage.agent.post(path, said)


_UNNAMED = {"uses": 1, "minutes": 1, "bounds": {"nothing": {"within": "same"}}}
PROVOCATIONS: Mapping[str, tuple[int, Provoke]] = {
    "action_mismatch": (409, _other_action),
    "agent_exists": (409, lambda stage: door_of(stage.cast.trent).post("/api/v1/agents", {"name": "demo-agent"})),
    "agent_required": (400, _open(human="alice@corp.example")),
    "already_consumed": (409, _consumed),
    "already_resolved": (409, _resolved),
    "already_voted": (409, _voted),
    "assertion_refused": (403, _forged),
    "beyond_cap": (409, _about_time("extend", seconds=3601)),
    "body_too_large": (413, _decide(explanation="x" * 1024 * 1024)),
    "body_unreadable": (400, _cut_off),
    "byte_order_mark": (400, _raw(b"\xef\xbb\xbf{}")),
    "cannot_pass_on": (409, _about_time("reassign", to="bob")),
    "cannot_ask": (409, _asked_too_much),
    "already_answered": (409, _answered),
    "cannot_grant": (409, lambda stage: stage.vote(stage.step_up(), grant=_UNNAMED)),
    "cannot_change": (409, lambda stage: stage.vote(stage.step_up(), modifications=[_ELSEWHERE])),
    "changed_while_reviewing": (409, lambda stage: stage.vote(stage.step_up(), version=2)),
    "confirmation_required": (409, _stop_everything),
    "context_integrity": (409, _altered),
    "duplicate_key": (400, _raw(b'{"a": 1, "a": 1}')),
    "empty_policy": (409, _publishing(EMPTY)),
    "erased": (410, _erased),
    "expired": (410, _expired),
    "failing_cases": (400, _publishing(FAILING)),
    "forbidden": (403, lambda stage: stage.host.decide(stage.session)),
    "human_required": (400, _open(agent="demo-agent")),
    "idempotency_mismatch": (422, _another_use_of_a_key),
    "identity_from_agent": (400, _claiming),
    "internal": (500, _broken),
    "invalid_body": (400, _decide(parameters=1)),
    "invalid_call": (400, _envelope("langchain", {"name": "email.send", "args": "{}"})),
    "invalid_cursor": (400, _path("/api/v1/receipts?cursor=x")),
    "invalid_delegation": (400, _open(human="alice@corp.example", agent="demo-agent", delegation=[_NO_HOP])),
    "invalid_encoding": (400, _raw(b"\xff")),
    "invalid_envelope": (400, _decide(protocol="mcp", request={})),
    "invalid_idempotency_key": (400, _decide(key="x" * 201)),
    "invalid_json": (400, _raw(b"{")),
    "invalid_operation": (400, _raw('{"tool": "a", "operation": "é"}'.encode())),
    "invalid_policy": (400, _publishing(ONE_RULE.replace("action", "acton"))),
    "invalid_size": (400, _beyond_the_log),
    "invalid_state": (400, _path("/api/v1/approvals?state=x")),
    "invalid_query": (400, _path("/api/v1/receipts?q=tool:")),
    "invalid_time": (400, _path("/api/v1/receipts?since=yesterday")),
    "invalid_tool": (400, _raw('{"tool": "é"}'.encode())),
    "invalid_wait": (400, _impatient),
    "legal_hold": (409, _held),
    "issuer_exists": (409, _same_issuer_twice),
    "key_ended": (409, _rotating_a_revoked_key),
    "log_halted": (503, _halted),
    "lone_surrogate": (400, _raw(rb'"\ud800"')),
    "malformed": (400, lambda stage: _read(stage, Host="evil.example")),
    "method_not_allowed": (405, lambda stage: stage.bob.post("/healthz")),
    "no_policy": (503, _no_policy),
    "no_second_person": (409, _nobody_else),
    "not_narrower": (403, _child(scope=["everything"])),
    "nobody_left_to_ask": (409, _about_time("escalate")),
    "not_a_number": (400, _raw(b"NaN")),
    "not_a_tool_call": (400, _envelope("mcp", {"jsonrpc": "2.0", "id": 1, "method": "tools/list"})),
    "not_acceptable": (406, lambda stage: _read(stage, Accept="text/csv")),
    "not_approved": (409, lambda stage: stage.agent.claim(stage.step_up().answer)),
    "not_eligible": (403, _ineligible),
    "not_executable": (409, lambda stage: stage.agent.report(stage.step_up().answer)),
    "not_found": (404, _path("/api/v1/receipts/rct_x")),
    "not_logged_yet": (409, _path("/api/v1/log/checkpoint")),
    "not_paused": (409, lambda stage: door_of(stage.cast.trent).post(f"/api/v1/sessions/{stage.session}/resume", {})),
    "not_stamped": (409, _unstamped),
    "nothing_to_withdraw": (409, lambda stage: stage.vote(stage.step_up(), verdict="withdraw")),
    "nul_character": (400, _raw(rb'"\u0000"')),
    "number_out_of_range": (400, _raw(b"9007199254740992")),
    "number_too_long": (400, _raw(b"0." + b"1" * 100)),
    "own_proposal": (403, _approving(ONE_RULE, by_author=True)),
    "paused": (409, _paused),
    "payload_key_unavailable": (503, _no_master_key),
    "passkey_required": (403, lambda stage: stage.vote(stage.deletion())),
    "policy_changed": (409, _changed_policy),
    "human_deactivated": (403, _for_somebody_gone),
    "profile_differs": (400, _another_profile),
    "proposal_outdated": (409, _approving(ONE_RULE)),
    "reason_required": (403, lambda stage: stage.vote(stage.deletion(), reason=" ")),
    "self_approval": (403, _own),
    "session_ended": (409, _ended),
    "sign_in_too_old": (403, _signed_in_long_ago),
    "signing_unavailable": (503, _no_key),
    "stale_identity": (409, _stale),
    "target_not_confirmed": (403, lambda stage: stage.vote(stage.step_up(), confirm_target="somewhere else")),
    "too_deep": (400, _raw(b"[" * 65)),
    "too_many_children": (409, _many_children),
    "too_many_facts": (409, _facts),
    "too_many_members": (400, _raw(b"[" + b"0," * 20_000 + b"0]")),
    "too_many_labels": (409, _labels),
    "too_many_tools": (409, _tools),
    "tool_differs": (409, _other_effect),
    "unauthenticated": (401, lambda stage: Door().decide(stage.session)),
    "unavailable": (503, _read_only),
    "unknown_agent": (400, _open(human="alice@corp.example", agent="nobody")),
    "unknown_level": (400, _child(max_data_classification="x")),
    "unknown_dependency": (400, _decide(depends_on=["act_x"])),
    "unknown_filter": (400, _path("/api/v1/receipts?nobody=1")),
    "unknown_person": (400, _about_time("reassign", to="nobody")),
    "unknown_protocol": (400, _envelope("smtp", {})),
    "unsupported_media_type": (415, lambda stage: stage.agent.post("/decide", b"{}", type="text/plain")),
    "user_turn_from_agent": (
        403, lambda stage: stage.agent.post(f"/api/v1/sessions/{stage.session}/messages", {"role": "user", "text": ""}),
    ),
}  # fmt: skip

# Codes that no API door answers with: pages and commands do, or a part that is not built yet.
ELSEWHERE = {
    "csrf_failed": "a form of a page",
    "cannot_stand_in": "a form of a page: tests/web/test_routes_page.py",
    "dead_end": "a form of a page: tests/web/test_routes_page.py",
    "invalid_schedule": "a form of a page: tests/web/test_routes_page.py",
    "not_shown_whole": "a form of a page: tests/web/test_unfolding.py",
    "cannot_batch": "a form of a page: tests/web/test_reviewing_together.py",
    "invalid_form": "a form of a page",
    "link_spent": "the sign-in page",
    "nothing_lost": "`./run receipts acknowledge-loss`",
    "reserved_name": "`./run` when teams are named",
    "too_many_requests": "the translation of a throttled request; nothing throttles yet",
}
