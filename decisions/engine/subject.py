"""What one evaluation is about, and the places in it that conditions can name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Final, TypeAlias

from decisions.engine.budget import Meter
from decisions.engine.classify import Search
from decisions.engine.context import SIGNALS_OF_REQUEST, Context
from decisions.engine.pointers import Path, pointer
from receipts.signing.canonical import JSON


class Gap(Enum):
    """What a reader gives for a value that is there, or may be, but says nothing.

    `MISSING`: there is none, where null counts as a value. `STALE`: a fact that is older than the rule takes.
    `CONFLICTING`: a fact about which sources differ.
    """

    MISSING = "missing"
    STALE = "stale"
    CONFLICTING = "conflicting"


# Compared by identity on every comparison of a fact, so they are looked up once.
STALE: Final = Gap.STALE
CONFLICTING: Final = Gap.CONFLICTING
GAPS: Final = (None, Gap.MISSING, STALE, CONFLICTING)


@dataclass(frozen=True, slots=True)
class Subject:
    """What one evaluation is about. `tool` and `operation` are folded; `meter` is what it may still look at.

    `search` finds what kinds of data the parameters hold, if a rule asks.
    """

    tool: str
    operation: str
    parameters: Mapping[str, JSON]
    context: Context
    meter: Meter = field(default_factory=Meter, compare=False)
    search: Search = field(default_factory=Search, compare=False)


class Item:
    """One item of a list, or one object, that a quantifier asks something of, in the midst of an evaluation."""

    __slots__ = ("context", "meter", "value")

    def __init__(self, value: object, *, within: About) -> None:
        self.value = value
        self.context: Context = within.context
        self.meter: Meter = within.meter


About: TypeAlias = Subject | Item
Reader: TypeAlias = Callable[[Subject], object]
Check: TypeAlias = Callable[[object, About], bool | None]


class FieldKind(StrEnum):
    """The families of fields; the value is how a field of it is named in policies and traces."""

    TOOL = "tool"
    OPERATION = "operation"
    WHOLE_NAME = "tool.operation"
    CATEGORY = "tool.category"
    EFFECT = "tool.effect"
    REVERSIBLE = "tool.reversible"
    DATA_CLASS = "tool.data_class"
    KNOWN = "tool.known"
    PARAMETER = "parameters"
    FACT = "facts"
    REQUEST = "context.original_request"
    INTENT = "context.intent"
    PROFILE = "context.profile"
    DATA_KINDS = "context.data_kinds"
    DATA_LEVEL = "context.data_level"
    PARAMETER_KINDS = "context.parameter_kinds"
    TOOLS_USED = "context.tools_used"
    ENTITIES = "context.entities"
    TAINT = "context.taint"
    ACTION_COUNT = "context.action_count"
    SESSION_AGE = "context.session_age"
    AGENT = "identity.agent"
    HUMAN = "identity.human"
    SERVICE = "identity.service"
    HOST = "identity.host"
    SCOPE = "identity.effective_scope"
    DELEGATION_DEPTH = "identity.delegation_depth"
    HUMAN_VERIFIED = "identity.human_verified"
    ENVIRONMENT = "identity.environment"
    SIGNAL = "risk_signals"
    UNTRUSTED_PARAMETERS = "risk_signals.untrusted_parameters"
    TIME = "time"
    # Since a fact was last attested, or else since the session was opened: what `re_validation` asks.
    ACTIONS_SINCE = "actions_since"
    SECONDS_SINCE = "seconds_since"
    COUNTED = "counted"
    ITEM = "item"


@dataclass(frozen=True, slots=True)
class Field:
    """One readable place.

    Parameters, facts, signals, members of items and what is counted since a fact have a `path`, as has a budget: that
    of the parameter which it adds up. `max_age` is how many seconds old a fact may be for this comparison.
    """

    kind: FieldKind
    path: Path = ()
    max_age: int | None = None

    @property
    def name(self) -> str:
        """The name in traces: `parameters.to`, or `parameters/a.b` where a member's own name has a dot or slash."""
        if any("." in part or "/" in part for part in self.path):
            return self.kind + pointer(self.path)
        return ".".join((self.kind, *self.path))

    @property
    def may_be_word(self) -> bool:
        """Whether it can be that only the agent says so."""
        if self.kind is FieldKind.SIGNAL:
            return self.path[0] in SIGNALS_OF_REQUEST
        return self.kind in (FieldKind.FACT, FieldKind.REQUEST)

    @property
    def evidence(self) -> str:
        """The name under which a DEFER asks for it: a fact's bare name, a budget's parameter, otherwise `name`."""
        if self.kind is FieldKind.COUNTED and self.path:
            return Field(FieldKind.PARAMETER, self.path).name
        return self.path[0] if self.kind is FieldKind.FACT else self.name
