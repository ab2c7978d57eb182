"""Signing in at an identity provider: people are the provider's subject, and its groups are followed each time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from aarm_site.settings.sso import Provider, allauth_providers, read_providers
from approvals.models import User
from tests.factories import SECURITY, Cast, make_cast
from tests.integration.identity_provider import CLIENT, IdentityProvider, identity_provider
from tests.web.reading import read, signed_in

NINA = {"sub": "8b1f", "preferred_username": "nina", "email": "nina@corp.example", "groups": ["sec", "other"]}


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def corp(settings: Any) -> Iterator[IdentityProvider]:
    with identity_provider() as provider:
        provider.person = dict(NINA)
        configure(settings, provider)
        yield provider


def configure(settings: Any, at: IdentityProvider, **more: Any) -> None:
    """Our side of it, as `AARM_SSO_FILE` would say it."""
    said = {"id": "corp", "name": "Corp", "issuer": at.url, "client_id": CLIENT, "client_secret": "hush"}
    settings.AARM_SSO_PROVIDERS = (Provider.model_validate(said | more),)
    settings.SOCIALACCOUNT_PROVIDERS = allauth_providers(settings.AARM_SSO_PROVIDERS)


def go_through(client: Client, corp: IdentityProvider, *, process: str = "login") -> Any:
    """To the provider, and back with what it says."""
    return client.get(corp.sign_in(leave(client, process=process)))


def leave(client: Client, *, process: str = "login") -> str:
    """Where the page leads to that follows the button."""
    page = read(client.post(f"/accounts/oidc/corp/login/?process={process}"))
    (link,) = page.of_class("button--wide")
    return link.attributes["href"]


def link(user: User, subject: str = "8b1f") -> None:
    SocialAccount.objects.create(user=user, provider="corp", uid=subject)


def test_the_sign_in_page_offers_the_provider_and_a_get_goes_nowhere(cast: Cast, corp: IdentityProvider) -> None:
    assert "Sign in with Corp" in read(Client().get("/accounts/login/")).text
    assert Client().get("/accounts/oidc/corp/login/").status_code == 200
    assert Client().post("/accounts/oidc/other/login/").status_code == 404


def test_a_subject_that_was_linked_signs_in_its_person(cast: Cast, corp: IdentityProvider) -> None:
    link(cast.bob)
    client = Client()
    reply = go_through(client, corp)
    assert (reply.status_code, reply["Location"]) == (302, "/")
    assert client.session["_auth_user_id"] == str(cast.bob.pk)
    assert client.get("/inbox").status_code == 200


def test_an_address_alone_signs_nobody_in(cast: Cast, corp: IdentityProvider, settings: Any) -> None:
    corp.person |= {"email": cast.bob.email, "email_verified": True}
    for creates in (False, True):
        configure(settings, corp, creates_people=creates)
        client = Client()
        reply = go_through(client, corp)
        assert (reply.status_code, "_auth_user_id" in client.session) == (403, False)
        assert "8b1f" in read(reply).text
    assert not SocialAccount.objects.exists()
    # The control: somebody new gets in where the provider may make accounts.
    corp.person["email"] = "nina@corp.example"
    assert go_through(Client(), corp).status_code == 302


def test_a_name_that_is_taken_makes_no_second_account(cast: Cast, corp: IdentityProvider, settings: Any) -> None:
    configure(settings, corp, creates_people=True)
    corp.person |= {"preferred_username": "BOB", "email": "other@corp.example"}
    assert go_through(Client(), corp).status_code == 403
    assert User.objects.filter(username__iexact="bob").count() == 1


def test_a_stranger_is_told_what_an_administrator_needs(cast: Cast, corp: IdentityProvider) -> None:
    before = User.objects.count()
    page = read(go_through(Client(), corp))
    assert "Nobody has made an account here" in page.text
    assert User.objects.count() == before


def test_groups_follow_the_claim_at_every_sign_in(cast: Cast, corp: IdentityProvider, settings: Any) -> None:
    mapping = {"sec": ["reviewer", SECURITY], "boss": ["admin"]}
    configure(settings, corp, creates_people=True, groups_claim="groups", groups=mapping)
    go_through(Client(), corp)
    nina = User.objects.get(username="nina")
    assert set(nina.groups.values_list("name", flat=True)) == {"reviewer", SECURITY}
    assert (nina.email, nina.has_usable_password(), nina.is_superuser) == ("nina@corp.example", False, False)
    nina.groups.create(name="choir")
    corp.person |= {"groups": ["boss"], "email": "nina.new@corp.example"}
    go_through(Client(), corp)
    nina.refresh_from_db()
    assert set(nina.groups.values_list("name", flat=True)) == {"admin", "choir"}
    assert (nina.email, nina.is_superuser, nina.is_staff) == ("nina.new@corp.example", True, True)
    # A claim that is missing is one that nobody is in.
    del corp.person["groups"]
    go_through(Client(), corp)
    nina.refresh_from_db()
    assert (list(nina.groups.values_list("name", flat=True)), nina.is_superuser) == (["choir"], False)


def test_somebody_signed_in_links_the_provider_after_showing_who_they_are(cast: Cast, corp: IdentityProvider) -> None:
    cast.bob.set_password("correct horse battery")
    cast.bob.save()
    client = signed_in(cast.bob)
    assert "Link" in read(client.get("/profile")).text
    asked = go_through(client, corp, process="connect")
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert not SocialAccount.objects.exists()
    done = client.post(asked["Location"], {"password": "correct horse battery"})
    assert done["Location"] == "/profile"
    assert SocialAccount.objects.get().user == cast.bob
    # A subject belongs to one person.
    carol = signed_in(cast.carol)
    go_through(carol, corp, process="connect")
    assert SocialAccount.objects.get().user == cast.bob


def test_an_answer_that_is_not_for_us_or_speaks_of_two_people_is_refused(cast: Cast, corp: IdentityProvider) -> None:
    link(cast.bob)
    corp.audience = "another-client"
    assert go_through(Client(), corp).status_code in (200, 401, 403)
    corp.audience = CLIENT
    corp.info = NINA | {"sub": "mallory"}
    link(cast.mallory, "mallory")
    client = Client()
    assert go_through(client, corp).status_code == 403
    assert "_auth_user_id" not in client.session


def test_an_answer_to_nobodys_question_is_refused(cast: Cast, corp: IdentityProvider) -> None:
    link(cast.bob)
    other = Client()
    other.get(corp.sign_in(leave(Client())))
    assert "_auth_user_id" not in other.session


def test_a_deactivated_person_stays_out(cast: Cast, corp: IdentityProvider) -> None:
    link(cast.bob)
    User.objects.filter(pk=cast.bob.pk).update(is_active=False)
    assert go_through(Client(), corp)["Location"] == "/accounts/inactive/"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"issuer": "http://login.corp.example"}, "https"),
        ({"client_secret": ""}, "client_secret"),
        ({"groups": {"a": ["b"]}}, "groups_claim"),
        ({"id": "Corp!"}, "id"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_file_that_is_not_understood_ends_the_start(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    good = {"id": "corp", "name": "C", "issuer": "https://c.example", "client_id": "a", "client_secret": "hush-hush"}
    path = tmp_path / "providers.json"
    path.write_text(json.dumps([good | change]))
    with pytest.raises(ImproperlyConfigured, match=said) as caught:
        read_providers(path)
    assert "hush-hush" not in str(caught.value)
    path.write_text(json.dumps([good]))
    assert [provider.app["secret"] for provider in read_providers(path)] == ["hush-hush"]
