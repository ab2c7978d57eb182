"""`./run` makes its environment once, keeps that chatter off standard output, and hands everything else on."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

# Stands in for the installer: says a lot, and makes an environment that runs this very Python.
INSTALLER = """#!/bin/sh
echo "installer: $*"
echo "$*" >> "$INSTALLS"
if [ "$1" = venv ]; then
  for target; do :; done
  mkdir -p "$target/bin"
  ln -s "$REAL_PYTHON" "$target/bin/python"
fi
"""
MANAGE = "import sys; print(['manage', *sys.argv[1:]])\n"
MODULE = "import sys; print(['module', *sys.argv[1:]])\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the two scripts, around a product that only says how it was called."""
    root = tmp_path / "checkout with a space"
    (root / ".ci").mkdir(parents=True)
    (root / "bin").mkdir()
    shutil.copy(ROOT / "run", root / "run")
    shutil.copy(ROOT / ".ci" / "environment", root / ".ci" / "environment")
    (root / "requirements.lock").write_text("nothing\n")
    (root / "manage.py").write_text(MANAGE)
    (root / "speaker.py").write_text(MODULE)
    (root / "bin" / "uv").write_text(INSTALLER)
    (root / "bin" / "uv").chmod(0o755)
    return root


def run(checkout: Path, *arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    variables = {
        "PATH": f"{checkout / 'bin'}:/usr/bin:/bin",
        "AARM_PYTHON": sys.executable,
        "REAL_PYTHON": sys.executable,
        "INSTALLS": str(checkout / "installs"),
    }
    return subprocess.run(
        [str(checkout / "run"), *arguments],
        cwd=folder or checkout, env=variables, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), ["manage", "serve"]),
        (("seed_demo", "--json"), ["manage", "seed_demo", "--json"]),
        (("policy", "publish", "a file.yaml"), ["manage", "policy", "publish", "a file.yaml"]),
        (("-m", "speaker", "verify", "--keys"), ["module", "verify", "--keys"]),
    ],
)
def test_what_follows_run_reaches_the_product(checkout: Path, arguments: tuple[str, ...], said: list[str]) -> None:
    assert run(checkout, *arguments).stdout == f"{said}\n"


def test_the_chatter_of_the_set_up_goes_to_standard_error(checkout: Path) -> None:
    done = run(checkout, "doctor")
    assert done.stdout == "['manage', 'doctor']\n"
    assert "installer: pip install" in done.stderr


def test_the_environment_is_made_once_and_again_when_the_lock_changes(checkout: Path) -> None:
    assert "installer" in run(checkout, "doctor").stderr
    assert run(checkout, "doctor").stderr == ""
    (checkout / "requirements.lock").write_text("something else\n")
    assert "installer" in run(checkout, "doctor").stderr
    assert (checkout / "installs").read_text().count("--require-hashes") == 2


def test_it_works_from_any_folder(checkout: Path, tmp_path: Path) -> None:
    assert run(checkout, "doctor", folder=tmp_path).stdout == "['manage', 'doctor']\n"


def test_two_first_starts_at_once_install_once(checkout: Path) -> None:
    variables = {
        "PATH": f"{checkout / 'bin'}:/usr/bin:/bin",
        "AARM_PYTHON": sys.executable,
        "REAL_PYTHON": sys.executable,
        "INSTALLS": str(checkout / "installs"),
    }
    both = [
        subprocess.Popen(
            [str(checkout / "run"), "doctor"], env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    assert [process.communicate(timeout=60)[0] for process in both] == [b"['manage', 'doctor']\n"] * 2
    assert (checkout / "installs").read_text().count("--require-hashes") == 1
