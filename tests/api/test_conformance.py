"""What fits the OpenAPI document or nearly does, whoever sends it, is answered as the document says (API-19)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoDbBlocker
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS, not_a_server_error

from tests.api.credentials import Presented, believed, sound_credentials, void_credentials
from tests.api.doors import open_transaction_kept
from tests.api.matrix import COLUMNS, address
from tests.api.routes import Route
from tests.api.test_access_matrix import GOLDEN
from tests.api.test_openapi import committed
from tests.api.world import World, make_world
from tests.oidc.provider import Provider, running_provider

IS_NIGHTLY = "AARM_NIGHTLY" in os.environ
# Of each door by those who get furthest there; of these, so many are sent by everybody as well.
EXAMPLES, BY_ALL = (600, 20) if IS_NIGHTLY else (12, 2)
# What the world's policy has rules for; made-up names would only ever meet its default.
TOOLS = ("files.read", "email.send", "campaign.send", "credentials.rotate")
METHODS = ("get", "post")
CONFORMANCE = ("status_code_conformance", "content_type_conformance", "response_schema_conformance")
# What a door that is shut may say: that there is no such caller, or nothing of the kind that was sent.
REFUSALS = {400, 401, 404, 405, 406, 413, 415}
# Whom a door lets in by the reviewed table of who may do what; a caller without any credential is among the void.
NOT_ADMITTED = {"401", "403", "405", "in"}


def operations() -> Iterator[tuple[str, str]]:
    """Method and address of everything that is described."""
    for path, methods in committed()["paths"].items():
        yield from ((method.upper(), path) for method in methods if method in METHODS)


@dataclass(frozen=True, slots=True)
class Place:
    """The world in which everything is tried, and who may come with what."""

    world: World
    document: Any
    sound: Mapping[str, Presented]
    void: Mapping[str, Presented]


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider() as running:
        yield running


@pytest.fixture(scope="module")
def place(django_db_setup: None, django_db_blocker: DjangoDbBlocker, provider: Provider) -> Iterator[Place]:
    """One for all tests of this file, each of which takes back what it does."""
    with django_db_blocker.unblock(), transaction.atomic(), open_transaction_kept():
        world = make_world()
        believed(provider, world=world)
        document = schemathesis.openapi.from_wsgi("/api/schema?format=json", get_wsgi_application())
        sound, void = sound_credentials(world, provider), void_credentials(world, provider)
        yield Place(world=world, document=document, sound=sound, void=void)
        transaction.set_rollback(True)


def cases(place: Place, method: str, path: str) -> st.SearchStrategy[Case[Any]]:
    """What fits the document and what nearly does, about things that there are and others."""
    operation = place.document[path][method]
    names = Route(path).parameters
    filled = address(Route(path), world=place.world, camp=place.world.ours).split("/")
    real = {part[1:-1]: value for part, value in zip(path.split("/"), filled, strict=True) if part[1:-1] in names}
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    made = [operation.as_strategy(mode) for mode in modes]
    if real:
        made += [operation.as_strategy(mode, path_parameters=real) for mode in modes]
    return st.one_of(*made)


def grounded(case: Case[Any], *, session: str) -> Case[Any]:
    """The same case in a session that there is, and half of the time about a tool that the policy knows."""
    body = case.body
    if isinstance(body, dict) and isinstance(body.get("session_id"), str):
        body["session_id"] = session
        length = len(str(body.get("tool")))
        if length % 2:
            body["tool"] = TOOLS[length % len(TOOLS)]
            body.pop("operation", None)
    return case


def admitted(method: str, path: str) -> list[str]:
    """Who gets furthest at this door; the others mostly show that they get no further."""
    rows = [line.split() for line in GOLDEN.read_text(encoding="utf-8").splitlines()]
    cells = [row[2:-1] for row in rows if row and (row[0], row[-1]) == (method, path)]
    named = {name for row in cells for name, cell in zip(COLUMNS, row, strict=True) if cell not in NOT_ADMITTED}
    return sorted(named - {"anon"})


def schemes_of(method: str, path: str) -> set[str]:
    """What opens this door; nothing where it is open to everybody."""
    return {name for each in committed()["paths"][path][method.lower()]["security"] for name in each}


def answered(place: Place, case: Case[Any], *, who: Presented) -> Any:
    """The answer of one request, whose effects are taken back."""
    with transaction.atomic():
        response = grounded(case, session=place.world.ours.session).call(
            headers=dict(who.headers), cookies=dict(who.cookies)
        )
        transaction.set_rollback(True)
    return response


def exploring(examples: int) -> settings:
    """The same examples each time, and new ones at night."""
    return settings(
        max_examples=examples, deadline=None, derandomize=not IS_NIGHTLY, database=None,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip


def requires_conformance(case: Case[Any], response: Any) -> None:
    checks: Any = [not_a_server_error, *CHECKS.get_by_names(list(CONFORMANCE))]
    case.validate_response(response, checks=checks)


@pytest.mark.django_db
@pytest.mark.case("API-19")
@pytest.mark.parametrize(("method", "path"), sorted(operations()))
def test_whatever_is_sent_by_whomever_is_answered_as_documented(place: Place, method: str, path: str) -> None:
    likely = admitted(method, path)
    assert likely

    @exploring(EXAMPLES)
    @given(case=cases(place, method, path), who=st.sampled_from(likely))
    def tried(case: Case[Any], who: str) -> None:
        requires_conformance(case, answered(place, case, who=place.sound[who]))

    @exploring(BY_ALL)
    @given(case=cases(place, method, path))
    def tried_by_all(case: Case[Any]) -> None:
        for who in place.sound.values():
            requires_conformance(case, answered(place, case, who=who))

    tried()
    tried_by_all()


@pytest.mark.django_db
@pytest.mark.case("API-19", "API-15")
@pytest.mark.parametrize(("method", "path"), sorted(operations()))
def test_a_credential_that_is_void_opens_nothing_whatever_is_sent(place: Place, method: str, path: str) -> None:
    is_for_everybody = not schemes_of(method, path)

    @exploring(BY_ALL)
    @given(case=cases(place, method, path))
    def tried_by_all(case: Case[Any]) -> None:
        for name, who in place.void.items():
            response = answered(place, case, who=who)
            requires_conformance(case, response)
            assert is_for_everybody or response.status_code in REFUSALS, (name, response.status_code)

    tried_by_all()
