"""What leaves beside receipts because they name it: the policies that decided, and the entries of their sessions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from receipts.models import Receipt
from receipts.ports import context_entries, policy_text

# A name in a stored body becomes the name of a file, and whoever altered the database may have put a path there.
_SESSION = re.compile(r"ses_[0-9A-Za-z]{20,36}")


@dataclass(frozen=True, slots=True)
class Named:
    """The digest of a policy, a session, and the position in it; nothing where a receipt names none."""

    policy: str = ""
    session: str = ""
    position: int = 0


def named_in(receipt: Receipt) -> Named:
    """What the signed bytes name; nothing where they can't be read, which verifying tells."""
    try:
        body: Any = json.loads(bytes(receipt.body))["body"]
    except (ValueError, KeyError, TypeError):
        return Named()
    policy = _member(body, "decision", "policy", "hash")
    session, position = _member(body, "context", "session"), _member(body, "context", "position")
    is_entry = isinstance(session, str) and isinstance(position, int) and _SESSION.fullmatch(session)
    found = Named(session=session, position=position) if is_entry else Named()
    return Named(policy if isinstance(policy, str) else "", found.session, found.position)


def _member(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def write_policies(folder: Path, digests: Iterable[str]) -> None:
    """The text of each policy that is still on record, named by its digest, and the bytes that the digest covers."""
    (folder / "policies").mkdir()
    for digest in sorted(digests):
        policy = policy_text(digest)
        if policy is not None:
            name = digest.removeprefix("sha256:")
            (folder / "policies" / f"{name}.yaml").write_text(policy.text, encoding="utf-8")
            if policy.meaning:
                (folder / "policies" / f"{name}.json").write_bytes(policy.meaning)


def write_contexts(folder: Path, sessions: Mapping[str, int]) -> Iterator[str]:
    """A file for each session, with a line for each of its entries up to that position, as they were digested.

    Yields the session when its file is complete.
    """
    (folder / "contexts").mkdir()
    for session, position in sorted(sessions.items()):
        with (folder / "contexts" / f"{session}.jsonl").open("wb") as file:
            file.writelines(entry + b"\n" for entry in context_entries(session, upto=position))
        yield session
