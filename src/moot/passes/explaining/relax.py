"""Ground x Conflict -> what could be given up so that all has a place, the cheapest first."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal

from moot.model.app import App
from moot.model.budget import HOURS, Budget
from moot.model.conflict import Conflict, Promise, Relaxation
from moot.model.day import priced
from moot.model.diagnostic import Refused
from moot.model.placement import Placement
from moot.model.quota import KINDS, number
from moot.model.rehearsal import Ground
from moot.passes.afford import currencies, spent
from moot.passes.beside import beside
from moot.passes.explaining.attempt import Decide, Effort, Exhausted, attempt
from moot.passes.explaining.ease import ease
from moot.passes.explaining.itemize import itemize, quota_text, quotas
from moot.passes.explaining.loosen import allowing, loosen
from moot.passes.explaining.replan import Thorough, replan
from moot.passes.explaining.shrink import shrink
from moot.passes.strive import strive

UNKNOWN = Decimal("Infinity")
_IN_STEPS = ("spread", "latency")  # less of it may be dearer than nothing of it
CENT, FINEST = Decimal("0.01"), Decimal("0.0001")  # of a budget, and of one for less than a week


def relax(
    ground: Ground,
    found: Conflict,
    decide: Decide,
    effort: Effort,
    thorough: Thorough,
    more: Effort,
) -> Conflict:
    """The conflict with all that helps by itself, and where nothing does with what does together.

    Everything is placed anew for each.  A number is lowered as little as it may be; a budget is
    raised to what the cheapest placement costs.  What is found is placed once more, `thorough`, and
    costs what a plan of it does as far as that takes no `more` effort, and at most what it says.
    """
    clerk = _Clerk(ground, decide, effort)
    options: list[_Option] = []
    promises = found.promises
    unexplored = len(promises)
    with suppress(Exhausted):
        for promise in sorted(promises, key=lambda promise: promise.aspect == "venues"):
            options += clerk.instead_of(promise)  # more venues take longest to look at
            unexplored -= 1
        if not options:
            unexplored = len(promises)
            options += clerk.together(promises)
            unexplored = 0
    planned = [*_planned(sorted(options, key=_rank), thorough, more)]
    told = tuple(clerk.told(option) for option in sorted(planned, key=_rank))
    return replace(found, relaxations=told, unexplored=unexplored)


@dataclass(frozen=True, slots=True)
class _Option:
    """What could become of the App, and where all would be; or a budget, dearer by so much."""

    text: str
    ground: Ground
    placement: Placement
    dearer: Decimal | None = None


def _planned(options: Sequence[_Option], thorough: Thorough, effort: Effort) -> Iterator[_Option]:
    """The same as a plan would place them, but for those that it would refuse."""
    for index, each in enumerate(options):
        among = len(options) - index
        placement = replan(each.ground, each.placement, thorough, effort, among)
        if placement is not None:
            yield replace(each, placement=placement)


@dataclass(frozen=True, slots=True)
class _Clerk:
    """Tries one thing after the other."""

    ground: Ground
    decide: Decide
    effort: Effort

    def instead_of(self, promise: Promise) -> Iterator[_Option]:
        """What a promise could become, or what follows where there is nothing of it."""
        if promise.aspect == "budget" and (dearer := self.afforded()):
            yield dearer
            return
        dropped = self.option(_without([promise]), loosen(self.ground, [promise]))
        if dropped is None:
            return
        if promise.aspect == "venues":
            yield dropped
            yield from self.joined()
            return
        if promise.aspect == "quota":
            yield self.raised(promise, dropped.placement) or dropped
            return
        milder = self.eased(promise)
        if milder:
            yield milder
        if not milder or (promise.aspect in _IN_STEPS and _rank(dropped) < _rank(milder)):
            yield dropped

    def afforded(self) -> _Option | None:
        """A budget of what the cheapest placement costs that is found for the one there is."""
        tried = loosen(self.ground, ())
        policy = tried.app.policy
        assert policy.budget is not None, "it is one of the promises"
        with suppress(Refused):
            made = strive(tried)
            dearer = _raised(policy.budget, spent(made))
            app = replace(tried.app, policy=replace(policy, budget=dearer))
            option = self.option(f"with `x-moot.budget: {dearer}`", replace(tried, app=app))
            return option and replace(option, dearer=dearer.hourly - policy.budget.hourly)
        return None

    def raised(self, promise: Promise, made: Placement) -> _Option | None:
        """A quota of what all Apps have where this is placed without it."""
        site, _, kind = promise.subject.rpartition(":")
        tried = loosen(self.ground, ())
        quotas = (o.quota for o in beside(made.runs, tried) if o.site == site)
        quota = next(filter(None, quotas), None)
        if quota is None:
            return None
        most = dict(zip(KINDS, quota.held, strict=True))[kind]
        text = f"with `{quota_text(site, kind, number(kind, most))}`"
        return self.option(text, allowing(tried, site, kind, most))

    def joined(self) -> Iterator[_Option]:
        """One venue or pool more than the App allows, each."""
        app, allowed = self.ground.app, self.ground.app.policy.venues
        offered = [o for o in self.ground.offerings if not {o.venue, o.site} & {*allowed}]
        for site in dict.fromkeys(offering.site for offering in offered):
            more = replace(app, policy=replace(app.policy, venues=(*allowed, site)))
            text = f"with `x-moot.venues: [{', '.join((*allowed, site))}]`"
            if option := self.option(text, loosen(replace(self.ground, app=more), ())):
                yield option

    def eased(self, promise: Promise) -> _Option | None:
        """The most of it with which everything has a place."""
        apps = ease(self.ground.app, promise, self.ground.offerings)
        made: dict[int, _Option] = {}

        def is_too_much(index: int) -> bool:
            tried = loosen(replace(self.ground, app=apps[index]), ())
            if option := self.option(f"with `{_text(apps[index], promise)}`", tried):
                made[index] = option
            return option is None

        return made.get(bisect_left(range(len(apps)), True, key=is_too_much) - 1)

    def together(self, promises: Sequence[Promise]) -> Iterator[_Option]:
        """What is enough together, of these or of all that is promised."""

        def suffices(dropped: Iterable[Promise]) -> bool:
            return self.placed(loosen(self.ground, dropped)) is not None

        everything = (*quotas(self.ground.offerings), *itemize(self.ground.app))
        most = next(filter(suffices, (tuple(promises), everything)), None)
        if most is None:
            return
        least, _ = shrink(most, suffices, lambda promise: promise.component)
        if option := self.option(_without(least), loosen(self.ground, least)):
            yield option

    def option(self, text: str, tried: Ground) -> _Option | None:
        made = self.placed(tried)
        return _Option(text, tried, made) if made else None

    def placed(self, ground: Ground) -> Placement | None:
        return attempt(ground, self.decide, self.effort)

    def told(self, option: _Option) -> Relaxation:
        """With its price and the difference, where all prices are in one currency."""
        placement = option.placement
        prior, known = self.ground.prior, currencies(placement)
        before = currencies(prior) if prior else ()
        currency = min(known, default=min(before, default="EUR"))
        hourly = spent(placement) if len(known) < 2 else None
        more = None
        if prior and prior.runs and hourly is not None and {*before} <= {currency}:
            unknown = {*_unpriced(placement), *_unpriced(prior)}
            more = None if unknown else hourly - spent(prior)
        return Relaxation(
            text=option.text,
            hourly=hourly,
            currency=currency,
            more=more if option.dearer is None else option.dearer,
            over="now" if option.dearer is None else "budget",
            unpriced=_unpriced(placement),
            priced=priced(run.offering for run in placement.runs),
        )


def _without(promises: Sequence[Promise]) -> str:
    """Where nothing is said of spot it is never, so it is allowed instead."""
    gone = [f"`{p.text}`" for p in promises if p.aspect != "spot"]
    spot = [f"`{p.text.rpartition(' ')[0]} allowed`" for p in promises if p.aspect == "spot"]
    said = (("without", gone), ("with", spot))
    return " and ".join(f"{word} {' and '.join(texts)}" for word, texts in said if texts)


def _unpriced(placement: Placement) -> tuple[str, ...]:
    return tuple(sorted({r.offering.site for r in placement.runs if r.offering.hourly is None}))


def _rank(option: _Option) -> Decimal:
    return spent(option.placement) if len(currencies(option.placement)) < 2 else UNKNOWN


def _text(app: App, promise: Promise) -> str:
    """How what is left of a promise stands in the file."""
    told = next((p.text for p in itemize(app) if p == promise), "")
    return told or f"{promise.text.rpartition(': ')[0]}: 1"


def _raised(budget: Budget, hourly: Decimal) -> Budget:
    """For the same period, rounded up."""
    finest = FINEST if HOURS[budget.per] < HOURS["week"] else CENT
    amount = (hourly * HOURS[budget.per]).quantize(finest, rounding=ROUND_CEILING)
    return replace(budget, amount=amount)
