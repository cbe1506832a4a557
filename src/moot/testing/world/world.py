"""The world: venues, a database and a clock, and all that is still on its way."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from moot.home import Home
from moot.model.app import App, Component, Needs
from moot.model.app import Process as Command
from moot.model.resource import ConfigurationItem, Resource, Status
from moot.model.value import Secret
from moot.model.venue import Offering
from moot.provider import Env, Marks
from moot.store import Store
from moot.testing.world.dice import Dice
from moot.testing.world.fates import Calm, Fates
from moot.testing.world.kinds import schemas
from moot.testing.world.memory import MemoryStore
from moot.testing.world.process import Process
from moot.testing.world.provider import describe
from moot.testing.world.venue import Request, Thing, Unlawful, Venue

EPOCH = 1_700_000_000.0
PASSWORD = Secret("password", "1")


class Fact(NamedTuple):
    """One event: when (true seconds), of which kind, about what, and what went wrong with it."""

    at: float
    kind: str
    what: str
    fate: str

    def __str__(self) -> str:
        return f"{self.at - EPOCH:.6f} {self.kind} {self.what} {self.fate}".rstrip()


@dataclass
class World:
    """Everything outside moot.  `now` is true time in seconds, `skew` what our clock is ahead.

    Where there is a `home`, its guard watches over the store as it does for the commands.
    `settles_within_s` bounds how late a request lands and a list shows it, together.
    `paused` is what happens while a process is suspended.  `watch` sees every request right before
    it is served; what it finds is noted in `wrong`.  `events` counts what has happened: a
    call or question that reaches a venue, an answer that comes back, a timer that is due, a commit,
    a late request that lands.  `chronicle` holds them where it is a list.
    """

    seed: int
    store: Store
    venues: dict[str, Venue]
    settles_within_s: float = 20.0
    installation: str = "simulated"
    home: Home | None = None
    now: float = EPOCH
    skew: float = 0.0
    lost: set[str] = field(default_factory=set[str])
    ended: set[str] = field(default_factory=set[str])
    holders: dict[str, str] = field(default_factory=dict[str, str])
    wishes: dict[str, tuple[Resource, ...]] = field(default_factory=dict[str, tuple[Resource, ...]])
    paused: Callable[[Process], None] | None = None
    watch: Callable[[World, Venue, Request], Iterable[str]] | None = None
    wrong: list[str] = field(default_factory=list[str])
    events: int = 0
    chronicle: list[Fact] | None = None

    def __post_init__(self) -> None:
        self.dice = Dice(self.seed)
        self.types = schemas(self.settles_within_s)
        self.secrets: Mapping[Secret, bytes] = {PASSWORD: b"geheim"}
        self.env = Env(home=Path("nowhere"), environ={}, now=self.wall, sleep=self.advance)
        self._later: list[tuple[float, int, str, Request]] = []
        self._count = 0
        self._suspended = False
        self._described: dict[tuple[str, int], tuple[Thing, ConfigurationItem, Marks | None]] = {}
        self._apps: dict[tuple[str, tuple[str, ...]], App] = {}

    def copy(self) -> World:
        """The same world once more, to see what else could have come of it.

        Only a store in memory can be copied so.
        """
        assert isinstance(self.store, MemoryStore), "a database has no second future"
        twin = replace(
            self,
            store=self.store.copy(),
            venues={name: venue.copy() for name, venue in self.venues.items()},
            lost=set(self.lost),
            ended=set(self.ended),
            holders=dict(self.holders),
            wishes=dict(self.wishes),
            wrong=list(self.wrong),
        )
        twin.dice = self.dice.copy()
        twin._later = list(self._later)
        twin._count = self._count
        return twin

    def wall(self) -> float:
        """What our clock shows."""
        return self.now + self.skew

    def advance(self, seconds: float) -> None:
        """Let time pass; what is due on the way lands."""
        until = self.now + seconds
        while self._later and self._later[0][0] <= until:
            at, _, venue, request = heapq.heappop(self._later)
            self.now = max(self.now, at)
            self.happened("late", venue)
            self.again(self.venues[venue], request)
        self.now = max(self.now, until)

    def process(self, fates: Fates | None = None) -> Process:
        """A new run of moot, by default in good weather."""
        self._count += 1
        return Process(self, f"process {self._count}", fates or Calm())

    def wish(self, app: str, resources: Iterable[Resource]) -> None:
        """What the user declares from now on."""
        self.wishes[app] = tuple(resources)

    def app(self, name: str) -> App:
        """The declaration: one component in each venue that something is wished for."""
        venues = tuple(dict.fromkeys(want.venue for want in self.wishes[name]))
        if (name, venues) not in self._apps:
            parts = (
                Component(
                    name=f"at-{venue}",
                    process=Command(command=("run",)),
                    needs=Needs(traits=frozenset({f"at:{venue}"})),
                )
                for venue in venues
            )
            self._apps[name, venues] = App(name=name, components=tuple(parts))
        return self._apps[name, venues]

    def offering(self, venue: str) -> Offering:
        """Room for everything."""
        traits = frozenset({"runs:process", f"at:{venue}"})
        return Offering(venue=venue, name="room", cpu=1e6, memory_mib=10**9, traits=traits)

    def latency_s(self) -> float:
        """How long an answer takes this time."""
        return 0.005 + 0.05 * self.dice.random()

    def serve(self, venue: Venue, request: Request) -> Thing | None:
        """A request reaches its venue."""
        if self.watch:
            self.wrong += self.watch(self, venue, request)
        return venue.serve(request, self.now)

    def again(self, venue: Venue, request: Request) -> None:
        """A request reaches its venue, and nobody hears what becomes of it."""
        with suppress(Unlawful):
            self.serve(venue, request)

    def later(self, venue: Venue, request: Request) -> None:
        """A request is held up, but not for longer than the venue promises."""
        longest = self.settles_within_s - venue.lag_s
        at = self.now + self.dice.between(0.05, 0.9) * longest
        self._count += 1
        heapq.heappush(self._later, (at, self._count, venue.name, request))

    def pause(self, process: Process) -> None:
        """Suspend a process; what others do meanwhile is for `paused` to say."""
        if self.paused and not self._suspended:
            self._suspended = True
            try:
                self.paused(process)
            finally:
                self._suspended = False

    def happened(self, kind: str, what: str, fate: str = "") -> None:
        """Count one event and write it into the chronicle."""
        self.events += 1
        if self.chronicle is not None:
            self.chronicle.append(Fact(self.now, kind, what, fate))

    def digest(self) -> str:
        """One text for all that the chronicle holds."""
        text = "\n".join(map(str, self.chronicle or ()))
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def described(
        self, venue: Venue, thing: Thing, status: Status | None
    ) -> tuple[ConfigurationItem, Marks | None]:
        """What a venue tells of a thing, worked out once for as long as it stays the same."""
        key = venue.name, thing.number
        known = self._described.get(key)
        if known is None or known[0] is not thing or known[1].status != status:
            marks = Marks.from_labels(thing.tags)
            known = thing, describe(venue, thing, status, self.types), marks
            self._described[key] = known
        return known[1], known[2]
