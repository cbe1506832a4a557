"""Whether a placement keeps the availability its App promises, by what its venues state."""

from __future__ import annotations

from collections.abc import Mapping

from moot.model.app import App
from moot.model.availability import Outlook, percent
from moot.model.diagnostic import Diagnostic, Refused
from moot.model.placement import Placement
from moot.model.venue import Venue
from moot.passes.outlook import outlook

ROUNDING = 1e-12


def promised(
    app: App, placement: Placement, venues: Mapping[str, Venue], absent: Mapping[str, str]
) -> Outlook:
    """How available the App will be; Refused where that is certainly less than it promises.

    Certain is what holds even if everything unstated never failed.  While a venue that states
    something is silent nothing is refused: less of an App, on what is left, is better than none.
    """
    found = outlook(app, placement, venues)
    silent = any(name in venues and venues[name].sla for name in absent)
    if broken(found) and not silent:
        raise Refused(_too_little(found))
    return found


def broken(found: Outlook) -> bool:
    """Whether the promise cannot be kept, whatever is not known."""
    return found.promised is not None and found.most < found.promised - ROUNDING


def _too_little(found: Outlook) -> Diagnostic:
    promise, most = percent(found.promised or 0.0), percent(found.most)
    bound = "" if found.least == found.most else "at most "
    return Diagnostic(
        summary=f"x-moot.availability promises {promise}, this placement gives {bound}{most}",
        detail=f"by what the venues state of themselves; it is limited by {found.limit}",
        remedy="run more replicas apart (`x-moot.spread: {host: 2}`), allow a better venue, "
        "or promise less",
    )
