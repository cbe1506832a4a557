"""Value x JSON Schema -> what of the value does not fit, each with where it is."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import NoneType

from moot.model.value import JSON, is_list, is_mapping

KINDS: Mapping[str, tuple[type | tuple[type, ...], str]] = {
    "object": (Mapping, "a mapping"),
    "array": (list, "a list"),
    "string": (str, "a text"),
    "boolean": (bool, "true or false"),
    "integer": (int, "a whole number"),
    "number": ((int, float), "a number"),
    "null": (NoneType, "null"),
}
LIMITS = {
    "minimum": (operator.ge, "at least"),
    "exclusiveMinimum": (operator.gt, "more than"),
    "maximum": (operator.le, "at most"),
}

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Misfit:
    """`path` leads to what does not fit and `problem` says why not.

    `known` are the keys there could be, where the one at `path` is none of them.
    """

    path: Path
    problem: str
    known: tuple[str, ...] = ()


def conform(
    value: JSON, schema: Mapping[str, JSON], name: str, path: Path = ()
) -> Iterator[Misfit]:
    """Everything that is wrong with a value, not only the first.  `name` is what it is called."""
    if "anyOf" in schema:
        yield from _any_of(value, schema, name, path)
    elif wanted := _wanted(value, schema):
        yield Misfit(path, f"{_at(name, path)} must {wanted}")
    elif is_mapping(value):
        yield from _entries(value, schema, name, path)
    elif is_list(value):
        for index, entry in enumerate(value):
            yield from conform(entry, schema.get("items", {}), name, (*path, index))


def _any_of(value: JSON, schema: Mapping[str, JSON], name: str, path: Path) -> Iterator[Misfit]:
    """By the schema whose kind the value has, what is wrong in it; by none, what there could be."""
    choices: list[Mapping[str, JSON]] = schema["anyOf"]
    found = [list(conform(value, choice, name, path)) for choice in choices]
    if not all(found):
        return
    alike = (m for m, choice in zip(found, choices, strict=True) if _is_any(value, choice))
    kinds = " or ".join(map(_named, choices))
    yield from next(alike, [Misfit(path, f"{_at(name, path)} must be {kinds}")])


def _wanted(value: JSON, schema: Mapping[str, JSON]) -> str:
    """What the value itself must be and is not; "" where it fits."""
    if not _is_any(value, schema):
        return f"be {_named(schema)}"
    choices: list[JSON] = [schema["const"]] if "const" in schema else schema.get("enum", [])
    if choices and not any(type(value) is type(c) and value == c for c in choices):
        words = ", ".join(str(c).lower() if isinstance(c, bool) else str(c) for c in choices)
        return f"be {'one of ' if len(choices) > 1 else ''}{words}"
    if isinstance(value, str):
        return _badly_written(value, schema)
    for word, (holds, told) in LIMITS.items():
        if word in schema and isinstance(value, int | float) and not holds(value, schema[word]):
            return f"be {told} {schema[word]:g}"
    return ""


def _badly_written(text: str, schema: Mapping[str, JSON]) -> str:
    if len(text) < schema.get("minLength", 0):
        return "not be empty" if not text else f"have {schema['minLength']} characters or more"
    if "pattern" in schema and not re.search(schema["pattern"], text):
        return f"match {schema['pattern']}"
    return ""


def _entries(
    value: Mapping[str, JSON], schema: Mapping[str, JSON], name: str, path: Path
) -> Iterator[Misfit]:
    known: Mapping[str, JSON] = schema.get("properties", {})
    for key in schema.get("required", ()):
        if key not in value:
            yield Misfit(path, f"{_at(name, path)} lacks {key}")
    for key, entry in value.items():
        if key in known:
            yield from conform(entry, known[key], name, (*path, key))
        elif not schema.get("additionalProperties", True):
            yield Misfit((*path, key), f"{_at(name, path)} has no setting {key}", tuple(known))


def _at(name: str, path: Path) -> str:
    """A place as people write it: `venue lab: offerings[0].cpu`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return ": ".join(filter(None, (name, "".join(parts).removeprefix("."))))


def _is_any(value: JSON, schema: Mapping[str, JSON]) -> bool:
    return "type" not in schema or any(_is(value, kind) for kind in _listed(schema["type"]))


def _is(value: JSON, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if isinstance(value, float) and not math.isfinite(value):
        return False
    return isinstance(value, KINDS[kind][0])


def _named(schema: Mapping[str, JSON]) -> str:
    return " or ".join(KINDS[kind][1] for kind in _listed(schema["type"]))


def _listed(kinds: str | list[str]) -> list[str]:
    return [kinds] if isinstance(kinds, str) else kinds
