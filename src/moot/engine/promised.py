"""Whether a placement keeps the availability its App promises, by what its venues state."""

from __future__ import annotations

from moot.model.availability import Outlook, percent
from moot.model.diagnostic import Diagnostic, Refused
from moot.model.placement import Placement
from moot.model.position import Position
from moot.model.rehearsal import Ground
from moot.passes.outlook import outlook


def promised(ground: Ground, placement: Placement) -> Outlook:
    """How available the App will be; Refused where that is certainly less than it promises.

    Certain is what holds even if everything unstated never failed.  Nothing is refused where the
    ground is lenient.
    """
    found = outlook(ground.app, placement, ground.venues)
    if found.broken and not ground.lenient:
        raise Refused(_too_little(found, ground.app.policy.places.get("availability")))
    return found


def _too_little(found: Outlook, place: Position | None) -> Diagnostic:
    promise, most = percent(found.promised or 0.0), percent(found.most)
    bound = "" if found.least == found.most else "at most "
    return Diagnostic(
        summary=f"x-moot.availability promises {promise}, the best placement that was found "
        f"gives {bound}{most}",
        detail=f"by what the venues state of themselves; it is limited by {found.limit}",
        remedy="run more replicas, allow more venues or better ones, or promise less",
        place=place,
    )
