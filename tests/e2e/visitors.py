"""People at a running server, in a real browser."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from playwright.sync_api import Browser, Page, expect

from tests.authenticators import next_count
from tests.e2e.servers import Servers

DESKTOP = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}
# How long anything may take before it counts as not happening: a busy machine is no fault of the product's.
expect.set_options(timeout=30_000)


def by_name(servers: Servers) -> str:
    """The server's address by name: passkeys belong to names, and loopback's is `localhost`."""
    return servers.base_url.replace("127.0.0.1", "localhost")


def sign_in(page: Page, servers: Servers, name: str, *, at: str = "") -> None:
    """By the form, as somebody whom `seed_demo` made."""
    user = next(user for user in servers.seed["users"] if user["username"] == name)
    page.goto(f"{at or servers.base_url}/accounts/login/")
    page.fill("#id_username", user["username"])
    page.fill("#id_password", user["password"])
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "/accounts/login/" not in url)


def plug_in_authenticator(page: Page, key: Mapping[str, Any] | None = None) -> None:
    """A security key as Chromium's own tests have it, which always says yes; with a key that `seed_demo` printed."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    made = session.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": options | {"isUserVerified": True, "automaticPresenceSimulation": True}},
    )
    if key is not None:
        private = load_pem_private_key(key["private_key"].encode(), password=None)
        der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        credential = {
            "credentialId": _padded(key["credential_id"]),
            "isResidentCredential": True,
            "rpId": key["rp_id"],
            "privateKey": b64encode(der).decode(),
            "userHandle": _padded(key["user_handle"]),
            "signCount": next_count(),
        }
        session.send("WebAuthn.addCredential", {"authenticatorId": made["authenticatorId"], "credential": credential})


def _padded(text: str) -> str:
    return b64encode(urlsafe_b64decode(text + "=" * (-len(text) % 4))).decode()


@contextmanager
def signer(browser: Browser, servers: Servers, name: str) -> Iterator[Page]:
    """A reviewer whose browser holds the passkey that `seed_demo` printed."""
    user = next(user for user in servers.seed["users"] if user["username"] == name)
    with visitor(browser, servers) as page:
        plug_in_authenticator(page, user["passkey"])
        sign_in(page, servers, name, at=by_name(servers))
        yield page


@contextmanager
def visitor(browser: Browser, servers: Servers, name: str = "", **options: Any) -> Iterator[Page]:
    """A page of a browser of their own, signed in where a name is given. Complaints of the browser fail the test."""
    context = browser.new_context(**({"viewport": DESKTOP} | options))
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if "Content Security" in message.text else None)
    if name:
        sign_in(page, servers, name)
    yield page
    context.close()
    assert complaints == []
