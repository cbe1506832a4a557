"""Ground x Runs x a replica -> what the App's traffic costs with the replica on an offering."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from moot.model.placement import Assignment, Run
from moot.model.rehearsal import Ground
from moot.model.venue import Offering
from moot.passes.apart import Atlas
from moot.passes.egress import egress, total


def dues(
    ground: Ground, others: Sequence[Run], chosen: Assignment, atlas: Atlas
) -> Callable[[Offering], Decimal | None]:
    """An hour, with the others where they are; None where it is not in the currency of what the
    replica is on.  It is the same for all machines of a pool at one price.
    """
    known: dict[object, Decimal | None] = {}

    def asked(offering: Offering) -> Decimal | None:
        alike = atlas.domain(offering, "venue"), offering.egress, offering.currency
        if alike not in known:
            app, name, index = ground.app.name, chosen.component, chosen.index
            there = Run(app, name, index, 1, offering, chosen.runs_as)
            paid = egress(ground.app, (*others, there))
            foreign = {each.currency for each in paid if each.hourly} - {chosen.offering.currency}
            known[alike] = None if foreign else total(paid)
        return known[alike]

    return asked
