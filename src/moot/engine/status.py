"""What items, placements and walks say, as the answers a command gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from moot.engine.walk import Walk
from moot.model.codec import placement_from_json
from moot.model.diagnostic import Diagnostic
from moot.model.placement import Assignment, Placement
from moot.model.report import Outcome, ReplicaStatus, Stale, VolumeStatus, Why
from moot.model.resource import ConfigurationItem
from moot.model.value import JSON, is_mapping
from moot.model.venue import Offering


def replica_status(
    items: Iterable[ConfigurationItem], placement: JSON, stale: Sequence[Stale]
) -> tuple[ReplicaStatus, ...]:
    """A line per replica, in the order of their names.  `placement` as the store keeps it."""
    kept: Mapping[str, JSON] = placement or {}
    endpoints: list[tuple[str, int, list[str]]] = kept.get("endpoints", [])
    runs = placement_from_json(kept).runs if kept else ()
    offerings = {a.replica: a.offering.name for run in runs for a in run}
    silent = {s.venue for s in stale}
    lines: list[ReplicaStatus] = []
    newest: dict[str, ConfigurationItem] = {}
    for item in sorted(items, key=lambda i: i.incarnation):
        if item.main and item.replica:
            newest[item.replica] = item
    for replica, item in sorted(newest.items(), key=_natural):
        component = replica.split("/")[1]
        shared = [(str(t), a) for c, t, many in endpoints if c == component for a in many]
        lines.append(
            ReplicaStatus(
                replica=replica,
                component=component,
                venue=item.venue,
                offering=offerings.get(replica, ""),
                status="stale" if item.venue in silent else item.status or "running",
                endpoints=tuple((t, _reachable(a)) for t, a in shared) or _own(item),
                since=item.since,
                detail=str(item.private.get("detail") or "") if item.status == "failed" else "",
                observed_at=item.observed_at,
            )
        )
    return tuple(lines)


def outcome(
    walk: Walk,
    placement: JSON,
    stale: Sequence[Stale],
    warnings: Sequence[Diagnostic],
    elapsed_s: float,
) -> Outcome:
    """How an apply ended."""
    standing = tuple(walk.items.values())
    replicas = replica_status(standing, placement, stale)
    return Outcome(
        plan=walk.first.plan,
        done=walk.outcomes("done"),
        dropped=walk.outcomes("dropped"),
        failures=tuple(dict.fromkeys(walk.failures)),
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


def why(placement: Placement, offerings: Sequence[Offering], replica: str) -> Why:
    """Why a replica is where it is.  `replica` is in the placement."""
    chosen = next(a for run in placement.runs for a in run if a.replica == replica)
    rejections = tuple(r for r in placement.rejections if r.component == chosen.component)
    out = {(r.venue, r.offering) for r in rejections}
    others = [
        o
        for o in offerings
        if (o.venue, o.name) not in out
        and o.name + o.venue != chosen.offering.name + chosen.offering.venue
    ]
    return Why(
        replica=replica,
        chosen=f"{chosen.offering.venue}/{chosen.offering.name} as a {chosen.runs_as}",
        price=_price(chosen.offering),
        reason=_because(chosen, others),
        alternatives=tuple(f"{o.venue}/{o.name} at {_price(o)}" for o in others),
        rejections=rejections,
    )


def _because(chosen: Assignment, others: Sequence[Offering]) -> str:
    if not others:
        return "it is the only place that can take it"
    cheapest = min((o.hourly for o in others if o.hourly is not None), default=None)
    mine = chosen.offering.hourly
    if mine is not None and cheapest is not None and mine < cheapest:
        return "it is the cheapest place that can take it"
    if mine is not None and cheapest is not None and mine > cheapest:
        return "it is there already, and moving would save too little"
    return "no other place is cheaper"


def _price(offering: Offering) -> str:
    if offering.hourly is None:
        return "an unknown price"
    return f"{offering.hourly:f} {offering.currency}/hour" if offering.hourly else "no charge"


def _own(item: ConfigurationItem) -> tuple[tuple[str, str], ...]:
    """Where this replica alone can be reached from its machine, if anywhere."""
    ports, address = item.properties.get("ports"), item.properties.get("address")
    if not is_mapping(ports) or not isinstance(address, str):
        return ()
    return tuple((str(target), f"{address}:{port}") for target, port in ports.items())


def _reachable(address: str) -> str:
    """An address that can be typed into a client: "every address" is this machine's own."""
    return address.replace("0.0.0.0:", "127.0.0.1:").replace(":::", "[::1]:")


def _natural(entry: tuple[str, ConfigurationItem]) -> tuple[str, int]:
    name, _, index = entry[0].rpartition("/")
    return name, int(index) if index.isdigit() else 0
