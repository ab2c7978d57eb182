"""Plain HTTP: a request that an agent is about to send, taken apart so that rules can look at each part."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl

from pydantic import JsonValue

from decisions.engine.action import Action
from decisions.intake.credentials import is_credential, masked
from decisions.intake.shapes import Shape, invalid_call, read_shape
from decisions.intake.urls import Url, read_url
from receipts.signing.canonical import JSON, StrictJSONError, load_strict

MOST_FIELDS = 1000
# A server that heeds one of these does something else than the method says, or does it elsewhere than the URL says.
OVERRIDES = frozenset(
    {
        "x-http-method-override", "x-http-method", "x-method-override", "x-original-url", "x-rewrite-url",
        "x-original-host", "x-forwarded-host", "x-http-host-override", "x-host",
    }
)  # fmt: skip
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_METHOD = re.compile(r"[A-Za-z][A-Za-z-]{0,30}[A-Za-z]")


class _Request(Shape):
    method: str
    url: str
    headers: dict[str, str] = {}
    body: JsonValue = None


def action_from(request: dict[str, JSON]) -> Action:
    """Tool `http`, the method in lower case, and as parameters `url`, its parts, `headers`, `credentials` and `body`.

    Raises `invalid_call`, also where URL and headers leave open what would be asked of whom.
    """
    sent = read_shape(_Request, request)
    if _METHOD.fullmatch(sent.method) is None:
        raise invalid_call("This is no method of HTTP.", at=["method"])
    url = read_url(sent.url)
    headers = _headers(sent.headers, url=url)
    kept: dict[str, JSON] = {name: value for name, value in headers.items() if not is_credential(name)}
    query, hidden = masked(url.query)
    url = replace(url, query=query)
    parameters: dict[str, JSON] = {
        "url": url.text,
        "scheme": url.scheme,
        "host": url.host,
        "port": url.port,
        "path": url.path,
        "query": _fields(url.query, at="url"),
        "headers": kept,
        "credentials": [*sorted((headers.keys() - kept.keys()) | hidden)],
    }
    if sent.body is not None:
        parameters["body"] = _body(sent.body, kind=headers.get("content-type", ""))
    return Action("http", sent.method.lower(), parameters)


def _headers(sent: Mapping[str, str], *, url: Url) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in sent.items():
        folded = name.lower()
        if _TOKEN.fullmatch(name) is None or any(ord(letter) < 32 and letter != "\t" for letter in value):
            raise invalid_call("This is no header that can be sent.", at=["headers"])
        if folded in headers or folded in OVERRIDES:
            raise invalid_call("A header stands twice, or says another method or address.", at=["headers"])
        headers[folded] = value.strip(" \t")
    if headers.pop("host", url.authority).lower() not in url.authorities:
        raise invalid_call("The header `host` names another host than the URL.", at=["headers"])
    return headers


def _fields(text: str, *, at: str) -> dict[str, JSON]:
    """The fields of a query or form: a text, or a list where a name stands several times."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise invalid_call("The fields can't be read.", at=[at]) from None
    found: dict[str, list[JSON]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _body(body: JsonValue, *, kind: str) -> JSON:
    """What the body says, where its type tells how to read it."""
    if not isinstance(body, str):
        return body
    media = kind.partition(";")[0].strip().lower()
    if media == "application/x-www-form-urlencoded":
        return _fields(body, at="body")
    if media != "application/json" and not media.endswith("+json"):
        return body
    try:
        return load_strict(body.encode())
    except StrictJSONError as error:
        raise invalid_call(error.why, at=["body"]) from None
