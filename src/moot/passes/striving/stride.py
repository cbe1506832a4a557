"""What a placement is asked for beside its App, so that promises are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from moot.model.app import App
from moot.model.availability import Level, percent
from moot.model.placement import Assignments, Placement, Rejection
from moot.model.rehearsal import Ground, Key, key_of
from moot.model.venue import Offering
from moot.passes.disk import disk
from moot.passes.placing.fit import NEEDS
from moot.passes.placing.prepare import prepare
from moot.passes.striving.stand import stand

MARK = "an sla of "


@dataclass(frozen=True, slots=True)
class Wish:
    """Of one component: in how many domains of a level it is to be, and only on what is up for
    `least` of the time by itself.
    """

    spread: frozenset[tuple[Level, int]] = frozenset()
    least: float = 0.0


@dataclass(frozen=True, slots=True)
class Stride:
    """What is asked for, by component; what runs `stays`, whatever could be saved.

    Nothing is put on what is to be `empty`, and of all other places no more than a `share` is used.
    """

    wishes: Mapping[str, Wish] = field(default_factory=dict[str, Wish])
    stays: bool = False
    empty: frozenset[Key] = frozenset()
    share: float = 1.0

    @property
    def identity(self) -> object:
        """Equal for strides that ask for the same."""
        return frozenset(self.wishes.items()), self.stays, self.empty, self.share

    def asked(self, ground: Ground) -> Ground:
        """What is placed on: there is a trait for each share that is asked for."""
        shares = sorted({wish.least for wish in self.wishes.values()} - {0.0})
        offerings = ground.offerings
        if self.empty or self.share < 1:
            offerings = [self._left(o) for o in offerings if key_of(o) not in self.empty]
        if shares:
            offerings = [_marked(o, up(o, ground), shares) for o in offerings]
        asked = replace(ground, app=self._app(ground.app), offerings=offerings)
        return stand(asked, ground.prior) if self.stays and ground.prior else asked

    def _left(self, offering: Offering) -> Offering:
        return replace(
            offering,
            cpu=round(offering.cpu * self.share, 6),  # as room is counted
            memory_mib=int(offering.memory_mib * self.share),
            disk_mib=int(offering.disk_mib * self.share),
        )

    def _app(self, app: App) -> App:
        components = list(app.components)
        for index, component in enumerate(components):
            if wish := self.wishes.get(component.name):
                needs = component.needs
                if wish.least:
                    needs = replace(needs, traits=needs.traits | {_trait(wish.least)})
                spread = dict(wish.spread)
                components[index] = replace(component, spread=spread, needs=needs)
        return replace(app, components=tuple(components))


def up(offering: Offering, ground: Ground) -> float | None:
    """Which share of the time one replica is up there; None where that is not stated."""
    venue = ground.venues.get(offering.venue)
    if venue is None or venue.sla is None:
        return None
    return venue.sla.up(offering.is_machine) * (offering.spot.up if offering.spot else 1)


def restored(placement: Placement, ground: Ground) -> Placement:
    """On the offerings as they are offered."""
    known: Mapping[Key, Offering] = {key_of(offering): offering for offering in ground.offerings}
    runs = (replace(r, offering=known.get(key_of(r.offering), r.offering)) for r in placement.runs)
    there = Assignments(runs)
    return replace(placement, assignments=there, disk=disk(ground.app, there.runs))


def plain(placement: Placement, ground: Ground) -> Placement:
    """Without such rejections as are for the sake of a promise only."""
    if not any(map(_is_made, placement.rejections)):
        return placement
    basis = prepare(ground.app, ground.offerings, None, ground.homes, ground.absent)
    own = {_about(r): r for fits in basis.fits.values() for r in fits.rejected}
    rejections = (own.get(_about(r)) if _is_made(r) else r for r in placement.rejections)
    return replace(placement, rejections=tuple(filter(None, rejections)))


def _is_made(rejection: Rejection) -> bool:
    """Whether it may hold for what was asked for the sake of a promise only."""
    return MARK in rejection.reason or NEEDS in rejection.reason


def _about(rejection: Rejection) -> tuple[str, str, str]:
    return rejection.component, rejection.venue, rejection.offering


def _trait(least: float) -> str:
    return f"{MARK}{percent(least)}"


def _marked(offering: Offering, share: float | None, shares: list[float]) -> Offering:
    marks = frozenset(_trait(least) for least in shares if share is not None and share >= least)
    return replace(offering, traits=offering.traits | marks) if marks else offering
