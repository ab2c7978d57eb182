"""Every problem code that an answer may carry, with its title. `docs/errors.md` is printed from here, and a test walks
the source for codes that aren't listed."""

from __future__ import annotations

from collections.abc import Mapping

TYPE_PREFIX = "urn:aarm:problem:"

CODES: Mapping[str, str] = {
    "action_mismatch": "Not the action that was approved",
    "agent_required": "The agent is missing",
    "agent_exists": "An agent has this name",
    "already_consumed": "Already claimed",
    "already_resolved": "Already decided",
    "already_voted": "You have voted already",
    "assertion_refused": "The passkey's signature doesn't approve this",
    "body_too_large": "The body is too large",
    "body_unreadable": "The body ended early",
    "byte_order_mark": "The body begins with a byte order mark",
    "changed_while_reviewing": "The request changed while you were reading it",
    "confirmation_required": "This has to be confirmed",
    "context_integrity": "The session's record was altered",
    "csrf_failed": "The request did not come from our own page",
    "duplicate_key": "An object names a member twice",
    "empty_policy": "The policy has no rules",
    "erased": "The values were erased",
    "expired": "The time is over",
    "failing_cases": "A case of the policy fails",
    "forbidden": "Not allowed with this credential",
    "human_required": "The human is missing",
    "idempotency_mismatch": "The idempotency key was used for another request",
    "identity_from_agent": "An agent can't say for whom it acts",
    "internal": "Something went wrong on our side",
    "invalid_body": "The body doesn't fit this door",
    "invalid_call": "The call can't be read",
    "invalid_cursor": "The cursor isn't one of ours",
    "invalid_delegation": "The delegation doesn't hold",
    "invalid_encoding": "The body is not UTF-8",
    "invalid_envelope": "This is no envelope around another protocol's request",
    "invalid_form": "The form can't be taken",
    "invalid_idempotency_key": "The idempotency key can't be used",
    "invalid_json": "The body is not JSON",
    "invalid_operation": "The operation has no name that can be used",
    "invalid_policy": "The policy can't be published",
    "invalid_size": "No such size of the log",
    "invalid_query": "The search can't be read",
    "invalid_state": "No such state",
    "invalid_time": "The time can't be read",
    "invalid_tool": "The tool has no name that can be used",
    "invalid_wait": "The waiting time can't be read",
    "legal_hold": "A legal hold forbids it",
    "issuer_exists": "The issuer or its client is there already",
    "key_ended": "The key is over",
    "link_spent": "The sign-in link is used up",
    "log_halted": "The database has lost receipts",
    "lone_surrogate": "A text holds half a character",
    "malformed": "The request can't be read",
    "method_not_allowed": "This address doesn't take that method",
    "not_narrower": "A child session can't have more than its parent",
    "too_many_children": "Too many child sessions",
    "unknown_level": "No such level of data",
    "no_policy": "No policy has been published",
    "no_second_person": "Nobody else may publish",
    "not_a_number": "A number is not finite",
    "not_a_tool_call": "The request is no call of one tool",
    "not_acceptable": "Only JSON is spoken here",
    "not_approved": "Not approved",
    "not_eligible": "Not one of the reviewers",
    "not_executable": "The action may not be carried out",
    "not_found": "Not found, or not yours",
    "nothing_to_withdraw": "You have no approval to take back",
    "not_logged_yet": "No checkpoint covers it yet",
    "not_paused": "It isn't stopped",
    "nothing_lost": "Nothing was lost",
    "nul_character": "A text holds U+0000",
    "number_out_of_range": "A number is beyond what every client can hold",
    "number_too_long": "A number has too many digits",
    "own_proposal": "Your own proposal",
    "passkey_required": "Approving takes a passkey",
    "payload_key_unavailable": "Values can't be kept or read now",
    "paused": "People have stopped this",
    "policy_changed": "The policy no longer allows this",
    "profile_differs": "The agent is registered with another profile",
    "proposal_outdated": "Another policy was published since",
    "reserved_name": "The name is taken",
    "self_approval": "Who asked can't approve",
    "session_ended": "The session has ended",
    "signing_unavailable": "Receipts can't be signed now",
    "stale_identity": "The identity no longer holds",
    "target_not_confirmed": "The target was not confirmed",
    "too_deep": "The body is nested too deeply",
    "too_many_labels": "The session has touched too many kinds of data",
    "too_many_tools": "The session names too many operations",
    "too_many_facts": "Too many facts",
    "too_many_members": "The body has too many members",
    "too_many_requests": "Too many requests",
    "tool_differs": "The tool is registered differently",
    "unauthenticated": "No valid credential",
    "unavailable": "Temporarily unavailable",
    "unknown_agent": "No such agent",
    "unknown_dependency": "No such earlier action",
    "unknown_filter": "No such filter",
    "unknown_protocol": "Requests of this protocol are not taken",
    "unsupported_media_type": "Only JSON is taken here",
    "user_turn_from_agent": "An agent can't speak for the user",
}


def as_markdown() -> str:
    """The text of `docs/errors.md`."""
    rows = "".join(f"| `{code}` | {title} |\n" for code, title in sorted(CODES.items()))
    return (
        "# Errors\n\n"
        "Every refusal is an `application/problem+json` object (RFC 9457) with `type`, `title`, `status`, `code`,\n"
        "`why`, `fix` and `request_id`, and `param` where one field is at fault. `code` is stable; `type` is\n"
        f"`{TYPE_PREFIX}CODE`. This page is printed by `./run document_errors` and compared in a test.\n\n"
        "| Code | Title |\n|---|---|\n" + rows
    )
