"""An App on machines that may be lost: what the tests of rehearsals have in common."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from moot.model.app import App, Component, Mount, Needs, Process, Volume
from moot.model.placement import Placement
from moot.model.rehearsal import Ground
from moot.model.venue import Offering, Venue
from moot.passes.domains import Domains, domains
from moot.passes.place import place

KEEPS = (Mount(kind="volume", target="/data", source="data"),)


def part(name: str, replicas: int = 1, cpu: float = 1.0, **more) -> Component:
    fields = {"process": Process(command=("x",)), "needs": Needs(cpu=cpu), **more}
    return Component(name=name, replicas=replicas, **fields)


def app(*components: Component) -> App:
    return App(name="shop", components=components, volumes=(Volume(name="data"),))


def room(venue: str, name: str = "room", cpu: float = 4.0, hourly: object = 0, **more) -> Offering:
    price = None if hourly is None else Decimal(str(hourly))
    traits = frozenset({"runs:process", "runs:container"})
    return Offering(
        venue=venue, name=name, cpu=cpu, memory_mib=1024, hourly=price, traits=traits, **more
    )


def machine(host: str, **more) -> Offering:
    return room(f"lab:{host}", pool="lab", machine=host, reach=host, **more)


def venues(offerings: Sequence[Offering]) -> list[Venue]:
    pools = {offering.venue: offering.pool for offering in offerings}
    return [Venue(name=name, provider="fake", pool=pool) for name, pool in pools.items()]


def stood(of: App, offerings: Sequence[Offering]) -> tuple[Ground, Placement, Domains]:
    """An App where it was placed, and what could be lost."""
    ground = Ground(app=of, offerings=offerings)
    return ground, place(of, offerings), domains(venues(offerings), offerings)


def where(placement: Placement) -> dict[str, str]:
    return {a.replica.removeprefix("shop/"): a.offering.venue for a in placement.assignments}
