"""The verifier in JavaScript, started once for a file of tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.verifiers.javascript import JavaScriptVerifier, javascript_verifier


@pytest.fixture(scope="module")
def javascript(browser: Browser) -> Iterator[JavaScriptVerifier]:
    with javascript_verifier(browser) as verifier:
        yield verifier
