"""The parameters of an action as a page shows them: what changed, what may deceive, and where it goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from approvals.lifecycle.friction import SINKS, target_name
from approvals.lifecycle.origins import Origin
from approvals.lifecycle.render import flags, value_flags
from approvals.lifecycle.snapshot import JSONObject, Provenance, Snapshot
from receipts.signing.canonical import JSON, canonical_bytes

_PHRASES: Mapping[Origin, str] = {
    Origin.REQUEST: "stands in the user's request",
    Origin.MODEL: "came from a model's message (entry {})",
    Origin.OUTPUT: "came from a tool's output (entry {})",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter as it will run. `change` says what a policy did to it, and `before` what the agent had asked.

    `origin` is a phrase that says where its text stood before.
    """

    name: str
    value: JSON
    change: str = ""
    before: JSON = None
    rule_id: str = ""
    warnings: tuple[str, ...] = ()
    name_warnings: tuple[str, ...] = ()
    origin: str = ""


def parameters_of(snapshot: Snapshot) -> tuple[Parameter, ...]:
    """Every parameter: those that may deceive first, then the one that says where it goes, else in canonical order."""
    final = snapshot.parameters
    asked = final if snapshot.original_parameters is None else snapshot.original_parameters
    rules = _rules_by_name(snapshot.modifications)
    names = sorted({*asked, *final}, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
    changed = [_parameter(name, asked=asked, final=final, rule_id=rules.get(name, "")) for name in names]
    origins = {str(each["parameter"]): each for each in snapshot.origins}
    found = [_with_origin(item, said=origins.get(item.name), snapshot=snapshot) for item in changed]
    target = target_of(final)
    return tuple(sorted(found, key=lambda item: (not item.warnings, target is None or item.name != target.name)))


def _with_origin(parameter: Parameter, *, said: JSONObject | None, snapshot: Snapshot) -> Parameter:
    """A text that decides where an action goes, and that the user never said, is what the reader has to see first."""
    if said is None:
        return parameter
    origin = _PHRASES[Origin(str(said["origin"]))].format(said["position"])
    if said["origin"] != Origin.REQUEST:
        warning = (f"It {origin}, not from the request.",) if parameter.name in SINKS else ()
        return replace(parameter, origin=origin, warnings=(*warning, *parameter.warnings))
    is_attested = snapshot.request_provenance is Provenance.ATTESTED
    return replace(parameter, origin=origin if is_attested else "stands in the request as the agent tells it")


def _rules_by_name(modifications: Iterable[Mapping[str, JSON]]) -> dict[str, str]:
    """Which rule changed which top-level parameter. Paths are JSON Pointers (RFC 6901)."""
    found: dict[str, str] = {}
    for change in modifications:
        name = str(change["path"]).split("/")[1].replace("~1", "/").replace("~0", "~")
        found[name] = str(change.get("rule_id") or "")
    return found


def _parameter(name: str, *, asked: Mapping[str, JSON], final: Mapping[str, JSON], rule_id: str) -> Parameter:
    change = _change(name, asked=asked, final=final)
    return Parameter(
        name=name,
        value=final.get(name),
        change=change,
        before=asked.get(name),
        rule_id=rule_id if change else "",
        warnings=value_flags({name: final.get(name)}),
        name_warnings=flags(name),
    )


def _change(name: str, *, asked: Mapping[str, JSON], final: Mapping[str, JSON]) -> str:
    if name not in asked:
        return "added"
    if name not in final:
        return "removed"
    # Python holds 1 and True to be equal; what will run isn't.
    return "changed" if canonical_bytes(asked[name]) != canonical_bytes(final[name]) else ""


def target_of(parameters: Mapping[str, JSON]) -> Parameter | None:
    """The parameter that says where the action goes. One that isn't a text has no stand-in: it would mislead."""
    found = target_name(parameters)
    value = parameters.get(found)
    return Parameter(name=found, value=value) if isinstance(value, str) else None
