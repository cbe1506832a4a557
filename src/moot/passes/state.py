"""Venue x its settings -> the Venue with what any may state of itself, whatever its provider."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from moot.model.availability import Sla
from moot.model.day import day
from moot.model.diagnostic import Diagnostic
from moot.model.misstated import Misstated
from moot.model.overcommit import Overcommit
from moot.model.position import Position
from moot.model.quota import Quota
from moot.model.spot import Spot
from moot.model.traffic import per_gb, ways
from moot.model.value import JSON
from moot.model.venue import Venue

Place = Callable[..., Position | None]


class _Setting(NamedTuple):
    """How it is read, and written; `shared` says why no machine of a pool has one of its own."""

    read: Callable[[JSON], Any]
    example: str
    shared: str = ""


_SETTINGS: Mapping[str, _Setting] = {
    "sla": _Setting(Sla.of, "`sla: 99.9%`, or `sla: {region: 99.99%, zone: 99.9%, host: 99.5%}`"),
    "overcommit": _Setting(
        Overcommit.of, "`overcommit: {cpu: 2}`, or `overcommit: {cpu: 2, memory: 1.2}`"
    ),
    "quota": _Setting(
        Quota.of,
        "what all Apps may have there, beside `hosts` where it has any: `quota: {cpu: 64}`",
        shared="a quota is one of all machines of a pool together",
    ),
    "egress": _Setting(per_gb, "what a GB costs that leaves it: `egress: 0.09`"),
    "disk": _Setting(per_gb, "what a GiB of disk costs a month: `disk: 0.08`"),
    "latency": _Setting(
        ways, "how far others are, there and back: `latency: {rack: 12 ms, cloud/eu: 20 ms}`"
    ),
    "priced": _Setting(day, "the day of its prices: `priced: 2026-11-01`"),
    "spot": _Setting(
        Spot.of, "how often it is taken back: `spot: {interruptions: 5%/month, healing: 5m}`"
    ),
}


def state(venue: Venue, place: Place) -> Venue:
    """With what it states taken out of the provider's settings, and what is `wrong` in it.

    `place` says where what a path leads to stands in its entry.
    """
    settings = dict(venue.configuration)
    found: dict[str, Any] = {}
    wrong: list[Diagnostic] = []
    for name in filter(settings.__contains__, _SETTINGS):
        try:
            found[name] = _read(venue, name, settings.pop(name))
        except ValueError as error:
            details = error.wrong if isinstance(error, Misstated) else {"": str(error)}
            for key, detail in details.items():
                path = venue.path(name, key) if key else venue.path(name)
                wrong.append(_unstatable(venue.whose(name), name, detail, place(*path[1:])))
    if not found and not wrong:
        return venue
    return replace(venue, configuration=settings, wrong=(*venue.wrong, *wrong), **found)


def _read(venue: Venue, name: str, stated: JSON) -> Any:
    setting = _SETTINGS[name]
    if setting.shared and name in venue.own:
        raise ValueError(setting.shared)
    return setting.read(stated)


def _unstatable(venue: str, name: str, detail: str, place: Position | None) -> Diagnostic:
    return Diagnostic(
        summary=f"the {name} of venue {venue!r} cannot be used",
        detail=detail,
        remedy=f"write {_SETTINGS[name].example}",
        place=place,
    )
