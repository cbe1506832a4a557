"""Frozen values as plain JSON and back, for whatever must be written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal

from moot.model.placement import Assignment, Placement, Rejection
from moot.model.resource import ConfigurationItem
from moot.model.value import JSON, decode, encode
from moot.model.venue import Offering

_ITEM_FIELDS = {f.name for f in fields(ConfigurationItem)}
_ITEM_VOLATILE = ("observed_at",)


def item_to_json(item: ConfigurationItem) -> dict[str, JSON]:
    """Everything about an item but when it was last looked at, which is not content."""
    body = {f.name: getattr(item, f.name) for f in fields(item) if f.name not in _ITEM_VOLATILE}
    body["exclusive"] = sorted(item.exclusive)
    return {name: encode(value) for name, value in body.items()}


def item_from_json(body: Mapping[str, JSON], observed_at: float = 0.0) -> ConfigurationItem:
    """Inverse of `item_to_json`; a field that is not there takes its default."""
    values: dict[str, JSON] = {name: body[name] for name in _ITEM_FIELDS & body.keys()}
    values["applied"] = decode(values.get("applied", {}))  # the only one that may hold a Secret
    values["exclusive"] = frozenset(values.get("exclusive", ()))
    values["depends_on"] = tuple(values.get("depends_on", ()))
    values["observed_at"] = observed_at
    return ConfigurationItem(**values)


def placement_to_json(placement: Placement) -> dict[str, JSON]:
    """A placement with every offering written once."""
    offerings = {f"{a.offering.venue}/{a.offering.name}": a.offering for a in placement.assignments}
    return {
        "offerings": {name: _offering_to_json(o) for name, o in offerings.items()},
        "assignments": [
            [a.replica, a.component, a.index, f"{a.offering.venue}/{a.offering.name}", a.runs_as]
            for a in placement.assignments
        ],
        "rejections": [[r.component, r.venue, r.offering, r.reason] for r in placement.rejections],
    }


def placement_from_json(body: Mapping[str, JSON]) -> Placement:
    """Inverse of `placement_to_json`."""
    offerings = {name: _offering_from_json(o) for name, o in body["offerings"].items()}
    return Placement(
        assignments=tuple(
            Assignment(replica, component, index, offerings[name], runs_as)
            for replica, component, index, name, runs_as in body["assignments"]
        ),
        rejections=tuple(Rejection(*row) for row in body["rejections"]),
    )


def _offering_to_json(offering: Offering) -> dict[str, JSON]:
    body = {f.name: getattr(offering, f.name) for f in fields(offering)}
    body["hourly"] = None if offering.hourly is None else str(offering.hourly)
    body["traits"] = sorted(offering.traits)
    return body


def _offering_from_json(body: Mapping[str, JSON]) -> Offering:
    values = dict(body)
    values["hourly"] = None if values["hourly"] is None else Decimal(values["hourly"])
    values["traits"] = frozenset(values["traits"])
    return Offering(**values)
