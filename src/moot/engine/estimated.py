"""What an App would cost where: machines of the market, and what the user's own venues offer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from moot.engine.cost import cost
from moot.engine.ground import explored
from moot.engine.recorded import Seen
from moot.engine.solver import highs
from moot.engine.turn import World
from moot.market.facts import area, burstable
from moot.model.app import App
from moot.model.availability import Outlook
from moot.model.comparison import Comparison, Search
from moot.model.diagnostic import BadInput, Diagnostic, Refused
from moot.model.market import Vendor
from moot.model.purchase import SPOT, Estimate
from moot.model.rehearsal import Ground
from moot.model.report import Cost, Stale
from moot.passes.buying.estimate import estimate
from moot.passes.buying.need import traits_asked
from moot.passes.buying.terms import Inquiry
from moot.passes.outlook import outlook
from moot.passes.strive import strive
from moot.passes.winnow import matcher


def estimated(app: App, world: World, search: Search, market: Sequence[Vendor]) -> Comparison:
    """The venues are asked; nothing is bought, changed or written.

    BadInput where the market has no such vendor.
    """
    searched = list(_searched(market, search))
    areas = {v.name: {region: area(v.name, region) for region in v.regions} for v in market}
    ground = explored(app, world, Seen(app.name, world, None).within(()).items, patient=True)
    with highs() as solver:
        estimates = estimate(
            Inquiry(
                app=app,
                market=searched,
                areas=areas,
                rounds=search.rounds,
                top=search.top,
                solve=solver,
                ground=ground,
                only_free=search.only_free,
            )
        )
    own, outlook_, problem = _own(app, ground)
    now = world.venues.env.now()
    return Comparison(
        estimates=estimates,
        own=own,
        own_problem=problem,
        own_outlook=outlook_,
        now=cost(ground.prior) if ground.prior else None,
        budget=app.policy.budget,
        vague=tuple(_vague(app)),
        arm=tuple(_arm(app, searched, estimates)),
        unzoned=tuple(_unzoned(app, searched, estimates)),
        lasting=tuple(_lasting(app, searched)),
        burstable=search.burstable,
        solver=solver.use,
        stale=tuple(Stale(venue=v, since=now, reason=why) for v, why in ground.absent.items()),
    )


def _searched(market: Sequence[Vendor], search: Search) -> Iterator[Vendor]:
    """Vendors with such names, regions and types."""
    named, there = matcher(search.vendors), matcher(search.regions)
    vendors = [vendor for vendor in market if named(vendor.name)]
    if not vendors:
        names = ", ".join(vendor.name for vendor in market)
        raise BadInput(
            Diagnostic(
                summary=f"the market has no vendor {' or '.join(search.vendors)}",
                remedy=f"name one of: {names}",
            )
        )
    for vendor in vendors:
        kinds = vendor.kinds
        if not search.burstable:
            kinds = [kind for kind in kinds if not burstable(vendor.name, kind.name)]
        regions = {name: zones for name, zones in vendor.regions.items() if there(name)}
        yield replace(vendor, kinds=kinds, regions=regions)


def _own(app: App, ground: Ground) -> tuple[Cost | None, Outlook | None, str]:
    """What the venues that are there would cost, how available it is; why they cannot run it."""
    try:
        placement = strive(ground)
    except Refused as refused:
        first, *others = refused.diagnostics
        more = f" and {len(others)} more" if others else ""
        return None, None, first.summary + more
    return cost(placement), outlook(app, placement, ground.venues), ""


def _vague(app: App) -> Iterator[str]:
    for component in app.components:
        if component.replicas and not (component.needs.cpu and component.needs.memory_mib):
            yield component.name


def _arm(app: App, market: Iterable[Vendor], estimates: Iterable[Estimate]) -> Iterator[str]:
    if all(any(t.startswith("arch:") for t in traits_asked(c)) for c in app.components):
        return
    bought = {type for found in estimates for site in found.sites for type, _ in site.counted}
    kinds = {kind.name: kind.arch for vendor in market for kind in vendor.kinds}
    yield from sorted(type for type in bought if kinds[type.removesuffix(SPOT)] == "arm64")


def _unzoned(app: App, market: Iterable[Vendor], estimates: Iterable[Estimate]) -> Iterator[str]:
    if app.policy.spread.get("zone", 1) > 1:
        used = {site.vendor for found in estimates for site in found.sites}
        for vendor in market:
            if vendor.name in used and not any(vendor.regions.values()):
                yield vendor.name


def _lasting(app: App, market: Iterable[Vendor]) -> Iterator[str]:
    """The vendors whose prices of spot are not known, where there may be any."""
    if any(app.leave(component) != "never" for component in app.components):
        for vendor in market:
            prices = (price for kind in vendor.kinds for price in kind.prices.values())
            if not any(spot for _, spot, _ in prices):
                yield vendor.name
