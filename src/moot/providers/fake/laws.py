"""What the world can tell from a thing alone: whom it uses, what it occupies, how it fares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from moot.model.resource import Status
from moot.model.value import JSON

ANY_ADDRESS = frozenset({"0.0.0.0", "::", "*", ""})  # noqa: S104 - compared, not bound

Claim = tuple[str, str]  # what is occupied, and at which network address ("" for all)


def uses(type: str, properties: Mapping[str, JSON]) -> Iterator[tuple[str, str]]:
    """Type and id (or name) of everything that must exist as long as this thing does."""
    for network in properties.get("networks", ()):
        yield "fake.network", network
    for mount in properties.get("mounts", ()):
        if mount["kind"] == "volume":
            yield "fake.volume", mount["source"]
    if type == "fake.backend":
        yield "fake.gateway", properties["gateway"]
        if properties["process"]:  # one of another venue is none of ours
            yield "fake.process", properties["process"]


def claims(properties: Mapping[str, JSON]) -> Iterator[Claim]:
    """What only one thing at a time can occupy: its ports, and a replica's place as a writer.

    Replicas may share a volume, but an old and a new process of one replica may not.
    """
    for port in properties.get("publish", ()):
        yield f"port {port['port']}/{port.get('protocol', 'tcp')}", port["address"]
    for listener in properties.get("listeners", ()):
        for address, port in listener["binds"]:
            yield f"port {port}/tcp", address
    for mount in properties.get("mounts", ()):
        if mount["kind"] == "volume" and not mount["read_only"]:
            yield f"volume {mount['source']} written by {properties['replica']}", ""


def overlap(one: str, other: str) -> bool:
    """Whether two network addresses cannot both be bound to the same port."""
    return one == other or one in ANY_ADDRESS or other in ANY_ADDRESS


def status(type: str, properties: Mapping[str, JSON], started: bool) -> Status | None:
    """How it fares.  A command `exit N` ends at once; a health check `false` never passes."""
    if type != "fake.process":
        return None
    if not started:
        return "starting"
    match properties.get("command"):
        case ["exit", code]:
            return "completed" if str(code) == "0" else "failed"
        case _:
            pass
    match properties.get("healthcheck"):
        case None:
            return "running"
        case ["CMD" | "CMD-SHELL", "false"]:
            return "unhealthy"
        case _:
            return "healthy"


def attributes(type: str, number: int, properties: Mapping[str, JSON]) -> dict[str, JSON]:
    """What the world itself gives to the `number`-th thing: a process gets an address and ports."""
    if type != "fake.process":
        return {}
    fixed = properties.get("fixed_ports", False)
    listens: list[int] = properties.get("listens", [])
    ports = {
        str(target): target if fixed else 20_000 + (number * 7 + index) % 40_000
        for index, target in enumerate(listens)
    }
    return {
        "address": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
        "ports": ports,
    }
