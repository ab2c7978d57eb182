"""U2 and U14: how soon a request stands in open inboxes, and whether anything moves while many arrive."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack

from playwright.sync_api import Browser, Page, expect

from tests.bench.search_report import percentile
from tests.e2e.agents import ask
from tests.e2e.servers import Servers
from tests.e2e.visitors import visitor

# Notes for each request when it first stood in the document, by the clock that all processes here share.
_WATCH = """() => {
  window.seen = {};
  const look = () => document.querySelectorAll('#inbox-list [id^=apr_]').forEach((row) => {
    window.seen[row.id] ??= performance.timeOrigin + performance.now();
  });
  look();
  new MutationObserver(look).observe(document.body, {childList: true, subtree: true});
}"""
_SHIFTS = """() => {
  window.shift = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
    if (!entry.hadRecentInput) window.shift += entry.value;
  })).observe({type: 'layout-shift', buffered: true});
}"""


def arrivals(browser: Browser, servers: Servers, *, dashboards: int, requests: int) -> tuple[list[float], int]:
    """Milliseconds from the agent's answer, which follows the commit, to the row in each of so many open inboxes.

    And how many requests some inbox didn't show. A row that stood there before the answer was read counts as 0.
    """
    with ExitStack() as stack:
        pages = [stack.enter_context(visitor(browser, servers, "bob")) for _ in range(dashboards)]
        for page in pages:
            expect(page.locator("[data-connection]")).to_have_text("Live")
            page.evaluate(_WATCH)
        answered = {}
        for number in range(requests):
            asked = ask(servers, "calendar.create", title=f"Arrival {number}")
            answered[str(asked["approval"]["id"])] = time.time() * 1000
        return _waited(pages, answered)


def _waited(pages: Sequence[Page], answered: dict[str, float]) -> tuple[list[float], int]:
    found: list[float] = []
    missing: set[str] = set()
    for page in pages:
        page.wait_for_function(f"() => window.seen['{list(answered)[-1]}']", timeout=60_000)
        seen = page.evaluate("() => window.seen")
        missing |= answered.keys() - seen.keys()
        found += [max(seen[key] - at, 0.0) for key, at in answered.items() if key in seen]
    return found, len(missing)


def summary(waited: Sequence[float]) -> str:
    """Median, and what 95 and 99 of a hundred don't exceed."""
    return " / ".join(f"{percentile(waited, share=share):.0f}" for share in (0.5, 0.95, 0.99))


def layout_shift(browser: Browser, servers: Servers, *, requests: int, apart_seconds: float) -> float:
    """The sum of layout shifts in an inbox in which so many requests arrive, with the pointer over the list."""
    with visitor(browser, servers, "bob") as page:
        expect(page.locator("[data-connection]")).to_have_text("Live")
        page.hover("#inbox-list")
        page.evaluate(_SHIFTS)
        for number in range(requests):
            ask(servers, "calendar.create", title=f"Shift {number}")
            page.wait_for_timeout(apart_seconds * 1000)
        page.wait_for_timeout(1000)
        return float(page.evaluate("() => window.shift"))
