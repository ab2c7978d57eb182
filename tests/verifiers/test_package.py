"""The verifier by itself: it runs where there is nothing but Python and the two libraries that its package names."""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path
from typing import Any

import pytest

from tests.verifiers.questions import Vector, all_vectors

ROOT = Path(__file__).parents[2]
PACKAGE: dict[str, Any] = tomllib.loads((ROOT / "verifier" / "pyproject.toml").read_text())
SERVER: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
ASKED = ("receipts: one receipt alone", "receipts: decision altered", "log: bundle of a whole stream", "edges: ES256")
# The command as its entry point starts it.
START = "import sys; from receipts.signing.__main__ import main; sys.exit(main())"


def _files_of(distribution: str) -> set[str]:
    """The folders and modules that a distribution installs, by their first part."""
    files = importlib.metadata.files(distribution) or []
    return {file.parts[0] for file in files if not file.parts[0].startswith(".") and file.parts[0] != "__pycache__"}


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    """A folder with what the wheel has, and with the libraries that it asks for. `cffi` is what cryptography needs."""
    shutil.copytree(ROOT / "receipts" / "signing", tmp_path / "receipts" / "signing")
    shutil.copy(ROOT / "receipts" / "__init__.py", tmp_path / "receipts")
    libraries = Path(str(importlib.metadata.distribution("cryptography").locate_file("")))
    for distribution in ("cryptography", "rfc8785", "cffi"):
        for name in _files_of(distribution):
            (tmp_path / name).symlink_to(libraries / name)
    return tmp_path


def _ask(command: list[str], vector: Vector, *, folder: Path) -> int:
    (folder / "keys.json").write_bytes(vector.question.keys)
    (folder / "file").write_bytes(vector.question.file)
    arguments = ["verify", "--keys", str(folder / "keys.json"), str(folder / "file")]
    return subprocess.run([*command, *arguments], capture_output=True, check=False, cwd=folder).returncode


def _asked() -> list[Vector]:
    found = {vector.name: vector for vector in all_vectors()}
    return [found[name] for name in ASKED]


def test_the_command_needs_nothing_of_the_server(alone: Path) -> None:
    isolated = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(alone)!r}); {START}"]
    verdicts = [(_ask(isolated, vector, folder=alone), vector.verdict[0]) for vector in _asked()]
    assert verdicts == [(0, 0), (2, 2), (0, 0), (0, 0)]


def test_the_package_asks_for_the_same_libraries_as_the_server() -> None:
    assert set(PACKAGE["project"]["dependencies"]) <= set(SERVER["project"]["dependencies"])
    assert PACKAGE["project"]["version"] == SERVER["project"]["version"]
    assert PACKAGE["project"]["requires-python"] == SERVER["project"]["requires-python"]


@pytest.mark.nightly
def test_the_wheel_installs_a_command_into_an_empty_environment(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    for wheels in (tmp_path / "one", tmp_path / "two"):
        subprocess.run([*pip, "wheel", "--no-deps", "-w", str(wheels), str(ROOT / "verifier")], check=True)
    (one,), (two,) = (list((tmp_path / name).iterdir()) for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes(), "the wheel is reproducible"
    venv.create(tmp_path / "empty", with_pip=True)
    binaries = tmp_path / "empty" / "bin"
    subprocess.run([str(binaries / "python"), "-m", "pip", "install", "--quiet", str(one)], check=True)
    for vector in _asked():
        assert _ask([str(binaries / "aarm-verify")], vector, folder=tmp_path) == vector.verdict[0]
