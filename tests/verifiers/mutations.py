"""Damage, by a seed: published questions changed in one to three ways, some of them signed again."""

from __future__ import annotations

import base64
import copy
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

import rfc8785

from tests.verifiers.holders import CAST, VERA, WALTER, Holder, envelope_of
from tests.verifiers.questions import Question, Vector

Json = Any
Dice = random.Random
Damage = Callable[[Question, Dice], Question]

# Values that parsers, bounds and types disagree about.
ODD: tuple[Json, ...] = (
    None, True, False, 0, -1, 1, 2, 3, 7, 1.0, 1.5, -0.0, 1e-7, 2**53 - 1, 2**53, 1e300, "", "x", "1", "0" * 300, "é",
    "e\u0301", "\U0001f600", "\ud800", "\x00", "\u2028", "__proto__", "constructor", "sha256:" + "0" * 64,
    "sha256:" + "A" * 64, "2026-11-03T09:15:00.000000Z", "2026-02-29T09:15:00.000000Z", "2026-11-03T24:00:00.000000Z",
    "2026-11-03T23:59:60.000000Z", "0000-01-01T00:00:00.000000Z", "0001-01-01T00:00:00.000000Z",
    "9999-12-31T23:59:59.999999Z", "2026-11-03T09:15:00Z", "decision", "key_revoked", "Ed25519", "ES256", "EdDSA",
    "aarm-bundle/1", "aarm-log/1", "AA==", "AB==", "AAAA", "-_-_", [], [None], [[]], {}, {"": ""}, {"a": {"a": {}}},
    {"__proto__": 1}, [1] * 40,
)  # fmt: skip
NAMES = ("v", "body", "commitments", "d", "critical", "__proto__", "toString", "keyid", "", "format", "receipts", "é")
BYTES = '{}[]",:\\\n\r\t 0123456789.eE+-truefalsn/=AaZz_\x00\x0b\x1f\x7f—é\ufeff'.encode() + b"\x80\xed\xa0\x80"
LETTERS = 'abzAZ09+/=-_:. "\\\n\u2014é'
ALICE = CAST[0]
SPELLINGS = (
    (": ", " :\t"), (", ", ",\n"), ("\n", "\r\n"), (" ", ""), ("1", "1.0"), ("3", "3e0"), ('"keyid"', '"key\\u0069d"'),
)  # fmt: skip
# What a line of a checkpoint may be instead.
LINES = (
    "", "5", "7", "3", "05", "x", "a b", "é\u00a0", "vectors.example/receipts", "other.example/receipts",
    "time 2026-05-01T00:00:00.000000Z", "time 2026-11-03T09:15:00Z", base64.b64encode(b"r" * 32).decode(),
)  # fmt: skip


# Trees.


def places(document: Json) -> list[tuple[Json, str | int]]:
    """Every container in a JSON value with every key or index in it."""
    found: list[tuple[Json, str | int]] = []
    waiting = [document]
    for value in waiting:
        keys: Sequence[str | int] = list(value) if isinstance(value, dict) else range(len(value))
        found += [(value, key) for key in keys]
        waiting += [value[key] for key in keys if isinstance(value[key], dict | list)]
    return found


def _replace(holder: Json, key: str | int, dice: Dice) -> None:
    holder[key] = copy.deepcopy(dice.choice(ODD))


def _remove(holder: Json, key: str | int, dice: Dice) -> None:
    del holder[key]


def _repeat(holder: Json, key: str | int, dice: Dice) -> None:
    if isinstance(holder, list):
        holder.insert(dice.randrange(len(holder) + 1), copy.deepcopy(holder[cast(int, key)]))
    else:
        holder[dice.choice(NAMES)] = copy.deepcopy(holder[key])


def _exchange(holder: Json, key: str | int, dice: Dice) -> None:
    other = dice.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
    holder[key], holder[other] = holder[other], holder[key]


def _rename(holder: Json, key: str | int, dice: Dice) -> None:
    if isinstance(holder, dict):
        holder[dice.choice(NAMES)] = holder.pop(key)
    else:
        holder.reverse()


def _adjust(holder: Json, key: str | int, dice: Dice) -> None:
    """A little: one character, or one more or less."""
    value = holder[key]
    if isinstance(value, str) and value:
        at = dice.randrange(len(value))
        holder[key] = value[:at] + dice.choice((dice.choice(LETTERS), "")) + value[at + 1 :]
    elif isinstance(value, int | float):
        holder[key] = value + dice.choice((1, -1, 0.0, 0.5))


CHANGES = (_replace, _remove, _repeat, _exchange, _rename, _adjust, _adjust)


def change_tree(document: Json, dice: Dice) -> None:
    """One change in place, if there is anything to change."""
    found = places(document) if isinstance(document, dict | list) else []
    if found:
        dice.choice(CHANGES)(*dice.choice(found), dice)


# Files.


def read_file(data: bytes) -> tuple[list[Json], bool]:
    """The JSON values of a file, and whether they stand one a line; none if it is no JSON."""
    try:
        return [json.loads(data)], False
    except ValueError:
        pass
    try:
        return [json.loads(line) for line in data.split(b"\n") if line], True
    except ValueError:
        return [], False


def write_file(documents: list[Json], *, is_lines: bool) -> bytes:
    texts = [json.dumps(item) for item in documents]
    return ("".join(f"{text}\n" for text in texts) if is_lines else texts[0]).encode()


def _bytes(data: bytes, dice: Dice) -> bytes:
    at, length = dice.randrange(len(data) + 1), dice.choice((0, 1, 1, 1, 2, 9, 100))
    middle = data[at : at + length]
    instead = dice.choice((b"", bytes([dice.choice(BYTES)]), middle * 2, middle[::-1], bytes(reversed(BYTES))))
    return data[:at] + instead + data[at + length :]


def damage_bytes(question: Question, dice: Dice) -> Question:
    return replace(question, file=_bytes(question.file, dice))


def _tree_damaged(data: bytes, dice: Dice) -> bytes:
    documents, is_lines = read_file(data)
    if not documents:
        return _bytes(data, dice)
    change_tree(documents if is_lines else documents[0], dice)
    return write_file(documents, is_lines=is_lines)


def damage_tree(question: Question, dice: Dice) -> Question:
    return replace(question, file=_tree_damaged(question.file, dice))


def damage_keys(question: Question, dice: Dice) -> Question:
    damage = dice.choice((_tree_damaged, _tree_damaged, _tree_damaged, _bytes))
    return replace(question, keys=damage(question.keys, dice))


def spell_differently(question: Question, dice: Dice) -> Question:
    """Other bytes for the same JSON."""
    text = question.file.decode("utf-8", "replace")
    old, new = dice.choice(SPELLINGS)
    return replace(question, file=text.replace(old, new, dice.choice((1, -1))).encode())


# Signed again.


def _envelopes(documents: list[Json]) -> list[tuple[Json, str | int]]:
    return [
        (holder, key)
        for holder, key in places(documents)
        if isinstance(holder[key], dict) and {"payload", "signatures"} <= set(holder[key])
    ]


def _payload_of(envelope: Json) -> Json:
    try:
        return json.loads(base64.b64decode(envelope["payload"]))
    except (ValueError, TypeError):
        return {}


def _spelt(statement: Json, dice: Dice) -> bytes:
    try:
        if dice.random() < 0.9:
            return rfc8785.dumps(statement)
    except (ValueError, RecursionError):
        pass  # What has no canonical form is signed as it is.
    payload = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=dice.random() < 0.5)
    return payload.encode("utf-8", "surrogatepass")


def _signed_again(statement: Json, dice: Dice) -> Json:
    change_tree(statement, dice)
    holder = dice.choice((ALICE, ALICE, ALICE, *CAST))
    if isinstance(statement, dict) and dice.random() < 0.8:
        statement["key_id"], statement["alg"] = holder.jwk["kid"], "ES256" if "y" in holder.jwk else "Ed25519"
    return envelope_of(_spelt(statement, dice), holder=holder)


def sign_receipt_again(question: Question, dice: Dice) -> Question:
    documents, is_lines = read_file(question.file)
    found = _envelopes(documents)
    if not found:
        return question
    holder, key = dice.choice(found)
    holder[key] = _signed_again(_payload_of(holder[key]), dice)
    return replace(question, file=write_file(documents, is_lines=is_lines))


def note_signed_again(note: str, dice: Dice) -> str:
    """A checkpoint of which one line was changed before somebody signed it."""
    lines = note.partition("\n\n")[0].split("\n")
    at = dice.randrange(len(lines) + 1)
    lines[at : at + dice.choice((0, 1, 1, 1))] = [dice.choice(LINES)]
    text = "\n".join(lines) + "\n"
    signers: list[Holder] = [dice.choice((ALICE, ALICE, *CAST)) for _ in range(dice.choice((1, 1, 2)))]
    return text + "\n" + "".join(item.note_line(text.encode("utf-8", "replace"), name=lines[0]) for item in signers)


def sign_note_again(question: Question, dice: Dice) -> Question:
    documents, is_lines = read_file(question.file)
    if not documents:
        return replace(question, file=note_signed_again(question.file.decode("utf-8", "replace"), dice).encode())
    texts = [(holder, key) for holder, key in places(documents) if isinstance(holder[key], str)]
    notes = [(holder, key) for holder, key in texts if "\n\u2014" in holder[key]]
    if not notes:
        return question
    holder, key = dice.choice(notes)
    holder[key] = note_signed_again(holder[key], dice)
    return replace(question, file=write_file(documents, is_lines=is_lines))


# What is said beside the file.


def trust_everybody(question: Question, dice: Dice) -> Question:
    """A key file with some of the cast, whatever became of their keys."""
    keys = [holder.jwk for holder in dice.sample(CAST, dice.randrange(1, len(CAST) + 1))]
    for key in keys:
        key |= dice.choice(({}, {}, {"alg": "EdDSA"}, {"retired_at": "2026-11-03T09:00:02.000000Z"}))
        key |= dice.choice(({}, {}, {"revoked_at": "2026-11-04T00:00:00.000000Z", "revoked_size": dice.randrange(8)}))
        key |= dice.choice(({}, {}, {"retired_size": dice.randrange(8)}))
    return replace(question, keys=json.dumps({"keys": keys}).encode())


def damage_disclosure(question: Question, dice: Dice) -> Question:
    if question.disclosure is None:
        return question
    return replace(question, disclosure=_tree_damaged(question.disclosure, dice))


def damage_kept(question: Question, dice: Dice) -> Question:
    if not question.kept:
        return question
    kept = [note.decode("utf-8", "replace") for note in question.kept]
    at = dice.randrange(len(kept))
    kept[at] = note_signed_again(kept[at], dice)
    return replace(question, kept=tuple(note.encode() for note in kept))


def cosign_note(note: str, dice: Dice) -> str:
    """With a line of a witness, which may be of another text or time."""
    text = dice.choice((note.partition("\n\n")[0] + "\n",) * 4 + ("x\n",))
    time, stated = dice.choice((0, 1_793_697_300, 2**63 - 1, 2**63)), dice.choice((None, None, None, 7))
    line = dice.choice((WALTER, WALTER, VERA)).cosignature(text, time=time, stated=stated)
    return note + dice.choice((line, line, line, line * 2, line[:-6] + "\n"))


def ask_for_witnesses(question: Question, dice: Dice) -> Question:
    """A checkpoint with cosignatures, and witnesses whose word is asked for."""
    documents, is_lines = read_file(question.file)
    keys = [WALTER.vkey, WALTER.vkey, WALTER.vkey, VERA.vkey, dice.choice(LETTERS).join(WALTER.vkey.split("+", 1))]
    asked = replace(question, witnesses=tuple(dice.sample(keys, dice.choice((0, 1, 1, 1, 2)))))
    if not documents:
        return replace(asked, file=cosign_note(question.file.decode("utf-8", "replace"), dice).encode())
    for document in documents:
        if isinstance(document, dict) and isinstance(document.get("checkpoint"), str):
            document["checkpoint"] = cosign_note(document["checkpoint"], dice)
            return replace(asked, file=write_file(documents, is_lines=is_lines))
    return question


def say_something_else(question: Question, dice: Dice) -> Question:
    head = dice.choice((None, None, "1:sha256:" + "0" * 64, "5:x", "99999999999999999:sha256:" + "0" * 64))
    return replace(question, each=dice.random() < 0.5, expect_head=head)


DAMAGES: tuple[Damage, ...] = (
    *[damage_bytes] * 3, *[damage_tree] * 6, *[sign_receipt_again] * 8, *[sign_note_again] * 4, damage_keys,
    *[trust_everybody] * 2, *[damage_disclosure] * 2, *[damage_kept] * 2,
    *[ask_for_witnesses] * 3, spell_differently, say_something_else,
)  # fmt: skip


def mutations(vectors: Sequence[Vector], *, seed: int, count: int) -> Iterator[tuple[str, Question]]:
    """Damaged questions with the name of what was damaged; number N of a seed is the same whatever the count."""
    sound = [vector for vector in vectors if vector.verdict[0] in (0, 6)]
    rich = [
        vector for vector in sound if vector.question.kept or vector.question.disclosure or vector.name[:3] == "log"
    ]
    for number in range(count):
        dice = random.Random(f"{seed}/{number}")
        vector = dice.choice(dice.choice((vectors, sound, rich, rich)))
        question = vector.question
        for damage in dice.choices(DAMAGES, k=dice.choice((1, 1, 1, 2, 3))):
            question = damage(question, dice)
        yield f"{seed}/{number} {vector.name}", question
