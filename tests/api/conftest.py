"""Who calls."""

from __future__ import annotations

import pytest

from decisions.services.identity import authenticate
from receipts.access import Caller
from tests.api.doors import Door
from tests.factories import Cast, begin_session, make_agent, make_cast


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def agent(cast: Cast) -> Door:
    return Door(cast.agent_key)


@pytest.fixture
def host(cast: Cast) -> Door:
    return Door(cast.host_key)


@pytest.fixture
def stranger(cast: Cast) -> tuple[Door, Caller]:
    """Another agent of the same organisation, as a door and as a caller."""
    key = make_agent("other-agent")[1]
    return Door(key), authenticate(key)


@pytest.fixture
def session(cast: Cast) -> str:
    """A session of the agent, opened by its host."""
    return begin_session(cast)
