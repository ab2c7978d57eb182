"""Signing in at an OpenID provider that somebody else wrote, with its own pages, keys and tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.contrib.auth import SESSION_KEY
from django.test import Client
from oidc_provider_mock import User as Subject
from oidc_provider_mock import run_server_in_thread

from tests.factories import Cast, make_cast
from tests.integration.identity_provider import IdentityProvider
from tests.integration.test_sso import configure, leave, link


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def elsewhere(settings: Any) -> Iterator[None]:
    people = [
        Subject(sub=name, claims={"email": f"{name}@corp.example", "groups": ["sec"]}) for name in ("8b1f", "9c2a")
    ]
    with run_server_in_thread(user_claims=people) as server:
        configure(settings, IdentityProvider(f"http://localhost:{server.server_port}"))
        yield


def who(client: Client) -> str | None:
    found: str | None = client.session.get(SESSION_KEY)
    return found


def go_through(client: Client, *, subject: str) -> Any:
    """Presses the button, says who one is on the provider's page, and comes back with its answer."""
    answer = httpx.post(leave(client), data={"sub": subject})
    assert answer.status_code == 302, answer.text
    return client.get(answer.headers["Location"])


def test_somebody_who_is_linked_signs_in_and_a_stranger_does_not(cast: Cast, elsewhere: None) -> None:
    link(cast.bob, "8b1f")
    client, other = Client(), Client()
    assert go_through(client, subject="8b1f").status_code == 302
    assert who(client) == str(cast.bob.pk)
    go_through(other, subject="9c2a")
    assert who(other) is None


def test_an_answer_for_another_browser_is_not_taken(cast: Cast, elsewhere: None) -> None:
    link(cast.bob, "8b1f")
    answer = httpx.post(leave(Client()), data={"sub": "8b1f"})
    other = Client()
    other.get(answer.headers["Location"])
    assert who(other) is None
