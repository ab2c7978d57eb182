"""U6 and U10: what axe finds on every page, and whether the facts of a request stand on the first screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Browser, Page

from tests.e2e.agents import ask, open_session
from tests.e2e.servers import Servers
from tests.e2e.test_accessibility import SCENES, plainly, violations
from tests.e2e.visitors import DESKTOP, PHONE, sign_in, visitor

SCHEMES: Any = ("light", "dark")
SIZES: Any = ({"width": 320, "height": 800}, {"width": 768, "height": 1024}, DESKTOP)
FACTS = (".chip--high", "#standing time", ".consequence h1", ".consequence .flag")
_TARGETS = (
    "ana@partner.example",
    "\u0430na@partner.example",
    "ana@partner.example" + " " * 400 + "or mallory@evil.example",
    "ana@partner.example " + "x" * 5000,
    "ana@partner.example\u202e\u200b",
    "ana@p\u0430rtner.example",
)


def axe(browser: Browser, servers: Servers) -> tuple[int, int]:
    """On how many views axe looked, everything unfolded, and how many violations it found."""
    views = faults = 0
    plain = [(who, path) for who, path, come in SCENES.values() if come is plainly and path.startswith("/")]
    for who in sorted({who for who, _ in plain}):
        for scheme in SCHEMES:
            context = browser.new_context(color_scheme=scheme)
            page = context.new_page()
            if who:
                sign_in(page, servers, who)
            for path in (path for looker, path in plain if looker == who):
                page.goto(servers.base_url + path)
                for size in SIZES:
                    page.set_viewport_size(size)
                    faults += len(violations(page))
                    views += 1
            context.close()
    return views, faults


def fixtures() -> Iterator[dict[str, Any]]:
    """Sixty requests: every trick in the target, with ten sizes of everything else."""
    for target in _TARGETS:
        for number in range(10):
            yield {
                "to": target, "subject": f"Q{number} " + "s" * number * 40, "body": "y\n" * number * 300,
                "t\u043e": "x", **{f"note{more}": "n" * more for more in range(number)},
            }  # fmt: skip


def above_the_fold(browser: Browser, servers: Servers, *, most: int) -> tuple[int, int]:
    """On how many first screens all facts were looked for (each request on a desktop and a phone), and stood."""
    looked = whole = 0
    paths = []
    for parameters in list(fixtures())[:most]:
        session = open_session(servers, request="Send it. " + "Please. " * 300)
        paths.append(f"/a/{ask(servers, 'email.send', session, **parameters)['approval']['id']}")
    for size in (DESKTOP, PHONE):
        with visitor(browser, servers, "bob", viewport=size) as page:
            for path in paths:
                page.goto(servers.base_url + path)
                looked += 1
                whole += all(_ends_above(page, fact, floor=_floor(page, size["height"])) for fact in FACTS)
    return looked, whole


def _floor(page: Page, height: int) -> float:
    bar = page.locator(".decision-bar")
    box = bar.bounding_box() if bar.is_visible() else None
    return box["y"] if box else height


def _ends_above(page: Page, fact: str, *, floor: float) -> bool:
    box = page.locator(fact).last.bounding_box()
    return box is not None and box["y"] + box["height"] <= floor
