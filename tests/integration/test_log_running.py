"""The log of running servers, in both shapes: what is decided is soon in a checkpoint outside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx

from receipts.signing.bundle import read_bundle, verify_bundle
from receipts.signing.keys import KeySet
from tests.e2e.agents import decide, new_key, open_session
from tests.e2e.processes import run_command
from tests.e2e.servers import Servers
from tests.waiting import wait_until


def fetched(servers: Servers, path: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {servers.seed['agents'][0]['key']}"}
    return httpx.get(f"{servers.base_url}{path}", headers=headers, timeout=30)


def proof_when_there_is_one(servers: Servers, receipt_id: str) -> Any:
    """The proof of a fresh receipt, as soon as a checkpoint covers it."""

    def proof() -> Any:
        answer = fetched(servers, f"/api/v1/receipts/{receipt_id}/proof")
        return answer.json() if answer.status_code == 200 else None

    return wait_until(proof, "a checkpoint covers the receipt", seconds=60)


def require_log(servers: Servers, *, folder: Path, tmp_path: Path) -> None:
    """An action is decided; an outsider gets a proof of it that leads to a note that lies in the folder."""
    mail = {"to": "bob@corp.example", "subject": "Hello"}
    session = open_session(servers)
    answer = decide(servers, session=session, key=new_key(), tool="email", operation="send", parameters=mail)
    assert answer.json()["effective"] == "ALLOW", answer.text
    receipt_id = answer.json()["receipt"]["id"]
    proof = proof_when_there_is_one(servers, receipt_id)
    envelope = fetched(servers, f"/api/v1/receipts/{receipt_id}").json()
    bundle = {
        "format": "aarm-bundle/1",
        "checkpoint": proof["checkpoint"],
        "receipts": [{"envelope": envelope, "inclusion": proof["inclusion"]}],
    }
    keys = httpx.get(f"{servers.base_url}/.well-known/aarm/keys.json", timeout=30).json()
    kept = wait_until(lambda: copies(folder, of=proof["checkpoint"]), "the note is outside", seconds=60)
    found = verify_bundle(read_bundle(bundle), keys=KeySet.from_jwks(keys), kept=kept)
    assert found.compared_sizes == (found.checkpoint.size,)
    done = run_command("receipts", "export-log", str(tmp_path / "log.jsonl"), variables=servers.variables)
    assert done.returncode == 0, done.stderr
    head = json.loads((tmp_path / "log.jsonl").read_bytes().splitlines()[0])
    assert head["format"] == "aarm-log/1"


def copies(folder: Path, *, of: str) -> list[str]:
    return [path.read_text() for path in folder.rglob("*.note") if path.read_text() == of]


def test_the_embedded_server_keeps_its_log(embedded_server: Servers, tmp_path: Path) -> None:
    folder = Path(embedded_server.variables["AARM_DATA_DIR"]) / "checkpoints"
    require_log(embedded_server, folder=folder, tmp_path=tmp_path)


def test_workers_and_beats_keep_the_log_as_a_role_that_owns_nothing(
    production_servers: Servers, tmp_path: Path
) -> None:
    folder = Path(production_servers.variables["AARM_DATA_DIR"]) / "checkpoints"
    require_log(production_servers, folder=folder, tmp_path=tmp_path)
