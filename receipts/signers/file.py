"""`file:PATH`: keys in PEM files that only their owner may read. The first is PATH, later ones lie beside it.

With a passphrase the files are encrypted, and such that are not are refused.
"""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from receipts.identifiers import new_id, new_seed
from receipts.signers.errors import KeyMissingError, SignerError, SignerUnavailableError, SignerURIError
from receipts.signing.errors import KeyFormatError
from receipts.signing.keys import SigningKey

UNREADABLE = "The signing key can't be read."

_OTHERS = 0o077
_KEY_ID = re.compile(r"aarm-[A-Za-z0-9_-]{16}")


@lru_cache(maxsize=16)
def _loaded(path: Path, modified_ns: int, inode: int, passphrase: bytes | None) -> SigningKey:
    return SigningKey.from_pem(path.read_bytes(), passphrase=passphrase)


@dataclass(frozen=True, slots=True)
class FileKeyring:
    """A `Keyring` of files."""

    path: Path
    passphrase: bytes | None = field(default=None, repr=False)
    # Every receipt asks; where a key was found it is looked for first.
    _places: dict[str, Path] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_uri(cls, rest: str, *, secret: str) -> FileKeyring:
        """`rest` is the path of the first key. Raises SignerURIError."""
        if not rest:
            raise SignerURIError("AARM_SIGNER names no file: write file:PATH.")
        return cls(Path(rest), secret.encode() or None)

    def load(self, key_id: str) -> SigningKey:
        """Looks at the files each time, so that a key that was taken away signs nothing more."""
        # Taken out first: what fails is searched for anew the next time.
        path = self._places.pop(key_id, None) or self._found(key_id)
        key = self._read(path)
        if key.key_id != key_id:
            raise KeyMissingError
        self._places[key_id] = path
        return key

    def create(self) -> SigningKey:
        """An Ed25519 key in a file that is named after it."""
        key = SigningKey.from_seed(new_seed())
        self._write(key, path=self.path_of(key.key_id))
        return key

    def first(self) -> SigningKey:
        """What is at PATH; a new key where nothing is. Of two processes at once, one makes it and both take it."""
        if not self.path.exists():
            self._write(SigningKey.from_seed(new_seed()), path=self.path)
        return self._read(self.path)

    def files(self) -> list[Path]:
        """PATH and what lies beside it under a key's name."""
        return [self.path, *sorted(self.path.parent.glob(f"{self.path.stem}.aarm-*{self.path.suffix}"))]

    def path_of(self, key_id: str) -> Path:
        """Where a later key lies."""
        if not _KEY_ID.fullmatch(key_id):
            raise KeyMissingError
        return self.path.with_name(f"{self.path.stem}.{key_id}{self.path.suffix}")

    def _found(self, key_id: str) -> Path:
        own = self.path_of(key_id)
        return own if own.exists() else self.path

    def _read(self, path: Path) -> SigningKey:
        try:
            found = path.stat()
            if found.st_mode & _OTHERS:
                raise SignerUnavailableError("Others may read the signing key's file, so it isn't used: chmod 600.")
            return _loaded(path, found.st_mtime_ns, found.st_ino, self.passphrase)
        except (OSError, KeyFormatError) as error:
            raise SignerUnavailableError(UNREADABLE) from error

    def _write(self, key: SigningKey, *, path: Path) -> None:
        """Whole or not at all, and never over a file that is there: another process that starts may have been first."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh = path.with_name(f".{path.name}.{new_id('new')}")
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(key.to_pem(passphrase=self.passphrase))
                    file.flush()
                    os.fsync(file.fileno())
                with suppress(FileExistsError):
                    os.link(fresh, path)
            finally:
                fresh.unlink()
        except OSError as error:
            raise SignerError("The signing key's file can't be written.") from error
