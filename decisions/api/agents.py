"""The administrators' doors: agents, and their keys to issue, rotate and revoke."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from decisions.api.administrators import AdministratorView
from decisions.api.bodies import AgentBody, AgentChangeBody, KeyBody, RotationBody
from decisions.api.schema import AGENTS, CURSOR
from decisions.models import Credential
from decisions.selectors.agents import agent_answer, agent_named, agents_page, key_answer, key_of, keys_of
from decisions.services.agents import change_agent, create_agent
from decisions.services.identity import issue_key, revoke_keys, rotate_key
from receipts.clock import database_now
from receipts.requests import read_body
from receipts.signing.canonical import sha256_digest

ADMINISTER = "decisions.change_agent"


class _AgentView(AdministratorView):
    user_permissions: ClassVar = (ADMINISTER,)


def _issued(secret: str) -> Response:
    """The only answer that ever has the key itself."""
    key = Credential.objects.get(digest=sha256_digest(secret.encode()))
    return Response(key_answer(key) | {"key": secret}, status=201)


class AgentListView(_AgentView):
    """`/api/v1/agents`."""

    @extend_schema(parameters=[CURSOR], responses={200: AGENTS["list"]}, operation_id="agents")
    def get(self, request: Request) -> Response:
        return Response(agents_page(after=request.query_params.get("cursor", "")))

    @extend_schema(request=AgentBody, responses={201: AGENTS["agent"]}, operation_id="agent_create")
    def post(self, request: Request) -> Response:
        body = read_body(request._request, AgentBody)
        values = body.model_dump(exclude={"name"}, exclude_unset=True)
        return Response(agent_answer(create_agent(name=body.name, values=values, actor=self.actor)), status=201)


class AgentDetailView(_AgentView):
    """`/api/v1/agents/{id}`: with its keys; a POST changes the fields that it names."""

    @extend_schema(responses={200: AGENTS["detail"]}, operation_id="agent")
    def get(self, request: Request, agent_id: str) -> Response:
        agent = agent_named(agent_id)
        return Response(agent_answer(agent, keys=keys_of(agent)))

    @extend_schema(request=AgentChangeBody, responses={200: AGENTS["detail"]}, operation_id="agent_change")
    def post(self, request: Request, agent_id: str) -> Response:
        body = read_body(request._request, AgentChangeBody)
        agent = change_agent(id=agent_id, values=body.model_dump(exclude_unset=True), actor=self.actor)
        return Response(agent_answer(agent, keys=keys_of(agent)))


class AgentKeyListView(_AgentView):
    """`POST /api/v1/agents/{id}/keys`: a new key, shown once. Earlier ones stay valid."""

    @extend_schema(request=KeyBody, responses={201: AGENTS["issued"]}, operation_id="agent_key_issue")
    def post(self, request: Request, agent_id: str) -> Response:
        body, agent, at = read_body(request._request, KeyBody), agent_named(agent_id), database_now()
        until = at + timedelta(days=body.valid_days) if body.valid_days else None
        return _issued(issue_key(owner=agent, at=at, expires_at=until, scopes=set(body.scopes), actor=self.actor))


class AgentKeyRotateView(_AgentView):
    """`POST /api/v1/agents/{id}/keys/{key}/rotate`: another key in its place, which holds for a while longer."""

    @extend_schema(request=RotationBody, responses={201: AGENTS["issued"]}, operation_id="agent_key_rotate")
    def post(self, request: Request, agent_id: str, key_id: str) -> Response:
        body = read_body(request._request, RotationBody)
        key = key_of(agent_named(agent_id), key_id)
        return _issued(rotate_key(id=key.pk, overlap=timedelta(seconds=body.overlap_seconds), actor=self.actor))


class AgentKeyRevokeView(_AgentView):
    """`POST /api/v1/agents/{id}/keys/{key}/revoke`: it stops working at once. Revoking twice is one end."""

    @extend_schema(request=None, responses={200: AGENTS["key"]}, operation_id="agent_key_revoke")
    def post(self, request: Request, agent_id: str, key_id: str) -> Response:
        agent = agent_named(agent_id)
        revoke_keys(ids={key_of(agent, key_id).pk}, actor=self.actor)
        return Response(key_answer(key_of(agent, key_id)))
