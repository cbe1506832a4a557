"""Components to place and room to place them in: what the tests of `place` have in common."""

from __future__ import annotations

from decimal import Decimal

from moot.model.app import App, Component, Mount, Policy, Process, Volume
from moot.model.placement import Placement
from moot.model.venue import Offering
from moot.passes.place import place

BOTH = frozenset({"runs:process", "runs:container"})
DATA = Mount(kind="volume", source="data", target="/data")


def room(venue: str, name: str = "room", **more) -> Offering:
    fields = {"cpu": 4.0, "memory_mib": 4096, "traits": BOTH, "hourly": Decimal(0), **more}
    return Offering(venue=venue, name=name, **fields)


def part(name: str = "web", **more) -> Component:
    return Component(name=name, **{"process": Process(command=("x",)), **more})


def placed(*components, offerings, policy=None, **more) -> Placement:
    volumes = (Volume(name="data"), Volume(name="theirs", external=True))
    app = App(name="shop", components=components, volumes=volumes, policy=policy or Policy())
    return place(app, offerings, **more)


def where(placement: Placement) -> dict[str, str]:
    return {
        a.replica.removeprefix("shop/"): f"{a.offering.venue}/{a.offering.name}"
        for a in placement.assignments
    }


def reasons(placement: Placement) -> dict[str, str]:
    return {f"{r.venue}/{r.offering}": r.reason for r in placement.rejections}
