"""What configured venues offer now, beside what the market offered on the day of the snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from moot.engine.offered import offered
from moot.engine.slots import Slots
from moot.engine.venues import Venues
from moot.model.market import Listing, Order, Vendor, Wish
from moot.model.report import Stale
from moot.passes.winnow import matcher, winnow


def quoted(
    wish: Wish,
    order: Order,
    limit: int | None,
    names: Iterable[str],
    market: Sequence[Vendor],
    venues: Venues,
    slots: Slots,
) -> Listing:
    """The first `limit` quotes, of these venues and of this market; None is all of them."""
    wanted = matcher(wish.vendors)
    asked = [name for name in names if wanted(venues.known(name).provider)]
    offerings, absent = offered(asked, venues, slots)
    now = venues.env.now()
    quotes, total = winnow(wish, order, market, offerings, venues.configured, limit)
    return Listing(
        quotes=tuple(quotes),
        total=total,
        vendors=tuple(market),
        stale=tuple(Stale(venue=v, since=now, reason=e.message) for v, e in absent.items()),
    )
