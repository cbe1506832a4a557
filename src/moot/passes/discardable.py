"""Names x inventory -> the things that keep data and may be deleted by name."""

from __future__ import annotations

from collections.abc import Sequence

from moot.model.diagnostic import BadInput, Diagnostic, Refused
from moot.model.resource import ConfigurationItem


def discardable(
    names: Sequence[str], items: Sequence[ConfigurationItem]
) -> tuple[ConfigurationItem, ...]:
    """The volumes of these names or addresses.

    Raises BadInput where there is none of a name, Refused where something still uses one.
    """
    kept = [item for item in items if item.keeps_data]
    unknown: list[Diagnostic] = []
    used: list[Diagnostic] = []
    chosen: dict[str, ConfigurationItem] = {}
    for name in names:
        found = [i for i in kept if name in {i.address, str(i.address).rpartition("/")[2]}]
        if not found:
            unknown.append(_unknown(name, kept))
        for item in found:
            users = [str(i.replica or i.address) for i in items if item.address in i.depends_on]
            if users:
                used.append(_used(name, users))
            chosen[str(item.address)] = item
    if unknown:
        raise BadInput(*unknown)
    if used:
        raise Refused(*used)
    return tuple(chosen.values())


def _unknown(name: str, kept: Sequence[ConfigurationItem]) -> Diagnostic:
    known = ", ".join(str(item.address).rpartition("/")[2] for item in kept) or "none"
    return Diagnostic(
        summary=f"there is no volume {name!r}",
        detail=f"there are: {known}",
        remedy="see `moot volume ls --all`; -p names another app",
    )


def _used(name: str, users: Sequence[str]) -> Diagnostic:
    return Diagnostic(
        summary=f"volume {name!r} is in use",
        detail=f"by {', '.join(users)}",
        remedy="take the app down first (`moot down`)",
    )
