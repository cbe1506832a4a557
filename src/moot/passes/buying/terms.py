"""App -> lines, each of a vendor, several, or own machines with one, and what each would cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

from moot.model.app import App
from moot.model.market import Vendor
from moot.model.programme import Solve
from moot.model.purchase import Estimate
from moot.model.rehearsal import Ground
from moot.model.venue import Venue
from moot.passes.buying.estate import Estate, reaches
from moot.passes.buying.limit import limit
from moot.passes.buying.mix import Mixing, problem
from moot.passes.buying.need import need
from moot.passes.buying.pair import Pairing
from moot.passes.buying.stand import metered, stored, viewed
from moot.passes.buying.survey import Survey
from moot.passes.buying.together import together


@dataclass(frozen=True, kw_only=True)
class Inquiry:
    """What an App would cost on these vendors, and perhaps with own machines on the `ground`.

    `areas` are traits by vendor and region.  Of each line the `top` best regions are wanted, with
    machines packed `rounds` times anew; `only_free`: of those that may be the cheapest of all.
    """

    app: App
    market: Sequence[Vendor]
    areas: Mapping[str, Mapping[str, frozenset[str]]]
    rounds: int
    top: int = 1
    solve: Solve | None = None
    ground: Ground | None = None
    only_free: bool = False

    @cached_property
    def sellers(self) -> Mapping[str, Vendor]:
        """Vendors by name."""
        return {vendor.name: vendor for vendor in self.market}

    @property
    def venues(self) -> Mapping[str, Venue]:
        """Own ones, which state how often they are up."""
        return self.ground.venues if self.ground else {}


class Line(NamedTuple):
    """A vendor, or several, or own machines with one."""

    vendors: tuple[str, ...]
    is_mixed: bool = False


class Terms:
    """An App as it is, or spread wider, and what is known of it; all is found when asked for."""

    def __init__(self, inquiry: Inquiry, app: App) -> None:
        self.inquiry, self.app = inquiry, app
        self.needed = need(app)
        self.surveys = {
            name: Survey(vendor, self.needed, inquiry.areas[name], inquiry.solve)
            for name, vendor in inquiry.sellers.items()
        }
        self._bought: dict[tuple[Line, int], Sequence[Estimate]] = {}
        self._pairings: dict[Line, Pairing] = {}
        self._mixings: dict[Line, Mixing | str] = {}

    def lines(self) -> Iterator[Line]:
        """Those there are; where `spread` wants several vendors every so many, and each alone."""
        names, needed = list(self.surveys), self.needed
        if needed.vendors > 1:
            yield from (Line((name,)) for name in names)
        yield from map(Line, combinations(names, needed.vendors))
        if needed.vendors == 1:
            yield from (pair for pair in map(Line, combinations(names, 2)) if self._pairs(pair))
        ground = self.inquiry.ground
        if ground and any(map(reaches, ground.offerings)):
            yield from (Line((name,), is_mixed=True) for name in names)

    def estimates(self, line: Line, rounds: int, below: Decimal | None) -> Sequence[Estimate]:
        """Its best regions first, with how available it is there; none where nothing was found, of
        a pair or mix, that costs less than `below`.
        """
        if line.is_mixed:
            found = self._mixed(line, rounds)
        elif len(line.vendors) == self.needed.vendors:
            return self.bought(line, rounds)
        elif self._pairs(line):
            found = self._pairing(line).found(rounds, below)
        else:
            wanted = f"x-moot.spread wants {self.needed.vendors} vendors"
            found = Estimate(vendors=line.vendors, reason=wanted)
        if found is None or (below is not None and not found.reason and found.hourly >= below):
            return ()
        return (self._viewed(found),)

    def bought(self, line: Line, rounds: int) -> Sequence[Estimate]:
        """All of it on machines of these vendors, each with a part of every component."""
        if (line, rounds) not in self._bought:
            surveys = [self.surveys[name] for name in line.vendors]
            found = together(surveys, rounds, self.inquiry.top)
            self._bought[line, rounds] = [self._viewed(self._metered(each)) for each in found]
        return self._bought[line, rounds]

    def alone(self, line: Line, rounds: int) -> Decimal | None:
        """What one of its vendors costs alone, the cheapest; None where none does."""
        if self.needed.vendors > 1:
            return None
        each = (self.bought(Line((name,)), rounds)[0] for name in line.vendors)
        return min((one.hourly for one in each if not one.reason), default=None)

    def least(self, line: Line) -> Decimal:
        """A sum below which none of its ways gets, found quickly; 0 where nothing is known."""
        if line.is_mixed:
            mixing = self._mixing(line)
            return Decimal(0) if isinstance(mixing, str) else mixing.least()
        if len(line.vendors) == self.needed.vendors:
            surveys = [self.surveys[name] for name in line.vendors]
            return Decimal(limit(surveys, 0)).scaleb(-6) + self._stored(line.vendors)
        return self._pairing(line).least() if self._pairs(line) else Decimal(0)

    def _metered(self, found: Estimate) -> Estimate:
        paid = metered(self.app, found, self.inquiry.sellers)
        return replace(paid, least=found.least + self._stored(found.vendors))

    def _stored(self, vendors: Iterable[str]) -> Decimal:
        return stored(self.app, [self.inquiry.sellers[name] for name in vendors])

    def _viewed(self, found: Estimate) -> Estimate:
        return viewed(self.app, found, self.inquiry.sellers, self.inquiry.venues, limited=False)

    def _pairs(self, line: Line) -> bool:
        """Whether components may be parted between these two: they sell in one currency."""
        both = [self.surveys[name] for name in line.vendors]
        currencies = {each.vendor.currency for each in both}
        there = all(each.regions for each in both)
        return self.needed.regions == 1 and len(both) == 2 and len(currencies) == 1 and there

    def _pairing(self, line: Line) -> Pairing:
        if line not in self._pairings:
            one, other = (self.surveys[name] for name in line.vendors)
            self._pairings[line] = Pairing(self.app, (one, other))
        return self._pairings[line]

    def _mixed(self, line: Line, rounds: int) -> Estimate:
        mixing = self._mixing(line)
        if isinstance(mixing, str):
            return Estimate(vendors=line.vendors, is_mixed=True, reason=mixing)
        if found := mixing.found(rounds):
            return found
        reason = "no part of it was found to keep on your venues with the rest bought there"
        return Estimate(vendors=line.vendors, is_mixed=True, reason=reason)

    def _mixing(self, line: Line) -> Mixing | str:
        """What parts it, or why nothing of it can be kept."""
        if line not in self._mixings:
            there, ground = self.surveys[line.vendors[0]], self.inquiry.ground
            assert ground, "without own machines there is no such line"
            ground = replace(ground, app=self.app)
            estate = Estate.of(ground, there.vendor.currency)
            why = problem(ground, estate, there)
            self._mixings[line] = why or Mixing(self.app, estate, there)
        return self._mixings[line]
