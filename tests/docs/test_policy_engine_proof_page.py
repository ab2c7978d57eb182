"""The tables of docs/policy-engine-proof.md are what the generator really reaches."""

from __future__ import annotations

from tests.docs.reading import page
from tests.reference.census import tables


def test_the_tables_say_what_random_triples_reach() -> None:
    written = page("docs/policy-engine-proof.md").text.splitlines()
    counted = list(tables())
    assert [row for row in counted if row not in written] == []


def test_nothing_of_the_language_is_never_reached() -> None:
    for row in page("docs/policy-engine-proof.md").table("Operator, asked of a value that is there"):
        # A value that is there is always of some type, and always of some age.
        never = {"`type`": "unknown", "`max_age`": "false"}.get(row[0])
        zero = [name for name, number in zip(("true", "false", "unknown"), row[1:], strict=True) if number == "0"]
        assert zero == ([never] if never else []), row
