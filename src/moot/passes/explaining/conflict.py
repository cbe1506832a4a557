"""Ground x how it is decided -> the Conflict for which it is refused."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from moot.model.app import Component
from moot.model.budget import HOURS, Budget
from moot.model.conflict import Aspect, Conflict, Promise
from moot.model.rehearsal import Ground
from moot.model.venue import Offering
from moot.passes.afford import spent
from moot.passes.egress import talk
from moot.passes.explaining.attempt import Decide, Effort, Exhausted, attempt
from moot.passes.explaining.itemize import itemize, quotas
from moot.passes.explaining.loosen import loosen
from moot.passes.explaining.shrink import shrink

MOST_ALONE = 8  # components in trouble that are looked at by themselves
# Asked of the whole, once all is placed.
WHOLE: Collection[Aspect] = ("budget", "availability", "headroom")
GIB = 1024


def conflict(
    ground: Ground, decide: Decide, troubled: Sequence[str], effort: Effort
) -> Conflict | None:
    """Promises that cannot be kept together, and of which none can be left out.

    `ground` has the offerings of all venues, also of those that the App does not allow; `troubled`
    are components that have no place, none where the whole is refused.  A component of which
    nothing is asked takes no room, so it is left out, with what it costs at least where money
    matters.  None where no promise is the reason, or there is too little effort to find out.
    """
    try:
        case = _case(ground, decide, troubled, effort)
    except Exhausted:
        return None
    if case is None:
        return None
    kept, irreducible = shrink(case.candidates, case.fails, *_KINDS)
    order = {promise: index for index, promise in enumerate(case.everything)}
    return Conflict(
        promises=tuple(sorted(kept, key=order.__getitem__)),
        components=tuple(c.name for c in case.concerned(kept)),
        irreducible=irreducible,
    )


@dataclass(frozen=True, slots=True)
class _Case:
    """What is asked of: `candidates` that cannot be kept together, with the component in `focus`.

    `prices` is by the promises to all what each component costs an hour of which no other is made.
    """

    ground: Ground
    decide: Decide
    effort: Effort
    everything: Sequence[Promise]
    candidates: tuple[Promise, ...] = ()
    focus: str = ""
    prices: dict[frozenset[Promise], Mapping[str, Decimal]] = field(
        default_factory=dict[frozenset[Promise], Mapping[str, Decimal]]
    )

    def fails(self, promises: Collection[Promise]) -> bool:
        """Whether these cannot be kept together."""
        dropped = [promise for promise in self.everything if promise not in promises]
        if any(promise.aspect == "availability" for promise in promises):
            dropped = [p for p in dropped if p.aspect != "replicas"]  # fewer are up less often
        tried = loosen(self.ground, dropped)
        app, policy = tried.app, tried.app.policy
        names = self.named(promises)
        if policy.availability is not None or policy.headroom is not None:
            names = {component.name for component in app.components}
        elif policy.budget:  # what is left out takes no room, but costs money
            least = self.least(promises, policy.budget)
            names |= {c.name for c in app.components} - least.keys()
            names |= self.talking()
            left_out = sum((n for name, n in least.items() if name not in names), Decimal(0))
            policy = replace(policy, budget=_less(policy.budget, left_out))
            if policy.budget and policy.budget.amount < 0:
                return True
        components = tuple(c for c in app.components if c.name in names)
        tried = replace(tried, app=replace(app, policy=policy, components=components))
        return attempt(tried, self.decide, self.effort) is None

    def talking(self) -> set[str]:
        """Those whose traffic may cost money, which they do not pay by themselves."""
        if not any(offering.egress for offering in self.ground.offerings):
            return set()
        return {name for each in talk(self.ground.app) for name in (each.one, each.other)}

    def least(self, promises: Iterable[Promise], budget: Budget) -> Mapping[str, Decimal]:
        """What components cost by themselves, as far as that can be compared with the budget."""
        common = frozenset(p for p in promises if not p.component and p.aspect not in WHOLE)
        if common not in self.prices:
            free = loosen(self.ground, (p for p in self.everything if p not in common))
            found: dict[str, Decimal] = {}
            for component in free.app.components:
                alone = replace(free, app=replace(free.app, components=(component,)))
                made = attempt(alone, self.decide, self.effort)
                if made and all(_is_in(run.offering, budget) for run in made.runs):
                    found[component.name] = spent(made)
            self.prices[common] = found
        return self.prices[common]

    def concerned(self, promises: Collection[Promise]) -> tuple[Component, ...]:
        """The components it is about: all where all are counted."""
        components = self.ground.app.components
        if any(promise.aspect in WHOLE for promise in promises):
            return components
        names = self.named(promises)
        return tuple(c for c in components if c.name in names)

    def named(self, promises: Collection[Promise]) -> set[str]:
        """Those in focus, of which something is asked, and to which others are to be near."""
        names = {self.focus, *(promise.component for promise in promises)}
        asked = {(promise.component, promise.aspect) for promise in promises}
        for component in self.ground.app.components:
            if (component.name, "near") in asked:
                names |= {*component.near}
            if (component.name, "apart") in asked:
                names |= {*component.apart}
            if (component.name, "latency") in asked:
                names |= {each.to for each in component.latency}
        return names


def _is_in(offering: Offering, budget: Budget) -> bool:
    return not (offering.hourly or offering.disk) or offering.currency == budget.currency


def _less(budget: Budget, hourly: Decimal) -> Budget:
    return replace(budget, amount=budget.amount - hourly * HOURS[budget.per])


def _case(ground: Ground, decide: Decide, troubled: Sequence[str], effort: Effort) -> _Case | None:
    """One component by itself, where it has no place even so; else all, the small ones first."""
    everything = (*quotas(ground.offerings), *itemize(ground.app))
    case = _Case(ground, decide, effort, everything)
    placing = tuple(promise for promise in everything if promise.aspect not in WHOLE)
    for name in troubled[:MOST_ALONE]:
        own = tuple(promise for promise in placing if promise.component in ("", name))
        case = replace(case, candidates=own, focus=name)
        if case.fails(own):
            return None if case.fails(()) else case
    whole = tuple(p for p in everything if p.aspect in WHOLE and not troubled)
    if any(p.aspect != "budget" for p in whole) and case.fails(whole):
        return None if case.fails(()) else replace(case, candidates=whole)
    size = {component.name: _size(component) for component in ground.app.components}
    name = troubled[0] if troubled else ""
    size |= {"": float("inf"), name: float("inf")}
    candidates = sorted(placing if troubled else everything, key=lambda p: size[p.component])
    case = replace(case, candidates=tuple(candidates), focus=name)
    return case if not case.fails(()) and case.fails(candidates) else None


def _size(component: Component) -> float:
    needs = component.needs
    return component.replicas * (needs.cpu + needs.memory_mib / (4 * GIB))


def _component(promise: Promise) -> str:
    return promise.component


def _aspect(promise: Promise) -> tuple[str, str]:
    return promise.aspect, promise.subject


_KINDS = (_component, _aspect)
