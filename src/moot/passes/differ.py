"""Wanted x applied x observed -> Difference: the three-way comparison of one thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from moot.model.resource import ConfigurationItem, Resource
from moot.model.value import (
    JSON,
    Ref,
    Secret,
    Value,
    at_path,
    encode,
    is_mapping,
    substitute,
    unknowns,
)

Seal = Callable[[str, Mapping[str, Value]], Mapping[str, Value]]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the comparison must know of a type; see provider.TypeSchema."""

    create_only: tuple[str, ...] = ()
    read_only: tuple[str, ...] = ()
    write_only: tuple[str, ...] = ()
    keeps_data: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs, as dotted paths.  `possible` ones depend on a value known only after apply."""

    changed: tuple[str, ...] = ()
    drifted: tuple[str, ...] = ()
    possible: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changed or self.drifted or self.possible)

    @property
    def definite(self) -> tuple[str, ...]:
        return (*self.changed, *self.drifted)


def differ(
    want: Resource,
    have: ConfigurationItem,
    facts: Facts,
    known: Callable[[Ref], JSON],
    seal: Seal,
) -> Difference:
    """Compare by path.  `known` gives the value a Ref has now, or the Ref itself where it is open.

    Changed: wanted differs from what was applied, a property no longer declared included.
    Drifted: the venue reports something else than was applied.
    """
    resolved = substitute(want.properties, lambda u: u if isinstance(u, Secret) else known(u))
    wanted = seal(want.type, resolved)
    changed: list[str] = []
    possible: list[str] = []
    for path, value, applied in _leaves(wanted, have.applied):
        if any(isinstance(u, Ref) for u in unknowns(value)):
            possible.append(path)
        elif encode(value) != encode(applied):
            changed.append(path)
    return Difference(
        tuple(changed), tuple(_drift(have, facts, {*changed, *possible})), tuple(possible)
    )


def covers(paths: tuple[str, ...], path: str) -> bool:
    """Whether one of `paths` is `path` or lies above it."""
    return any(path == p or path.startswith(f"{p}.") for p in paths)


def _leaves(wanted: Value, applied: Value, prefix: str = "") -> Iterator[tuple[str, Value, Value]]:
    """Pairs of what differs may stand in; a mapping is entered, anything else is one leaf."""
    if wanted == applied:
        return  # most of a large estate, most of the time
    if is_mapping(wanted) and is_mapping(applied) and "$digest" not in wanted:
        for key in dict.fromkeys((*wanted, *applied)):
            yield from _leaves(wanted.get(key), applied.get(key), f"{prefix}{key}.")
    else:
        yield prefix.removesuffix("."), wanted, applied


def _drift(have: ConfigurationItem, facts: Facts, already: set[str]) -> Iterator[str]:
    skipped = (*facts.read_only, *facts.write_only)
    for key, applied in have.applied.items():
        if key not in have.properties:
            continue
        for path, seen, asked in _leaves(have.properties[key], applied, f"{key}."):
            quiet = asked is None and at_path(have.applied, path) is None
            ours = path not in already and not covers(skipped, path)
            if ours and not quiet and encode(seen) != encode(asked):
                yield path
