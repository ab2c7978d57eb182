"""The keys that wrap the subjects' keys: a file of 64 hexadecimal digits a line. The first line wraps, all unwrap.

The file is read whenever a subject's key is, which caches make rare, so that a rotation reaches all processes at once.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from receipts.identifiers import new_id, new_seed
from receipts.problems import ProblemError

_OTHERS = 0o077


def unavailable(why: str) -> ProblemError:
    """503: values can neither be kept nor read now, and so nothing be allowed."""
    return ProblemError(
        "payload_key_unavailable",
        status=503,
        why=why,
        fix="Restore the file that AARM_PAYLOAD_KEY_FILE names; until then nothing is allowed.",
    )


def master_keys() -> dict[str, bytes]:
    """Every master key by its id, the one that wraps first; none where there is no file. Raises ProblemError."""
    path: Path = settings.AARM_PAYLOAD_KEY_PATH
    try:
        if path.stat().st_mode & _OTHERS:
            raise unavailable("Others may read the file of payload keys, so it isn't used: chmod 600.")
        lines = path.read_text("ascii").split()
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise unavailable("The file of payload keys can't be read.") from error
    return dict(map(_parsed, lines))


def make_master_key() -> None:
    """Writes the file with a first key, unless another process was faster."""
    fresh = _written(f"{new_seed().hex()}\n")
    with suppress(FileExistsError):
        os.link(fresh, settings.AARM_PAYLOAD_KEY_PATH)
    fresh.unlink()


def add_master_key(*, keeping: Collection[str]) -> None:
    """Puts a new key in front, and leaves out the old ones whose ids aren't among `keeping`."""
    kept = "".join(f"{key.hex()}\n" for name, key in master_keys().items() if name in keeping)
    _written(f"{new_seed().hex()}\n{kept}").replace(settings.AARM_PAYLOAD_KEY_PATH)


def _parsed(line: str) -> tuple[str, bytes]:
    try:
        key = bytes.fromhex(line)
    except ValueError as error:
        raise unavailable("The file of payload keys has a line that is no key.") from error
    if len(key) != 32:
        raise unavailable("The file of payload keys has a line that is no key.")
    return hashlib.sha256(b"aarm/master/v1" + key).hexdigest()[:16], key


def _written(text: str) -> Path:
    """A file beside the real one, complete on the disk."""
    path: Path = settings.AARM_PAYLOAD_KEY_PATH
    fresh = path.with_name(f".{path.name}.{new_id('new')}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise unavailable("The file of payload keys can't be written.") from error
    return fresh
