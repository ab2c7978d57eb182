"""`./test --bench ux`: measures the pages and writes the table into `docs/ux-measurements.md`."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.bench.machine import cores, model
from tests.bench.ux import live, looks, races, ways
from tests.conftest import BROWSER_FLAGS, chromium_path
from tests.e2e.processes import ROOT
from tests.e2e.servers import Servers, start_embedded

PAGE = ROOT / "docs" / "ux-measurements.md"
BEGIN, END = "<!-- ux: written by ./test --bench ux -->", "<!-- end of ux -->"


@dataclass(frozen=True, slots=True)
class Size:
    """How much is done: inboxes that are open, requests that arrive in them, those of U10, and races."""

    dashboards: int = 20
    requests: int = 30
    fixtures: int = 60
    races: int = 300


QUICK = Size(dashboards=2, requests=3, fixtures=6, races=5)


def run_ux(size: Size) -> str:
    """The block of numbers, from a seeded embedded server and Chromium."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        servers = start_embedded(Path(folder))
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(BROWSER_FLAGS))
        try:
            rows = measured(browser, servers, size=size)
        finally:
            browser.close()
            servers.stop()
    setting = f"{datetime.now(UTC):%Y-%m-%d}. {cores()} cores ({model()}), shared by server, browser and agent."
    lines = [setting, "", "| | What | Goal | Found |", "|---|---|---|---|", *rows]
    return "\n".join(lines) + "\n"


def measured(browser: Browser, servers: Servers, *, size: Size) -> list[str]:
    """A row of the table for each goal."""
    steps = ways.steps(browser, servers)
    waited, missing = live.arrivals(browser, servers, dashboards=size.dashboards, requests=size.requests)
    views, faults = looks.axe(browser, servers)
    keys, plain = ways.by_keyboard(browser, servers), ways.without_scripts(browser, servers)
    looked, whole = looks.above_the_fold(browser, servers, most=size.fixtures)
    raced, wrong = races.races(servers, count=size.races, seed=1)
    shift = live.layout_shift(browser, servers, requests=25, apart_seconds=0.2)
    told = ", ".join(f"{name} {count}" for name, count in steps.items())
    arrived = f"{live.summary(waited)}; {size.dashboards} inboxes, {size.requests} requests, {missing} not shown"
    return [
        row("U1", "steps, opening the link included", "LOW 2, HIGH 3, CRITICAL 4, deny 2", told),
        row("U2", "ms from the answer to the row, p50 / p95 / p99", "300 / 1000 / 2000, 200 inboxes", arrived),
        row("U6", "violations that axe finds", "0", f"{faults} on {views} views"),
        row("U8", "tasks by keyboard alone", "10 of 10", share(keys)),
        row("U9", "tasks without a script", "6 of 6", share(plain)),
        row("U10", "first screens with all facts", "100 %", f"{whole} of {looked}"),
        row("U13", "races that permitted something else", "0 of 10,000", f"{wrong} of {raced}"),
        row("U14", "sum of layout shifts, 25 requests in 5 s", "at most 0.02", f"{shift:.4f}"),
    ]


def row(goal: str, what: str, wanted: str, found: str) -> str:
    """One line of the table."""
    return f"| {goal} | {what} | {wanted} | {found} |"


def share(done: Mapping[str, bool]) -> str:
    """How many of them could be done, and which couldn't."""
    failed = [name for name, could in done.items() if not could]
    return f"{len(done) - len(failed)} of {len(done)}" + (f"; not: {', '.join(failed)}" if failed else "")
