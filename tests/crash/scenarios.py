"""What the crash schedules are about: an App as it stands, what is asked of it then, and where."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from moot.engine.journal import LEASE_S
from moot.model.diagnostic import Failure
from moot.model.resource import Edge, Resource
from moot.model.value import Ref
from moot.provider import CreateClass, Marks
from moot.store import Store
from moot.testing.world import PASSWORD, Process, Venue, World, kind
from moot.testing.world.memory import MemoryStore
from moot.testing.world.venue import Make
from moot.testing.world.verdict import STRAY, gaps

APP, OTHER, VENUE = "shop", "blog", "north"
SETTLES_S = 2.0
CLASSES: tuple[CreateClass, ...] = ("TOKEN", "NAME", "TAG")

Wish = tuple[Resource, ...]


@dataclass(frozen=True)
class Scenario:
    """`before` stands when the trouble begins; then `then` is asked for, by `verb`.

    `past` stood and went before that.  `after` is asked for once a run has gone wrong, by a user
    who has thought again.  `weather` are the venue's ways.  With `neighbours` another App makes one
    thing more after every crash, so that identifiers that have become free are somebody else's, and
    something is there that carries our marks without a reason.  `gapless`: what is replaced serves
    until its successor does.
    """

    name: str
    before: Wish
    then: Wish
    verb: str = "up"
    past: Wish = ()
    after: Wish | None = None
    weather: Mapping[str, Any] = field(default_factory=dict)
    neighbours: bool = False
    gapless: bool = False

    def begin(self, store: Store | None = None) -> World:
        """The world right before the trouble."""
        venue = Venue(VENUE, **self.weather)
        world = World(1, store or MemoryStore(), {VENUE: venue}, settles_within_s=SETTLES_S)
        world.wish(OTHER, others())
        world.process().up(OTHER)
        world.paused = self.meanwhile
        if self.neighbours:
            world.serve(venue, stray())
            venue.squatter = SQUATTER
        if self.past:
            self._stand(world, self.past)
            self._stand(world, ())
        if self.before:
            self._stand(world, self.before)
        world.wish(APP, self.then)
        if self.gapless:
            world.watch = gaps
        return world

    def meanwhile(self, process: Process) -> None:
        """A process is suspended for longer than its lease, and another one does its work."""
        process.world.advance(LEASE_S + 1)
        with suppress(Failure):
            self.act(process.world.process())

    def between(self, world: World) -> None:
        """What people do after a crash."""
        if self.after is not None:
            world.wish(APP, self.after)
        if self.neighbours:
            wish = world.wishes[OTHER]
            world.wish(OTHER, (*wish, want("TAG", f"more{len(wish)}", app=OTHER)))
            world.process().up(OTHER)

    def _stand(self, world: World, wish: Wish) -> None:
        world.wish(APP, wish)
        _, walk = world.process().up(APP)
        assert not walk.failures, walk.failures
        world.advance(SETTLES_S)

    def act(self, process: Process):
        """What the user does, again and again until it is done."""
        if self.verb == "up":
            return process.up(APP)
        return process.down(APP, volumes=self.verb == "purge")


def want(
    create_class: CreateClass,
    name: str,
    *uses: str,
    app: str = APP,
    data: bool = False,
    shape: str = "round",
    size: int = 1,
    starts_s: float | None = None,
    **more: Any,
) -> Resource:
    """A thing called `name` that uses others by their identifiers."""
    properties: dict[str, Any] = {"shape": shape, "size": size, "secret": PASSWORD}
    if uses:
        properties["uses"] = [Ref(address(other, app), "id") for other in uses]
    if starts_s is not None:
        properties["starts_s"] = starts_s
        more.setdefault("ready", "healthy")
    return Resource(
        address=address(name, app),
        type=kind(create_class, keeps_data=data),
        venue=VENUE,
        properties=properties,
        **more,
    )


def address(name: str, app: str = APP) -> str:
    return f"{app}@{VENUE}/{name}"


# A stranger of the same kind, who takes an identifier as soon as it is free.
SQUATTER = Make("TAG", "sim.tag", "", {"moot.installation": "another", "moot.uid": "theirs"}, {})


def stray() -> Make:
    """What a lost store of ours may have left behind: our marks, and a uid nobody knows."""
    marks = Marks(
        installation="simulated",
        generation=1,
        app=APP,
        address=address("front"),
        uid=STRAY,
        incarnation=1,
    )
    properties = {"shape": "round", "size": 1, "secret": "geheim"}
    return Make("TAG", kind("TAG"), "", marks.as_labels(), properties)


def others() -> Wish:
    """One thing of each kind, of another App."""
    return tuple(want(c, c.lower(), app=OTHER) for c in CLASSES)


def pair(c: CreateClass, **more: Any) -> Wish:
    """A back end, and a front that needs it healthy."""
    back = want(c, "back", starts_s=0.5, **more)
    edges = (Edge(address("back"), "healthy"),)
    return back, want(c, "front", "back", edges=edges, size=more.get("size", 1))


def data(c: CreateClass, shape: str = "round", size: int = 1) -> Wish:
    """A thing that keeps data, and one that uses it."""
    return want(c, "disk", data=True, size=size), want(c, "database", "disk", shape=shape)


def mixed(**more: Any) -> Wish:
    """One of each create class, each on the one before, and data."""
    return (
        want("NAME", "net", **more),
        want("TAG", "disk", data=True),
        want("TOKEN", "machine", "net", "disk", **more),
        want("TAG", "share", "machine", **more),
    )


def of_class(c: CreateClass) -> list[Scenario]:
    low = c.lower()
    stop_first = {"order": "stop-first"}
    return [
        Scenario(f"{low} create", (), (want(c, "one"),)),
        Scenario(f"{low} create a pair", (), pair(c)),
        Scenario(f"{low} create data and its user", (), data(c)),
        Scenario(f"{low} think again of a pair", (), pair(c), after=pair(c, shape="square")),
        Scenario(f"{low} think again of data", (), data(c), after=()),
        Scenario(f"{low} think again of its size", (), data(c), after=data(c, size=2)),
        Scenario(f"{low} come back", (), pair(c), past=pair(c)),
        Scenario(f"{low} update", pair(c), pair(c, size=2)),
        Scenario(f"{low} replace", pair(c), pair(c, shape="square"), gapless=True),
        Scenario(
            f"{low} replace stop-first",
            pair(c, **stop_first),
            pair(c, shape="square", **stop_first),
        ),
        Scenario(f"{low} replace on data", data(c), data(c, shape="square")),
        Scenario(f"{low} delete", pair(c), pair(c)[:1]),
        Scenario(f"{low} down", (*pair(c), *data(c)), (), "down"),
        Scenario(f"{low} down --volumes", data(c), (), "purge"),
    ]


# The ways of a venue, each with how much longer its runs are.
WEATHERS: Mapping[str, Mapping[str, Any]] = {
    "calm": {},
    "slow": {"weather": {"pending": 1, "page_size": 1}},
    "lagging": {"weather": {"lag_s": 1.0}},
    "crowded": {"weather": {"quarantine_s": 0.0}, "neighbours": True},
}


def every() -> list[Scenario]:
    """All scenarios in all weathers."""
    plain = [scenario for c in CLASSES for scenario in of_class(c)]
    plain += [
        Scenario("mixed create", (), mixed()),
        Scenario("mixed replace", mixed(), mixed(shape="square"), gapless=True),
        Scenario("mixed update", mixed(), mixed(size=2)),
    ]
    return [
        replace(scenario, name=f"{scenario.name}, {name}", **ways)
        for name, ways in WEATHERS.items()
        for scenario in plain
    ]
