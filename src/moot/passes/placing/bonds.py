"""Component -> whom it is to be near and how near, and who has to mind where another one is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from moot.model.app import App, Component

Within = Decimal | None  # so many ms there and back; None: in one region


def bonds(component: Component) -> Iterator[tuple[str, Within]]:
    """Whom each of its replicas is to be near, and how near."""
    yield from ((name, None) for name in component.near)
    yield from ((each.to, each.most_ms) for each in component.latency)


def minded(app: App) -> Mapping[str, Sequence[str]]:
    """By component those of which it says where they are to be, and those that say so of it."""
    found: dict[str, dict[str, None]] = {}
    for component in app.components:
        for name in (*dict(bonds(component)), *component.apart):
            found.setdefault(component.name, {})[name] = None
            found.setdefault(name, {})[component.name] = None
    return {name: tuple(others) for name, others in found.items()}
