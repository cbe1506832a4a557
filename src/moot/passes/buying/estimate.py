"""Inquiry -> what an App would cost on each vendor, on several, or on a mix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from moot.model.availability import Level
from moot.model.purchase import NEVER, Estimate
from moot.passes.buying.stand import viewed
from moot.passes.buying.terms import Inquiry, Line, Terms

# What is tried one after the other for the sake of an availability: so many machines and regions.
WIDTHS: Sequence[Mapping[Level, int]] = (
    *({}, {"host": 2}, {"host": 3}, {"host": 4}),
    *({"region": 2, "host": 2}, {"region": 2, "host": 4}),
)
QUICK = 10  # rounds after which it is looked at again which line may be the cheapest

NOBODY = Decimal(NEVER).scaleb(-6)  # the price of what cannot be

Lines = Mapping[Line, Sequence[Estimate]]


def estimate(inquiry: Inquiry) -> tuple[Estimate, ...]:
    """A line for every vendor and for every two of them, and where `spread` wants more vendors or
    regions for every so many vendors.

    Of each the `top` best regions, the cheapest first.  All of an App is in one region of one
    vendor, in one of its zones or another, unless `spread` wants it in more.  With own machines
    there is a line of each vendor with these, too.  Where an availability is promised that it does
    not keep, it is spread over more machines or regions until it does.
    """
    answer = _Answer(inquiry)
    if problem := answer.terms(0).needed.problem:
        return tuple(Estimate(vendors=(name,), reason=problem) for name in inquiry.sellers)
    lines = list(answer.terms(0).lines())
    found = answer.free(lines) if inquiry.only_free else answer.every(lines)
    return tuple(each for line in lines for each in found[line])


class _Answer:
    def __init__(self, inquiry: Inquiry) -> None:
        self.inquiry = inquiry
        self.leasts: dict[Line, Decimal] = {}  # sums below which none of its ways gets
        self._terms: list[Terms] = []

    def terms(self, width: int) -> Terms:
        """The App as it is, or spread wider."""
        while width >= len(self._terms):
            app = self.inquiry.app
            spread = {**app.policy.spread}
            for level, count in WIDTHS[len(self._terms)].items():
                spread[level] = max(count, spread.get(level, 1))
            policy = replace(app.policy, spread=spread)
            self._terms.append(Terms(self.inquiry, replace(app, policy=policy)))
        return self._terms[width]

    def every(self, lines: Sequence[Line]) -> Lines:
        """Each with all rounds."""
        found: dict[Line, Sequence[Estimate]] = {}
        for line in lines:
            dear = "nothing of it costs less on your venues than there"
            why = dear if line.is_mixed else "no cheaper than one of them alone"
            found[line] = self.line(line, self.inquiry.rounds) or _none(line, why)
        return found

    def free(self, lines: Sequence[Line]) -> Lines:
        """Each only as far as it may be the cheapest in its currency: first all of them quickly,
        and no further one of which no way costs less than what was found elsewhere.
        """
        rounds, sellers = self.inquiry.rounds, self.inquiry.sellers
        self.leasts = {line: self.terms(0).least(line) for line in lines}
        found = {line: _none(line, "no cheaper than the free choice") for line in lines}
        found |= {line: self.line(line, 0) for line in lines if self.leasts[line] >= NOBODY}
        best = {vendor.currency: Decimal("Infinity") for vendor in sellers.values()}
        for some in sorted({0, min(rounds, QUICK), rounds}):
            for line in sorted(lines, key=lambda line: self.leasts[line]):
                currency = sellers[line.vendors[0]].currency
                if self.leasts[line] < best[currency]:
                    known = self.line(line, some, best[currency])
                    found[line] = known or found[line]
                if found[line][0].keeps:
                    best[currency] = min(best[currency], found[line][0].hourly)
        return found

    def line(self, line: Line, rounds: int, below: Decimal | None = None) -> Sequence[Estimate]:
        """What it costs, spread so wide that what is promised is kept; where no width keeps it, as
        it is, with what limits it.

        A pair or mix is none that does not cost less than `below`, or than a vendor of it alone.
        """
        best = self._found(0, line, rounds, below)
        for width in range(1, len(WIDTHS)):
            if not best or best[0].reason or best[0].keeps:
                break
            tried = self._found(width, line, rounds, below)
            best = tried if tried and tried[0].keeps else best
        return [self._blamed(each) for each in best]

    def _found(
        self, width: int, line: Line, rounds: int, below: Decimal | None
    ) -> Sequence[Estimate]:
        terms = self.terms(width)
        below = terms.alone(line, rounds) if below is None else below
        found = terms.estimates(line, rounds, below)
        if found and not width:
            self.leasts[line] = max(found[0].least, self.leasts.get(line, Decimal(0)))
        return found

    def _blamed(self, found: Estimate) -> Estimate:
        """With what limits its availability, where that is less than is promised."""
        if found.reason or found.keeps:
            return found
        inquiry = self.inquiry
        return viewed(inquiry.app, found, inquiry.sellers, inquiry.venues, limited=True)


def _none(line: Line, reason: str) -> Sequence[Estimate]:
    return [Estimate(vendors=line.vendors, is_mixed=line.is_mixed, reason=reason)]
