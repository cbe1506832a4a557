"""What items, placements and walks say, as the answers a command gives."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from moot.engine.walk import Walk
from moot.model.codec import placement_from_json
from moot.model.diagnostic import Diagnostic
from moot.model.report import Outcome, ReplicaStatus, Stale, VolumeStatus
from moot.model.resource import ConfigurationItem
from moot.model.value import JSON, is_mapping

UNWELL = ("failed", "unhealthy")
ENDED = ("failed", "completed")


def replica_status(
    items: Iterable[ConfigurationItem], placement: JSON, stale: Sequence[Stale]
) -> tuple[ReplicaStatus, ...]:
    """A line per replica, in the order of their names.  `placement` as the store keeps it.

    What is left of a replica on a venue that does not answer has a line of its own.  An address is
    told only while something is there that holds its port: a placement is made before its gateway.
    """
    items = tuple(items)
    kept: Mapping[str, JSON] = placement or {}
    runs = placement_from_json(kept).runs if kept else ()
    placed = {a.replica: a.offering for run in runs for a in run}
    silent = {s.venue for s in stale}
    held = {(i.venue, port) for i in items if i.status not in ENDED for port in i.tcp_ports}
    newest: dict[tuple[str, str], ConfigurationItem] = {}
    for item in sorted(items, key=lambda i: i.incarnation):
        if item.main and item.replica:
            home = placed.get(item.replica)
            left = item.venue in silent and home is not None and home.venue != item.venue
            newest[item.replica, item.venue if left else ""] = item
    return tuple(
        ReplicaStatus(
            replica=replica,
            component=replica.split("/")[1],
            venue=item.venue,
            offering=placed[replica].name if replica in placed else "",
            status="stale" if item.venue in silent else item.status or "running",
            endpoints=_endpoints(item, kept.get("endpoints", []), held) or _own(item),
            since=item.since,
            detail=str(item.private.get("detail") or "") if item.status in UNWELL else "",
            observed_at=item.observed_at,
        )
        for (replica, _), item in sorted(newest.items(), key=_natural)
    )


def outcome(
    walk: Walk,
    placement: JSON,
    stale: Sequence[Stale],
    warnings: Sequence[Diagnostic],
    lacking: Sequence[Diagnostic],
    elapsed_s: float,
) -> Outcome:
    """How an apply ended; `lacking` says what it could not do because a venue does not answer."""
    items = tuple(walk.items.values())
    replicas = replica_status(items, placement, stale)
    silent = {s.venue for s in stale}
    standing = tuple(replace(i, status="stale") if i.venue in silent else i for i in items)
    return Outcome(
        plan=walk.first.plan,
        done=walk.outcomes("done"),
        dropped=walk.outcomes("dropped"),
        failures=tuple(dict.fromkeys((*walk.failures, *lacking))),
        interrupted=walk.cancelled and bool(set(walk.changes) - walk.settled.keys()),
        standing=standing,
        replicas=replicas,
        warnings=tuple(warnings),
        stale=tuple(stale),
        kept_volumes=tuple(str(item.address) for item in standing if item.keeps_data),
        elapsed_s=elapsed_s,
    )


def volume_status(items: Sequence[ConfigurationItem]) -> tuple[VolumeStatus, ...]:
    """A line per thing that keeps data."""
    users: dict[str, list[str]] = {}
    for item in items:
        for target in item.depends_on:
            users.setdefault(target, []).append(str(item.address))
    return tuple(
        VolumeStatus(
            name=str(item.address).rpartition("/")[2],
            address=str(item.address),
            venue=item.venue,
            identifier=item.identifier,
            used_by=tuple(users.get(str(item.address), ())),
        )
        for item in items
        if item.keeps_data
    )


def _endpoints(
    item: ConfigurationItem, endpoints: Iterable[Sequence[JSON]], held: Collection[tuple[str, int]]
) -> tuple[tuple[str, str], ...]:
    """Where its component is reached on the venue it is on, or anywhere where that is not known."""
    component = str(item.replica).split("/")[1]
    return tuple(
        (str(target), _reachable(address))
        for name, target, addresses, *venue in endpoints
        if name == component and venue in ([], [item.venue])
        for address in addresses
        if (item.venue, int(address.rpartition(":")[2])) in held
    )


def _own(item: ConfigurationItem) -> tuple[tuple[str, str], ...]:
    """Where this replica alone can be reached from its machine, if anywhere."""
    ports, address = item.properties.get("ports"), item.properties.get("address")
    if item.status in ENDED or not is_mapping(ports) or not isinstance(address, str):
        return ()
    return tuple((str(target), f"{address}:{port}") for target, port in ports.items())


def _reachable(address: str) -> str:
    """An address that can be typed into a client: "every address" is this machine's own."""
    return address.replace("0.0.0.0:", "127.0.0.1:").replace(":::", "[::1]:")


def _natural(entry: tuple[tuple[str, str], ConfigurationItem]) -> tuple[str, int, str]:
    (replica, venue), _ = entry
    name, _, index = replica.rpartition("/")
    return name, int(index) if index.isdigit() else 0, venue
