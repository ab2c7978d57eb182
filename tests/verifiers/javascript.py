"""The verifier in JavaScript, in a browser that has no network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Route

from tests.verifiers.questions import Question, Verdict

MODULES = Path(__file__).parents[2] / "aarm_site" / "static" / "js" / "verify"
# An origin that only this page's routes answer for; WebCrypto asks for one that is secure.
ORIGIN = "https://verifier.test"
BATCH = 250

ASK = """
async ([origin, questions]) => {
  const { verify } = await import(`${origin}/verify.js`);
  const bytes = (text) => text && Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const verdicts = [];
  for (const { file, keys, disclosure, kept, ...rest } of questions) {
    const files = { file: bytes(file) || new Uint8Array(), keys: bytes(keys) || new Uint8Array() };
    const told = disclosure === null ? null : bytes(disclosure) || new Uint8Array();
    try {
      const report = await verify({ ...rest, ...files, disclosure: told, kept: kept.map(bytes) });
      verdicts.push([report.exitCode, report.reason]);
    } catch (error) {
      verdicts.push([-1, error.stack]);
    }
  }
  return verdicts;
}
"""


@dataclass(frozen=True, slots=True)
class JavaScriptVerifier:
    """A page into which the modules can be imported."""

    page: Page

    def verdicts(self, questions: Iterable[Question]) -> list[Verdict]:
        """Exit codes and reasons; -1 and a stack for an error that should not exist."""
        rest, found = iter(questions), list[Verdict]()
        while batch := [question.as_json() for question in islice(rest, BATCH)]:
            found += [(code, reason) for code, reason in self.page.evaluate(ASK, [ORIGIN, batch])]
        return found

    def call(self, module: str, *, name: str, arguments: Sequence[Any]) -> Any:
        """What one exported function returns."""
        script = "async ([url, name, values]) => (await import(url))[name](...values)"
        return self.page.evaluate(script, [f"{ORIGIN}/{module}", name, list(arguments)])


def _answer(route: Route) -> None:
    path = MODULES / route.request.url.removeprefix(f"{ORIGIN}/")
    if path.suffix == ".js" and path.is_file():
        route.fulfill(path=path, content_type="text/javascript")
    else:
        route.fulfill(body="<!doctype html><title>Verifier</title>", content_type="text/html")


@contextmanager
def javascript_verifier(browser: Browser) -> Iterator[JavaScriptVerifier]:
    """The modules in a page of their own. Any request for another place fails the test."""
    context = browser.new_context()
    strangers: list[str] = []
    context.on("request", lambda request: strangers.append(request.url))
    context.route("**/*", lambda route: route.abort())
    context.route(f"{ORIGIN}/**", _answer)
    page = context.new_page()
    page.goto(ORIGIN)
    yield JavaScriptVerifier(page)
    context.close()
    assert [url for url in strangers if not url.startswith(ORIGIN)] == []
