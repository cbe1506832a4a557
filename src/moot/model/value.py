"""Values a property may hold: JSON, plus what is not known yet and what must not be seen."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """A value not known until the resource at `address` exists.

    `attribute` is a dotted path into the item's properties, such as `ports.5432`.
    """

    address: str
    attribute: str


@dataclass(frozen=True, slots=True, order=True)
class Secret:
    """A secret by name and immutable version; its text exists only in the call that needs it."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Text:
    """A string with Refs or Secrets inside it, as in `postgres://db:${port}/shop`."""

    parts: tuple[str | Ref | Secret, ...]


# Any JSON value in which, at any depth, a Ref, Secret or Text may stand for a string or number.
Value = Any
JSON = Any
# Nearly all of a large plan is this; asked first, it is most of what walking through one costs.
_PLAIN = frozenset({str, int, float, bool, type(None)})
_LISTS = (list, tuple)
_UNKNOWN = (Ref, Secret)
_NO_MAPPINGS = (str, *_LISTS, *_UNKNOWN, Text)  # told from one much sooner than by asking Mapping


def is_mapping(value: Value) -> TypeGuard[Mapping[str, Value]]:
    """Whether it is a JSON object; Any narrowed by isinstance would have unknown members."""
    if type(value) is dict:
        return True
    return not isinstance(value, _NO_MAPPINGS) and isinstance(value, Mapping)


def is_list(value: Value) -> TypeGuard[list[Value] | tuple[Value, ...]]:
    """Whether it is a JSON array."""
    return isinstance(value, _LISTS)


def canonical(value: Value) -> str:
    """One text for one value: equal values give equal texts, on every machine and in every run."""
    try:
        return _ENCODER.encode(value)
    except TypeError:  # keys of several types cannot be sorted before they are text
        return _ENCODER.encode(encode(value))


def encode(value: Value) -> JSON:
    """`value` as plain JSON; `decode` is its inverse."""
    if type(value) in _PLAIN:
        return value
    if is_mapping(value):
        return {
            str(key): item if type(item) in _PLAIN else encode(item) for key, item in value.items()
        }
    if is_list(value):
        return [item if type(item) in _PLAIN else encode(item) for item in value]
    match value:
        case Ref(address, attribute):
            return {"$ref": [address, attribute]}
        case Secret(name, version):
            return {"$secret": [name, version]}
        case Text(parts):
            return {"$text": [encode(part) for part in parts]}
        case _:
            return value


def _told(value: object) -> JSON:
    """What is in the place of a value that JSON has no word for."""
    told = encode(value)
    if told is value:
        raise TypeError(f"{type(value).__name__} is no JSON value")
    return told


_ENCODER = json.JSONEncoder(
    sort_keys=True,
    separators=(",", ":"),
    ensure_ascii=False,
    check_circular=False,
    default=_told,
)


def decode(value: JSON) -> Value:
    """Inverse of `encode`."""
    if type(value) in _PLAIN:
        return value
    if is_list(value):
        return [decode(item) for item in value]
    if not is_mapping(value):
        return value
    if len(value) != 1:
        return {key: decode(item) for key, item in value.items()}
    match list(value.items()):
        case [("$ref", [str(address), str(attribute)])]:
            return Ref(address, attribute)
        case [("$secret", [str(name), str(version)])]:
            return Secret(name, version)
        case [("$text", parts)] if is_list(parts):
            return Text(tuple(decode(part) for part in parts))
        case items:
            return {key: decode(item) for key, item in items}


def unknowns(value: Value) -> list[Ref | Secret]:
    """Every Ref and Secret inside `value`, at any depth, in order."""
    found: list[Ref | Secret] = []
    _gather(value, found)
    return found


def substitute(value: Value, known: Callable[[Ref | Secret], Value]) -> Value:
    """`value` with every Ref and Secret replaced by what `known` returns for it.

    Where `known` returns the Ref or Secret itself it stays, also inside a Text.
    """
    if type(value) in _PLAIN:
        return value
    if isinstance(value, _UNKNOWN):
        return known(value)
    if isinstance(value, Text):
        return joined([part if isinstance(part, str) else known(part) for part in value.parts])
    if is_mapping(value):
        return {
            key: item if type(item) in _PLAIN else substitute(item, known)
            for key, item in value.items()
        }
    if is_list(value):
        return [item if type(item) in _PLAIN else substitute(item, known) for item in value]
    return value


def _gather(value: Value, found: list[Ref | Secret]) -> None:
    if is_mapping(value):
        for item in value.values():
            if type(item) not in _PLAIN:
                _gather(item, found)
    elif is_list(value):
        for item in value:
            if type(item) not in _PLAIN:
                _gather(item, found)
    elif isinstance(value, _UNKNOWN):
        found.append(value)
    elif isinstance(value, Text):
        found += [part for part in value.parts if not isinstance(part, str)]


def joined(parts: list[Value]) -> str | Text:
    """Parts as one string where all are known, as a Text where one is not."""
    merged: list[str | Ref | Secret] = []
    for part in parts:
        if isinstance(part, _UNKNOWN):
            merged.append(part)
        elif merged and isinstance(merged[-1], str):
            merged[-1] += str(part)
        else:
            merged.append(str(part))
    if all(isinstance(part, str) for part in merged):
        return "".join(str(part) for part in merged)
    return Text(tuple(merged))


def at_path(value: JSON, path: str) -> JSON:
    """The member of `value` at a dotted path, or None where there is no such member."""
    for key in path.split("."):
        if not is_mapping(value):
            return None
        value = value.get(key)
    return value
