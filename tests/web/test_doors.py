"""Which pages open for whom, and that looking at a page changes nothing."""

from __future__ import annotations

from itertools import cycle

import pytest
from django.apps import apps
from django.test import Client

from receipts.models import Receipt
from tests.factories import Cast, open_step_up, vote
from tests.web.reading import read, signed_in

STRANGE = "_00000000000000000000000000"
PAGES = ("/", "/inbox", "/inbox?show=all", "/a/apr" + STRANGE, "/receipts", "/r/rct" + STRANGE)
FORMS = ("/a/apr" + STRANGE + "/approve", "/a/apr" + STRANGE + "/deny")
# Rows of these change by signing in and looking around; nothing of the product does.
LOOSE = {"django_session"}
SCANNERS = ("Mozilla/5.0 (compatible; Barracuda Sentinel)", "Slackbot-LinkExpanding 1.0", "curl/8.5.0", "")


def content() -> dict[str, list[dict[str, object]]]:
    """Every row of every table."""
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.db_table not in LOOSE]
    return {model._meta.db_table: list(model._default_manager.order_by("pk").values()) for model in models}


@pytest.mark.parametrize("path", [*PAGES, "/r/rct" + STRANGE + "/envelope.json"])
def test_a_stranger_is_sent_to_sign_in(db: None, path: str) -> None:
    reply = Client().get(path)
    assert reply.status_code == 302
    assert reply.headers["Location"].startswith("/accounts/login/?next=")


@pytest.mark.parametrize("path", FORMS)
def test_a_stranger_decides_nothing(db: None, path: str) -> None:
    reply = Client().post(path, {"view_digest": "sha256:" + "0" * 64, "version": "1"})
    assert (reply.status_code, reply.headers["Location"]) == (302, f"/accounts/login/?next={path}")


@pytest.mark.parametrize("path", PAGES[1:])
def test_an_account_without_a_reading_role_is_refused(cast: Cast, path: str) -> None:
    reply = signed_in(cast.peggy).get(path)
    assert reply.status_code == 403
    assert "Your account lacks the right to this page." in read(reply).text


@pytest.mark.case("APR-09")
@pytest.mark.parametrize("path", [*PAGES, "/admin/", "/admin/receipts/receipt/"])
def test_the_key_of_an_agent_opens_no_page(cast: Cast, path: str) -> None:
    reply = Client().get(path, headers={"Authorization": f"Bearer {cast.agent_key}"})
    assert reply.status_code == 302
    assert "/login/" in reply.headers["Location"]


@pytest.mark.case("CHN-14")
def test_looking_changes_nothing_with_or_without_a_session(cast: Cast) -> None:
    pending, done = open_step_up(cast), open_step_up(cast)
    vote(done, cast.bob)
    receipt = Receipt.objects.order_by("-issued_at").first()
    assert receipt is not None
    paths = [
        *PAGES, pending.path, done.path, *FORMS, f"{pending.path}/approve", f"{pending.path}/deny",
        f"/r/{receipt.pk}", f"/r/{receipt.pk}/envelope.json", "/accounts/login/", "/admin/",
    ]  # fmt: skip
    clients = [signed_in(cast.bob), signed_in(cast.trent), Client()]
    before, scanners = content(), cycle(SCANNERS)
    for client in clients:
        for path in paths:
            for look in (client.get, client.head, client.options):
                look(path, headers={"User-Agent": next(scanners)})
    assert content() == before
    # The control: what is compared does notice a decision.
    vote(pending, cast.bob)
    assert content() != before


@pytest.mark.case("DEC-22")
def test_every_page_forbids_frames_inline_code_and_caches(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast)
    for path in ("/inbox", step.path, "/receipts", "/accounts/login/"):
        headers = bob.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "same-origin"


def test_no_page_has_code_or_styles_in_it(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast, explanation="x")
    for path in ("/inbox", step.path, "/receipts", "/accounts/login/", "/nowhere"):
        page = read(bob.get(path))
        assert [item for item in page.tagged("script") if item.raw_text.strip()] == []
        assert page.tagged("style") == []
        handlers = [
            name for item in page.walk() for name in item.attributes if name.startswith("on") or name == "style"
        ]
        assert handlers == []
