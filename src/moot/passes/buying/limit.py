"""Surveys x what is Needed -> a sum below which no way of buying with these vendors gets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heapify, heapreplace, nsmallest
from math import ceil

from moot.model.purchase import NEVER, Piece
from moot.passes.buying.survey import ANYWHERE, WHOLE, Survey


def limit(surveys: Sequence[Survey], rounds: int) -> int:
    """In millionths an hour.  Where one region is enough it is the bound of the cheapest one.

    Else every piece is worth what it is in its cheapest region, and those of its replicas that are
    in further vendors or regions what they are in the next ones.
    """
    needed = surveys[0].needed
    if not any(survey.regions for survey in surveys):
        return NEVER
    if needed.regions == 1:
        lot = WHOLE if len(needed.lots) > 1 else 0
        return _cheapest(surveys, lot, rounds)
    total = 0.0
    for n, piece in enumerate(needed.whole):
        by_vendor = [
            [survey.appraisal(region, WHOLE).values[n] for region in survey.regions]
            for survey in surveys
        ]
        vendors = _spread(piece, (min(v, default=NEVER) for v in by_vendor), needed.vendors)
        regions = _spread(piece, (value for v in by_vendor for value in v), needed.regions)
        total += max(vendors, regions)
    return ceil(total)


def _cheapest(surveys: Sequence[Survey], lot: int, rounds: int) -> int:
    """Only of regions that may be the cheapest it is found out at length what they cost."""
    places = [
        (survey.appraisal(region, lot).least, n, region)
        for n, survey in enumerate(surveys)
        for region in survey.regions
    ]
    heapify(places)
    while True:
        least, n, region = places[0]
        bound = surveys[n].bound(region, lot, ANYWHERE, rounds)
        if bound <= least:
            return least
        heapreplace(places, (bound, n, region))


def _spread(piece: Piece, values: Iterable[float], domains: int) -> float:
    """What it is worth if one is in each of the cheapest domains, and all others in the cheapest.

    Only those that must not be on one machine must be in several domains.
    """
    count = min(domains, piece.amount) if piece.most else 1
    cheapest = nsmallest(count, values)
    return sum(cheapest) + (piece.amount - len(cheapest)) * cheapest[0]
