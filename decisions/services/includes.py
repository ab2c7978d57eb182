"""Gathering what a policy includes: packs from the product, files from wherever the policy itself came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from decisions.engine.errors import PolicyError
from decisions.engine.includes import IncludeKind
from decisions.engine.parser import included_keys
from decisions.services.packs import PolicyFiles, pack_text

Read = Callable[[str], str | None]


def with_included(files: PolicyFiles, *, read: Read) -> PolicyFiles:
    """The policy with the texts that it includes. `read` gives a file of that name, or None where there is none.

    A pack is always the product's own. What is missing or can't be read the parser reports, with its place.
    """
    try:
        keys = included_keys(files.text, source=files.source)
    except PolicyError:
        return files
    sources: Mapping[str, Read] = {IncludeKind.PACK: pack_text, IncludeKind.FILE: read}
    found = {}
    for key in keys:
        kind, _, name = key.partition(":")
        text = sources[kind](name)
        if text is not None:
            found[key] = text
    return replace(files, included=found)
