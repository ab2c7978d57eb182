"""What a process may remember for seconds: others may have taken it away meanwhile, and have to be noticed soon."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from time import monotonic
from typing import Generic, TypeVar

Kept = TypeVar("Kept")


class ShortMemory(Generic[Kept]):
    """Values by name, for `seconds` after they were read, `most` of them; the oldest go first. For many threads."""

    def __init__(self, *, seconds: float, most: int) -> None:
        # What is too old is found at the front.
        self._found: OrderedDict[str, tuple[float, Kept]] = OrderedDict()
        self._lock = Lock()
        self._seconds, self._most = seconds, most

    def get(self, name: str) -> Kept | None:
        """What is remembered, if it is young enough."""
        with self._lock:
            oldest = monotonic() - self._seconds
            while self._found and next(iter(self._found.values()))[0] < oldest:
                self._found.popitem(last=False)
            found = self._found.get(name)
        return found[1] if found else None

    def put(self, name: str, value: Kept, *, read_at: float) -> None:
        """Remembers what was read at `read_at`, by the monotonic clock, and not what is too old already."""
        with self._lock:
            # Never younger than its reading: the transaction that read it may have been long.
            if name not in self._found and read_at >= monotonic() - self._seconds:
                self._found[name] = (read_at, value)
            while len(self._found) > self._most:
                self._found.popitem(last=False)

    def clear(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._found.clear()
