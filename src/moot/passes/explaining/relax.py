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
from moot.model.rehearsal import Ground
from moot.passes.afford import currencies, spent
from moot.passes.explaining.attempt import Decide, Effort, Exhausted, attempt
from moot.passes.explaining.ease import ease
from moot.passes.explaining.itemize import itemize
from moot.passes.explaining.loosen import loosen
from moot.passes.explaining.shrink import shrink
from moot.passes.strive import strive

UNKNOWN = Decimal("Infinity")
_IN_STEPS = ("spread", "latency")  # less of it may be dearer than nothing of it
CENT, FINEST = Decimal("0.01"), Decimal("0.0001")  # of a budget, and of one for less than a week


def relax(ground: Ground, found: Conflict, decide: Decide, effort: Effort) -> Conflict:
    """The conflict with all that helps by itself, and where nothing does with what does together.

    Everything is placed anew for each, so each is feasible and costs what it says.  A number is
    lowered as little as it may be; a budget is raised to what the cheapest placement costs.
    """
    clerk = _Clerk(ground, decide, effort)
    options: list[Relaxation] = []
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
    return replace(found, relaxations=tuple(sorted(options, key=_rank)), unexplored=unexplored)


@dataclass(frozen=True, slots=True)
class _Clerk:
    """Tries one thing after the other."""

    ground: Ground
    decide: Decide
    effort: Effort

    def instead_of(self, promise: Promise) -> Iterator[Relaxation]:
        """What a promise could become, or what follows where there is nothing of it."""
        if promise.aspect == "budget" and (dearer := self.afforded()):
            yield dearer
            return
        without = self.placed(loosen(self.ground, [promise]))
        if without is None:
            return
        dropped = self.told(f"without `{promise.text}`", without)
        if promise.aspect == "venues":
            yield dropped
            yield from self.joined()
            return
        milder = self.eased(promise)
        if milder:
            yield milder
        if not milder or (promise.aspect in _IN_STEPS and _rank(dropped) < _rank(milder)):
            yield dropped

    def afforded(self) -> Relaxation | None:
        """A budget of what the cheapest placement costs that is found for the one there is."""
        tried = loosen(self.ground, ())
        policy = tried.app.policy
        assert policy.budget is not None, "it is one of the promises"
        with suppress(Refused):
            made = strive(tried)
            dearer = _raised(policy.budget, spent(made))
            app = replace(tried.app, policy=replace(policy, budget=dearer))
            if placed := self.placed(replace(tried, app=app)):
                told = self.told(f"with `x-moot.budget: {dearer}`", placed)
                return replace(told, more=dearer.hourly - policy.budget.hourly, over="budget")
        return None

    def joined(self) -> Iterator[Relaxation]:
        """One venue or pool more than the App allows, each."""
        app, allowed = self.ground.app, self.ground.app.policy.venues
        offered = [o for o in self.ground.offerings if not {o.venue, o.site} & {*allowed}]
        for site in dict.fromkeys(offering.site for offering in offered):
            more = replace(app, policy=replace(app.policy, venues=(*allowed, site)))
            if made := self.placed(loosen(replace(self.ground, app=more), ())):
                yield self.told(f"with `x-moot.venues: [{', '.join((*allowed, site))}]`", made)

    def eased(self, promise: Promise) -> Relaxation | None:
        """The most of it with which everything has a place."""
        apps = ease(self.ground.app, promise, self.ground.offerings)
        made: dict[int, Placement] = {}

        def is_too_much(index: int) -> bool:
            if placement := self.placed(loosen(replace(self.ground, app=apps[index]), ())):
                made[index] = placement
            return placement is None

        index = bisect_left(range(len(apps)), True, key=is_too_much) - 1
        if index not in made:
            return None
        return self.told(f"with `{_text(apps[index], promise)}`", made[index])

    def together(self, promises: Sequence[Promise]) -> Iterator[Relaxation]:
        """What is enough together, of these or of all that is promised."""

        def suffices(dropped: Iterable[Promise]) -> bool:
            return self.placed(loosen(self.ground, dropped)) is not None

        everything = itemize(self.ground.app)
        most = next(filter(suffices, (tuple(promises), everything)), None)
        if most is None:
            return
        least, _ = shrink(most, suffices, lambda promise: promise.component)
        if made := self.placed(loosen(self.ground, least)):
            yield self.told(f"without {' and '.join(f'`{p.text}`' for p in least)}", made)

    def placed(self, ground: Ground) -> Placement | None:
        return attempt(ground, self.decide, self.effort)

    def told(self, text: str, placement: Placement) -> Relaxation:
        """With its price and the difference, where all prices are in one currency."""
        prior, known = self.ground.prior, currencies(placement)
        before = currencies(prior) if prior else ()
        currency = min(known, default=min(before, default="EUR"))
        hourly = spent(placement) if len(known) < 2 else None
        more = None
        if prior and prior.runs and hourly is not None and {*before} <= {currency}:
            unknown = {*_unpriced(placement), *_unpriced(prior)}
            more = None if unknown else hourly - spent(prior)
        return Relaxation(
            text=text,
            hourly=hourly,
            currency=currency,
            more=more,
            unpriced=_unpriced(placement),
            priced=priced(run.offering for run in placement.runs),
        )


def _unpriced(placement: Placement) -> tuple[str, ...]:
    return tuple(sorted({r.offering.site for r in placement.runs if r.offering.hourly is None}))


def _rank(option: Relaxation) -> Decimal:
    return UNKNOWN if option.hourly is None else option.hourly


def _text(app: App, promise: Promise) -> str:
    """How what is left of a promise stands in the file."""
    told = next((p.text for p in itemize(app) if p == promise), "")
    return told or f"{promise.text.rpartition(': ')[0]}: 1"


def _raised(budget: Budget, hourly: Decimal) -> Budget:
    """For the same period, rounded up."""
    finest = FINEST if HOURS[budget.per] < HOURS["week"] else CENT
    amount = (hourly * HOURS[budget.per]).quantize(finest, rounding=ROUND_CEILING)
    return replace(budget, amount=amount)
