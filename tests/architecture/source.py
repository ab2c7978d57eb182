"""The product's source as syntax trees, and what its modules import. Nothing is imported to find that out."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("aarm_site", "decisions", "approvals", "receipts")
PURE = ("decisions.engine", "decisions.intake", "approvals.lifecycle", "receipts.signing")


@dataclass(frozen=True, slots=True)
class Module:
    """One file: its dotted name, where it is, and its tree."""

    name: str
    path: Path
    tree: ast.Module
    text: str

    @property
    def app(self) -> str:
        return self.name.split(".")[0]

    @property
    def part(self) -> str:
        """The first name below the app: its layer."""
        return self.name.split(".")[1] if "." in self.name else ""


@dataclass(frozen=True, slots=True)
class Import:
    """`importer` needs `target`; `line` says where."""

    importer: Module
    target: str
    line: int

    def __str__(self) -> str:
        return f"{self.importer.path.relative_to(ROOT)}:{self.line} imports {self.target}"

    def is_of(self, package: str) -> bool:
        """Whether the target is `package` or inside it."""
        return self.target == package or self.target.startswith(f"{package}.")


def _module(path: Path) -> Module:
    parts = path.relative_to(ROOT).with_suffix("").parts
    text = path.read_text(encoding="utf-8")
    named = parts[:-1] if parts[-1] == "__init__" else parts
    return Module(name=".".join(named), path=path, tree=ast.parse(text, filename=str(path)), text=text)


@cache
def modules(*folders: str) -> tuple[Module, ...]:
    """Every module under the folders, generated migrations left out."""
    paths = (path for folder in folders or APPS for path in sorted((ROOT / folder).rglob("*.py")))
    return tuple(_module(path) for path in paths if "migrations" not in path.parts)


def _targets(node: ast.Import | ast.ImportFrom) -> list[str]:
    """Module names that the statement needs; for `from package import name` also `package.name`, which may be one."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [f"{node.module}.{alias.name}" for alias in node.names]


def imports_of(module: Module) -> Iterator[Import]:
    """All its imports, also those in functions and for the type checker."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for target in _targets(node):
                yield Import(importer=module, target=target, line=node.lineno)


def all_imports() -> list[Import]:
    """Of the whole product."""
    return [found for module in modules() for found in imports_of(module)]


def is_within(name: str, packages: tuple[str, ...]) -> bool:
    """Whether the module is one of the packages or inside one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)
