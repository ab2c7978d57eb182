"""Access tokens of a provider that runs: who may bear them, for whom, until when, and what becomes of it all."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from approvals.models import ApprovalRequest
from decisions.models import Agent, Decision, Issuer, RevokedToken, TokenClient
from decisions.services.issuers import add_client, change_issuer, remove_client, revoke_token
from decisions.services.policies import publish_policy
from decisions.services.replay import reevaluate
from decisions.services.revalidation import identity_problem
from decisions.services.tokens import introspection, keys
from decisions.services.tokens.revoked import revocation_digest
from receipts.clock import database_now
from receipts.identifiers import new_id
from receipts.problems import ProblemError
from receipts.selectors.subject_keys import forget_keys
from receipts.services.erasure import Actor
from receipts.services.retention import end_retention
from tests.api.doors import Door, problem_of
from tests.api.test_identity import DEMANDS, signed_identity
from tests.factories import ALICE, Cast, StepUp, begin_session, make_agent, make_issuer, vote
from tests.factories import MAIL as LETTER
from tests.oidc.provider import AUDIENCE, SECRET, Provider, claims_in, running_provider
from tests.privacy.people import tables_with
from tests.unit.intake.payloads import sdk_span
from tests.web.tampering import unguarded

Change = Callable[..., None]
OPENING = {"original_request": "Send the deck."}
MAIL = "email.send"


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with running_provider() as provider:
        yield provider


@pytest.fixture
def provider(running: Provider) -> Provider:
    """As it was when it began, to processes that have just begun."""
    running.answers.clear()
    running.ended.clear()
    running.asked.clear()
    running.rotate()
    keys.forget_keys()
    introspection.forget_answers()
    return running


@pytest.fixture
def issuer(cast: Cast, provider: Provider) -> Issuer:
    """Believed here; its client `worker` is the cast's agent."""
    made = make_issuer(provider.url)
    add_client(issuer=made, client="worker", agent=cast.agent.id, actor=None)
    return made


@pytest.fixture
def change(issuer: Issuer) -> Change:
    def change_it(**values: Any) -> None:
        change_issuer(id=issuer.pk, values=values, actor=None)

    return change_it


def opened(door: Door) -> str:
    reply = door.post("/api/v1/sessions", OPENING)
    assert reply.status_code == 201, reply.content
    found: str = reply.json()["session_id"]
    return found


def stepped_up(door: Door, session: str) -> StepUp:
    """Each time something else, since what waits is asked once."""
    answer = door.decide(session, parameters={**LETTER, "subject": new_id("sub")}).json()
    return StepUp(approval=ApprovalRequest.objects.get(pk=answer["approval"]["id"]), answer=answer)


def refused(door: Door) -> Mapping[str, Any]:
    return problem_of(door.get("/api/v1/receipts"), status=401, code="unauthenticated")


def taken(door: Door) -> bool:
    return bool(door.get("/api/v1/receipts").status_code == 200)


def test_a_token_of_somebody_who_signed_in_speaks_for_that_person(issuer: Issuer, provider: Provider) -> None:
    publish_policy(text=DEMANDS, source="demands.yaml", actor=None)
    door = Door(provider.sign_in("u-1"))
    session = opened(door)
    answer = door.decide(session, "mail.read").json()
    assert answer["effective"] == "ALLOW", answer
    found = signed_identity(answer)
    assert (found["human_verified"], found["host"], found["provenance"]) == (True, None, "asserted")
    assert found["scope"] == ["mail:read", "mail:send"]
    assert found["sources"] == {"agent": "token", "human": "token", "scope": "token", "delegation": "token"}
    assert (found["credential"], found["token"]["issuer"]) == (TokenClient.objects.get().pk, issuer.pk)
    assert [(hop["delegator"], hop["delegatee"]) for hop in found["delegation"]] == [(found["human"], found["agent"])]
    assert "u-1" not in str(found)
    decision = Decision.objects.select_related("session__human").get(pk=answer["decision_id"])
    human = decision.session.human
    assert human is not None
    assert human.identifier == "corp:u-1"
    again: Any = reevaluate(decision)
    assert again.decision.value == "ALLOW"


def test_a_persons_word_ends_with_the_token_that_carried_it(
    cast: Cast, agent: Door, issuer: Issuer, provider: Provider
) -> None:
    publish_policy(text=DEMANDS, source="demands.yaml", actor=None)
    alice, bob = Door(provider.sign_in("u-1")), Door(provider.sign_in("u-2"))
    session = opened(alice)
    assert alice.decide(session, "mail.sign").json()["effective"] == "DENY"
    without, another = agent.decide(session, "mail.read").json(), bob.decide(session, "mail.read").json()
    for answer in (without, another):
        assert (answer["decision"], answer["reason_code"]) == ("DENY", "identity_unverified")
        assert signed_identity(answer)["human_verified"] is False
    assert "another person" in another["reason"]
    assert Door(provider.sign_in("u-1")).decide(session, "mail.read").json()["effective"] == "ALLOW"


def test_a_client_that_acts_for_itself_is_an_agent_without_a_human(issuer: Issuer, provider: Provider) -> None:
    door = Door(provider.mint(sub="worker"))
    answer = door.decide(opened(door)).json()
    assert (answer["decision"], signed_identity(answer)["human"]) == ("STEP_UP", None)


@pytest.mark.case("CTX-09")
def test_a_child_session_and_what_is_observed_in_it_are_a_persons_with_their_token_only(
    cast: Cast, agent: Door, issuer: Issuer, provider: Provider
) -> None:
    publish_policy(text=DEMANDS, source="demands.yaml", actor=None)
    alice, bob = Door(provider.sign_in("u-1")), Door(provider.sign_in("u-2"))
    asked = {"parent_session_id": opened(alice)}
    problem_of(bob.post("/api/v1/sessions", asked), status=400, code="invalid_delegation")
    child = alice.post("/api/v1/sessions", asked).json()["session_id"]
    assert alice.decide(child, "mail.read").json()["effective"] == "ALLOW"
    assert agent.decide(child, "mail.read").json()["reason_code"] == "identity_unverified"
    span = {"session_id": child, "protocol": "otel", "request": sdk_span("mail.read", "{}")}
    assert alice.post("/api/v1/observations", span).json()["would_be"] == "ALLOW"
    another = span | {"request": sdk_span("mail.read", "{}")}
    assert agent.post("/api/v1/observations", another).json()["would_be"] == "DENY"


def test_a_token_narrows_what_a_host_said_and_never_widens_it(
    cast: Cast, host: Door, change: Change, provider: Provider
) -> None:
    change(human_claim="email")
    body = {"human": ALICE, "agent": cast.agent.id, "original_request": "Send.", "scope": ["mail:send", "files:read"]}
    session = host.post("/api/v1/sessions", body).json()["session_id"]
    door = Door(provider.mint(email=ALICE, email_verified=True, scope="mail:send admin"))
    found = signed_identity(door.decide(session).json())
    assert (found["scope"], found["sources"]["human"]) == (["mail:send"], "host")
    other = Door(provider.mint(email="bob@corp.example", email_verified=True)).decide(session).json()
    assert other["reason_code"] == "identity_unverified"


def unsigned(provider: Provider) -> str:
    head, middle, _ = provider.mint(header={}).split(".")
    return f"eyJhbGciOiJub25lIn0.{middle}." + head[:0]


def signed_with_the_public_key(provider: Provider) -> str:
    _, signer = provider.signers[-1]
    secret = signer.as_pem(private=False)
    head = "eyJhbGciOiJIUzI1NiJ9." + provider.mint().split(".")[1]
    from_secret = hmac.new(secret, head.encode(), hashlib.sha256).digest()
    return f"{head}.{from_secret.hex()}"


@pytest.mark.parametrize(
    ("make", "word"),
    [
        pytest.param(unsigned, "algorithm", id="none"),
        pytest.param(signed_with_the_public_key, "algorithm", id="HS256 with the public key"),
        pytest.param(lambda provider: provider.mint()[:-8] + "AAAAAAAA", "signature", id="signature altered"),
        pytest.param(lambda provider: provider.mint(header={"kid": "stranger"}), "no such key", id="unknown key"),
        pytest.param(lambda provider: provider.mint(header={"kid": "shared"}), "no such key", id="shared secret"),
        pytest.param(lambda provider: provider.mint(header={"typ": "logout+jwt"}), "kind", id="logout token"),
        pytest.param(lambda provider: provider.mint(aud="worker"), "meant", id="identity token"),
        pytest.param(lambda provider: provider.mint(exp=int(time.time()) - 60), "expired", id="expired"),
        pytest.param(lambda provider: provider.mint(nbf=int(time.time()) + 60), "not hold yet", id="not yet"),
        pytest.param(lambda provider: provider.mint(iat=int(time.time()) + 60), "future", id="from the future"),
        pytest.param(lambda provider: provider.mint(exp=None), "exp", id="without an end"),
        pytest.param(lambda provider: provider.mint(azp="stranger"), "No active agent", id="unknown client"),
        pytest.param(lambda provider: provider.mint(azp=None), "No active agent", id="no client"),
        pytest.param(lambda provider: provider.mint(iss="https://evil.example"), "No active agent", id="other issuer"),
        pytest.param(lambda provider: provider.mint(act="planner"), "actors", id="unreadable actors"),
    ],
)
def test_a_token_that_may_not_say_what_it_says_is_refused(
    issuer: Issuer, provider: Provider, make: Callable[[Provider], str], word: str
) -> None:
    assert taken(Door(provider.mint()))
    assert word in refused(Door(make(provider)))["why"]


def test_only_algorithms_that_the_issuer_is_known_for_are_taken(
    change: Change, issuer: Issuer, provider: Provider
) -> None:
    provider.rotate(alg="ES256")
    token = provider.mint()
    assert taken(Door(token))
    change(algorithms=["RS256"])
    assert "algorithm" in refused(Door(token))["why"]


def test_an_issuer_a_client_or_an_agent_that_is_ended_ends_its_tokens_at_once(
    cast: Cast, change: Change, provider: Provider
) -> None:
    door = Door(provider.mint())
    assert taken(door)
    change(is_active=False)
    refused(door)
    change(is_active=True)
    Agent.objects.filter(pk=cast.agent.id).update(is_active=False)
    refused(door)
    Agent.objects.filter(pk=cast.agent.id).update(is_active=True)
    assert taken(door)
    remove_client(TokenClient.objects.get(), actor=None)
    refused(door)


def test_a_new_key_of_the_issuer_is_found_and_an_old_one_forgotten(
    issuer: Issuer, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = Door(provider.mint())
    assert taken(old)
    assert (taken(old), provider.asked["/keys"]) == (True, 1)
    provider.rotate()
    new = Door(provider.mint())
    # Somebody who sends unknown keys doesn't make us ask more often.
    assert [taken(new), taken(new), provider.asked["/keys"]] == [False, False, 1]
    monkeypatch.setattr(keys, "LOOK_AGAIN_SECONDS", 0)
    assert (taken(new), provider.asked["/keys"]) == (True, 2)
    refused(old)


def test_an_issuer_that_is_out_of_reach_is_believed_for_a_while_and_then_nothing_is(
    issuer: Issuer, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = Door(provider.mint())
    assert taken(door)
    provider.answers["/keys"] = (500, {}, b"")
    monkeypatch.setattr(keys, "LOOK_AGAIN_SECONDS", 0)
    monkeypatch.setattr(keys, "FRESH_SECONDS", 0)
    assert taken(door)
    monkeypatch.setattr(keys, "STALE_SECONDS", 0)
    problem_of(door.get("/api/v1/receipts"), status=503, code="unavailable")
    provider.answers.clear()
    monkeypatch.setattr(keys, "STALE_SECONDS", 3600)
    assert taken(door)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param((302, {"Location": "/elsewhere"}, b""), id="redirect"),
        pytest.param((200, {}, b"{" + b" " * 300_000 + b"}"), id="too long"),
        pytest.param((200, {}, b"[]"), id="no object"),
        pytest.param((200, {}, b'{"keys": 7}'), id="no list"),
        pytest.param((200, {}, b"<html>"), id="no JSON"),
    ],
)
@pytest.mark.parametrize("path", ["/keys", "/.well-known/openid-configuration"])
def test_an_answer_that_is_not_the_issuers_keys_is_none(
    issuer: Issuer, provider: Provider, answer: tuple[int, dict[str, str], bytes], path: str
) -> None:
    provider.answers[path] = answer
    problem_of(Door(provider.mint()).get("/api/v1/receipts"), status=503, code="unavailable")
    assert "/elsewhere" not in provider.asked


def test_a_discovery_document_of_another_issuer_is_not_followed(issuer: Issuer, provider: Provider) -> None:
    other = b'{"issuer": "https://evil.example", "jwks_uri": "%s/keys"}' % provider.url.encode()
    provider.answers["/.well-known/openid-configuration"] = (200, {}, other)
    problem_of(Door(provider.mint()).get("/api/v1/receipts"), status=503, code="unavailable")
    assert provider.asked["/keys"] == 0


def test_an_issuer_may_be_asked_whether_a_token_still_holds(
    change: Change, provider: Provider, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.AARM_INTROSPECTION_SECRETS = {"corp": SECRET}
    change(introspection_url=f"{provider.url}/introspect", introspection_client="aarm-site")
    token = provider.mint()
    door = Door(token)
    assert [taken(door), taken(door), provider.asked["/introspect"]] == [True, True, 1]
    assert provider.logins[-1] == f"aarm-site:{SECRET}"
    provider.ended.add(token)
    # What held is believed for as long as the promise of 5 seconds leaves.
    assert introspection.REMEMBERED_SECONDS < 5
    assert taken(door)
    monkeypatch.setattr(introspection, "REMEMBERED_SECONDS", 0)
    assert "holds no longer" in refused(door)["why"]
    provider.answers["/introspect"] = (500, {}, b"")
    problem_of(Door(provider.mint()).get("/api/v1/receipts"), status=503, code="unavailable")


def test_so_many_answers_are_remembered_and_no_more(
    change: Change, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(introspection_url=f"{provider.url}/introspect", introspection_client="aarm-site")
    monkeypatch.setattr(introspection, "MOST_REMEMBERED", 2)
    first = Door(provider.mint())
    for door in (first, Door(provider.mint()), Door(provider.mint()), first):
        assert taken(door)
    assert provider.asked["/introspect"] == 4


@pytest.mark.parametrize("kind", ["jti", "sub"])
def test_a_token_or_a_person_on_the_list_of_what_was_revoked_is_refused(
    issuer: Issuer, provider: Provider, kind: str
) -> None:
    token = provider.sign_in("u-1")
    other = Door(provider.sign_in("u-2"))
    assert taken(Door(token))
    for _ in range(2):
        revoke_token(issuer=issuer, kind=kind, value=claims_in(token)[kind], actor=None)
    assert "revoked" in refused(Door(token))["why"]
    assert taken(other)


@pytest.mark.case("CTX-09")
def test_an_exchanged_token_names_everybody_through_whom_it_came(
    cast: Cast, issuer: Issuer, provider: Provider
) -> None:
    planner = make_agent("planner")[0]
    add_client(issuer=issuer, client="planner-app", agent=planner.pk, actor=None)
    handed_on = provider.exchange(provider.sign_in("u-1", client="planner-app"), client="worker", scope="mail:send")
    door = Door(handed_on)
    session = opened(door)
    answer = door.decide(session).json()
    found = signed_identity(answer)
    assert [hop["delegatee"] for hop in found["delegation"]] == [planner.pk, cast.agent.id]
    assert found["scope"] == ["mail:send"]
    Agent.objects.filter(pk=planner.pk).update(is_active=False)
    assert door.decide(session).json()["reason_code"] == "identity_unverified"


@pytest.mark.case("CTX-09")
@pytest.mark.parametrize(
    "actors",
    [
        pytest.param(["worker", "stranger"], id="somebody unknown"),
        pytest.param(["planner-app"], id="another agent acts"),
        pytest.param(["worker", "planner-app", "worker"], id="a cycle"),
        pytest.param(["worker", "b", "c", "planner-app"], id="too long"),
    ],
)
def test_a_token_with_a_chain_that_does_not_hold_opens_nothing_and_is_denied(
    cast: Cast, issuer: Issuer, provider: Provider, actors: list[str]
) -> None:
    for client in ("planner-app", "b", "c"):
        add_client(issuer=issuer, client=client, agent=make_agent(client)[0].pk, actor=None)
    session = opened(Door(provider.mint()))
    act: dict[str, Any] = {}
    for name in reversed(actors):
        act = {"sub": name} | ({"act": act} if act else {})
    door = Door(provider.mint(act=act))
    problem_of(door.post("/api/v1/sessions", OPENING), status=400, code="invalid_delegation")
    answer = door.decide(session).json()
    assert (answer["decision"], answer["reason_code"]) == ("DENY", "identity_unverified")


@pytest.mark.case("APR-15")
def test_an_approval_outlives_the_token_and_not_the_authority(
    cast: Cast, agent: Door, issuer: Issuer, provider: Provider
) -> None:
    now = int(time.time())
    door = Door(provider.mint(iat=now - 300, exp=now - 20))
    session = opened(door)
    approved = [stepped_up(door, session) for _ in range(4)]
    for step in approved:
        vote(step, cast.bob)
    problem_of(agent.claim(approved[0].answer), status=409, code="stale_identity")
    narrower = Door(provider.mint(scope="mail:read"))
    problem_of(narrower.claim(approved[1].answer), status=409, code="stale_identity")
    problem_of(Door(provider.mint(sub="u-2")).claim(approved[2].answer), status=409, code="stale_identity")
    assert Door(provider.mint()).claim(approved[3].answer).status_code == 200


@pytest.mark.case("APR-15")
@pytest.mark.parametrize("loss", ["client", "issuer", "person", "token"])
def test_what_was_asked_with_a_token_that_is_revoked_by_now_is_neither_approved_nor_claimed(
    cast: Cast, issuer: Issuer, change: Change, provider: Provider, loss: str
) -> None:
    token = provider.mint()
    door = Door(token)
    session = opened(door)
    pending, approved = stepped_up(door, session), stepped_up(door, session)
    vote(approved, cast.bob)
    if loss == "client":
        remove_client(TokenClient.objects.get(), actor=None)
        add_client(issuer=issuer, client="worker", agent=cast.agent.id, actor=None)
    elif loss == "issuer":
        change(is_active=False)
    else:
        kind = {"person": "sub", "token": "jti"}[loss]
        revoke_token(issuer=issuer, kind=kind, value=claims_in(token)[kind], actor=None)
    with pytest.raises(ProblemError) as stale:
        vote(pending, cast.bob)
    assert stale.value.code == "stale_identity"
    if loss in ("client", "token"):
        problem_of(Door(provider.mint()).claim(approved.answer), status=409, code="stale_identity")


@pytest.mark.case("PRV-04")
def test_nobody_finds_out_by_guessing_for_whom_a_token_spoke_or_who_was_revoked(
    cast: Cast, issuer: Issuer, provider: Provider
) -> None:
    door = Door(provider.sign_in("u-1"))
    answer = door.decide(opened(door)).json()
    revoke_token(issuer=issuer, kind="sub", value="u-1", actor=None)
    (row,) = RevokedToken.objects.all()
    assert signed_identity(answer)["token"]["subject"] == row.digest
    assert {"decisions_decision", "decisions_revokedtoken", "receipts_receipt"} <= set(tables_with(row.digest))
    guess = hashlib.sha256(b"sub:u-1").hexdigest()
    assert tables_with(guess) == []
    assert guess not in str(signed_identity(answer))
    end_retention("9999-11", actor=Actor(login="operator"))
    forget_keys()
    assert "revoked" in refused(door)["why"]


@pytest.mark.case("APR-15")
def test_what_was_revoked_or_asked_before_names_had_a_key_is_revoked_all_the_same(
    cast: Cast, issuer: Issuer, provider: Provider
) -> None:
    door = Door(provider.sign_in("u-1"))
    pending = stepped_up(door, opened(door))
    decision = Decision.objects.get(pk=pending.answer["decision_id"])
    unkeyed = "sha256:" + hashlib.sha256(b"sub:u-1").hexdigest()
    decision.identity["token"] |= {"token": None, "subject": unkeyed}
    with unguarded(Decision._meta.db_table):
        Decision.objects.filter(pk=decision.pk).update(identity=decision.identity)
    decision.refresh_from_db()
    at = database_now()
    assert identity_problem(decision, session=decision.session, at=at) is None
    for revoked in (unkeyed, revocation_digest("sub", "u-1")):
        row = RevokedToken.objects.create(issuer=issuer, kind="sub", digest=revoked, revoked_at=at)
        assert "revoked" in refused(door)["why"]
        assert "revoked" in str(identity_problem(decision, session=decision.session, at=at))
        row.delete()
    assert taken(door)


def test_a_token_costs_the_database_one_question(issuer: Issuer, agent: Door, cast: Cast, provider: Provider) -> None:
    door, session = Door(provider.mint(sub="worker")), begin_session(cast)

    def statements(caller: Door) -> list[str]:
        with CaptureQueriesContext(connection) as found:
            caller.decide(session, parameters={**LETTER, "subject": new_id("sub")})
        return [query["sql"] for query in found]

    warm = [statements(caller) for caller in (door, agent)]
    assert warm
    by_token, by_key = statements(door), statements(agent)
    # The key of the names is read each time here, where nothing is committed, and else kept like those of values.
    assert len([sql for sql in by_token if "9999-12" not in sql]) == len(by_key)
    assert sum("decisions_tokenclient" in sql for sql in by_token) == 1


ISSUERS = "/api/v1/issuers"
GOOD = {"name": "other", "url": "https://other.example", "audience": AUDIENCE}


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"url": "http://other.example"}, "url"),
        ({"url": "https://user:pass@other.example"}, "url"),
        ({"url": "file:///etc/passwd"}, "url"),
        ({"url": "https://"}, "url"),
        ({"url": "https://other.example:x"}, "url"),
        ({"jwks_url": "gopher://other.example"}, "jwks_url"),
        ({"introspection_url": "http://169.254.169.254/"}, "introspection_url"),
        ({"algorithms": ["HS256"]}, "algorithms"),
        ({"algorithms": ["none"]}, "algorithms"),
        ({"algorithms": []}, "algorithms"),
        ({"agent_claim": "sub"}, "agent_claim"),
        ({"human_claim": "name"}, "human_claim"),
        ({"audience": ""}, "audience"),
        ({"leeway_seconds": 301}, "leeway_seconds"),
        ({"name": "a b"}, "name"),
    ],
)
def test_an_issuer_that_can_not_be_believed_is_refused(cast: Cast, change: dict[str, Any], param: str) -> None:
    trent = Door()
    trent.client.force_login(cast.trent)
    assert problem_of(trent.post(ISSUERS, GOOD | change), status=400, code="invalid_body")["param"] == param


def test_issuers_are_kept_over_the_api_and_tokens_follow(cast: Cast, provider: Provider) -> None:
    trent = Door()
    trent.client.force_login(cast.trent)
    made = trent.post(ISSUERS, GOOD | {"url": provider.url}).json()
    path = f"{ISSUERS}/{made['id']}"
    door = Door(provider.mint())
    refused(door)
    client = trent.post(f"{path}/clients", {"client": "worker", "agent": "demo-agent"}).json()
    assert taken(door)
    assert trent.get(path).json()["clients"] == [client]
    assert trent.get(ISSUERS).json()["results"] == [trent.get(path).json()]
    problem_of(
        trent.post(f"{path}/clients", {"client": "worker", "agent": "demo-agent"}), status=409, code="issuer_exists"
    )
    assert trent.post(path, {"required_scope": "aarm.call"}).json()["required_scope"] == "aarm.call"
    assert "scope" in refused(door)["why"]
    assert trent.post(path, {"required_scope": ""}).json()["is_active"] is True
    assert trent.post(f"{path}/revocations", {"kind": "jti", "value": "t-none"}).json() == {"revoked": "jti"}
    assert taken(door)
    assert trent.post(f"{path}/clients/{client['id']}/remove").json()["clients"] == []
    refused(door)
    problem_of(trent.post(f"{path}/clients/{client['id']}/remove"), status=404, code="not_found")
    problem_of(trent.post(f"{ISSUERS}/iss_nobody", {}), status=404, code="not_found")
    problem_of(trent.post(path, {"algorithms": ["HS256"]}), status=400, code="invalid_body")
    other = trent.post(ISSUERS, GOOD | {"name": "third", "url": "https://third.example"})
    assert other.status_code == 201
