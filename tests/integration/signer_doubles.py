"""Those who hold keys elsewhere: SoftHSM as the hardware module, a key service that listens on the loopback address."""

from __future__ import annotations

import atexit
import base64
import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)
PIN = "1234"


def softhsm_module() -> str:
    """Where SoftHSM's library is. Without it its tests say so in one line, unless the environment forbids that."""
    found = [path for path in MODULES if Path(path).exists()]
    if found and shutil.which("softhsm2-util"):
        return found[0]
    if os.environ.get("AARM_REQUIRE_SOFTHSM"):
        pytest.fail("SoftHSM is not installed, and AARM_REQUIRE_SOFTHSM forbids to go without.")
    pytest.skip("SoftHSM is not installed: apt-get install softhsm2.")


@pytest.fixture
def softhsm() -> str:
    """The library, with tokens of its own."""
    return _with_tokens(softhsm_module())


@cache
def _with_tokens(module: str) -> str:
    """Once a process, because the library reads only once where its tokens lie."""
    folder = Path(tempfile.mkdtemp(prefix="softhsm-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder}\nobjectstore.backend = file\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    for label in ("aarm", "locked"):
        command = ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "5678"]
        subprocess.run(command, check=True, capture_output=True)
    return module


def token_uri(module: str, *, label: str = "aarm", more: str = "") -> str:
    return f"pkcs11:token={label}?module-path={quote(module)}{more}"


@dataclass
class KeyService:
    """AWS's key service as far as signing goes. Like the real one it takes digests, and no long messages."""

    keys: dict[str, ec.EllipticCurvePrivateKey] = field(default_factory=dict)
    hold: threading.Event | None = None
    signer: ec.EllipticCurvePrivateKey | None = None

    def answer(self, operation: str, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if self.hold is not None:
            self.hold.wait(30)
        if operation == "CreateKey":
            name = f"key-{len(self.keys)}"
            self.keys[name] = ec.generate_private_key(ec.SECP256R1())
            return 200, {"KeyMetadata": {"KeyId": name}}
        if operation == "CreateAlias":
            self.keys[asked["AliasName"]] = self.keys[asked["TargetKeyId"]]
            return 200, {}
        if asked["KeyId"] not in self.keys:
            return 400, {"__type": "NotFoundException"}
        return self._of_key(operation, asked)

    def _of_key(self, operation: str, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        key = self.keys[asked["KeyId"]]
        if operation == "GetPublicKey":
            form = serialization.PublicFormat.SubjectPublicKeyInfo
            der = key.public_key().public_bytes(serialization.Encoding.DER, form)
            return 200, {"PublicKey": base64.b64encode(der).decode()}
        message = base64.b64decode(asked["Message"])
        if asked["MessageType"] == "RAW":
            if len(message) > 4096:
                return 400, {"__type": "ValidationException"}
            message = sha256(message).digest()
        signature = (self.signer or key).sign(message, ec.ECDSA(Prehashed(hashes.SHA256())))
        return 200, {"Signature": base64.b64encode(signature).decode()}


@contextmanager
def listening(service: KeyService) -> Iterator[str]:
    """Serves it over HTTP; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, found = service.answer(self.headers["X-Amz-Target"].partition(".")[2], asked)
            body = json.dumps(found).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Keeps quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
