"""Every setting is described, every described one exists, and the example has the defaults."""

from __future__ import annotations

import re

import pytest

from aarm_site.settings.env import Environment
from tests.docs.reading import ROOT, page

# Read by Django itself, before our settings are.
OF_DJANGO = {"DJANGO_SETTINGS_MODULE"}
_LINE = re.compile(r"^(# )?([A-Z][A-Z_]+)=(.*)$", re.MULTILINE)
_VARIABLE = re.compile(r"\b(?:AARM_[A-Z_]*[A-Z]|DATABASE_URL|REDIS_URL)\b")
# What a test run, a script or an agent reads.
OF_OTHERS = {"AARM_URL", "AARM_KEY", "AARM_HOST_KEY", "AARM_TEST_DATABASE_URL", "AARM_TEST_REDIS_URL"}


def variables() -> dict[str, str]:
    """Name of the environment variable by name of the field."""
    found = {}
    for name, field in Environment.model_fields.items():
        alias = getattr(field.validation_alias, "choices", [f"AARM_{name.upper()}"])
        found[name] = str(alias[0])
    return found


def example() -> dict[str, tuple[str, bool]]:
    """Value, and whether it is set, by name."""
    text = (ROOT / ".env.example").read_text("utf-8")
    return {name: (value, not mark) for mark, name, value in _LINE.findall(text)}


def described() -> set[str]:
    rows = page("docs/operations.md").table("Variable")
    return {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row[0])}


def test_the_table_has_exactly_the_settings_that_are_read() -> None:
    assert described() == set(variables().values()) | OF_DJANGO


def test_the_example_has_exactly_the_settings_that_are_read() -> None:
    known = set(variables().values()) | OF_DJANGO
    named = {name if name in known else name.removesuffix("_FILE") for name in example()}
    assert named == known


def test_what_the_example_sets_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in variables().values():
        monkeypatch.delenv(name, raising=False)
    defaults = Environment()
    for name, (value, is_set) in example().items():
        if is_set:
            monkeypatch.setenv(name, value)
    read = Environment()
    assert read.model_dump(exclude={"data_dir"}) == defaults.model_dump(exclude={"data_dir"})
    assert (ROOT / read.data_dir).resolve() == defaults.data_dir


def test_no_page_names_a_setting_that_does_not_exist() -> None:
    known = set(variables().values()) | OF_OTHERS
    text = "".join(
        page(name).text for name in ("README.md", "CONTRIBUTING.md", "docs/operations.md", "docs/quickstart.md")
    )
    named = {name if name in known else name.removesuffix("_FILE") for name in _VARIABLE.findall(text)}
    assert named - known == set()
