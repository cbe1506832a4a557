"""Shares -> Resources: each venue's provider says what its share is made of there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

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
        for resource in map(_claiming(share), backends[share.venue](share)):
            # Two shares may need the same thing, but must agree on what it is.
            agreed = resources.setdefault(resource.address, resource)
            assert agreed == resource, f"two shares disagree about {resource.address}"
    for native in app.resources:
        address = f"{app.name}@{native.venue}/resource/{native.name}"
        resources[address] = Resource(
            address=address, type=native.type, venue=native.venue, properties=native.properties
        )
    return tuple(resources.values())


def _claiming(share: Share) -> Callable[[Resource], Resource]:
    """A port of a machine elsewhere is claimed with its machine: it is taken from nobody here."""
    here = share.runs[0].offering if share.runs else None
    if here is None or not here.reach:
        return lambda resource: resource

    def claiming(resource: Resource) -> Resource:
        claims = resource.exclusive
        if not any(claim.startswith("port:") for claim in claims):
            return resource
        told = (f"{c}@{here.where}" if c.startswith("port:") else c for c in claims)
        return replace(resource, exclusive=frozenset(told))

    return claiming
