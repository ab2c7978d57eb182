"""The administrators' doors to issuers of access tokens, their clients, and what was revoked."""

from __future__ import annotations

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from decisions.api.administrators import AdministratorView
from decisions.api.bodies import ClientBody, IssuerBody, IssuerChangeBody, RevocationBody
from decisions.api.schema import ISSUERS
from decisions.selectors.issuers import client_answer, client_of, issuer_answer, issuer_named, issuers_list
from decisions.services.issuers import add_client, change_issuer, create_issuer, remove_client, revoke_token
from receipts.requests import read_body

ADMINISTER = "decisions.change_issuer"


class _IssuerView(AdministratorView):
    user_permissions: ClassVar = (ADMINISTER,)


class IssuerListView(_IssuerView):
    """`/api/v1/issuers`."""

    @extend_schema(responses={200: ISSUERS["list"]}, operation_id="issuers")
    def get(self, request: Request) -> Response:
        return Response(issuers_list())

    @extend_schema(request=IssuerBody, responses={201: ISSUERS["issuer"]}, operation_id="issuer_create")
    def post(self, request: Request) -> Response:
        body = read_body(request._request, IssuerBody)
        issuer = create_issuer(values=body.model_dump(mode="json", exclude_unset=True), actor=self.actor)
        return Response(issuer_answer(issuer), status=201)


class IssuerDetailView(_IssuerView):
    """`/api/v1/issuers/{id}`; a POST changes the fields that it names."""

    @extend_schema(responses={200: ISSUERS["issuer"]}, operation_id="issuer")
    def get(self, request: Request, issuer_id: str) -> Response:
        return Response(issuer_answer(issuer_named(issuer_id)))

    @extend_schema(request=IssuerChangeBody, responses={200: ISSUERS["issuer"]}, operation_id="issuer_change")
    def post(self, request: Request, issuer_id: str) -> Response:
        body = read_body(request._request, IssuerChangeBody)
        values = body.model_dump(mode="json", exclude_unset=True)
        return Response(issuer_answer(change_issuer(id=issuer_id, values=values, actor=self.actor)))


class IssuerClientListView(_IssuerView):
    """`POST /api/v1/issuers/{id}/clients`: which agent a client is."""

    @extend_schema(request=ClientBody, responses={201: ISSUERS["client"]}, operation_id="issuer_client_add")
    def post(self, request: Request, issuer_id: str) -> Response:
        body, issuer = read_body(request._request, ClientBody), issuer_named(issuer_id)
        added = add_client(issuer=issuer, client=body.client, agent=body.agent, actor=self.actor)
        return Response(client_answer(added), status=201)


class IssuerClientRemoveView(_IssuerView):
    """`POST /api/v1/issuers/{id}/clients/{client}/remove`: its tokens are nobody's from the next request on."""

    @extend_schema(request=None, responses={200: ISSUERS["issuer"]}, operation_id="issuer_client_remove")
    def post(self, request: Request, issuer_id: str, client_id: str) -> Response:
        issuer = issuer_named(issuer_id)
        remove_client(client_of(issuer, client_id), actor=self.actor)
        return Response(issuer_answer(issuer))


class IssuerRevocationView(_IssuerView):
    """`POST /api/v1/issuers/{id}/revocations`: one token, or all of a person."""

    @extend_schema(request=RevocationBody, responses={200: ISSUERS["revocation"]}, operation_id="issuer_revoke")
    def post(self, request: Request, issuer_id: str) -> Response:
        body, issuer = read_body(request._request, RevocationBody), issuer_named(issuer_id)
        revoke_token(issuer=issuer, kind=body.kind, value=body.value, actor=self.actor)
        return Response({"revoked": body.kind})
