"""Placement x Ground -> the cheapest way to run a component without what it runs on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal

from moot.model.alternative import Alternative
from moot.model.app import App
from moot.model.day import priced
from moot.model.diagnostic import Refused
from moot.model.placement import Assignments, Placement, Run
from moot.model.rehearsal import Ground
from moot.model.venue import Offering
from moot.passes.afford import currencies, summed
from moot.passes.beside import beside
from moot.passes.disk import disk
from moot.passes.egress import egress
from moot.passes.explaining.breach import breach
from moot.passes.placing.relate import Ties
from moot.passes.strive import strive
from moot.passes.suppose import keepers
from moot.passes.worth import worth


def alternative(
    ground: Ground,
    placement: Placement,
    component: str,
    ties: Ties,
    without: str,
    is_out: Callable[[Offering], bool],
) -> Alternative:
    """All its replicas placed anew in the room beside the other components, which stay.

    `without` says in words what `is_out`; `ties` are those to the places of the others.
    """
    others = [run for run in placement.runs if run.component != component]
    chosen = tuple(c for c in ground.app.components if c.name == component)
    offered = [o for o in beside(others, ground) if not is_out(o) and not ties.against(o)]
    offered = [o for o in offered if ties.joins(o)] or offered
    homes = {**_homes(ground, others), **ground.homes}
    alone = replace(ground.app, components=chosen)
    tried = replace(ground, app=alone, offerings=offered, prior=None, homes=homes)
    try:
        found = min(_ways(tried, ground.app, others), key=_worth)
    except Refused as refused:
        return Alternative(without=without, refusal=refused.diagnostics[0].summary)
    runs = found.runs
    whole = Placement(assignments=Assignments((*others, *runs)))
    if left := ties.leaves(run.offering for run in runs) or breach(ground, whole):
        return Alternative(without=without, refusal=left)
    counts: Counter[str] = Counter()
    for run in runs:
        counts[f"{run.offering.venue}/{run.offering.name}"] += run.count
    sent = tuple(each for each in found.egress if each.component == component)
    mine = replace(found, egress=sent)
    currency = min(currencies(mine), default="EUR")
    then = summed(runs, found.charges, currency)
    before = (run for run in placement.runs if run.component == component)
    disk_before = (each for each in placement.disk if each.component == component)
    now = summed(before, (*placement.egress, *disk_before), currency)
    return Alternative(
        without=without,
        places=tuple(counts.items()),
        hourly=summed(runs, mine.charges, currency),
        currency=currency,
        more=None if then is None or now is None else then - now,
        priced=priced(run.offering for run in runs),
    )


def _ways(tried: Ground, app: App, others: Sequence[Run]) -> Iterator[Placement]:
    """The cheapest by itself; where its traffic with the others is paid, in each place, too.  With
    what the traffic of all costs then.
    """

    def paid(runs: Sequence[Run]) -> Placement:
        return Placement(
            assignments=Assignments(runs),
            egress=egress(app, (*others, *runs)),
            disk=disk(app, runs),
        )

    yield (found := paid(strive(tried).runs))
    for site in sorted({o.site for o in tried.offerings} if found.egress else ()):
        offerings = [offering for offering in tried.offerings if offering.site == site]
        with suppress(Refused):
            yield paid(strive(replace(tried, offerings=offerings)).runs)


def _worth(found: Placement) -> Decimal:
    return worth(found, None, Decimal(0))


def _homes(ground: Ground, others: Iterable[Run]) -> dict[str, str]:
    """Where the volumes are, or will be, that the others keep."""
    keeping = keepers(ground.app)
    return {
        volume: run.offering.venue for run in others for volume in keeping.get(run.component, ())
    }
