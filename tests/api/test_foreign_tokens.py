"""Tokens of an authorization server that somebody else wrote: Authlib's, with the access tokens of RFC 9068."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings

from decisions.models import Human, Issuer
from decisions.services.issuers import add_client, change_issuer
from decisions.services.policies import publish_policy
from decisions.services.tokens import introspection, keys
from tests.api.doors import Door, problem_of
from tests.api.test_identity import DEMANDS, signed_identity
from tests.factories import Cast, make_issuer
from tests.oidc.foreign import AUDIENCE, SECRET, Foreign, running_foreign


@pytest.fixture(scope="module")
def running() -> Iterator[Foreign]:
    with running_foreign() as foreign:
        yield foreign


@pytest.fixture
def foreign(running: Foreign) -> Foreign:
    running.rotate()
    running.ended.clear()
    running.seconds = 300
    keys.forget_keys()
    introspection.forget_answers()
    return running


@pytest.fixture
def issuer(cast: Cast, foreign: Foreign) -> Issuer:
    made = make_issuer(foreign.url, audience=AUDIENCE, agent_claim="client_id")
    add_client(issuer=made, client="worker", agent=cast.agent.id, actor=None)
    publish_policy(text=DEMANDS, source="demands.yaml", actor=None)
    return made


def opened(door: Door) -> str:
    reply = door.post("/api/v1/sessions", {"original_request": "Send the deck."})
    assert reply.status_code == 201, reply.content
    found: str = reply.json()["session_id"]
    return found


def refused(token: str) -> None:
    problem_of(Door(token).get("/api/v1/receipts"), status=401, code="unauthenticated")


def taken(token: str) -> None:
    assert Door(token).get("/api/v1/receipts").status_code == 200


@pytest.mark.case("CTX-17")
def test_a_token_for_a_person_speaks_for_them_and_one_for_the_client_for_nobody(
    issuer: Issuer, foreign: Foreign
) -> None:
    theirs, own = Door(foreign.token(person="u-7")), Door(foreign.token())
    answer = theirs.decide(opened(theirs), "mail.read").json()
    found = signed_identity(answer)
    assert (answer["effective"], found["human_verified"], found["scope"]) == ("ALLOW", True, ["mail:read", "mail:send"])
    assert Human.objects.get(pk=found["human"]).identifier == f"{issuer.name}:u-7"
    answer = own.decide(opened(own), "mail.read").json()
    assert (answer["decision"], answer["reason_code"]) == ("DENY", "identity_unverified")
    assert signed_identity(answer)["human"] is None


def test_its_keys_are_looked_up_where_it_says_and_again_when_they_were_rotated(
    issuer: Issuer, foreign: Foreign, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = foreign.token(person="u-7")
    taken(before)
    foreign.rotate()
    monkeypatch.setattr(keys, "LOOK_AGAIN_SECONDS", 0)
    taken(foreign.token(person="u-7"))
    refused(before)


def test_what_it_did_not_sign_or_meant_for_others_or_is_over_is_refused(issuer: Issuer, foreign: Foreign) -> None:
    token = foreign.token(person="u-7")
    head, body, signature = token.split(".")
    said = json.loads(base64.urlsafe_b64decode(body + "=="))
    forged = base64.urlsafe_b64encode(json.dumps(said | {"sub": "u-1"}).encode()).decode().rstrip("=")
    refused(f"{head}.{forged}.{signature}")
    refused(foreign.token(person="u-7", client="stranger"))
    foreign.seconds = -600
    refused(foreign.token(person="u-7"))
    taken(token)
    change_issuer(id=issuer.pk, values={"audience": "https://elsewhere.corp.example"}, actor=None)
    refused(token)


def test_what_it_says_is_revoked_is_refused(issuer: Issuer, foreign: Foreign, settings: LazySettings) -> None:
    where: dict[str, Any] = {"introspection_url": f"{foreign.url}/introspect", "introspection_client": "us"}
    settings.AARM_INTROSPECTION_SECRETS = {issuer.name: SECRET}
    change_issuer(id=issuer.pk, values=where, actor=None)
    token, other = foreign.token(person="u-7"), foreign.token(person="u-7")
    taken(token)
    foreign.ended.add(token)
    introspection.forget_answers()
    refused(token)
    taken(other)
