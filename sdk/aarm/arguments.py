"""A Python call as a JSON object of parameters, and such an object as a Python call again."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from inspect import BoundArguments, Parameter, Signature

from aarm.canonical import check_json
from aarm.errors import ConfigurationError, ProtocolError


def parameters_of(signature: Signature, *, args: tuple[object, ...], kwargs: Mapping[str, object]) -> dict[str, object]:
    """Every argument by its name, defaults included, since the function will run with them too.

    `*args` becomes a list under its name; the items of `**kwargs` stand beside the named ones. Raises TypeError as the
    call itself would, NotJsonError for a value that JSON cannot carry.
    """
    bound = signature.bind(*args, **kwargs)
    bound.apply_defaults()
    named = dict(bound.arguments)
    extra = named.pop(_name_of(signature, Parameter.VAR_KEYWORD), {})
    rest = _name_of(signature, Parameter.VAR_POSITIONAL)
    if rest in named:
        named[rest] = list(named[rest])
    if twice := named.keys() & extra.keys():
        raise ConfigurationError(f"Two arguments are named {min(twice)!r}.", fix="Rename one of them.")
    parameters = {**named, **extra}
    check_json(parameters, at="parameters")
    return parameters


def arguments_for(signature: Signature, *, parameters: Mapping[str, object]) -> BoundArguments:
    """The call that runs the function with exactly these parameters.

    Raises ProtocolError if they do not fit. A missing one does not fit although the function may have a default for it,
    because nobody judged that default.
    """
    left = dict(parameters)
    bound = signature.bind_partial()
    for parameter in signature.parameters.values():
        if parameter.kind is not Parameter.VAR_KEYWORD:
            bound.arguments[parameter.name] = _taken(left, parameter)
    extra = _name_of(signature, Parameter.VAR_KEYWORD)
    if extra:
        bound.arguments[extra] = left
    elif left:
        raise ProtocolError(f"The server returned a parameter {min(left)!r} that the function does not take.")
    return bound


def schema_of(signature: Signature) -> dict[str, object]:
    """A JSON Schema of the parameters, as far as the annotations tell."""
    named = [parameter for parameter in signature.parameters.values() if parameter.kind is not Parameter.VAR_KEYWORD]
    return {
        "type": "object",
        "properties": {parameter.name: _type_of(parameter) for parameter in named},
        "required": [parameter.name for parameter in named if _is_required(parameter)],
        "additionalProperties": bool(_name_of(signature, Parameter.VAR_KEYWORD)),
    }


_TYPES = {
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "list": "array",
    "dict": "object",
    "None": "null",
}


def _type_of(parameter: Parameter) -> dict[str, object]:
    if parameter.kind is Parameter.VAR_POSITIONAL:
        return {"type": "array"}
    # Annotations may be text (postponed evaluation) or objects; their printed form is the same either way.
    parts = [part.strip() for part in inspect.formatannotation(parameter.annotation).strip("'").split("|")]
    types = [_TYPES.get(part.split("[")[0]) for part in parts]
    known = [name for name in types if name is not None]
    return {"type": known[0] if len(known) == 1 else known} if len(known) == len(types) else {}


def _is_required(parameter: Parameter) -> bool:
    return parameter.default is Parameter.empty and parameter.kind is not Parameter.VAR_POSITIONAL


def _taken(left: dict[str, object], parameter: Parameter) -> object:
    if parameter.name not in left:
        raise ProtocolError(f"The server returned no parameter {parameter.name!r}, which the function takes.")
    value = left.pop(parameter.name)
    if parameter.kind is not Parameter.VAR_POSITIONAL:
        return value
    if not isinstance(value, list):
        raise ProtocolError(f"The server returned a parameter {parameter.name!r} that is not a list.")
    return tuple(value)


def _name_of(signature: Signature, kind: object) -> str:
    """The name of the one parameter of a variable kind, or the empty text."""
    return next((parameter.name for parameter in signature.parameters.values() if parameter.kind is kind), "")
