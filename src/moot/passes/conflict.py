"""Ground x how it is decided -> the Conflict for which it is refused."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from moot.model.app import Component
from moot.model.conflict import Aspect, Conflict, Promise
from moot.model.rehearsal import Ground
from moot.passes.attempt import Decide, Effort, Exhausted, attempt
from moot.passes.itemize import itemize
from moot.passes.loosen import loosen
from moot.passes.shrink import shrink

MOST_ALONE = 8  # components in trouble that are looked at by themselves
WHOLE: Collection[Aspect] = ("budget", "availability")  # asked of the whole, once all is placed
GIB = 1024


def conflict(
    ground: Ground, decide: Decide, troubled: Sequence[str], effort: Effort
) -> Conflict | None:
    """Promises that cannot be kept together, and of which none can be left out.

    `ground` has the offerings of all venues, also of those that the App does not allow; `troubled`
    are components that have no place, none where the whole is refused.  What is kept by no other
    promise of a component counts as free of it: only components of which a promise is asked for,
    and the one in trouble, are placed, all others where all are counted.  None where no promise is
    the reason, or there is no effort to find out.
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
    """What is asked of: `candidates` that cannot be kept together, with the component in `focus`"""

    ground: Ground
    decide: Decide
    effort: Effort
    everything: Sequence[Promise]
    candidates: tuple[Promise, ...] = ()
    focus: str = ""

    def fails(self, promises: Collection[Promise]) -> bool:
        """Whether these cannot be kept together."""
        tried = loosen(self.ground, (p for p in self.everything if p not in promises))
        names = {component.name for component in self.concerned(promises)}
        components = tuple(c for c in tried.app.components if c.name in names)
        tried = replace(tried, app=replace(tried.app, components=components))
        return attempt(tried, self.decide, self.effort) is None

    def concerned(self, promises: Iterable[Promise]) -> tuple[Component, ...]:
        """The components it is about: all where all are counted."""
        promises = tuple(promises)
        components = self.ground.app.components
        if any(promise.aspect in WHOLE for promise in promises):
            return components
        names = {self.focus, *(promise.component for promise in promises)}
        return tuple(c for c in components if c.name in names)


def _case(ground: Ground, decide: Decide, troubled: Sequence[str], effort: Effort) -> _Case | None:
    """One component by itself, where it has no place even so; else all, the small ones first."""
    everything = itemize(ground.app)
    case = _Case(ground, decide, effort, everything)
    placing = tuple(promise for promise in everything if promise.aspect not in WHOLE)
    for name in troubled[:MOST_ALONE]:
        own = tuple(promise for promise in placing if promise.component in ("", name))
        case = replace(case, candidates=own, focus=name)
        if case.fails(own):
            return None if case.fails(()) else case
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
