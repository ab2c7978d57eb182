"""Accounts: a second step, attempts that are counted, what one's own page changes, and what isn't there."""

from __future__ import annotations

import hmac
import time
from base64 import b32decode
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.test import Client

from aarm_site.settings.sso import Provider
from approvals.accounts.vault import unsealed
from approvals.models import AdminChange, User
from tests.api.routes import addresses
from tests.factories import Cast
from tests.web.reading import read, signed_in

CORP = {"id": "corp", "name": "C", "issuer": "https://c.example", "client_id": "a", "client_secret": "hush"}
PASSWORD = "correct horse battery"


def code_for(secret: str) -> str:
    """What an authenticator app shows now."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


@pytest.fixture
def bob(cast: Cast) -> User:
    cast.bob.set_password(PASSWORD)
    cast.bob.save()
    return cast.bob


def try_password(client: Client, password: str, *, name: str = "bob", **headers: str) -> int:
    reply = client.post("/accounts/login/", {"username": name, "password": password}, headers=headers)
    return int(reply.status_code)


def with_password() -> Client:
    client = Client()
    assert try_password(client, PASSWORD) == 302
    return client


def confirm(client: Client) -> None:
    """What is asked for before something that matters changes."""
    assert client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": "/profile"}).status_code == 302


def turn_app_on(client: Client) -> str:
    """Sets up an authenticator app, and returns its secret."""
    page = read(client.get("/accounts/app/on/"))
    secret = page.of_class("code")[0].text
    assert b32decode(secret)
    reply = client.post("/accounts/app/on/", {"code": code_for(secret)})
    assert (reply.status_code, reply["Location"]) == (302, "/accounts/codes/")
    return secret


def test_after_five_failures_the_right_password_is_refused_too(bob: User, cast: Cast) -> None:
    attempts = [try_password(Client(), "guess") for _ in range(5)]
    assert attempts == [200] * 5
    # From another browser and, as far as a header can say, from another place.
    headers = {"X-Forwarded-For": "198.51.100.7"}
    refused = Client().post("/accounts/login/", {"username": "bob", "password": PASSWORD}, headers=headers)
    assert (refused.status_code, "Too many" in read(refused).text) == (200, True)
    # The control: nobody else is locked out, and neither is he once the count is gone.
    cast.carol.set_password(PASSWORD)
    cast.carol.save()
    assert try_password(Client(), PASSWORD, name="carol") == 302
    cache.clear()
    assert try_password(Client(), PASSWORD) == 302


def test_attempts_are_counted_where_every_process_sees_them(bob: User, settings: Any) -> None:
    from django.db import connection

    try_password(Client(), "guess")
    assert settings.CACHES["default"]["LOCATION"] == "aarm_attempts"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM aarm_attempts WHERE cache_key LIKE '%login_failed%'")
        assert cursor.fetchone() == (2,)


def test_success_is_not_an_attempt(bob: User) -> None:
    assert [try_password(Client(), PASSWORD) for _ in range(12)] == [302] * 12


def test_an_authenticator_app_makes_signing_in_two_steps(bob: User) -> None:
    client = with_password()
    confirm(client)
    secret = turn_app_on(client)
    again = Client()
    reply = again.post("/accounts/login/?next=/receipts", {"username": "bob", "password": PASSWORD})
    assert (reply.status_code, reply["Location"]) == (302, "/accounts/second/")
    assert again.get("/inbox")["Location"].startswith("/accounts/login/")
    wrong = again.post("/accounts/second/", {"code": "000000"})
    assert (wrong.status_code, "id_code-error" in wrong.content.decode()) == (200, True)
    cache.clear()
    right = again.post("/accounts/second/", {"code": code_for(secret)})
    assert (right.status_code, right["Location"]) == (302, "/receipts")
    assert again.get("/inbox").status_code == 200


def test_a_recovery_code_stands_in_once_and_is_shown_once(bob: User) -> None:
    client = with_password()
    confirm(client)
    turn_app_on(client)
    codes = read(client.get("/accounts/codes/")).by_id("recovery-codes").text.split()
    assert len(codes) == 10
    assert not any(code in client.get("/accounts/codes/").content.decode() for code in codes)
    for expected in (302, 200):
        again = Client()
        try_password(again, PASSWORD)
        assert again.post("/accounts/second/", {"code": codes[0]}).status_code == expected


def test_what_matters_asks_for_the_password_again(bob: User) -> None:
    client = with_password()
    for path in ("/accounts/app/on/", "/accounts/passkeys/add/", "/accounts/codes/new/"):
        assert client.get(path)["Location"].startswith("/accounts/reauthenticate/"), path
    assert client.post("/accounts/reauthenticate/", {"password": "guess"}).status_code == 200
    confirm(client)
    assert client.get("/accounts/app/on/").status_code == 200


def test_the_secret_of_an_app_lies_encrypted(bob: User, settings: Any) -> None:
    client = with_password()
    confirm(client)
    secret = turn_app_on(client)
    (row,) = Authenticator.objects.filter(type="totp")
    assert secret not in row.data["secret"]
    assert unsealed(row.data["secret"]) == secret
    # A new secret key with the old one as its fallback goes on reading; without, nobody gets in by an empty secret.
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "y" * 50, [settings.SECRET_KEY]
    assert unsealed(row.data["secret"]) == secret
    settings.SECRET_KEY_FALLBACKS = []
    again = Client()
    try_password(again, PASSWORD)
    empty = hmac.new(b"", int(time.time() // 30).to_bytes(8, "big"), "sha1").digest()
    number = int.from_bytes(empty[empty[-1] & 15 :][:4], "big") & 0x7FFFFFFF
    reply = again.post("/accounts/second/", {"code": f"{number % 10**6:06d}"})
    assert (reply.status_code, again.get("/inbox").status_code) == (403, 302)


def test_a_new_password_ends_every_other_session(bob: User) -> None:
    here, there = with_password(), with_password()
    assert there.get("/inbox").status_code == 200
    words = {"oldpassword": PASSWORD, "password1": "another battery staple", "password2": "another battery staple"}
    assert here.post("/accounts/password/change/", words).status_code == 302
    assert (here.get("/inbox").status_code, there.get("/inbox").status_code) == (200, 302)


def test_one_can_sign_out_everywhere_else(bob: User) -> None:
    here, there = with_password(), with_password()
    page = read(here.get("/profile"))
    assert page.text.count("this browser") == 1
    assert page.text.count("127.0.0.1") == 2
    assert here.post("/profile/sign-out-others").status_code == 303
    assert (here.get("/inbox").status_code, there.get("/inbox").status_code) == (200, 302)


def test_a_deactivated_person_is_out_at_once_and_told_so_at_the_door(bob: User) -> None:
    client = with_password()
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert client.get("/inbox").status_code == 302
    reply = Client().post("/accounts/login/", {"username": "bob", "password": PASSWORD})
    assert reply["Location"] == "/accounts/inactive/"


def test_there_is_no_way_to_make_an_account_or_to_reset_a_password_by_mail() -> None:
    ours = [path for path in addresses() if path.startswith("/accounts/")]
    assert len(ours) > 10
    absent = ("signup", "email", "password/reset", "connections", "confirm")
    assert [path for path in ours if any(word in path for word in absent)] == []


def test_the_admin_has_no_sign_in_of_its_own(bob: User) -> None:
    reply = Client().post("/admin/login/?next=/admin/", {"username": "bob", "password": PASSWORD})
    assert (reply.status_code, reply["Location"]) == (302, "/accounts/login/?next=/admin/")


def test_an_admin_takes_second_factors_away_and_links_people_and_both_leave_receipts(
    cast: Cast, bob: User, settings: Any
) -> None:
    settings.AARM_SSO_PROVIDERS = (Provider.model_validate(CORP),)
    client, trent = with_password(), signed_in(cast.trent)
    confirm(client)
    secret = turn_app_on(client)
    for row in Authenticator.objects.filter(user=bob):
        page = f"/admin/mfa/authenticator/{row.pk}"
        assert secret not in trent.get(f"{page}/change/").content.decode()
        assert trent.post(f"{page}/change/", {"type": "webauthn"}).status_code == 403
        assert trent.post(f"{page}/delete/", {"post": "yes"}).status_code == 302
    assert try_password(Client(), PASSWORD) == 302
    words = {"user": str(bob.pk), "provider": "corp", "uid": "8b1f"}
    assert trent.post("/admin/socialaccount/socialaccount/add/", words).status_code == 302
    link = SocialAccount.objects.get()
    assert (link.user, link.provider, link.uid) == (bob, "corp", "8b1f")
    assert trent.post(f"/admin/socialaccount/socialaccount/{link.pk}/change/", words).status_code == 403
    newest = AdminChange.objects.order_by("changed_at").values_list("what", "kind")
    assert list(newest)[-3:] == [("deleted", "mfa.authenticator")] * 2 + [("added", "socialaccount.socialaccount")]
