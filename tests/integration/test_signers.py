"""Key rings by themselves: files, SoftHSM, and a key service over HTTP."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from moto.server import ThreadedMotoServer

from receipts.signers import Keyring, SignerError, SignerURIError, open_keyring
from receipts.signers.base import RemoteKey
from receipts.signers.errors import KeyMissingError, SignerUnavailableError, WrongSignatureError
from receipts.signers.file import FileKeyring
from receipts.signers.pkcs11 import PKCS11Keyring
from receipts.signing.algorithms import Algorithm
from receipts.signing.keys import Signer, SigningKey
from tests.integration.signer_doubles import PIN, KeyService, listening, softhsm, token_uri

__all__ = ["softhsm"]

NOBODY = "aarm-AAAAAAAAAAAAAAAA"


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the AWS library wants to see."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """An emulator of AWS, by somebody else; its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def service_uri(address: str, *, more: str = "") -> str:
    return f"awskms:corp/aarm?region=eu-central-1&endpoint={address}{more}"


@pytest.fixture(params=["file", "encrypted file", "pkcs11", "awskms"])
def ring(request: pytest.FixtureRequest, tmp_path: Path) -> Keyring:
    """Every kind of key ring, empty."""
    if request.param == "pkcs11":
        return open_keyring(token_uri(request.getfixturevalue("softhsm")), secret=PIN)
    if request.param == "awskms":
        return open_keyring(service_uri(request.getfixturevalue("moto"), more="&timeout=30"), secret="")
    return open_keyring(f"file:{tmp_path / 'key.pem'}", secret="correct horse" if "enc" in request.param else "")


def assert_signs(signer: Signer) -> None:
    for data in (b"", b"data", os.urandom(5000)):
        signature = signer.sign(data)
        assert signer.public.is_fitting(signature, data=data)
        assert not signer.public.is_fitting(signature, data=data + b"!")


def test_a_key_signs_and_is_found_again_by_its_id(ring: Keyring) -> None:
    made, again = ring.create(), ring.create()
    assert made.key_id != again.key_id
    for signer in (made, ring.load(made.key_id), ring.load(again.key_id)):
        assert signer.algorithm in set(Algorithm)
        signature = signer.sign(b"data")
        assert signer.public.is_fitting(signature, data=b"data")
        assert not signer.public.is_fitting(signature, data=b"other")
    with pytest.raises(SignerError):
        ring.load(NOBODY)
    assert ring.load(ring.first().key_id).sign(b"data")


def test_many_threads_may_sign_at_once(ring: Keyring) -> None:
    signer = ring.create()

    def sign(number: int) -> bool:
        data = b"%d" % number
        return signer.public.is_fitting(ring.load(signer.key_id).sign(data), data=data)

    with ThreadPoolExecutor(max_workers=8) as pool:
        assert all(pool.map(sign, range(40)))


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "vault:aarm",
        "file:",
        "awskms:",
        "awskms:../aarm?region=eu-central-1",
        "awskms:aarm?region=eu-central-1&colour=red",
        "awskms:aarm?region=eu-central-1&timeout=soon",
        "awskms:aarm?region=eu-central-1&timeout=0",
        "awskms:aarm?region=eu-central-1&timeout=61",
        "awskms:aarm?region=eu-central-1&endpoint=nowhere",
        "pkcs11:token=aarm",
        "pkcs11:object=aarm?module-path=/lib/x.so",
    ],
)
def test_a_setting_that_can_not_be_meant_is_named(uri: str) -> None:
    with pytest.raises(SignerURIError, match="AARM_SIGNER"):
        open_keyring(uri, secret="")


def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "receipts.signers.awskms", None)
    with pytest.raises(SignerURIError, match=r"receipts\.signers\.awskms"):
        open_keyring("awskms:aarm?region=nowhere-1", secret="")


def test_key_files_are_for_their_owner_alone_and_encrypted_with_the_passphrase(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "key.pem"
    ring = FileKeyring(path, b"correct horse")
    first, second = ring.first(), ring.create()
    assert ring.files() == [path, ring.path_of(second.key_id)]
    for found in ring.files():
        assert (found.stat().st_mode & 0o777, b"ENCRYPTED" in found.read_bytes()) == (0o600, True)
    for passphrase in (None, b"wrong"):
        with pytest.raises(SignerUnavailableError):
            FileKeyring(path, passphrase).load(first.key_id)
    path.chmod(0o640)
    with pytest.raises(SignerUnavailableError, match="chmod 600"):
        ring.load(first.key_id)
    path.chmod(0o600)
    assert ring.load(first.key_id).sign(b"") == first.sign(b"")
    assert "correct horse" not in repr(ring)
    assert sorted(item.name for item in path.parent.iterdir()) == sorted(item.name for item in ring.files())


def test_a_key_file_that_is_taken_away_or_exchanged_signs_nothing_more(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    ring = FileKeyring(path)
    key = ring.first()
    content = path.read_bytes()
    path.write_bytes(SigningKey.from_seed(b"\x07" * 32).to_pem())
    with pytest.raises(KeyMissingError):
        ring.load(key.key_id)
    path.unlink()
    with pytest.raises(SignerUnavailableError):
        ring.load(key.key_id)
    path.touch(0o600)
    path.write_bytes(content)
    assert ring.load(key.key_id).key_id == key.key_id


def test_an_id_never_becomes_a_path(tmp_path: Path) -> None:
    ring = FileKeyring(tmp_path / "key.pem")
    ring.first()
    for name in ("../../etc/passwd", "", "aarm-short", f"{NOBODY}/.."):
        with pytest.raises(KeyMissingError):
            ring.load(name)


def test_of_processes_that_start_at_once_one_makes_the_key_and_all_take_it(tmp_path: Path) -> None:
    ring, barrier = FileKeyring(tmp_path / "key.pem"), threading.Barrier(8)

    def start(_: int) -> str:
        barrier.wait(30)
        return ring.first().key_id

    with ThreadPoolExecutor(max_workers=8) as pool:
        assert len(set(pool.map(start, range(8)))) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["key.pem"]


def test_a_folder_that_can_not_be_written_is_a_refusal(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SignerError, match="written"):
        FileKeyring(tmp_path / "file" / "key.pem").create()


def test_a_p256_key_in_a_file_signs_too(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.touch(0o600)
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(pem)
    signer = FileKeyring(path).first()
    assert signer.algorithm == "ES256"
    assert_signs(signer)


@pytest.mark.case("FLT-30")
def test_a_wrong_signature_is_never_passed_on(tmp_path: Path) -> None:
    honest = FileKeyring(tmp_path / "key.pem").first()
    other = SigningKey.from_seed(b"\x07" * 32)
    assert_signs(RemoteKey(honest.public, honest.key_id, honest.sign))
    for wrong in (other.sign, lambda data: honest.sign(data + b"!"), lambda data: b"", lambda data: bytes(64)):
        with pytest.raises(WrongSignatureError):
            RemoteKey(honest.public, honest.key_id, wrong).sign(b"data")


def test_a_pin_that_is_wrong_is_tried_once_so_that_the_token_is_not_locked(softhsm: str) -> None:
    locked = open_keyring(token_uri(softhsm, label="locked"), secret="9999")
    for _ in range(20):
        with pytest.raises(SignerUnavailableError):
            locked.create()
    assert_signs(open_keyring(token_uri(softhsm, label="locked"), secret=PIN).create())


@pytest.mark.case("FLT-30")
@pytest.mark.parametrize("fault", ["token", "module"])
def test_a_module_that_is_not_there_is_a_refusal_and_heals(softhsm: str, fault: str) -> None:
    uri = token_uri(softhsm, label="nowhere") if fault == "token" else token_uri("/usr/lib/nowhere.so")
    for _ in range(2):
        with pytest.raises(SignerUnavailableError):
            open_keyring(uri, secret=PIN).create()
    assert_signs(open_keyring(token_uri(softhsm), secret=PIN).create())


@pytest.mark.case("FLT-30")
def test_a_module_that_hangs_is_waited_for_no_longer_than_it_may() -> None:
    held = threading.Event()

    class Hanging:
        def public(self, key_id: str) -> None:
            held.wait(30)

        def forget(self) -> None:
            """There is no session."""

    ring = PKCS11Keyring(Hanging(), timeout_seconds=0.05)  # type: ignore[arg-type]  # As much of a token as is called.
    for _ in range(3):
        with pytest.raises(SignerUnavailableError):
            ring.load(NOBODY)
    held.set()


@pytest.mark.case("FLT-30")
def test_a_key_service_that_is_late_wrong_or_gone_signs_nothing() -> None:
    service = KeyService()
    with listening(service) as address:
        ring = open_keyring(service_uri(address, more="&timeout=1"), secret="")
        signer = ring.create()
        assert_signs(signer)
        service.signer = ec.generate_private_key(ec.SECP256R1())
        with pytest.raises(WrongSignatureError):
            signer.sign(b"data")
        service.signer, service.hold = None, threading.Event()
        with pytest.raises(SignerUnavailableError):
            signer.sign(b"data")
        service.hold.set()
        service.hold = None
        assert_signs(ring.load(signer.key_id))
        with pytest.raises(KeyMissingError):
            ring.load(NOBODY)
    with pytest.raises(SignerUnavailableError):
        signer.sign(b"data")


def test_an_alias_that_leads_to_another_key_is_no_key() -> None:
    service = KeyService()
    with listening(service) as address:
        made = open_keyring(service_uri(address), secret="").create()
        service.keys[f"alias/corp/aarm/{made.key_id}"] = ec.generate_private_key(ec.SECP256R1())
        with pytest.raises(KeyMissingError):
            open_keyring(service_uri(address, more="&timeout=1"), secret="").load(made.key_id)
        service.keys[f"alias/corp/aarm/{made.key_id}"] = ec.generate_private_key(ec.SECP384R1())
        with pytest.raises(SignerUnavailableError):
            open_keyring(service_uri(address, more="&timeout=1.5"), secret="").load(made.key_id)
