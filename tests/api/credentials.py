"""Every kind of credential that can come with a request: those that open doors, and those that don't."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.contrib.sessions.models import Session

from decisions.models import Credential
from decisions.services.identity import issue_key, revoke_keys
from decisions.services.issuers import add_client, revoke_token
from receipts.access import KeyScope
from receipts.clock import database_now
from tests.api.matrix import callers_of, cookie_of
from tests.api.world import World
from tests.factories import make_agent, make_issuer, make_person
from tests.oidc.provider import Provider

CSRF = "c" * 32
DAY = 24 * 60 * 60
TAKEN_BACK = "t-taken-back"


@dataclass(frozen=True, slots=True)
class Presented:
    """What a request brings to say who sends it."""

    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)


def _signed_in(cookie: str) -> Presented:
    """Also what a page of ours sends along, so that the cookie counts."""
    cookies = {settings.SESSION_COOKIE_NAME: cookie, settings.CSRF_COOKIE_NAME: CSRF}
    return Presented({"X-CSRFToken": CSRF}, cookies)


def _bearing(key: str) -> Presented:
    return Presented({"Authorization": f"Bearer {key}"})


def believed(provider: Provider, *, world: World) -> None:
    """The provider's client `worker` is our agent, and one of its tokens has been taken back."""
    issuer = make_issuer(provider.url, name="running")
    add_client(issuer=issuer, client="worker", agent=world.ours.agent.id, actor=None)
    revoke_token(issuer=issuer, kind="jti", value=TAKEN_BACK, actor=None)


def sound_credentials(world: World, provider: Provider) -> dict[str, Presented]:
    """Of everybody in the world, of an agent whose key may only read, and of one that bears a person's token."""
    agent, _ = make_agent("reading-agent")
    reading = issue_key(owner=agent, at=database_now(), scopes={KeyScope.READ})
    callers = callers_of(world)
    held = {
        name: _bearing(caller.key) if caller.key else _signed_in(caller.cookie)
        for name, caller in callers.items()
        if caller.key or caller.cookie
    }
    # A nightly run takes longer than a token usually lasts.
    lasting = provider.mint(exp=int(database_now().timestamp()) + DAY)
    return held | {"a key that may only read": _bearing(reading), "a token": _bearing(lasting)}


def void_credentials(world: World, provider: Provider) -> dict[str, Presented]:
    """What opens no door that isn't open to everybody."""
    return _void_keys(world) | _void_cookies() | _void_tokens(provider)


def _void_keys(world: World) -> dict[str, Presented]:
    agent, revoked = make_agent("former-agent")
    revoke_keys(ids=set(Credential.objects.filter(agent=agent).values_list("pk", flat=True)))
    now = database_now()
    lapsed = issue_key(owner=agent, at=now - timedelta(days=2), expires_at=now - timedelta(days=1))
    key = world.ours.agent_key
    return {
        "nothing": Presented(),
        "a key that was revoked": _bearing(revoked),
        "a key that has expired": _bearing(lapsed),
        "a key cut short": _bearing(key[:-1]),
        "a key of nobody": _bearing("aak_" + "x" * 43),
        "a key in another scheme": Presented({"Authorization": f"Basic {key}"}),
        "no key at all": Presented({"Authorization": "Bearer"}),
    }


def _void_cookies() -> dict[str, Presented]:
    left, gone = make_person("left"), make_person("gone")
    cookies = {"a cookie of somebody who left": cookie_of(left), "a cookie of a session that ended": cookie_of(gone)}
    left.is_active = False
    left.save()
    Session.objects.filter(pk=cookies["a cookie of a session that ended"]).delete()
    return {name: _signed_in(cookie) for name, cookie in cookies.items()} | {"a cookie of nobody": _signed_in("x" * 32)}


def _void_tokens(provider: Provider) -> dict[str, Presented]:
    now = int(database_now().timestamp())
    sound = provider.mint()
    minted = {
        "a token that has expired": provider.mint(exp=now - DAY),
        "a token for somebody else": provider.mint(aud="another"),
        "a token of a client that nobody knows": provider.mint(azp="nobody"),
        "a token of an issuer that nobody knows": provider.mint(iss="https://nobody.example"),
        "a token that was taken back": provider.mint(jti=TAKEN_BACK),
        "a token whose signature is another's": sound[: sound.rindex(".")] + "." + provider.mint().rpartition(".")[2],
    }
    return {name: _bearing(token) for name, token in minted.items()}
