"""Whose the random ids in receipts are: asked of the apps that gave them out."""

from __future__ import annotations

import pytest

from receipts.ports import names_of
from tests.factories import Cast, make_cast


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def test_people_agents_and_hosts_are_named_and_strangers_are_not(cast: Cast) -> None:
    cast.carol.first_name, cast.carol.last_name = "Carol", "Ng"
    cast.carol.save()
    ids = {cast.bob.person_id, cast.carol.person_id, cast.agent.id, cast.host.id, "usr_nobody", ""}
    assert names_of(ids) == {
        cast.bob.person_id: "bob",
        cast.carol.person_id: "Carol Ng",
        cast.agent.id: "demo-agent",
        cast.host.id: "demo-host",
    }
