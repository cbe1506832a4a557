"""App -> some of its components alone, and which of them cannot be parted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from moot.model.app import App, Component


def part(app: App, names: frozenset[str]) -> App:
    """These components alone, and of what they ask of others only what these can keep."""
    kept = tuple(
        replace(
            component,
            near=tuple(name for name in component.near if name in names),
            apart=tuple(name for name in component.apart if name in names),
            latency=tuple(each for each in component.latency if each.to in names),
            traffic=tuple(each for each in component.traffic if each.to in names),
            depends_on=tuple(d for d in component.depends_on if d.component in names),
        )
        for component in app.components
        if component.name in names
    )
    return replace(app, components=kept)


def tied(components: Sequence[Component], ties: Iterable[tuple[str, str]]) -> list[list[Component]]:
    """Those together of which each is tied to another by name."""
    leads: dict[str, str] = {c.name: c.name for c in components}

    def lead(name: str) -> str:
        while leads[name] != name:
            name = leads[name]
        return name

    for one, other in ties:
        if one in leads and other in leads:
            leads[lead(other)] = lead(one)
    together: dict[str, list[Component]] = {}
    for component in components:
        together.setdefault(lead(component.name), []).append(component)
    return list(together.values())
