"""The examples work: they are run against a real server, as they stand on the page."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.reading import ROOT, Block, page, pages
from tests.e2e.servers import Servers

SECONDS = 60.0
PYTHON = [block for each in pages() for block in each.blocks("python")]
SHELL = ("docs/quickstart.md", "docs/api.md")


@pytest.mark.parametrize("block", PYTHON, ids=lambda block: block.place)
def test_python_on_a_page_is_python(block: Block) -> None:
    ast.parse(block.text)


def environment(servers: Servers) -> dict[str, str]:
    """What a reader has set by then."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT / "sdk"),
        "AARM_URL": servers.base_url,
        "AARM_KEY": servers.seed["agents"][0]["key"],
        "AARM_HOST_KEY": servers.seed["host_key"],
    }


def run(*command: str, servers: Servers, folder: Path) -> str:
    """Runs it in a folder that has the seed; its output."""
    (folder / "seed.json").write_text(json.dumps(dict(servers.seed)), encoding="utf-8")
    done = subprocess.run(
        command, cwd=folder, env=environment(servers), capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("block", PYTHON, ids=lambda block: block.place)
def test_python_on_a_page_runs(block: Block, embedded_server: Servers, tmp_path: Path) -> None:
    said = run(sys.executable, "-c", block.text, servers=embedded_server, folder=tmp_path)
    assert said.strip()


def test_the_guards_example_does_what_its_comments_say(embedded_server: Servers, tmp_path: Path) -> None:
    (block,) = page("docs/quickstart.md").blocks("python")
    allowed, asked = run(sys.executable, "-c", block.text, servers=embedded_server, folder=tmp_path).splitlines()
    assert allowed == "sent"
    assert asked.startswith(f"A person has to decide: {embedded_server.base_url}/a/apr_")


@pytest.mark.parametrize("name", SHELL)
def test_the_shell_examples_run_from_top_to_bottom(name: str, embedded_server: Servers, tmp_path: Path) -> None:
    script = "\n".join(block.text for block in page(name).blocks("sh") if block.info == "sh run")
    assert "curl" in script
    bash = shutil.which("bash")
    assert bash is not None
    said = run(bash, "-euo", "pipefail", "-c", script, servers=embedded_server, folder=tmp_path)
    assert '"effective"' in said
    assert "urn:aarm:problem" not in said


def test_the_answer_on_the_page_of_the_api_is_the_servers(embedded_server: Servers, tmp_path: Path) -> None:
    api = page("docs/api.md")
    first = next(block for block in api.blocks("sh") if block.info == "sh run")
    bash = shutil.which("bash")
    assert bash is not None
    said = run(bash, "-euo", "pipefail", "-c", first.text, servers=embedded_server, folder=tmp_path)
    written = json.loads(next(api.blocks("json")).text)
    got = json.loads(said)
    assert set(got) == set(written)
    kept = {name for name, value in written.items() if "…" not in json.dumps(value, ensure_ascii=False)}
    assert {name: got[name] for name in kept} == {name: written[name] for name in kept}
