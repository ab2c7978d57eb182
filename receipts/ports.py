"""What receipts ask of the apps above them: whose the random ids are that stand in signed bytes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol


class Directory(Protocol):
    """Registered by an app that gives out ids."""

    def __call__(self, ids: Collection[str], /) -> Mapping[str, str]:
        """The present name of each id that this app knows."""


class _Registry:
    directories: tuple[Directory, ...] = ()


def register_directory(directory: Directory) -> None:
    """Called at start-up."""
    _Registry.directories += (directory,)


def names_of(ids: Collection[str]) -> dict[str, str]:
    """As `Directory`, from all of them. An id that nobody knows any more, as after an erasure, has no name."""
    wanted = {item for item in ids if item}
    return {key: name for directory in _Registry.directories for key, name in directory(wanted).items()}
