"""Bytes changed at random: both verifiers always answer, call nobody, and take nothing new for valid (RCP-32)."""

from __future__ import annotations

import base64
import os
import random
import socket
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NoReturn

import pytest

from receipts.signing.archive import is_archive
from receipts.signing.bundle import read_bundle, verify_bundle
from receipts.signing.checkpoint import verify_checkpoint
from receipts.signing.documents import read_envelopes, read_formatted, read_keys
from receipts.signing.errors import VerificationError
from receipts.signing.files import read_note_text
from receipts.signing.keys import KeySet
from receipts.signing.notes import is_note
from receipts.signing.verify import verify_each
from tests.verifiers.javascript import ORIGIN, JavaScriptVerifier
from tests.verifiers.mutations import BYTES
from tests.verifiers.questions import Vector, all_vectors

CHUNK = 10_000
# A bundle has many signatures; most of the time goes to what has one.
MOST_BYTES = 4_000
IN_THE_PAGE = (Path(__file__).parent / "fuzzing.js").read_text()


def said(data: bytes, *, keys: KeySet) -> frozenset[str]:
    """What a file is found to say, if it is valid: the digests of its receipts, or the text of its checkpoint."""
    if is_note(data):
        return frozenset({verify_checkpoint(read_note_text(data), keys=keys).text})
    document = read_formatted(data)
    if document is not None:
        return frozenset(link.digest for link in verify_bundle(read_bundle(document), keys=keys).links)
    envelopes = read_envelopes(data)
    verify_each(envelopes, keys=keys)
    return frozenset(envelope.digest for envelope in envelopes)


@cache
def sound() -> list[tuple[bytes, KeySet, frozenset[str]]]:
    """Published files that are valid, with their keys and what they say."""
    found = []
    for vector in filter(_is_plain, all_vectors()):
        keys = read_keys(vector.question.keys)
        found.append((vector.question.file, keys, said(vector.question.file, keys=keys)))
    return found


def _is_plain(vector: Vector) -> bool:
    file = vector.question.file
    is_other = b"aarm-log/1" in file or is_archive(file)
    return vector.verdict == (0, None) and not is_other and len(file) < MOST_BYTES


def damaged(data: bytes, dice: random.Random) -> bytes:
    """A few bytes exchanged, removed, repeated or added."""
    for _ in range(dice.choice((1, 1, 1, 2, 5))):
        at, length = dice.randrange(len(data) + 1), dice.choice((0, 1, 1, 2, 30))
        instead = dice.choice(
            (b"", bytes([dice.choice(BYTES)]), bytes([dice.randrange(256)]), data[at : at + length] * 2)
        )
        data = data[:at] + instead + data[at + length :]
    return data


def _no_network(*args: Any, **kwargs: Any) -> NoReturn:
    raise AssertionError("The verifier opened a socket.")


def chunk(seed: int) -> Counter[str]:
    """Verdicts on one chunk of damaged files. Whatever else is raised fails the test."""
    dice, found, files = random.Random(seed), Counter[str](), sound()
    socket.socket = _no_network  # type: ignore[assignment, misc]  # in a process of its own
    for _ in range(CHUNK):
        data, keys, truth = dice.choice(files)
        bytes_now = damaged(data, dice)
        try:
            claim = said(bytes_now, keys=keys)
        except VerificationError as error:
            found[error.reason] += 1
            continue
        # What stands outside of the signed bytes may change; what is signed may not.
        assert claim <= truth, f"{seed}: {bytes_now!r}"
        found["valid"] += 1
    return found


def run(seeds: Iterable[int]) -> Counter[str]:
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        return sum(pool.map(chunk, seeds), Counter[str]())


@pytest.mark.case("RCP-32")
def test_damaged_bytes_are_answered_and_say_nothing_new() -> None:
    found = run(range(2))
    assert found.total() == 2 * CHUNK
    assert {"valid", "malformed", "bad_signature", "untrusted_key", "unsupported"} <= set(found)


@pytest.mark.nightly
@pytest.mark.case("RCP-32")
def test_ten_million_damaged_files_are_answered_and_say_nothing_new() -> None:
    assert run(range(1000)).total() == 10_000_000


def _sent(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _for_the_page() -> list[dict[str, Any]]:
    """The same files, with what they say. Bare receipts are verified one by one, as above."""
    found = []
    for vector in filter(_is_plain, all_vectors()):
        file, keys = vector.question.file, vector.question.keys
        is_bare = not is_note(file) and read_formatted(file) is None
        truth = sorted(said(file, keys=read_keys(keys)))
        found.append({"file": _sent(file), "keys": _sent(keys), "truth": truth, "each": is_bare})
    return found


def run_in_the_page(javascript: JavaScriptVerifier, seeds: Iterable[int]) -> Counter[str]:
    """As `run`. The page's routes see to it that it calls nobody; what is no verdict fails the call."""
    found, files = Counter[str](), _for_the_page()
    for seed in seeds:
        counts, lies = javascript.page.evaluate(IN_THE_PAGE, [ORIGIN, seed, CHUNK, files, _sent(BYTES)])
        assert lies == [], f"{seed}: {lies}"
        found.update(counts)
    return found


@pytest.mark.case("RCP-32")
def test_damaged_bytes_are_answered_in_javascript_and_say_nothing_new(javascript: JavaScriptVerifier) -> None:
    found = run_in_the_page(javascript, range(1))
    assert found.total() == CHUNK
    assert {"valid", "malformed", "bad_signature", "untrusted_key", "unsupported"} <= set(found)


@pytest.mark.nightly
@pytest.mark.case("RCP-32")
def test_ten_million_damaged_files_are_answered_in_javascript_and_say_nothing_new(
    javascript: JavaScriptVerifier,
) -> None:
    assert run_in_the_page(javascript, range(1000)).total() == 10_000_000
