"""Frozen values as plain JSON and back, for whatever must be written down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, asdict, fields
from decimal import Decimal
from operator import attrgetter

from moot.model.placement import Assignments, Charge, Placement, Rejection, Run
from moot.model.resource import ConfigurationItem, Edge, Resource, Rollout
from moot.model.spot import Spot
from moot.model.value import JSON, Value, decode
from moot.model.venue import Offering

# Names and defaults of all fields; MISSING where there is no default.
_RESOURCE = tuple(
    (f.name, f.default if f.default_factory is MISSING else f.default_factory())
    for f in fields(Resource)
)
_ITEM_FIELDS = frozenset(f.name for f in fields(ConfigurationItem))
_RESOURCE_FIELDS = frozenset(f.name for f in fields(Resource))
_resource_values = attrgetter(*(name for name, _ in _RESOURCE))


def item_from_json(body: Mapping[str, JSON], observed_at: float = 0.0) -> ConfigurationItem:
    """An item as the store keeps it; a field that is not there takes its default."""
    values: dict[str, JSON] = {name: body[name] for name in _ITEM_FIELDS & body.keys()}
    values["applied"] = decode(values.get("applied", {}))  # the only one that may hold a Secret
    values["exclusive"] = frozenset(values.get("exclusive", ()))
    values["depends_on"] = tuple(values.get("depends_on", ()))
    values["observed_at"] = observed_at
    return ConfigurationItem(**values)


def resource_to_json(want: Resource) -> dict[str, Value]:
    """Everything about a Resource as `canonical` writes it; what is as by default is left out."""
    body: dict[str, Value] = {
        name: value
        for (name, default), value in zip(_RESOURCE, _resource_values(want), strict=True)
        if value is not default and value != default
    }
    if want.edges:
        body["edges"] = [[edge.target, edge.condition] for edge in want.edges]
    if want.exclusive:
        body["exclusive"] = sorted(want.exclusive)
    if want.rollout:
        body["rollout"] = [want.rollout.parallelism, want.rollout.delay_s]
    return body


def resource_from_json(body: Mapping[str, JSON]) -> Resource:
    """Inverse of `resource_to_json`; a field that is not there takes its default."""
    values: dict[str, JSON] = {name: body[name] for name in _RESOURCE_FIELDS & body.keys()}
    values["properties"] = decode(values.get("properties", {}))
    values["edges"] = tuple(Edge(*edge) for edge in values.get("edges", ()))
    values["exclusive"] = frozenset(values.get("exclusive", ()))
    if rollout := values.get("rollout"):
        values["rollout"] = Rollout(parallelism=rollout[0], delay_s=rollout[1])
    return Resource(**values)


def placement_to_json(placement: Placement) -> dict[str, JSON]:
    """A placement with every offering written once, and replicas that run alike as one run."""
    runs = placement.runs
    offerings = {_name(run.offering): run.offering for run in runs}
    return {
        "offerings": {name: _offering_to_json(o) for name, o in offerings.items()},
        "runs": [
            [
                *(f"{run.app}/{run.component}", run.first, run.count),
                *(_name(run.offering), run.runs_as, *([[*run.gpus]] if run.gpus else ())),
            ]
            for run in runs
        ],
        "rejections": [[r.component, r.venue, r.offering, r.reason] for r in placement.rejections],
        "egress": _charges_to_json(placement.egress),
        "disk": _charges_to_json(placement.disk),
    }


def placement_from_json(body: Mapping[str, JSON]) -> Placement:
    """Inverse of `placement_to_json`; reads what version 1 wrote, an entry per replica, as well."""
    offerings = {name: _offering_from_json(o) for name, o in body["offerings"].items()}
    replicas = [
        [replica.rpartition("/")[0], index, 1, name, runs_as]
        for replica, _, index, name, runs_as in body.get("assignments", ())
    ]
    runs = (
        Run(
            *(of.partition("/")[0], of.partition("/")[2], first, count),
            *(offerings[name], runs_as, *map(tuple, gpus)),
        )
        for of, first, count, name, runs_as, *gpus in body.get("runs", replicas)
    )
    rejections = tuple(Rejection(*row) for row in body["rejections"])
    return Placement(
        assignments=Assignments(runs),
        rejections=rejections,
        egress=_charges_from_json(body.get("egress", ())),
        disk=_charges_from_json(body.get("disk", ())),
    )


def _charges_to_json(charges: Iterable[Charge]) -> JSON:
    return [[each.component, each.site, each.currency, str(each.hourly)] for each in charges]


def _charges_from_json(rows: Iterable[Sequence[str]]) -> tuple[Charge, ...]:
    return tuple(
        Charge(component, site, currency, Decimal(hourly))
        for component, site, currency, hourly in rows
    )


def _name(offering: Offering) -> str:
    return f"{offering.venue}/{offering.name}"


def _offering_to_json(offering: Offering) -> dict[str, JSON]:
    body = {f.name: getattr(offering, f.name) for f in fields(offering) if f.name != "quota"}
    body["hourly"] = None if offering.hourly is None else str(offering.hourly)
    body["traits"] = sorted(offering.traits)
    body["gpus_left"] = [*offering.gpus_left]
    body["egress"] = str(offering.egress)
    body["disk"] = str(offering.disk)
    body["latency"] = {name: str(ms) for name, ms in offering.latency}
    body["spot"] = asdict(offering.spot) if offering.spot else None
    return body


def _offering_from_json(body: Mapping[str, JSON]) -> Offering:
    values = dict(body)
    values["hourly"] = None if values["hourly"] is None else Decimal(values["hourly"])
    values["traits"] = frozenset(values["traits"])
    values["gpus_left"] = tuple(values.get("gpus_left", ()))
    values["egress"] = Decimal(values.get("egress", 0))
    values["disk"] = Decimal(values.get("disk", 0))
    values["latency"] = tuple((n, Decimal(ms)) for n, ms in values.get("latency", {}).items())
    values["spot"] = Spot(**spot) if (spot := values.get("spot")) else None
    return Offering(**values)
