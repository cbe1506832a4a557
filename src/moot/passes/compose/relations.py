"""What must hold between the components: their order, their ports and their names."""

from __future__ import annotations

from collections.abc import Mapping

from moot.passes.compose.node import Node
from moot.passes.compose.ports import first_published
from moot.passes.compose.reports import Reports, did_you_mean

_ALL = ("", "0.0.0.0", "::")  # noqa: S104 - compared with, not bound
_NEIGHBOURS = {
    "near": "is to be near",
    "apart": "is to be apart",
    "latency": "has a latency to",
    "traffic": "has traffic with",
}


def check_relations(services: Mapping[str, Node], reports: Reports) -> None:
    """Report unknown dependencies, cycles, and what two components claim at once."""
    for name, node in services.items():
        for target, how in node.items("depends_on"):
            _dependency(name, target, how, services, reports)
        _neighbours(name, node, services, reports)
    _traffic(services, reports)
    _cycles(services, reports)
    _published(services, reports)
    _container_names(services, reports)


def _dependency(
    name: str, target: str, how: Node, services: Mapping[str, Node], reports: Reports
) -> None:
    known = services.get(target)
    if known is None:
        if how.scalar("required") is not False:
            reports.error(
                "Unknown component",
                f"{name} depends on {target!r}, which is not declared.",
                _declared_as(target, name, services),
                how.key_place,
            )
        return
    is_healthy = how.scalar("condition") == "service_healthy"
    if not is_healthy or _may_be_healthy(known):
        return
    reports.error(
        "Never healthy",
        f"{name} waits until {target} is healthy, and {target} has no health check.",
        f"Give {target} a 'healthcheck', or wait for 'service_started'.",
        how.key_place,
    )


def _neighbours(name: str, node: Node, services: Mapping[str, Node], reports: Reports) -> None:
    """Whom it is to be near and apart from, how far it may be from others, what it sends them."""
    for key, what in _NEIGHBOURS.items():
        listed = [(str(each.scalar()), each.place) for each in node.elements("x-moot", key)]
        mapped = [(other, each.key_place) for other, each in node.items("x-moot", key)]
        for other, at in (*listed, *mapped):
            if other == name:
                wrong, remedy = "is that component itself", "Take it out."
            elif other not in services:
                wrong, remedy = "is not declared", _declared_as(other, name, services)
            else:
                continue
            reports.error(
                "Unknown component", f"{name} {what} {other!r}, which {wrong}.", remedy, at
            )


def _traffic(services: Mapping[str, Node], reports: Reports) -> None:
    """What two send each other is one amount: both directions."""
    stated: dict[tuple[str, str], Node] = {}
    for name, node in services.items():
        for other, amount in node.items("x-moot", "traffic"):
            stated[name, other] = amount
            if before := stated.get((other, name)) if other != name else None:
                reports.error(
                    "Traffic stated twice",
                    f"{name} has traffic with {other!r}, which states it at {before.key_place}.",
                    "State what they send each other, in both directions, in one of the two.",
                    amount.key_place,
                )


def _declared_as(other: str, name: str, services: Mapping[str, Node]) -> str:
    """What of an unknown component is to be done; what names it is not meant itself."""
    known = [service for service in services if service != name]
    return did_you_mean(other, known, "Declare it under 'services'.")


def _may_be_healthy(node: Node) -> bool:
    """An image may bring a health check of its own; a process cannot."""
    check = node.get("healthcheck")
    if check is not None:
        test: list[str] = check.scalar("test") or []
        return not check.scalar("disable") and test[:1] != ["NONE"]
    return node.mentions("image", "build", "extends")


def _cycles(services: Mapping[str, Node], reports: Reports) -> None:
    """Depth first without recursion; each cycle is told once, at the edge that closes it."""
    done: set[str] = set()
    for start in services:
        path: list[str] = []
        waiting = [(start, _targets(services, start))]
        while waiting:
            name, targets = waiting[-1]
            if name not in path:
                path.append(name)
            target = targets.pop(0) if targets else None
            if target is None:
                done.add(name)
                path.pop()
                waiting.pop()
            elif target in path:
                _cycle([*path[path.index(target) :], target], services, reports)
            elif target not in done:
                waiting.append((target, _targets(services, target)))


def _targets(services: Mapping[str, Node], name: str) -> list[str]:
    return [key for key, _ in services[name].items("depends_on") if key in services]


def _cycle(path: list[str], services: Mapping[str, Node], reports: Reports) -> None:
    edge = services[path[-2]].get("depends_on", path[-1])
    reports.error(
        "Dependency cycle",
        f"No component can be first: {' -> '.join(path)}.",
        "Take one of the dependencies out.",
        edge.key_place if edge else None,
    )


def _published(services: Mapping[str, Node], reports: Reports) -> None:
    """No two components may publish one port of one address."""
    taken: dict[tuple[int, str], list[tuple[str, str, Node]]] = {}
    for name, node in services.items():
        for entry in node.elements("ports"):
            number = first_published(entry.scalar("published") or "")
            if not number:
                continue
            address: str = entry.scalar("host_ip") or ""
            others = taken.setdefault((number, entry.scalar("protocol")), [])
            for other, at, before in others:
                if at == address or at in _ALL or address in _ALL:
                    reports.error(
                        "Port published twice",
                        f"{name} publishes {number}, and so does {other} at {before.place}.",
                        "Publish another port, or another address.",
                        entry.place,
                    )
                    break
            others.append((name, address, entry))


def _container_names(services: Mapping[str, Node], reports: Reports) -> None:
    taken: dict[str, str] = {}
    for name, node in services.items():
        given = node.get("container_name")
        if given is None:
            continue
        other = taken.setdefault(str(given.value), name)
        if other != name:
            reports.error(
                "Name given twice",
                f"{name} and {other} have the container name {given.value!r}.",
                "Give each its own, or leave it out.",
                given.place,
            )
