"""App x Placement x Resources of a few replicas -> a digest by component, to know it again by.

Whatever the reason is for which something else is wanted of a component, it shows in what it is
made of, or in how many more replicas run alike.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from typing import Any

from moot.model.app import App
from moot.model.placement import SHARED, Placement, component_of
from moot.model.resource import Resource
from moot.model.value import JSON, Ref, Secret, Text, Value, encode, is_mapping
from moot.model.venue import Offering

# What an offering costs, how much of it is left and how far others are says where to go, and not
# what to make there.
ROOM = frozenset(
    {"cpu", "memory_mib", "disk_mib", "gpus", "gpus_left"}
    | {"hourly", "currency", "egress", "disk", "latency"}
)


def fingerprint(
    app: App,
    placement: Placement,
    lowered: Iterable[Resource],
    about: JSON,
    digest: Callable[[bytes], str],
) -> dict[str, str]:
    """A digest by component, of how it is placed and what its share in `lowered` is.

    `lowered` has few replicas of every component.  Under SHARED is one of what holds for them all:
    `about` is whatever else decides what comes of a comparison.
    """
    parts: dict[str, list[Value]] = {component.name: [] for component in app.components}
    for run in placement.runs:
        parts[run.component].append([run.first, run.count, run.runs_as, run.offering, *run.gpus])
    for resource in lowered:
        if component := component_of(resource.address):
            parts.setdefault(component, []).append(resource)
    return {SHARED: digest(_text(about)), **{name: digest(_text(p)) for name, p in parts.items()}}


def _text(value: Value) -> bytes:
    """One text for equal values.  The encoder walks lists and mappings by itself, and is quick."""
    return _ENCODER.encode(value).encode()


def _plain(value: object) -> JSON:
    """What JSON has no word for; of dataclasses what is compared and not as it is by default."""
    if members := _members(type(value)):
        found = ((name, getattr(value, name), default) for name, default in members)
        return {name: member for name, member, default in found if member != default}
    match value:
        case Ref() | Secret() | Text():
            return encode(value)
        case frozenset():
            return sorted(map(str, value))  # pyright: ignore[reportUnknownArgumentType]
        case _ if is_mapping(value):
            return dict(value)
        case _:
            raise TypeError(f"{value!r} has no fingerprint")


@cache
def _members(kind: type) -> tuple[tuple[str, object], ...]:
    """The fields of a dataclass that count, each with its default; none of any other type."""
    if not is_dataclass(kind) or kind in {Ref, Secret, Text}:
        return ()
    known = [f for f in fields(kind) if f.compare and not (kind is Offering and f.name in ROOM)]
    return tuple((f.name, _default(f)) for f in known)


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=_plain)


def _default(member: Field[Any]) -> object:
    return member.default if member.default_factory is MISSING else member.default_factory()
