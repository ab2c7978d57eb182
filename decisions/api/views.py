"""The agents' and hosts' doors. Each one parses, calls a service, and answers."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from decisions.api.authentication import permitted_caller
from decisions.api.bodies import (
    AnswerBody,
    ClaimBody,
    EvidenceBody,
    MessageBody,
    OutcomeBody,
    SessionBody,
    ToolsBody,
)
from decisions.api.schema import ANSWERS, DECIDED, IDEMPOTENCY_KEY, WAIT
from decisions.intake.bodies import DecideBody
from decisions.intake.names import split_tool_name
from decisions.selectors import decision_answer, decision_for, session_summary
from decisions.services.answering import answer_question
from decisions.services.cancellation import cancel_decision
from decisions.services.children import open_child
from decisions.services.claims import ClaimRequest, claim_decision
from decisions.services.deferrals import add_evidence
from decisions.services.delegations import NamedHop
from decisions.services.endings import end_session
from decisions.services.idempotency import Answer
from decisions.services.outcomes import Report, report_outcome
from decisions.services.sessions import NewSession, add_message, open_session
from decisions.services.submission import submit_action
from decisions.services.tools import NewTool, register_tools
from receipts.access import Caller, CallerKind, KeyScope
from receipts.clock import database_now
from receipts.problems import ProblemError
from receipts.requests import idempotency_key, read_body

RETRY_AFTER_SECONDS = "1"
MAX_WAIT_SECONDS = 60


def _bytes_response(answer: Answer) -> HttpResponse:
    """The committed bytes themselves; a retry gets the same ones."""
    response = HttpResponse(answer.content, status=answer.status, content_type="application/json")
    if answer.status == 202:
        response["Retry-After"] = RETRY_AFTER_SECONDS
    return response


def wait_seconds(request: HttpRequest) -> int:
    """How long the client wants to wait, at most a minute; none by default. Raises `invalid_wait`."""
    text = request.GET.get("wait", "0")
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise ProblemError(
            "invalid_wait", status=400, why="wait is a whole number of seconds.", fix="Use ?wait=30.", param="wait"
        )
    return min(int(text), MAX_WAIT_SECONDS)


def _caller(request: Request) -> Caller:
    caller = request.auth
    assert isinstance(caller, Caller)
    return caller


class DecideView(APIView):
    """`POST /decide`, also at `/api/v1/decide`: the agents' door."""

    callers: ClassVar = {CallerKind.AGENT}
    key_scope: ClassVar = KeyScope.DECIDE

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """A POST goes straight through: negotiation and wrapping of the request would cost as much as the evaluation.

        What it raises is answered by the middleware, from the same table as everywhere.
        """
        return self.post(request) if request.method == "POST" else super().dispatch(request, *args, **kwargs)

    @extend_schema(request=DecideBody, responses=DECIDED, parameters=[IDEMPOTENCY_KEY], operation_id="decide")
    def post(self, request: HttpRequest) -> HttpResponse:
        caller = permitted_caller(request, kinds=self.callers, scope=self.key_scope)
        body = read_body(request, DecideBody)
        return _bytes_response(submit_action(caller=caller, body=body, key=idempotency_key(request)))


class DecisionDetailView(APIView):
    """`GET /api/v1/decisions/{id}`: what became of it."""

    callers: ClassVar = {CallerKind.AGENT, CallerKind.HOST}

    @extend_schema(responses={200: ANSWERS["decision"]}, parameters=[WAIT], operation_id="decision")
    def get(self, request: Request, decision_id: str) -> Response:
        wait_seconds(request._request)
        decision = decision_for(_caller(request), decision_id)
        answer = decision_answer(decision, at=database_now())
        pending = answer["effective"] == "PENDING"
        return Response(answer, headers={"Retry-After": RETRY_AFTER_SECONDS} if pending else None)


class DecisionClaimView(APIView):
    callers: ClassVar = {CallerKind.AGENT}
    key_scope: ClassVar = KeyScope.DECIDE

    @extend_schema(
        request=ClaimBody, responses={200: ANSWERS["claim"]}, parameters=[IDEMPOTENCY_KEY], operation_id="claim"
    )
    def post(self, request: Request, decision_id: str) -> HttpResponse:
        body = read_body(request._request, ClaimBody)
        wanted = ClaimRequest(action_digest=body.action_digest, action=_action(body))
        key = idempotency_key(request._request)
        return _bytes_response(claim_decision(caller=_caller(request), decision_id=decision_id, wanted=wanted, key=key))


def _action(body: ClaimBody) -> dict[str, Any] | None:
    if body.action is None:
        return None
    tool, operation = split_tool_name(body.action.tool, body.action.operation or None)
    return {"tool": tool, "operation": operation, "parameters": body.action.parameters}


class DecisionOutcomeView(APIView):
    callers: ClassVar = {CallerKind.AGENT}
    key_scope: ClassVar = KeyScope.DECIDE

    @extend_schema(
        request=OutcomeBody, responses={200: ANSWERS["outcome"]}, parameters=[IDEMPOTENCY_KEY], operation_id="outcome"
    )
    def post(self, request: Request, decision_id: str) -> HttpResponse:
        body = read_body(request._request, OutcomeBody)
        values = body.model_dump(mode="json", exclude={"status", "data_classification"}, exclude_defaults=True)
        report = Report(status=body.status, values=values, data_classification=body.data_classification)
        key = idempotency_key(request._request)
        return _bytes_response(report_outcome(caller=_caller(request), decision_id=decision_id, report=report, key=key))


class DecisionCancelView(APIView):
    callers: ClassVar = {CallerKind.AGENT, CallerKind.HOST}
    key_scope: ClassVar = KeyScope.DECIDE

    @extend_schema(request=None, responses={200: ANSWERS["decision"]}, operation_id="cancel")
    def post(self, request: Request, decision_id: str) -> Response:
        decision = cancel_decision(caller=_caller(request), decision_id=decision_id)
        return Response(decision_answer(decision, at=database_now()))


class DecisionAnswerView(APIView):
    """`POST /api/v1/decisions/{id}/answers`: to a question that a reviewer asks before they decide."""

    callers: ClassVar = {CallerKind.AGENT}
    key_scope: ClassVar = KeyScope.DECIDE

    @extend_schema(request=AnswerBody, responses={201: ANSWERS["decision"]}, operation_id="answer")
    def post(self, request: Request, decision_id: str) -> Response:
        body, caller = read_body(request._request, AnswerBody), _caller(request)
        decision = answer_question(
            caller=caller, decision_id=decision_id, question_id=body.question_id, text=body.answer
        )
        return Response(decision_answer(decision, at=database_now()), status=201)


class DeferralEvidenceView(APIView):
    callers: ClassVar = {CallerKind.AGENT, CallerKind.HOST}
    key_scope: ClassVar = KeyScope.DECIDE

    @extend_schema(request=EvidenceBody, responses={200: ANSWERS["decision"]}, operation_id="evidence")
    def post(self, request: Request, deferral_id: str) -> Response:
        body, caller = read_body(request._request, EvidenceBody), _caller(request)
        deferral = add_evidence(
            caller=caller, deferral_id=deferral_id, field=body.field, value=body.value, source=body.source
        )
        return Response(decision_answer(decision_for(caller, deferral.decision_id), at=database_now()))


class SessionListView(APIView):
    """`POST /api/v1/sessions`."""

    callers: ClassVar = {CallerKind.AGENT, CallerKind.HOST}
    key_scope: ClassVar = KeyScope.SESSIONS

    @extend_schema(request=SessionBody, responses={201: ANSWERS["session"]}, operation_id="session_open")
    def post(self, request: Request) -> Response:
        body = read_body(request._request, SessionBody)
        hops = tuple(NamedHop(**hop.model_dump()) for hop in body.delegation)
        new = NewSession(**body.model_dump(exclude={"delegation"}), delegation=hops)
        open_one = open_child if body.parent_session_id else open_session
        session = open_one(caller=_caller(request), new=new)
        return Response(session_summary(session), status=201)


class SessionMessageView(APIView):
    callers: ClassVar = {CallerKind.AGENT, CallerKind.HOST}
    key_scope: ClassVar = KeyScope.SESSIONS

    @extend_schema(request=MessageBody, responses={201: ANSWERS["session"]}, operation_id="session_message")
    def post(self, request: Request, session_id: str) -> Response:
        body = read_body(request._request, MessageBody)
        session = add_message(caller=_caller(request), session_id=session_id, role=body.role, text=body.text)
        return Response(session_summary(session), status=201)


class SessionEndView(APIView):
    callers: ClassVar = {CallerKind.HOST, CallerKind.AGENT}
    key_scope: ClassVar = KeyScope.SESSIONS

    @extend_schema(request=None, responses={200: ANSWERS["session"]}, operation_id="session_end")
    def post(self, request: Request, session_id: str) -> Response:
        return Response(session_summary(end_session(caller=_caller(request), session_id=session_id)))


class ToolListView(APIView):
    """`POST /api/v1/tools`: a host declares the tools that its agents have."""

    callers: ClassVar = {CallerKind.HOST}
    key_scope: ClassVar = KeyScope.TOOLS

    @extend_schema(request=ToolsBody, responses={201: ANSWERS["tools"]}, operation_id="tools_register")
    def post(self, request: Request) -> Response:
        body = read_body(request._request, ToolsBody)
        tools = []
        for item in body.tools:
            tool, operation = split_tool_name(item.name, None)
            tools.append(
                NewTool(
                    tool=tool,
                    operation=operation,
                    effect=item.effect,
                    description=item.description,
                    parameters=item.parameters,
                )
            )
        found = register_tools(caller=_caller(request), tools=tools)
        return Response({"results": [{"name": str(tool), "effect": tool.effect} for tool in found]}, status=201)
