"""Signing in by SAML: only by what the provider signed for us, now, in answer to this browser's question."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.sessions.models import Session
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Saml

from aarm_site.settings import sso
from aarm_site.settings.sso import SamlProvider, allauth_providers
from approvals.models import User
from tests.factories import SECURITY, Cast, make_cast
from tests.integration.saml_provider import (
    MAIL,
    SIGN_IN,
    Answer,
    Keys,
    changed,
    make_keys,
    posted,
    read_question,
    settings_of,
)
from tests.web.reading import read

ACS = "/accounts/saml/corp/acs/"
Lie = Callable[[Answer, Keys], str]


@pytest.fixture(scope="module")
def keys() -> Keys:
    return make_keys()


@pytest.fixture(scope="module")
def others() -> Keys:
    return make_keys()


@pytest.fixture
def cast(db: None, settings: Any, tmp_path: Path, keys: Keys) -> Cast:
    configure(settings, tmp_path, keys)
    cast = make_cast()
    SocialAccount.objects.create(user=cast.bob, provider="corp", uid="8b1f")
    return cast


def configure(settings: Any, folder: Path, keys: Keys, **more: Any) -> None:
    settings.AARM_SSO_PROVIDERS = (SamlProvider.model_validate(settings_of(folder, keys) | more),)
    settings.SOCIALACCOUNT_PROVIDERS = allauth_providers(settings.AARM_SSO_PROVIDERS)


def browser() -> Client:
    """One that names the host that it asks, as all do."""
    return Client(headers={"host": "testserver"})


def ask(client: Client, keys: Keys) -> Answer:
    """The button, and the answer that an honest provider gives."""
    (link,) = read(client.post("/accounts/saml/corp/login/")).of_class("button--wide")
    assert link.attributes["href"].startswith(SIGN_IN)
    return Answer(read_question(link.attributes["href"]), keys)


def hand_in(client: Client, response: str) -> Any:
    """What the provider's page posts, and where that leads."""
    leading = client.post(ACS, posted(response))
    assert leading.status_code == 302
    return client.get(leading["Location"])


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_a_subject_that_was_linked_signs_in_its_person(cast: Cast, keys: Keys) -> None:
    client = browser()
    assert "Sign in with Corp" in read(client.get("/accounts/login/")).text
    reply = hand_in(client, ask(client, keys).response)
    assert (reply.status_code, reply["Location"]) == (302, "/")
    assert client.session["_auth_user_id"] == str(cast.bob.pk)


def _with_an_entity(answer: Answer) -> str:
    entity = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    return entity + answer.response.replace(">8b1f<", ">&x;<")


def _wrapped(answer: Answer) -> str:
    """The signed assertion, and before it one that nobody signed."""
    bare = changed(answer, subject="mallory", signs=())
    return changed(answer, signs=("response",)).around(bare.assertion.replace('ID="_a', 'ID="_b'), answer.assertion)


LIES: dict[str, Lie] = {
    "nothing is signed": lambda answer, _: changed(answer, signs=()).response,
    "the message is not signed": lambda answer, _: changed(answer, signs=("assertion",)).response,
    "the assertion is not signed": lambda answer, _: changed(answer, signs=("response",)).response,
    "somebody else signed": lambda answer, others: changed(answer, keys=others).response,
    "it was altered afterwards": lambda answer, _: answer.response.replace(">8b1f<", ">mallory<"),
    "an unsigned assertion comes first": lambda answer, _: _wrapped(answer),
    "it is over": lambda answer, _: changed(answer, lifetime=timedelta(minutes=-10)).response,
    "it is for somebody else": lambda answer, _: changed(answer, audience="https://other.example").response,
    "it is to be handed in elsewhere": lambda answer, _: changed(answer, recipient="https://other.example").response,
    "another provider says it": lambda answer, _: changed(answer, entity="https://evil.example").response,
    "it answers nothing": lambda answer, _: changed(answer, in_response_to=None).response,
    "it answers another question": lambda answer, _: changed(answer, in_response_to="ONELOGIN_0").response,
    "it is signed with SHA-1": lambda answer, _: changed(answer, algorithm=Saml.RSA_SHA1, digest=Saml.SHA1).response,
    "it declares an entity": lambda answer, _: _with_an_entity(answer),
    "it is no XML": lambda _answer, _others: "8b1f",
    "it is empty": lambda _answer, _others: "",
}


@pytest.mark.parametrize("lie", LIES)
def test_an_answer_that_proves_nothing_signs_nobody_in(cast: Cast, keys: Keys, others: Keys, lie: str) -> None:
    SocialAccount.objects.create(user=cast.mallory, provider="corp", uid="mallory")
    client = browser()
    reply = hand_in(client, LIES[lie](ask(client, keys), others))
    assert (is_in(client), reply.status_code < 500) == (False, True)
    assert "mallory" not in read(reply).text
    # The control: the same browser gets in with an answer that is right.
    hand_in(client, ask(client, keys).response)
    assert is_in(client)


def test_a_comment_inside_the_subject_makes_nobody_else_of_it(cast: Cast, keys: Keys) -> None:
    client = browser()
    reply = hand_in(client, changed(ask(client, keys), subject="8b1f<!---->.evil").response)
    assert (is_in(client), reply.status_code) == (False, 403)
    assert "8b1f.evil" in read(reply).text


def test_an_answer_is_taken_once_and_from_the_browser_that_asked(cast: Cast, keys: Keys) -> None:
    client, other = browser(), browser()
    response = ask(client, keys).response
    hand_in(other, response)
    assert not is_in(other)
    hand_in(client, response)
    assert is_in(client)
    client.logout()
    hand_in(client, response)
    assert not is_in(client)


def test_address_and_groups_are_those_that_the_provider_says(
    cast: Cast, settings: Any, tmp_path: Path, keys: Keys
) -> None:
    mapping = {"sec": ["reviewer", SECURITY]}
    configure(settings, tmp_path, keys, creates_people=True, groups_claim="groups", groups=mapping)
    client = browser()
    said = {MAIL: ["nina@corp.example"], "groups": ["other", "sec"], "urn:oid:0.9.2342.19200300.100.1.1": ["nina"]}
    hand_in(client, changed(ask(client, keys), subject="n1", attributes=said).response)
    nina = User.objects.get(username="nina")
    assert (nina.email, set(nina.groups.values_list("name", flat=True))) == (
        "nina@corp.example",
        {"reviewer", SECURITY},
    )
    # An address that an account here has already joins nothing.
    client = browser()
    taken = {MAIL: [cast.carol.email]}
    reply = hand_in(client, changed(ask(client, keys), subject="n2", attributes=taken).response)
    assert (is_in(client), reply.status_code) == (False, 403)


def test_what_is_kept_for_the_second_request_is_bounded(cast: Cast) -> None:
    assert browser().post(ACS, posted("x" * 200_000)).status_code == 400
    assert browser().post("/accounts/saml/other/acs/", posted("x")).status_code == 404
    assert browser().get(ACS).status_code == 405
    assert not Session.objects.exists()
    # The control: what may be an answer is kept.
    browser().post(ACS, posted("x"))
    assert Session.objects.count() == 1


def test_the_provider_is_told_where_to_answer_and_ends_no_session(cast: Cast) -> None:
    metadata = browser().get("/accounts/saml/corp/metadata/")
    assert (metadata.status_code, metadata["Content-Type"]) == (200, "text/xml")
    assert b"http://testserver/accounts/saml/corp/acs/" in metadata.content
    assert browser().get("/accounts/saml/other/metadata/").status_code == 404
    assert browser().get("/accounts/saml/corp/sls/").status_code == 404


def test_without_the_extra_a_file_that_needs_it_ends_the_start(
    tmp_path: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "providers.json"
    path.write_text(json.dumps([settings_of(tmp_path, keys)]))
    assert [provider.protocol for provider in sso.read_providers(path)] == ["saml"]
    monkeypatch.setattr(sso, "HAS_SAML", False)
    with pytest.raises(ImproperlyConfigured, match="extra `saml`"):
        sso.read_providers(path)
