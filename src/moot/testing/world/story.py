"""One life of an installation, from a seed: wishes change, things go wrong, and all is made good.

Safety, after every chapter: what keeps data is not deleted, another App is not touched.  Liveness,
whenever it is quiet: one turn makes exactly what is asked for, and the next has nothing to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from moot.engine.journal import LEASE_S
from moot.model.diagnostic import Failure
from moot.model.resource import Edge, Resource
from moot.model.value import Ref
from moot.provider import CreateClass
from moot.testing.world.dice import Dice
from moot.testing.world.fates import Chance
from moot.testing.world.kinds import CLASSES, kind
from moot.testing.world.memory import MemoryStore
from moot.testing.world.process import Crash, Process
from moot.testing.world.venue import Venue
from moot.testing.world.verdict import Estate, faults
from moot.testing.world.world import PASSWORD, World

APP, OTHER = "shop", "blog"
VENUES = ("north", "south")
MARKED: tuple[CreateClass, ...] = tuple(c for c in CLASSES if c != "BARE")
QUIET_EVERY = 4  # chapters
SETTLES_S = 10.0


class Misfortune(Exception):
    """The engine did not keep a promise; says which, and in which chapter of which seed."""


@dataclass
class Part:
    """One wanted thing, as the story tells it."""

    name: str
    type: str
    venue: str
    uses: tuple[str, ...] = ()
    shape: int = 0
    size: int = 0
    starts_s: float | None = None
    stop_first: bool = False


@dataclass
class Story:
    """Told by `tell`.

    `rate` is how often a call goes wrong, from 0 to 1, `chapters` how long the story is, and `size`
    how many things there are, more or less.
    """

    seed: int
    rate: float = 0.1
    chapters: int = 12
    size: int = 4
    parts: dict[str, Part] = field(default_factory=dict[str, Part])
    plot: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        self.dice = Dice(self.seed)
        venues = {name: self._venue(name) for name in VENUES}
        self.world = World(self.seed, MemoryStore(), venues, SETTLES_S, chronicle=[])
        self.world.paused = self._meanwhile

    def tell(self) -> World:
        """The whole story; raises Misfortune where it ends badly."""
        world = self.world
        world.wish(OTHER, [self._resource(OTHER, part) for part in _few()])
        world.process().up(OTHER)
        self.others = Estate.of_others(world, APP)
        for number in range(self.chapters):
            for _ in range(self.size - 1 if not number else 0):
                self._grow()
            for _ in range(1 + self.dice.below(self.size)):
                self.plot.append(self._chapter())
            self._turn()
            if (number + 1) % QUIET_EVERY == 0:
                self._quiet()
        return world

    def _venue(self, name: str) -> Venue:
        dice = self.dice
        return Venue(
            name,
            lag_s=dice.choice([0.0, 0.0, 3.0, 8.0]),
            quarantine_s=dice.choice([0.0, 0.0, 60.0]),
            page_size=dice.choice([2, 1000]),
            pending=dice.choice([0, 0, 2]),
        )

    def _chapter(self) -> str:
        """What happens next, besides what goes wrong by itself."""
        happenings = (
            self._grow,
            self._grow,
            self._shrink,
            self._change,
            self._change,
            self._lose,
            self._part_from_venue,
            self._jump,
            self._fill,
            self._wait,
        )
        return self.dice.choice(happenings)()

    def _turn(self) -> None:
        """The user asks for it, and it goes as it goes."""
        world = self.world
        world.wish(APP, [self._resource(APP, part) for part in self.parts.values()])
        fates = Chance(self.dice.copy(), self.rate)
        self.dice.throw()
        with suppress(Crash, Failure):
            if self.dice.below(12):
                world.process(fates).up(APP)
            else:
                self.plot.append("down")
                world.process(fates).down(APP)
        self._unless(_unsafe(world, self.others))
        world.lost.clear()
        for venue in world.venues.values():
            venue.quota = None

    def _quiet(self) -> None:
        """Blue sky: one turn, and it is as it should be."""
        world = self.world
        world.advance(world.settles_within_s)
        process = world.process()
        try:
            _, walk = process.up(APP)
        except Failure as failure:
            self._unless(f"{d.summary}: {d.detail}" for d in failure.diagnostics)
            return
        self._unless(f"{f.summary}: {f.detail}" for f in walk.failures)
        world.advance(world.settles_within_s)
        self._unless(faults(world, APP, self.others))
        before = Estate.of_all(world)
        turn, _ = world.process().up(APP)
        self._unless(f"still to do: {c.key}, {c.reason}" for c in turn.plan.changes)
        self._unless(w.summary for w in turn.observed.warnings)
        self._unless(f"{i.change} is open still" for i in world.store.open_intents(APP))
        self._unless(() if Estate.of_all(world) == before else ("the second turn changed things",))
        self.plot.append("all is well")

    def _unless(self, wrong: Iterable[str]) -> None:
        if found := list(wrong):
            raise Misfortune(
                f"seed {self.seed}, after {len(self.plot)} chapters ({', '.join(self.plot[-4:])}): "
                + "; ".join(found)
            )

    def _meanwhile(self, process: Process) -> None:
        """One process sleeps past its lease; another one takes over."""
        self.world.advance(LEASE_S + self.dice.between(0.0, 30.0))
        with suppress(Failure):
            self.world.process().up(APP)

    def _grow(self) -> str:
        dice = self.dice
        data = not dice.below(5)
        create_class = dice.choice(MARKED)
        # The name goes with the kind: another kind of thing under one address is another matter.
        name = f"{create_class.lower()}{'-data' if data else ''}-{dice.below(self.size)}"
        if name in self.parts:
            return self._change()
        venue = dice.choice(VENUES)
        users = [p.name for p in self.parts.values() if p.venue == venue]
        self.parts[name] = Part(
            name,
            kind(create_class, keeps_data=data),
            venue,
            uses=() if data else tuple(u for u in users[-3:] if not dice.below(3)),
            starts_s=None if data or dice.below(3) else dice.between(0.1, 3.0),
            stop_first=not dice.below(3),
        )
        return f"{name} is wished for"

    def _shrink(self) -> str:
        used = {name for part in self.parts.values() for name in part.uses}
        free = [name for name in self.parts if name not in used]
        if not free:
            return self._grow()
        name = self.dice.choice(free)
        del self.parts[name]
        return f"{name} is not wished for any more"

    def _change(self) -> str:
        if not self.parts:
            return self._grow()
        part = self.parts[self.dice.choice(list(self.parts))]
        if self.dice.below(2) or part.type.endswith("data"):
            part.size += 1
            return f"{part.name} shall have another size"
        part.shape += 1
        return f"{part.name} shall have another shape"

    def _lose(self) -> str:
        """An accident; what keeps data included."""
        venue = self.world.venues[self.dice.choice(VENUES)]
        ours = [t for t in venue.things.values() if t.tags.get("moot.app") == APP]
        if not ours:
            return self._grow()
        thing = self.dice.choice(ours)
        venue.destroy(thing, self.world.now)
        return f"{thing.id} is lost"

    def _part_from_venue(self) -> str:
        self.world.lost.add(venue := self.dice.choice(VENUES))
        return f"{venue} is not there"

    def _jump(self) -> str:
        self.world.skew += self.dice.choice([-5.0, 45.0, 3600.0])
        return "the clock jumps"

    def _fill(self) -> str:
        venue = self.world.venues[self.dice.choice(VENUES)]
        venue.quota = len(venue.things) + 1
        return f"{venue.name} is nearly full"

    def _wait(self) -> str:
        self.world.advance(self.dice.between(0.0, 100.0))
        return "time passes"

    def _resource(self, app: str, part: Part) -> Resource:
        properties: dict[str, Any] = {
            "shape": f"shape{part.shape}",
            "size": part.size,
            "secret": PASSWORD,
        }
        if part.uses:
            properties["uses"] = [Ref(f"{app}@{part.venue}/{name}", "id") for name in part.uses]
        if part.starts_s is not None:
            properties["starts_s"] = part.starts_s
        edges = (Edge(f"{app}@{part.venue}/{name}", "healthy") for name in part.uses)
        return Resource(
            address=f"{app}@{part.venue}/{part.name}",
            type=part.type,
            venue=part.venue,
            properties=properties,
            edges=tuple(edges),
            ready="exists" if part.starts_s is None else "healthy",
            order="stop-first" if part.stop_first else "start-first",
        )


def told(seed: int, rate: float = 0.1, chapters: int = 12) -> World:
    """The world at the end of the story of this seed."""
    return Story(seed, rate, chapters).tell()


def _few() -> Iterator[Part]:
    """What another App has: one thing of each kind in each venue."""
    for venue in VENUES:
        for create_class in MARKED:
            yield Part(create_class.lower(), kind(create_class), venue)


def _unsafe(world: World, others: Estate) -> list[str]:
    """What must never be, not even between two turns."""
    return [
        wrong for wrong in faults(world, APP, others) if "kept data" in wrong or "not ours" in wrong
    ]
