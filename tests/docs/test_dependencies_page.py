"""The page of dependencies lists what is depended on, under the licences that the packages state."""

from __future__ import annotations

from tests.docs.licences import direct_dependencies, licence_of
from tests.docs.reading import Page, page

DEPENDENCIES = page("docs/dependencies.md")


def listed() -> dict[str, str]:
    """Licence by package, of both tables."""
    first, _, second = DEPENDENCIES.text.partition("## For tests and lint")
    rows = [row for text in (first, second) for row in Page(path=DEPENDENCIES.path, text=text).table("Package")]
    return {row[0]: row[1] for row in rows}


def test_every_direct_dependency_is_listed_and_no_other() -> None:
    assert set(listed()) == direct_dependencies()


def test_the_licences_are_those_that_the_packages_state() -> None:
    assert listed() == {name: licence_of(name) for name in direct_dependencies()}
