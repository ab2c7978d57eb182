"""The package as others get it: small, typed, documented, and without the server in it."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

import aarm
from tests.unit.sdk.contract_server import AGENT_KEY, HOST_KEY, ContractServer, Ruling

SDK = Path(aarm.__file__).parent.parent
SERVER = {"django", "rest_framework", "aarm_site", "decisions", "approvals", "receipts"}


def imported(source: str) -> set[str]:
    """Top-level names of everything that a module imports, wherever it does so."""
    nodes = list(ast.walk(ast.parse(source)))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return {
        name.split(".")[0] for name in plain | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    }


def examples() -> list[str]:
    return re.findall(r"```python\n(.*?)```", (SDK / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)


def test_nothing_of_the_server_is_imported() -> None:
    found = set[str]().union(*(imported(path.read_text(encoding="utf-8")) for path in SDK.glob("aarm/**/*.py")))
    assert {"httpx", "rfc8785", "aarm"} <= found
    assert not found & SERVER


def test_it_needs_httpx_and_rfc8785_only() -> None:
    project = tomllib.loads((SDK / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert [re.split(r"[<>=]", name)[0] for name in project["dependencies"]] == ["httpx", "rfc8785"]
    assert project["scripts"] == {"aarm": "aarm.__main__:main"}
    assert project["version"] == aarm.__version__
    assert (SDK / "aarm" / "py.typed").exists()


def test_the_examples_of_the_readme_run(
    server: ContractServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {"AARM_URL": server.url, "AARM_KEY": AGENT_KEY, "AARM_HOST_KEY": HOST_KEY}.items():
        monkeypatch.setenv(name, value)
    [guarding, asking] = [compile(example, "README.md", "exec") for example in examples()]
    exec(guarding, {})  # noqa: S102 - the document is ours.
    assert capsys.readouterr().out == "sent to bob@corp.example\nExecuted as asked.\n"
    exec(asking, {})  # noqa: S102
    assert capsys.readouterr().out == "{'table': 'customers'}\n"
    server.rulings["email.send"] = Ruling("DENY")
    exec(guarding, {})  # noqa: S102
    assert capsys.readouterr().out == "Not sent. The rule for email.send says DENY\n"


def test_the_readme_names_every_error() -> None:
    text = (SDK / "README.md").read_text(encoding="utf-8")
    names = {
        name for name in aarm.__all__ if isinstance(thing := getattr(aarm, name), type) and issubclass(thing, Exception)
    }
    assert {name for name in names if f"`{name}`" not in text} == {"NotAllowedError"}
