"""Shares -> Resources: each venue's provider says what its share is made of there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from moot.model.app import App
from moot.model.placement import Share
from moot.model.resource import Resource

Lowering = Callable[[Share], Iterable[Resource]]


def lower(
    app: App, shares: Iterable[Share], backends: Mapping[str, Lowering]
) -> tuple[Resource, ...]:
    """Everything the App is made of: its shares, and the native resources it declares itself."""
    resources: dict[str, Resource] = {}
    for share in shares:
        for resource in backends[share.venue](share):
            # Two shares may need the same thing, but must agree on what it is.
            agreed = resources.setdefault(resource.address, resource)
            assert agreed == resource, f"two shares disagree about {resource.address}"
    for native in app.resources:
        address = f"{app.name}@{native.venue}/resource/{native.name}"
        resources[address] = Resource(
            address=address, type=native.type, venue=native.venue, properties=native.properties
        )
    return tuple(resources.values())
