"""The cast, and a browser for each of those who look."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import Cast, make_cast
from tests.web.reading import signed_in


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def bob(cast: Cast) -> Client:
    """A reviewer of the security team."""
    return signed_in(cast.bob)


@pytest.fixture
def victor(cast: Cast) -> Client:
    """An auditor."""
    return signed_in(cast.victor)


@pytest.fixture
def trent(cast: Cast) -> Client:
    """An admin."""
    return signed_in(cast.trent)
