"""Signing in: by password, and by a link that works once and only when its button is pressed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from approvals.models import SignInLink
from approvals.services.people import issue_sign_in_link
from tests.factories import Cast
from tests.web.reading import read, signed_in


def user_of(client: Client) -> str | None:
    return client.session.get("_auth_user_id")


def address(token: str) -> str:
    return f"/accounts/link/{token}"


@pytest.mark.case("CHN-14")
def test_opening_a_link_uses_nothing_up_however_often(cast: Cast) -> None:
    token, client = issue_sign_in_link(user=cast.bob), Client()
    before = SignInLink.objects.values().get()
    for method in (client.get, client.head, client.options) * 17:
        method(address(token), headers={"User-Agent": "SafeLinks scanner", "Purpose": "prefetch"})
    assert SignInLink.objects.values().get() == before
    assert user_of(client) is None
    page = read(client.get(address(token)))
    assert page.tagged("h1")[0].text == "Sign in as bob"
    assert client.post(address(token)).status_code == 303
    assert user_of(client) == str(cast.bob.pk)


def test_the_button_signs_in_once(cast: Cast) -> None:
    token, client = issue_sign_in_link(user=cast.bob), Client()
    reply = client.post(address(token))
    assert (reply.status_code, reply.headers["Location"]) == (303, "/")
    assert read(client.get("/inbox")).tagged("h1")[0].text == "Inbox"
    second = Client()
    for again in (second.get(address(token)), second.post(address(token))):
        assert again.status_code == 410
        assert "This link no longer works" in read(again).text
    assert user_of(second) is None


def test_a_link_is_over_after_a_quarter_of_an_hour(cast: Cast, move_clock: Callable[[float], None]) -> None:
    token, client = issue_sign_in_link(user=cast.bob), Client()
    move_clock(14 * 60)
    assert client.get(address(token)).status_code == 200
    move_clock(61)
    assert client.get(address(token)).status_code == 410
    assert client.post(address(token)).status_code == 410
    assert user_of(client) is None


@pytest.mark.parametrize("token", ["x", "%7F", "%ED%A0%80", "a" * 500])
def test_what_never_was_a_link_is_answered_like_one_that_is_over(cast: Cast, token: str) -> None:
    client = Client()
    assert client.get(address(token)).status_code == 410
    assert client.post(address(token)).status_code == 410
    assert user_of(client) is None


def test_a_link_of_a_deactivated_person_is_over(cast: Cast) -> None:
    token, client = issue_sign_in_link(user=cast.bob), Client()
    cast.bob.is_active = False
    cast.bob.save()
    assert client.get(address(token)).status_code == 410
    assert client.post(address(token)).status_code == 410


def test_the_button_needs_the_pages_own_token(cast: Cast) -> None:
    token, client = issue_sign_in_link(user=cast.bob), Client(enforce_csrf_checks=True)
    assert client.post(address(token)).status_code == 403
    assert user_of(client) is None
    (field,) = read(client.get(address(token))).tagged("input")
    assert client.post(address(token), {"csrfmiddlewaretoken": field.attributes["value"]}).status_code == 303


def test_the_session_is_a_new_one_after_signing_in(cast: Cast) -> None:
    client = signed_in(cast.carol)
    before = client.session.session_key
    client.post(address(issue_sign_in_link(user=cast.bob)))
    assert user_of(client) == str(cast.bob.pk)
    assert client.session.session_key != before


def test_a_password_signs_in_and_a_wrong_one_says_so(cast: Cast) -> None:
    cast.bob.set_password("correct horse battery")
    cast.bob.save()
    client = Client()
    wrong = client.post("/accounts/login/", {"username": "bob", "password": "guess"})
    page = read(wrong)
    assert wrong.status_code == 200
    assert page.by_id("sign-in-error").attributes["role"] == "alert"
    assert page.by_id("id_username").attributes["value"] == "bob"
    right = client.post("/accounts/login/?next=/receipts", {"username": "bob", "password": "correct horse battery"})
    assert (right.status_code, right.headers["Location"]) == (302, "/receipts")


def test_sign_in_leads_nowhere_else(cast: Cast) -> None:
    cast.bob.set_password("correct horse battery")
    cast.bob.save()
    words = {"username": "bob", "password": "correct horse battery", "next": "https://evil.example/"}
    assert Client().post("/accounts/login/", words).headers["Location"] == "/"


def test_signing_out_needs_a_post(cast: Cast) -> None:
    client = signed_in(cast.bob)
    assert client.get("/accounts/logout/").status_code == 405
    assert client.post("/accounts/logout/").status_code == 302
    assert client.get("/inbox").headers["Location"] == "/accounts/login/?next=/inbox"
