"""The verifier in Python, asked as its users ask it: by its command line."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

from receipts.signing.__main__ import main
from receipts.signing.errors import ExitCode
from tests.verifiers.questions import Question, Verdict


def _written(folder: Path, *, name: str, data: bytes) -> str:
    path = folder / name
    path.write_bytes(data)
    return str(path)


def _arguments(question: Question, *, folder: Path) -> list[str]:
    keys = _written(folder, name="keys.json", data=question.keys)
    found = ["verify", "--json", "--processes", "1", "--keys", keys, _written(folder, name="file", data=question.file)]
    if question.disclosure is not None:
        found += ["--disclosure", _written(folder, name="disclosure.json", data=question.disclosure)]
    for number, note in enumerate(question.kept):
        found += ["--checkpoint", _written(folder, name=f"{number}.note", data=note)]
    for vkey in question.witnesses:
        found += [f"--witness={vkey}"]
    found += ["--expect-head", question.expect_head] if question.expect_head is not None else []
    return found + (["--each"] if question.each else [])


def _exit_code(arguments: list[str]) -> int:
    try:
        return main(arguments)
    except SystemExit as end:  # Arguments that make no sense end the process.
        return int(str(end.code))


def python_verdict(question: Question, *, folder: Path) -> Verdict:
    """Its exit code and reason. Whatever it raises is a failure of the test."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        code = _exit_code(_arguments(question, folder=folder))
    return code, None if code == ExitCode.USAGE else json.loads(out.getvalue()).get("reason")
