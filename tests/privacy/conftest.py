"""Both verifiers, for tests that also need the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.conftest import BROWSER_FLAGS, chromium_path
from tests.verifiers.javascript import JavaScriptVerifier, javascript_verifier
from tests.verifiers.python import python_verdict
from tests.verifiers.questions import Question, Verdict

Both = Callable[[Sequence[Question]], list[Verdict]]
"""The verdicts on which both agree."""


def _opened(stack: ExitStack) -> JavaScriptVerifier:
    playwright = stack.enter_context(sync_playwright())
    chromium = playwright.chromium.launch(executable_path=chromium_path(), args=list(BROWSER_FLAGS))
    stack.callback(chromium.close)
    return stack.enter_context(javascript_verifier(chromium))


@pytest.fixture(scope="module")
def javascript() -> Iterator[Both]:
    """In a thread of its own: the browser's event loop would give this one another connection to the database."""
    stack = ExitStack()
    with ThreadPoolExecutor(1) as thread:
        verifier = thread.submit(_opened, stack).result()
        yield lambda asked: thread.submit(verifier.verdicts, asked).result()
        thread.submit(stack.close).result()


@pytest.fixture
def both(javascript: Both, tmp_path: Path) -> Both:
    def verdicts(asked: Sequence[Question]) -> list[Verdict]:
        found = javascript(asked)
        assert found == [python_verdict(question, folder=tmp_path) for question in asked]
        return found

    return verdicts
