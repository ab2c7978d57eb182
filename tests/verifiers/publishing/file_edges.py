"""Files of receipts: their forms, streams side by side, and what is said beside them."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from typing import Any

from tests.verifiers.holders import message_of
from tests.verifiers.publishing.case import ALICE, CHARLIE, Case, Json, case, receipt

SALT = b"\x01" * 32


def digest_of(envelope: Json) -> str:
    return "sha256:" + hashlib.sha256(message_of(base64.b64decode(envelope["payload"]))).hexdigest()


def chain(length: int, **changes: Json) -> list[Json]:
    found: list[Json] = []
    for position in range(1, length + 1):
        previous = digest_of(found[-1]) if found else None
        found.append(receipt(id=f"rct_{position}", position=position, previous=previous, **changes))
    return found


def lines(*texts: str, end: str = "\n") -> str:
    return "".join(text + end for text in texts)


def form_cases() -> Iterator[Case]:
    log = chain(3)
    texts = [json.dumps(item) for item in log]
    wrapped = [json.dumps({"envelope": item, "id": "x"}) for item in log]
    yield case("file, one a line with blank lines", None, lines("", texts[0], " \t", *texts[1:], ""))
    yield case("file, one a line with carriage returns", None, lines(*texts, end="\r\n"))
    yield case("file, one a line without a last line end", None, "\n".join(texts))
    yield case("file, one a line as the API wraps them", None, lines(*wrapped))
    yield case("file, indented", None, json.dumps(log, indent=2))
    yield case("file, a list of wrapped and bare ones", None, [{"envelope": log[0]}, *log[1:]])
    yield case("file, one a line, one of them a list", "malformed", lines(texts[0], f"[{texts[1]}]"))
    yield case("file, one a line with commas", "malformed", ",\n".join(texts))
    yield case("file, two on one line", "malformed", texts[0] + texts[1])
    yield case("file, a list in a list", "malformed", [log])
    yield case("file, receipts that are an object", "malformed", {"receipts": {"0": log[0]}})
    yield case("file, receipts that are none", "malformed", {"receipts": []})
    yield case("file, an envelope in an envelope", "malformed", {"envelope": {"envelope": log[0]}})
    yield case("file, a text", "malformed", '"receipt"')
    yield case("file, only blank lines", "malformed", "\n \n")
    yield case("file, text after the list", "malformed", json.dumps(log) + "x")
    yield case("file, an envelope that is malformed after a signature that is bad", "malformed", [_flipped(log[0]), {}])


def _flipped(envelope: Json) -> Json:
    inner = envelope["signatures"][0]
    sig = bytearray(base64.b64decode(inner["sig"]))
    sig[5] ^= 4
    return {**envelope, "signatures": [{**inner, "sig": base64.b64encode(sig).decode()}]}


def stream_cases() -> Iterator[Case]:
    log, other = chain(3), chain(3, deployment="other.example")
    twin = receipt(id="rct_twin", position=3, previous=digest_of(log[1]))
    signed_twice = [*log[:2], _flipped(log[2])]
    yield case("streams of two deployments with one name", None, [*log, *other])
    yield case("streams, one of them broken", "broken_chain", [*log, *other[1:]])
    yield case("streams, the first one broken and the second one forked", "broken_chain", [*other[1:], *log, twin])
    yield case("streams, the first one forked and the second one broken", "fork", [*log, twin, *other[1:]])
    yield case("stream with a fork and a gap", "fork", [log[0], log[2], twin])
    yield case("stream whose last signature is bad", "bad_signature", signed_twice)
    yield case("stream by somebody else from the second on", "untrusted_key", [log[0], receipt(holder=CHARLIE), log[2]])
    yield case("stream, each alone, forked", None, [*log, twin], each=True)
    yield case("head of another stream at that position", None, [*log, *other], expect_head=f"2:{digest_of(other[1])}")
    yield case("head at another position", "broken_chain", log, expect_head=f"1:{digest_of(log[1])}")
    yield case("head with zeros before it", None, log, expect_head=f"003:{digest_of(log[2])}")
    yield case("head at position 0", "broken_chain", log, expect_head=f"0:{digest_of(log[2])}")
    yield case("head of one receipt from the middle", "broken_chain", log[1], expect_head=f"2:{digest_of(log[1])}")
    yield case("head that is none", "usage", log, expect_head="3")
    yield case("head in capitals", "usage", log, expect_head=f"3:{digest_of(log[2]).upper()}")
    yield case("head of a selection", "usage", log, expect_head=f"3:{digest_of(log[2])}", each=True)


def committed(values: dict[str, Any]) -> Json:
    """A receipt that commits to values, which are given in RFC 8785 form."""
    body = {"commitments": {path: commitment(path, form=form) for path, form in values.items()}}
    return receipt(body=body)


def commitment(path: str, *, form: str) -> str:
    name = path.encode()
    data = b"aarm/commit/v1" + len(name).to_bytes(4, "big") + name + SALT + form.encode()
    return "sha256:" + hashlib.sha256(data).hexdigest()


def opened(value: Json, **members: Json) -> Json:
    return {"salt": SALT.hex(), "value": value, **members}


def disclosure_cases() -> Iterator[Case]:
    one = committed({"/é": '{"a":[1,0.5],"b":"é"}', "": "null", "/n": "1"})
    hard = {"/é": opened({"b": "é", "a": [1.0, 0.5]}), "": opened(None)}
    yield case("disclosure, path and value beyond ASCII", None, one, disclosure=hard)
    yield case("disclosure, as a member", None, one, disclosure={"disclosure": hard, "id": "x"})
    yield case("disclosure of nothing", None, one, disclosure={})
    yield case("disclosure, decomposed letter", "commitment_mismatch", one, disclosure={"/e\u0301": opened(1)})
    yield case("disclosure, text for a number", "commitment_mismatch", one, disclosure={"/n": opened("1")})
    yield case("disclosure, another path's value", "commitment_mismatch", one, disclosure={"/n": opened(None)})
    yield case(
        "disclosure, erased value that was never committed to", "commitment_mismatch", one, disclosure={"/x": None}
    )
    yield case("disclosure, mismatch before a wrong form", "commitment_mismatch", one, disclosure={"/x": 1, "/n": 1})
    yield case("disclosure, wrong form before a mismatch", "malformed", one, disclosure={"/n": 1, "/x": 1})
    yield case("disclosure, further member", "malformed", one, disclosure={"/n": opened(1, path="/n")})
    yield case("disclosure, no value", "malformed", one, disclosure={"/n": {"salt": SALT.hex()}})
    yield case("disclosure, short salt", "malformed", one, disclosure={"/n": opened(1, salt="01" * 31)})
    yield case("disclosure that is null", "malformed", one, disclosure={"disclosure": None})
    yield case("disclosure of two receipts", "usage", [one, one], disclosure={}, each=True)
    yield case("disclosure of a receipt that commits to nothing", None, receipt(), disclosure={})
    wrong = {**one, "payload": receipt(holder=ALICE, id="x")["payload"]}
    yield case("disclosure of a receipt that is not valid", "bad_signature", wrong, disclosure={"/x": 1})


def file_cases() -> Iterator[Case]:
    yield from form_cases()
    yield from stream_cases()
    yield from disclosure_cases()
