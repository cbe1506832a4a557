"""What is known from the record: things that need no asking, components that need no comparing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from moot import __version__
from moot.engine.sketch import Sketch
from moot.engine.turn import Observation, World
from moot.model.finding import Finding, Rule
from moot.model.placement import SHARED, component_of
from moot.passes.fingerprint import fingerprint
from moot.passes.narrow import Rested, Touch
from moot.store import Rest


def fresh(app: str, world: World) -> bool:
    """Whether every fact about an App is so young that no venue needs to be asked.

    Never while it is not known how a call ended.
    """
    store, now = world.store, world.venues.env.now()
    if not world.max_age_s or store.open_intents(app):
        return False
    listed = store.listed(app)
    return all(now - listed.get(kind, 0.0) < world.max_age_s for kind in store.kinds(app))


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is of an App: all of it `observed`, or read from the record when it is needed."""

    app: str
    world: World
    observed: Observation | None

    def within(self, components: Collection[str] | None) -> Observation:
        """What there is of these components, and what is the App's own; None: everything."""
        names = None if components is None else {SHARED, *components}
        if self.observed is None:
            return Observation(items=self.world.store.inventory(self.app, names))
        if names is None:
            return self.observed
        items = (i for i in self.observed.items if component_of(str(i.address)) in names)
        return replace(self.observed, items=tuple(items))


def rested(sketch: Sketch, before: Mapping[str, Rest]) -> Rested:
    """What is wanted of an App, beside what has come to rest of it."""
    outline, world = sketch.outline(), sketch.world
    about = [__version__, [_name(rule) for rule in world.rules]]
    return Rested(
        now=fingerprint(sketch.app, sketch.placement, outline, about, world.seal.digest),
        before={name: rest.digest for name, rest in before.items()},
        touch=Touch.of(outline),
    )


def findings_of(before: Mapping[str, Rest], but: Collection[str]) -> Iterator[Finding]:
    """What the rules said of the components at rest, those left out that are looked at again."""
    for name, rest in before.items():
        if name and name not in but:
            yield from (Finding(**entry) for entry in rest.findings)


def _name(rule: Rule) -> str:
    return f"{rule.__module__}.{getattr(rule, '__qualname__', rule)}"
