"""Shapes of the answers, and parameters, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter

_STRING = {"type": "string"}
_OBJECT: dict[str, Any] = {"type": "object", "additionalProperties": True}


def _object(title: str, *, required: dict[str, dict[str, Any]], **optional: dict[str, Any]) -> dict[str, Any]:
    return {"title": title, "type": "object", "required": sorted(required), "properties": required | optional}


_QUESTION = _object(
    "Question", required={"id": _STRING, "text": _STRING, "asked_at": _STRING, "answered": {"type": "boolean"}}
)
ANSWERS: dict[str, dict[str, Any]] = {
    "decision": _object(
        "Decision",
        required={
            "decision_id": _STRING,
            "action_id": _STRING,
            "session_id": _STRING,
            "decision": {"type": "string", "enum": ["ALLOW", "DENY", "MODIFY", "STEP_UP", "DEFER"]},
            "effective": {"type": "string", "enum": ["ALLOW", "DENY", "PENDING"]},
            "reason": _STRING,
            "reason_code": _STRING,
            "risk_level": {"type": "string", "enum": ["LOW", "MEDIUM", "HIGH", "CRITICAL"]},
            "policy": _OBJECT,
            "request_digest": _STRING,
            "action_digest": _STRING,
            "receipt": _OBJECT,
        },
        rule_id=_STRING,
        classification=_STRING,
        confidence={"type": "number"},
        alignment={"type": "number"},
        risk_signals=_OBJECT,
        parameters=_OBJECT,
        modifications={"type": "array", "items": _OBJECT},
        approval=_OBJECT,
        deferral=_OBJECT,
        questions={"type": "array", "items": _QUESTION},
    ),
    "claim": _object("Claim", required={"claim_id": _STRING, "parameters": _OBJECT, "lease_expires_at": _STRING}),
    "observation": _object(
        "Observation",
        required={
            "observed": {"const": True},
            "session_id": _STRING,
            "position": {"type": "integer"},
            "tool": _STRING,
            "operation": _STRING,
            "would_be": {"type": "string", "enum": ["ALLOW", "DENY", "MODIFY", "STEP_UP", "DEFER"]},
            "reason": _STRING,
            "reason_code": _STRING,
            "risk_level": {"type": "string", "enum": ["LOW", "MEDIUM", "HIGH", "CRITICAL"]},
            "policy": _OBJECT,
            "decision_id": {"type": ["string", "null"]},
            "rule_id": {"type": ["string", "null"]},
        },
    ),
    "outcome": _object("Outcome", required={"outcome_id": _STRING, "receipt": _OBJECT}),
    "session": _object(
        "Session",
        required={
            "session_id": _STRING,
            "request_provenance": _STRING,
            "state": {"type": "string", "enum": ["OPEN", "ENDED", "BROKEN"]},
            "chain": _OBJECT,
        },
    ),
    "entries": _object(
        "Entries", required={"results": {"type": "array", "items": _OBJECT}, "next": {"type": ["string", "null"]}}
    ),
    "verification": _object(
        "Verification",
        required={
            "session_id": _STRING,
            "is_intact": {"type": "boolean"},
            "says": _STRING,
            "verified_to": {"type": "integer"},
            "length": {"type": "integer"},
            "head": _STRING,
            "next": {"type": ["string", "null"]},
        },
    ),
    "tools": _object("Tools", required={"results": {"type": "array", "items": _OBJECT}}),
}

_NAMES = dict.fromkeys(("id", "policy_id", "version", "hash", "source", "author"), _STRING)
_VERSION = _object(
    "PolicyVersion",
    required={
        **_NAMES,
        "author": {"type": ["string", "null"]},
        "is_active": {"type": "boolean"},
        "published_at": _STRING,
    },
    published_by={"type": ["string", "null"]},
    text=_STRING,
    included=_OBJECT,
)
_PROPOSAL = _object("PolicyProposal", required={**_NAMES, "proposed_at": _STRING, "text": _STRING, "included": _OBJECT})
POLICIES: dict[str, dict[str, Any]] = {
    "version": _VERSION,
    "proposal": _PROPOSAL,
    "list": _object(
        "PolicyVersions",
        required={"results": {"type": "array", "items": _VERSION}, "next": {"type": ["string", "null"]}},
        refused={"type": ["object", "null"]},
    ),
    "proposals": _object("PolicyProposals", required={"results": {"type": "array", "items": _PROPOSAL}}),
    "report": _object(
        "PolicyReport",
        required={
            "is_publishable": {"type": "boolean"},
            "faults": {"type": "array", "items": _OBJECT},
            "warnings": {"type": "array", "items": _OBJECT},
            "cases": _OBJECT,
        },
        policy={"type": ["object", "null"]},
    ),
    "explanation": _OBJECT,
    "schema": _OBJECT,
}
_OPTIONAL: dict[str, Any] = {"type": ["string", "null"]}
_KEY_PARTS: dict[str, dict[str, Any]] = {
    "id": _STRING,
    "prefix": _STRING,
    "scopes": {"type": "array", "items": _STRING},
    "created_at": _STRING,
    **dict.fromkeys(("expires_at", "revoked_at", "last_used_at"), _OPTIONAL),
}
_KEY = _object("AgentKey", required=_KEY_PARTS)
_AGENT_PARTS: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("id", "name", "environment", "created_at"), _STRING),
    **dict.fromkeys(("owner", "profile"), _OPTIONAL),
    "drift_threshold": {"type": ["number", "null"]},
    "allowed_tools": {"type": "array", "items": _STRING},
    "is_active": {"type": "boolean"},
}
_AGENT = _object("Agent", required=_AGENT_PARTS)
AGENTS: dict[str, dict[str, Any]] = {
    "agent": _AGENT,
    "detail": _object("AgentDetail", required=_AGENT_PARTS | {"keys": {"type": "array", "items": _KEY}}),
    "list": _object(
        "Agents", required={"results": {"type": "array", "items": _AGENT}, "next": {"type": ["string", "null"]}}
    ),
    "key": _KEY,
    "issued": _object("IssuedKey", required=_KEY_PARTS | {"key": _STRING}),
}

_PAUSE = _object(
    "Pause",
    required={
        "pause_id": _STRING,
        "scope": {"type": "string", "enum": ["everything", "team", "agent", "session"]},
        "reason": _STRING,
        "in_flight": {"type": "integer"},
        "paused_at": _STRING,
        **dict.fromkeys(("team", "agent", "session", "paused_by", "resumed_by", "resumed_at"), _OPTIONAL),
    },
)
PAUSES: dict[str, dict[str, Any]] = {
    "pause": _PAUSE,
    "list": _object(
        "Pauses", required={"results": {"type": "array", "items": _PAUSE}, "next": {"type": ["string", "null"]}}
    ),
}
_CLIENT = _object("TokenClient", required=dict.fromkeys(("id", "client", "agent"), _STRING))
_ISSUER = _object(
    "Issuer",
    required={
        **dict.fromkeys(("id", "name", "url", "audience", "agent_claim", "human_claim", "scope_claim"), _STRING),
        **dict.fromkeys(("jwks_url", "required_scope", "introspection_url", "introspection_client"), _STRING),
        "algorithms": {"type": "array", "items": _STRING},
        "leeway_seconds": {"type": "integer"},
        "is_active": {"type": "boolean"},
        "clients": {"type": "array", "items": _CLIENT},
    },
)
ISSUERS: dict[str, dict[str, Any]] = {
    "issuer": _ISSUER,
    "client": _CLIENT,
    "list": _object("Issuers", required={"results": {"type": "array", "items": _ISSUER}, "next": _OPTIONAL}),
    "revocation": _object("Revocation", required={"revoked": _STRING}),
}

# 201 where it holds from now on, 202 where it waits for a second person.
SUBMITTED = {201: _VERSION, 202: _PROPOSAL}

# 202 where a person or evidence has yet to decide.
DECIDED = {200: ANSWERS["decision"], 202: ANSWERS["decision"]}
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER, description="The same key and body get the same answer again."
)
WAIT = OpenApiParameter("wait", int, description="Seconds to wait for an end, at most 60.")
CURSOR = OpenApiParameter("cursor", str, description="`next` of the page before.")
