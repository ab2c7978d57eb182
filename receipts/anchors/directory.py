"""A folder, which ought to lie on another disk or machine than the database: a file a checkpoint, a folder a day."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from receipts.anchors.base import AnchorError


class DirectorySink:
    """Files are written whole or not at all, and never written again. Names sort by time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def from_uri(cls, uri: str) -> DirectorySink:
        """`dir:/an/absolute/path`."""
        folder = Path(uri.removeprefix("dir:"))
        if not folder.is_absolute():
            raise AnchorError("The folder for checkpoints is not an absolute path.", permanent=True)
        return cls(folder)

    def publish(self, note: bytes, *, tree_size: int, at: datetime) -> None:
        moment = at.astimezone(UTC)
        path = self.folder / f"{moment:%Y-%m-%d}" / f"{moment:%H%M%S.%f}-{tree_size}.note"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, note=note)
        except OSError as error:
            raise AnchorError(
                f"The folder for checkpoints can't be written ({os.strerror(error.errno or 0)})."
            ) from error

    def newest(self) -> bytes | None:
        try:
            newest = next(self._newest_first(), None)
            return None if newest is None else newest.read_bytes()
        except OSError as error:
            raise AnchorError(f"The folder for checkpoints can't be read ({os.strerror(error.errno or 0)}).") from error

    def _newest_first(self) -> Iterator[Path]:
        days = sorted(self.folder.iterdir(), reverse=True) if self.folder.is_dir() else []
        for day in days:
            yield from sorted(day.glob("*.note"), reverse=True)


def _write(path: Path, *, note: bytes) -> None:
    """The content is on the disk before the name is."""
    if path.exists() and path.read_bytes() == note:
        return
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    with unfinished.open("wb") as file:
        file.write(note)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
