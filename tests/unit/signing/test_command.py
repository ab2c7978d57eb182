"""`python -m receipts.signing`: exit codes, sentences, and no traceback whatever it is given."""

from __future__ import annotations

import importlib.util
import json
import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from receipts.signing.__main__ import _write, main
from receipts.signing.documents import read_envelopes
from receipts.signing.errors import MalformedError, UnsupportedError
from tests.unit.signing.issuer import Issuer

ROOT = Path(__file__).parents[3]
NEEDED = ("cryptography", "rfc8785", "cffi", "pycparser", "_cffi_backend")


@pytest.fixture(scope="session")
def bare_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for PYTHONPATH that holds the verifier and what `cryptography` and `rfc8785` bring, nothing else."""
    folder = tmp_path_factory.mktemp("site")
    for name in NEEDED:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            origin = Path(spec.origin)
            found = origin.parent if origin.name == "__init__.py" else origin
            (folder / found.name).symlink_to(found)
    (folder / "receipts").mkdir()
    (folder / "receipts" / "__init__.py").symlink_to(ROOT / "receipts" / "__init__.py")
    (folder / "receipts" / "signing").symlink_to(ROOT / "receipts" / "signing")
    return folder


class Command:
    """The command, run in a process of its own without any other package."""

    def __init__(self, site: Path, folder: Path) -> None:
        self.site = site
        self.folder = folder

    def write(self, name: str, document: object) -> str:
        path = self.folder / name
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return str(path)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {"PYTHONPATH": str(self.site), "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, "-S", "-m", "receipts.signing", *arguments],
            env=environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return done


@pytest.fixture
def command(bare_site: Path, tmp_path: Path, alice: Issuer, bob: Issuer) -> Command:
    found = Command(bare_site, tmp_path)
    found.write("keys.json", {"keys": [alice.jwk(), bob.jwk()]})
    return found


def test_the_verifier_runs_with_nothing_but_its_two_libraries(command: Command, alice: Issuer) -> None:
    receipt = command.write("receipt.json", alice.receipt().to_dict())
    done = command.run("verify", "--keys", "keys.json", receipt)
    assert done.stdout.startswith(
        "rct_1  decision  ses_alice  position 1  2026-11-03T09:15:00.000000Z\nVALID: 1 receipt"
    )
    assert "does not prove" in done.stdout
    assert (done.returncode, done.stderr) == (0, "")
    missing = subprocess.run(
        [sys.executable, "-S", "-c", "import django"],
        env={"PYTHONPATH": str(command.site)},
        capture_output=True,
        check=False,
    )
    assert missing.returncode == 1


def test_each_verdict_has_its_exit_code_in_a_real_process(command: Command, vectors: Path) -> None:
    document = json.loads((vectors / "receipts.json").read_text())
    command.write("keys.json", document["keys"])
    seen: dict[int, str | None] = {}
    for case in document["cases"]:
        if case["exit_code"] in seen or "file" not in case or "expect_head" in case:
            continue
        disclosure = ["--disclosure", command.write("d.json", case["disclosure"])] if "disclosure" in case else []
        receipt = command.write("receipt.json", case["file"])
        done = command.run("verify", "--keys", "keys.json", *disclosure, receipt)
        assert done.returncode == case["exit_code"]
        assert done.stderr.startswith(f"INVALID {case['reason']}: ") or case["exit_code"] in {0, 6}
        seen[case["exit_code"]] = case["reason"]
    assert set(seen) == {0, 1, 2, 3, 4, 5, 6}


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["verify"],
        ["verify", "--keys", "keys.json"],
        ["verify", "receipt.json"],
        ["verify", "--keys", "keys.json", "absent.json"],
        ["verify", "--keys", "keys.json", "."],
        ["verify", "--keys", "absent.json", "receipt.json"],
        ["verify", "--keys", "receipt.json", "receipt.json"],
        ["verify", "--keys", "text.json", "receipt.json"],
        ["verify", "--keys", "keys.json", "--expect-head", "5", "receipt.json"],
        ["verify", "--keys", "keys.json", "--expect-head", "five:sha256:" + "0" * 64, "receipt.json"],
        ["verify", "--keys", "keys.json", "--expect-head", "9" * 5000 + ":sha256:" + "0" * 64, "receipt.json"],
        ["verify", "--keys", "keys.json", "--each", "--expect-head", "1:sha256:" + "0" * 64, "receipt.json"],
        ["verify", "--keys", "keys.json", "--disclosure", "absent.json", "receipt.json"],
        ["verify", "--keys", "keys.json", "--disclosure", "disclosure.json", "receipt.json", "second.json"],
        ["sign", "receipt.json"],
    ],
)
def test_wrong_use_ends_with_64_and_says_nothing_about_receipts(
    command: Command,
    alice: Issuer,
    arguments: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = alice.chain(2)
    command.write("receipt.json", log[0].to_dict())
    command.write("second.json", log[1].to_dict())
    command.write("disclosure.json", {})
    command.write("text.json", "no keys")
    monkeypatch.chdir(command.folder)
    try:
        exit_code = main(arguments)
    except SystemExit as ended:
        exit_code = int(ended.code or 0)
    captured = capsys.readouterr()
    assert exit_code == 64
    assert captured.out == ""
    assert captured.err
    assert "INVALID" not in captured.err


def test_wrong_use_ends_with_64_in_a_real_process_too(command: Command) -> None:
    assert command.run("verify").returncode == 64
    assert command.run("verify", "--keys", "absent.json", "absent.json").returncode == 64


def test_a_private_key_in_the_key_file_is_refused(
    command: Command, alice: Issuer, capsys: pytest.CaptureFixture[str]
) -> None:
    receipt = command.write("receipt.json", alice.receipt().to_dict())
    keys = command.write("leaked.json", {"keys": [{**alice.jwk(), "d": "secret"}]})
    assert main(["verify", "--keys", keys, receipt]) == 64
    assert "private key" in capsys.readouterr().err


def test_files_given_one_by_one_are_put_in_order(
    command: Command, alice: Issuer, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [command.write(f"{envelope.digest[7:15]}.json", envelope.to_dict()) for envelope in alice.chain(6)]
    keys = str(command.folder / "keys.json")
    assert main(["verify", "--keys", keys, *sorted(names)]) == 0
    assert "form whole chains" in capsys.readouterr().out
    assert main(["verify", "--keys", keys, *names[1:]]) == 2
    assert main(["verify", "--keys", keys, "--each", *names[1:]]) == 0


def test_the_report_for_people_names_what_was_disclosed_and_erased(
    command: Command, vectors: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads((vectors / "receipts.json").read_text())
    case = next(case for case in document["cases"] if case["exit_code"] == 6)
    keys = command.write("keys.json", document["keys"])
    wrapped = command.write("d.json", {"id": "rct_first", "disclosure": case["disclosure"]})
    receipt = command.write("receipt.json", case["file"])
    assert main(["verify", "--keys", keys, "--disclosure", wrapped, receipt]) == 6
    out = capsys.readouterr().out
    assert out.splitlines()[1:4] == [
        "disclosed and matching: '/reason'",
        "erased: '/parameters/to'",
        "not disclosed: '/parameters/amount'",
    ]
    assert out.splitlines()[4].startswith("VALID, PAYLOAD ERASED: ")
    assert "erasure receipt" in out


def test_the_report_says_where_a_chain_broke(
    command: Command, alice: Issuer, capsys: pytest.CaptureFixture[str]
) -> None:
    log = alice.chain(3)
    keys, cut = str(command.folder / "keys.json"), command.write("log.json", [log[0].to_dict(), log[2].to_dict()])
    assert main(["verify", "--json", "--keys", keys, cut]) == 2
    captured = capsys.readouterr()
    report = json.loads(captured.out)
    assert (report["stream"], report["position"], report["ordinal"]) == ("ses_alice", 2, 2)
    assert captured.err.startswith("INVALID broken_chain: In ses_alice, position 3 stands where 2 belongs.")


def test_a_reader_that_goes_away_does_not_change_the_verdict(command: Command, alice: Issuer) -> None:
    log = command.write("log.json", [envelope.to_dict() for envelope in alice.chain(3)])
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-S", "-m", "receipts.signing", "verify", "--keys", "keys.json", log],
        env={"PYTHONPATH": str(command.site)},
        cwd=command.folder,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_writing_to_a_reader_that_has_gone_away_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        _write("a verdict", stream=stream)
        _write("a verdict", stream=stream)


def test_the_module_ends_with_the_exit_code_of_its_verdict(
    command: Command, alice: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt = command.write("receipt.json", alice.receipt().to_dict())
    arguments = [
        "verify",
        "--keys",
        str(command.folder / "keys.json"),
        receipt,
        "--expect-head",
        "1:sha256:" + "0" * 64,
    ]
    monkeypatch.setattr(sys, "argv", ["receipts.signing", *arguments])
    monkeypatch.delitem(sys.modules, "receipts.signing.__main__")
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("receipts.signing", run_name="__main__")
    assert ended.value.code == 2


@pytest.mark.parametrize(
    ("document", "error"),
    [
        ("", MalformedError),
        ("no receipt", MalformedError),
        ("{}\n{", MalformedError),
        ({"receipts": {}}, MalformedError),
        ({"envelope": None}, MalformedError),
        ([[]], MalformedError),
        ([{"payloadType": "text/plain", "payload": "", "signatures": []}], UnsupportedError),
    ],
)
def test_files_that_hold_no_receipts_are_refused(document: Any, error: type[Exception]) -> None:
    data = document if isinstance(document, str) else json.dumps(document)
    with pytest.raises(error):
        read_envelopes(data.encode())


def test_receipts_are_found_in_every_form_of_file(alice: Issuer) -> None:
    log = alice.chain(3)
    documents = [envelope.to_dict() for envelope in log]
    lines = "\r\n".join(json.dumps(document) for document in documents)
    for text in (
        json.dumps(documents),
        json.dumps(documents, indent=2),
        json.dumps({"receipts": documents}),
        json.dumps({"receipts": [{"id": "x", "envelope": document} for document in documents]}, indent=2),
        lines,
        "\n" + lines + "\n\n",
    ):
        assert read_envelopes(text.encode()) == log
    assert read_envelopes(json.dumps(documents[0], indent=2).encode()) == log[:1]
