"""Components on offerings, connected: what the tests of `connect` have in common."""

from __future__ import annotations

from moot.model.app import (
    App,
    Attachment,
    Component,
    Connection,
    Network,
    Process,
)
from moot.model.placement import Assignment, Placement, machine_of
from moot.model.venue import Offering
from moot.passes.connect import Connected, connect

# A laptop runs processes; Docker on the same machine runs containers, which have names.
LAPTOP = Offering(venue="laptop", name="this", cpu=4, memory_mib=4096, machine="m1")
DOCKER = Offering(
    venue="docker", name="engine", cpu=4, memory_mib=4096, machine="m1", names=True,
    host_name="host.docker.internal", host_address="172.17.0.1",
)  # fmt: skip
LAB = Offering(venue="lab", name="box", cpu=4, memory_mib=4096, machine="m2")
NOWHERE = Offering(venue="cloud", name="vm", cpu=4, memory_mib=4096)


def part(name: str, **more) -> Component:
    return Component(
        name=name,
        **{"process": Process(command=(name,)), "networks": (Attachment(network="n"),), **more},
    )


def connected(places, *links: tuple[str, str], **more) -> Connected:
    """`places` pairs components with offerings that have all their replicas; a link is (source,
    target).
    """
    apiece = [(component, [offering] * component.replicas) for component, offering in places]
    return spread(*apiece, links=links, **more)


def spread(*places, links=(("web", "db"),), **more) -> Connected:
    """`places` are (component, offerings): a replica on each of them."""
    app = App(
        name="shop",
        components=tuple(component for component, _ in places),
        connections=tuple(Connection(source=s, target=t, network="n") for s, t in links),
        networks=(Network(name="n"),),
    )
    assignments = tuple(
        Assignment(
            f"shop/{c.name}/{index}", c.name, index, offering,
            "container" if offering.names else "process",
        )
        for c, offerings in places
        for index, offering in enumerate(offerings)
    )  # fmt: skip
    return connect(app, Placement(assignments=assignments), **more)


def ports(made: Connected) -> dict[str, int]:
    """By purpose, as they are on the laptop's machine."""
    assert {machine_of(purpose) for purpose in made.ports} <= {"m1"}
    return {purpose.partition("@")[0]: port for purpose, port in made.ports.items()}


def share(made: Connected, venue: str = "laptop"):
    return next(s for s in made.shares if s.venue == venue)


def listeners(made: Connected, venue: str = "laptop"):
    return {listener.name: listener for listener in share(made, venue).listeners}
