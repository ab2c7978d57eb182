"""The policy authors' doors: try a policy out, publish it, propose it to somebody else, go back to an earlier one."""

from __future__ import annotations

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from approvals.services.people import Person
from decisions.api.bodies import PolicyBody, PolicyTrialBody
from decisions.api.schema import CURSOR, POLICIES, SUBMITTED
from decisions.engine.language import policy_schema
from decisions.models import PolicyProposal, PolicyVersion
from decisions.selectors import active_version_id
from decisions.selectors.policies import (
    open_proposals,
    policies_page,
    proposal_answer,
    refused_answer,
    version_answer,
    version_named,
    written,
)
from decisions.services.checking import check_files
from decisions.services.includes import with_included
from decisions.services.linting import linted_here
from decisions.services.packs import PolicyFiles
from decisions.services.policies import files_of
from decisions.services.proposals import PUBLISH, approve_proposal, propose_policy, submit_policy
from decisions.services.trials import tried
from receipts.access import AUDIT, CallerKind
from receipts.problems import ProblemError
from receipts.requests import read_body

READERS = (PUBLISH, AUDIT)
_LONGEST_CURSOR = 9


def _person(request: Request) -> Person:
    user = request.user
    assert isinstance(user, Person)
    return user


def _files(body: PolicyBody | PolicyTrialBody) -> PolicyFiles:
    return with_included(PolicyFiles(text=body.text, source=body.source), read=body.files.get)


def _submitted(made: PolicyVersion | PolicyProposal) -> Response:
    """201 for what holds from now on, 202 for what waits for a second person."""
    if isinstance(made, PolicyProposal):
        return Response(proposal_answer(made), status=202)
    return Response(version_answer(made, active=made.pk) | written(made), status=201)


def _offset(request: Request) -> int:
    cursor = request.query_params.get("cursor", "")
    if cursor and not (cursor.isascii() and cursor.isdigit() and len(cursor) <= _LONGEST_CURSOR):
        raise ProblemError("invalid_cursor", status=400, why="The cursor isn't one of ours.", fix="Start without one.")
    return int(cursor or 0)


def _publisher(request: Request) -> Person:
    """Who publishes or proposes; whoever may only read is refused."""
    person = _person(request)
    if not person.has_perm(PUBLISH):
        raise ProblemError(
            "forbidden",
            status=403,
            why="Your account may read policies and not publish them.",
            fix="An administrator can give you the role policy-author.",
        )
    return person


class _PolicyView(APIView):
    callers: ClassVar = {CallerKind.USER}
    user_permissions: ClassVar = READERS


class PolicyListView(_PolicyView):
    """`/api/v1/policies`: what was published, newest first; a POST publishes."""

    @extend_schema(parameters=[CURSOR], responses={200: POLICIES["list"]}, operation_id="policies")
    def get(self, request: Request) -> Response:
        return Response(policies_page(offset=_offset(request)) | {"refused": refused_answer()})

    @extend_schema(request=PolicyBody, responses=SUBMITTED, operation_id="policy_publish")
    def post(self, request: Request) -> Response:
        person, body = _publisher(request), read_body(request._request, PolicyBody)
        return _submitted(submit_policy(_files(body), actor=person, allows_empty=body.allow_empty))


class PolicyVersionView(_PolicyView):
    """`GET /api/v1/policies/{id}`: a version with its text."""

    @extend_schema(responses={200: POLICIES["version"]}, operation_id="policy")
    def get(self, request: Request, version_id: str) -> Response:
        version = version_named(version_id)
        return Response(version_answer(version, active=active_version_id()) | written(version))


class PolicyAgainView(_PolicyView):
    """`POST /api/v1/policies/{id}/publish`: back to an earlier version, the way that every version goes (POL-18)."""

    @extend_schema(request=None, responses=SUBMITTED, operation_id="policy_publish_again")
    def post(self, request: Request, version_id: str) -> Response:
        person, version = _publisher(request), version_named(version_id)
        # It was confirmed when it was published first, if it is an empty one.
        return _submitted(submit_policy(files_of(version), actor=person, allows_empty=True))


class PolicyLintView(_PolicyView):
    """`POST /api/v1/policies/lint`: everything that stands against a policy. Nothing is stored."""

    @extend_schema(request=PolicyBody, responses={200: POLICIES["report"]}, operation_id="policy_lint")
    def post(self, request: Request) -> Response:
        body = read_body(request._request, PolicyBody)
        files = _files(body)
        return Response(linted_here(check_files(files), source=files.source).as_json())


class PolicyTestView(_PolicyView):
    """`POST /api/v1/policies/test`: what a policy says to one action. Nothing is stored."""

    @extend_schema(request=PolicyTrialBody, responses={200: POLICIES["explanation"]}, operation_id="policy_test")
    def post(self, request: Request) -> Response:
        body = read_body(request._request, PolicyTrialBody)
        return Response(tried(_files(body), given=body.given))


class PolicySchemaView(_PolicyView):
    """`GET /api/v1/policies/schema`: the JSON Schema of the language, for editors."""

    @extend_schema(responses={200: POLICIES["schema"]}, operation_id="policy_schema")
    def get(self, request: Request) -> Response:
        return Response(policy_schema())


class ProposalListView(_PolicyView):
    """`/api/v1/policies/proposals`: what waits for a second person; a POST proposes."""

    @extend_schema(responses={200: POLICIES["proposals"]}, operation_id="policy_proposals")
    def get(self, request: Request) -> Response:
        return Response({"results": [proposal_answer(row) for row in open_proposals()], "next": None})

    @extend_schema(request=PolicyBody, responses={202: POLICIES["proposal"]}, operation_id="policy_propose")
    def post(self, request: Request) -> Response:
        person, body = _publisher(request), read_body(request._request, PolicyBody)
        return _submitted(propose_policy(_files(body), author=person, allows_empty=body.allow_empty))


class ProposalApproveView(_PolicyView):
    """`POST /api/v1/policies/proposals/{id}/approve`: publishes what somebody else has proposed."""

    @extend_schema(request=None, responses={201: POLICIES["version"]}, operation_id="policy_approve")
    def post(self, request: Request, proposal_id: str) -> Response:
        return _submitted(approve_proposal(proposal_id, actor=_publisher(request)))
