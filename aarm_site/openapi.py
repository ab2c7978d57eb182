"""The OpenAPI document: what is read off the API's views, and what all of their answers have in common.

`docs/openapi.yaml` is printed from here by `./run spectacular --file docs/openapi.yaml` and compared in a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from aarm_site.codes import CODES, TYPE_PREFIX
from receipts.access import CallerKind

_TEXT = {"type": "string"}
_REFUSAL = "#/components/responses/Problem"
_ALIASES = {"/api/v1/decide"}
# Which kinds of caller come with which credential.
_SCHEMES: Mapping[str, frozenset[CallerKind]] = {
    "key": frozenset({CallerKind.AGENT, CallerKind.HOST}),
    "session": frozenset({CallerKind.USER}),
}
_PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "A refusal (RFC 9457).",
    "required": ["type", "title", "status", "code", "why", "fix", "request_id"],
    "properties": {
        "type": {"type": "string", "pattern": f"^{TYPE_PREFIX}"},
        "title": _TEXT,
        "status": {"type": "integer"},
        "code": {"type": "string", "enum": sorted(CODES)},
        "why": _TEXT,
        "fix": _TEXT,
        "request_id": _TEXT,
        "param": {"type": "string", "description": "The field at fault, where it is one."},
    },
}
_REFUSED = {
    "description": "A refusal, which changed nothing.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def _plain(operation_id: str, description: str, **answers: str) -> dict[str, Any]:
    """A door that everybody may read and that is no view of the API's."""
    content = {"application/json": {"schema": {"type": "object", "additionalProperties": True}}}
    responses = {status[1:]: {"description": text, "content": content} for status, text in answers.items()}
    return {"get": {"operationId": operation_id, "description": description, "security": [{}], "responses": responses}}


_PLAIN: Mapping[str, dict[str, Any]] = {
    "/healthz": _plain("healthz", "Whether this process answers.", _200="It does."),
    "/readyz": _plain("readyz", "Whether it may be sent requests.", _200="It may.", _503="Each check says why not."),
    "/.well-known/aarm/keys.json": _plain("keys", "The keys that verify receipts.", _200="A JWK set."),
}


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its metaclass has no annotations
    """The keys of agents and hosts."""

    target_class = "decisions.api.authentication.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": "The key of an agent (`aak_…`) or a host (`ahk_…`)."}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """People who have signed in with a browser."""

    target_class = "approvals.api.authentication.UserAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        words = "A signed-in person. What changes something also needs the `X-CSRFToken` header and our own `Origin`."
        return {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": words}


class DoorSchema(AutoSchema):
    """Names the credentials that a view really takes, and the one form of bodies.

    Bodies are read by `receipts.requests` and not by parsers of the framework, which would have said so.
    """

    def map_parsers(self) -> list[str]:
        return ["application/json"]

    def get_auth(self) -> list[dict[str, Any]]:
        served: frozenset[CallerKind] = getattr(self.view, "callers", frozenset())
        return [scheme for scheme in super().get_auth() if any(_SCHEMES[name] & served for name in scheme)]


def without_aliases(endpoints: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """drf-spectacular's preprocessing hook: a door with two addresses is described once."""
    return [endpoint for endpoint in endpoints if endpoint[0] not in _ALIASES]


def complete(result: dict[str, Any], **context: Any) -> dict[str, Any]:
    """drf-spectacular's postprocessing hook: refusals for every operation, and the doors that aren't the API's."""
    schemas = result["components"]["schemas"]
    for operation in (one for each in result["paths"].values() for one in each.values()):
        for answer in operation["responses"].values():
            _name_schemas(answer.get("content", {}), schemas=schemas)
        operation["responses"] |= {"4XX": {"$ref": _REFUSAL}, "5XX": {"$ref": _REFUSAL}}
    result["paths"] = dict(sorted({**result["paths"], **_PLAIN}.items()))
    result["components"] |= {
        "schemas": dict(sorted({**schemas, "Problem": _PROBLEM}.items())),
        "responses": {"Problem": _REFUSED},
    }
    return result


def _name_schemas(content: dict[str, Any], *, schemas: dict[str, Any]) -> None:
    """Puts an answer's schema that has a title among the components, where it is written once."""
    for media in content.values():
        title = media["schema"].get("title")
        if title:
            schemas[title] = media["schema"]
            media["schema"] = {"$ref": f"#/components/schemas/{title}"}
