"""What is taken from somebody is gone on every process with the next request: nothing about callers is remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.test import Client

from approvals.models import User
from approvals.services.people import Role, role_group
from decisions.models import Agent, Credential, Host, Human, Issuer, TokenClient
from decisions.services.identity import authenticate, issue_key, revoke_keys
from decisions.services.issuers import add_client, change_issuer, remove_client, revoke_token
from decisions.services.sessions import NewSession, open_session
from receipts.clock import database_now
from tests.factories import (
    ALICE,
    MAIL,
    SECURITY,
    Cast,
    confirmation,
    make_agent,
    make_cast,
    make_issuer,
    make_person,
    open_step_up,
    vote,
)
from tests.integration.applications import Answered, Application, Asked, applications
from tests.integration.deciders import own_database
from tests.oidc.foreign import AUDIENCE, Foreign, running_foreign
from tests.oidc.provider import claims_in

PROCESSES = 4

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return make_cast()


@pytest.fixture(scope="module")
def crew(django_db_setup: None) -> Iterator[list[Application]]:
    with applications(PROCESSES, variables=own_database()) as children:
        yield children


def answers(crew: list[Application], ask: Callable[[], Asked]) -> list[Answered]:
    """What every process answers to one more such request."""
    return [each.answer(ask()) for each in crew]


def is_revoked(agent: Agent) -> None:
    assert revoke_keys(ids=[agent.credentials.get().pk]) == 1


def expires(agent: Agent) -> None:
    Credential.objects.filter(agent=agent).update(expires_at=database_now())


def is_stopped(agent: Agent) -> None:
    Agent.objects.filter(pk=agent.pk).update(is_active=False)


@pytest.mark.case("API-15", "CTX-17")
def test_no_process_takes_a_key_that_was_taken_away_and_asks_once_a_request(
    cast: Cast, crew: list[Application]
) -> None:
    agents = {change: make_agent(change.__name__) for change in (is_revoked, expires, is_stopped)}

    def action_by(agent: Agent, key: str) -> Callable[[], Asked]:
        new = NewSession(original_request="Do it.", human="alice@corp.example", agent=agent.pk)
        session = open_session(caller=cast.host, new=new).pk
        body = {"session_id": session, "tool": "email", "operation": "send", "parameters": dict(MAIL)}
        return lambda: Asked("/decide", body, {"Authorization": f"Bearer {key}"})

    asks = {change: action_by(*made) for change, made in agents.items()}
    for change, ask in asks.items():
        before = answers(crew, ask)
        assert [(each.status, each.body["decision"]) for each in before] == [(202, "STEP_UP")] * PROCESSES
        # For the key that came, and in the statement that locks the session for those that its host has vouched with.
        assert [each.reads_of("decisions_credential") for each in before] == [2] * PROCESSES
        change(agents[change][0])
        after = answers(crew, ask)
        assert [(each.status, each.body["code"]) for each in after] == [(401, "unauthenticated")] * PROCESSES
        assert [each.reads_of("decisions_credential") for each in after] == [1] * PROCESSES


def its_token_is_revoked(issuer: Issuer, client: TokenClient, token: str) -> None:
    revoke_token(issuer=issuer, kind="jti", value=str(claims_in(token)["jti"]), actor=None)


def its_person_is_revoked(issuer: Issuer, client: TokenClient, token: str) -> None:
    revoke_token(issuer=issuer, kind="sub", value=str(claims_in(token)["sub"]), actor=None)


def its_client_is_removed(issuer: Issuer, client: TokenClient, token: str) -> None:
    remove_client(client, actor=None)


def its_issuer_is_switched_off(issuer: Issuer, client: TokenClient, token: str) -> None:
    change_issuer(id=issuer.pk, values={"is_active": False}, actor=None)


TOKEN_LOSSES: tuple[Callable[[Issuer, TokenClient, str], None], ...] = (
    its_token_is_revoked,
    its_person_is_revoked,
    its_client_is_removed,
    its_issuer_is_switched_off,
)


@pytest.mark.case("API-15", "CTX-17")
def test_no_process_takes_a_token_that_was_ended_here_and_asks_once_a_request(
    cast: Cast, crew: list[Application]
) -> None:
    with running_foreign() as foreign:
        issuer = make_issuer(foreign.url, audience=AUDIENCE, agent_claim="client_id")
        for change in TOKEN_LOSSES:
            client = add_client(issuer=issuer, client=change.__name__, agent=cast.agent.id, actor=None)
            asks = [_opening(foreign, client.client, person=f"{client.client}-{number}") for number in range(2)]
            for _, ask in asks:
                assert [each.status for each in answers(crew, ask)] == [201] * PROCESSES
            (token, ended), (_, other) = asks
            change(issuer, client, token)
            after = answers(crew, ended)
            assert [(each.status, each.body["code"]) for each in after] == [(401, "unauthenticated")] * PROCESSES
            assert [each.reads_of("decisions_tokenclient") for each in after] == [1] * PROCESSES
            wanted = 201 if change in TOKEN_LOSSES[:2] else 401
            assert [each.status for each in answers(crew, other)] == [wanted] * PROCESSES


def _opening(foreign: Foreign, client: str, *, person: str) -> tuple[str, Callable[[], Asked]]:
    """A token, and what opens a session with it."""
    token = foreign.token(person=person, client=client)
    asked = Asked("/api/v1/sessions", {"original_request": "Do it."}, {"Authorization": f"Bearer {token}"})
    return token, lambda: asked


def leaves_team(person: User) -> None:
    person.groups.remove(Group.objects.get(name=SECURITY))


def loses_role(person: User) -> None:
    person.groups.remove(role_group(Role.REVIEWER))


def is_deactivated(person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)


# What somebody is told who isn't asked, may not review, or can't be told apart from anybody.
REFUSALS: Mapping[Callable[[User], None], tuple[int, str]] = {
    leaves_team: (404, "not_found"),
    loses_role: (403, "forbidden"),
    is_deactivated: (401, "unauthenticated"),
}


@pytest.mark.case("APR-13", "APR-14")
def test_no_process_takes_the_vote_of_somebody_who_may_no_longer(cast: Cast, crew: list[Application]) -> None:
    for change, refusal in REFUSALS.items():
        person = make_person(change.__name__, teams=(SECURITY,))
        ask = vote_of(person, cast=cast)
        before = answers(crew, ask)
        assert [(each.status, each.body["state"]) for each in before] == [(200, "APPROVED")] * PROCESSES
        change(person)
        after = answers(crew, ask)
        assert [(each.status, each.body["code"]) for each in after] == [refusal] * PROCESSES


def vote_of(person: User, *, cast: Cast) -> Callable[[], Asked]:
    """Votes in a browser that is signed in, each on a request that nobody has voted on."""
    client = Client()
    client.force_login(person)
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"

    def ask() -> Asked:
        approval = open_step_up(cast).approval
        body = {"verdict": "approve", "view_digest": approval.view_digest, "version": approval.version}
        body |= confirmation(approval, person)
        return Asked(f"/api/v1/approvals/{approval.pk}/votes", body, {"Cookie": cookie})

    return ask


def is_no_reviewer_any_more(cast: Cast, reviewer: User) -> None:
    loses_role(reviewer)


def has_lost_its_host(cast: Cast, reviewer: User) -> None:
    assert Host.objects.filter(pk=cast.host.id).update(is_active=False) == 1


def has_lost_its_hosts_key(cast: Cast, reviewer: User) -> None:
    assert revoke_keys(ids=[cast.host.key_id]) == 1


def acts_for_somebody_who_is_gone(cast: Cast, reviewer: User) -> None:
    assert Human.objects.filter(identifier=ALICE).update(is_active=False) == 1


# Who has approved may no longer; who has asked is no longer who they were.
CLAIM_REFUSALS: Mapping[Callable[[Cast, User], None], str] = {
    is_no_reviewer_any_more: "not_approved",
    acts_for_somebody_who_is_gone: "stale_identity",
    has_lost_its_hosts_key: "stale_identity",
    has_lost_its_host: "stale_identity",
}


@pytest.mark.case("APR-12", "APR-15")
def test_no_process_lets_be_claimed_what_was_approved_by_or_for_somebody_who_is_gone(
    cast: Cast, crew: list[Application]
) -> None:
    for change, code in CLAIM_REFUSALS.items():
        Human.objects.update(is_active=True)
        cast = replace(cast, host=authenticate(issue_key(owner=Host.objects.get(pk=cast.host.id), at=database_now())))
        reviewer = make_person(change.__name__, teams=(SECURITY,))
        claims = [claim_of(reviewer, cast=cast) for _ in range(2 * PROCESSES)]
        before = [each.answer(ask) for each, ask in zip(crew, claims[:PROCESSES], strict=True)]
        assert [each.status for each in before] == [200] * PROCESSES
        change(cast, reviewer)
        after = [each.answer(ask) for each, ask in zip(crew, claims[PROCESSES:], strict=True)]
        assert [(each.status, each.body["code"]) for each in after] == [(409, code)] * PROCESSES


def claim_of(reviewer: User, *, cast: Cast) -> Asked:
    """Claims what this reviewer has approved."""
    step = open_step_up(cast)
    assert vote(step, reviewer).state == "APPROVED"
    path = f"/api/v1/decisions/{step.answer['decision_id']}/claim"
    body = {"action_digest": step.answer["action_digest"]}
    return Asked(path, body, {"Authorization": f"Bearer {cast.agent_key}"})
