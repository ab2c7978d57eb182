"""What follows from an action alone, worked out before its session is waited for: others wait for the session then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from decisions.engine.action import Action
from decisions.engine.distance import Said, said_by
from decisions.engine.entities import entities_in
from decisions.selectors.values import FINAL
from receipts.identifiers import new_seed
from receipts.services import Promise, promised
from receipts.signing.canonical import JSON, action_digest


@dataclass(frozen=True, slots=True)
class Prepared:
    """An action with the nonce of its digest, what it is compared by, whom it names, and what commits to it."""

    action: Action
    nonce: bytes
    digest: str
    said: Said
    entities: frozenset[str]
    promise: Promise

    def digest_of(self, parameters: Mapping[str, JSON]) -> str:
        """The digest of the action with these final parameters."""
        asked = self.action.parameters
        if parameters.keys() == asked.keys() and all(parameters[name] is value for name, value in asked.items()):
            return self.digest
        return _digest(self.action, nonce=self.nonce, parameters=parameters)


def prepared(action: Action) -> Prepared:
    """With a fresh nonce and seed: for one decision."""
    nonce = new_seed()
    return Prepared(
        action=action,
        nonce=nonce,
        digest=_digest(action, nonce=nonce, parameters=action.parameters),
        said=said_by(action),
        entities=entities_in(dict(action.parameters)),
        promise=promised({FINAL + name: value for name, value in action.parameters.items()}),
    )


def _digest(action: Action, *, nonce: bytes, parameters: Mapping[str, JSON]) -> str:
    return action_digest(nonce=nonce, tool=action.tool, operation=action.operation, parameters=parameters)
