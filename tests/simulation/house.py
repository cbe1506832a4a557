"""Everything a turn needs, over a fake venue that goes wrong and a store that crashes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from moot.engine.journal import Journal
from moot.engine.propose import propose
from moot.engine.reconcile import reconcile, retire
from moot.engine.seal import Seal
from moot.engine.slots import Slots
from moot.engine.turn import Hands, Turn, World
from moot.engine.venues import Venues
from moot.engine.walk import Walk
from moot.model.app import App
from moot.model.value import JSON, Secret
from moot.model.venue import Venue
from moot.provider import Env, ErrorCode, ProviderError
from moot.providers.fake import FakeProvider
from moot.store import Lease, Store
from moot.store.sql import SqlStore
from moot.store.sqlite import SQLite

PASSWORD = Secret("password", "1")


class Crash(BaseException):
    """The process ends here."""


@dataclass
class Fuse:
    """Burns down by one at each spark; at zero it blows, before or after what it guards."""

    left: int = 0
    late: bool = False

    def spark(self) -> bool:
        """Whether this is the one."""
        self.left -= 1
        return self.left == 0


@dataclass
class Weather:
    """What goes wrong next.  `code` is what a call answers when `call` blows.

    `stuck_s`: that call has its effect so many seconds later, and its answer is lost.
    `dead`: the process has crashed, and makes no calls any more.  `silent`: no list is answered.
    `watch` is called after every call that changed something.
    """

    call: Fuse = field(default_factory=Fuse)
    commit: Fuse = field(default_factory=Fuse)
    code: ErrorCode = "GeneralServiceException"
    stuck_s: float | None = None
    dead: bool = False
    silent: bool = False
    watch: Callable[[], None] = lambda: None

    def clear(self) -> None:
        """Blue sky."""
        self.call, self.commit, self.stuck_s = Fuse(), Fuse(), None
        self.dead = self.silent = False


class CrashingStore(SqlStore):
    """A store whose process may end just before or just after a commit."""

    weather = Weather()

    @contextmanager
    def turn(self, lease: Lease | None = None) -> Iterator[None]:
        blows = self.weather.commit.spark()
        if blows and not self.weather.commit.late:
            self.weather.dead = True
            raise Crash
        with super().turn(lease):
            yield
        if blows:
            self.weather.dead = True
            raise Crash


class FlakyProvider(FakeProvider):
    """Calls that change something may fail, before their effect or after it."""

    weather = Weather()
    stuck = False

    def create(self, want, op):
        return self._through(lambda: super(FlakyProvider, self).create(want, op))

    def update(self, item, want, op):
        return self._through(lambda: super(FlakyProvider, self).update(item, want, op))

    def delete(self, item, op):
        return self._through(lambda: super(FlakyProvider, self).delete(item, op))

    def list(self, type, scope, cursor):
        if self.weather.silent:
            raise ProviderError("NetworkFailure", "no answer")
        return super().list(type, scope, cursor)

    def _handlers(self, lands_after_s):
        return super()._handlers(self.weather.stuck_s if self.stuck else lands_after_s)

    def _through(self, call):
        weather = self.weather
        if weather.dead:
            raise ProviderError("OutcomeUnknown", "the caller is dead, and so is the call")
        blows = weather.call.spark()
        self.stuck = blows and weather.stuck_s is not None
        if blows and not weather.call.late and not self.stuck:
            raise ProviderError(weather.code, "it failed", retry_after=0.001)
        answer = call()
        weather.watch()
        if blows:
            raise ProviderError("OutcomeUnknown", "the answer was lost")
        return answer


@dataclass
class House:
    """One installation with one fake venue; every turn is a process of its own."""

    home: Path
    settings: dict[str, JSON]
    weather: Weather = field(default_factory=Weather)
    ahead: float = 0.0

    def __post_init__(self) -> None:
        settings = {"world": str(self.home / "world.sqlite3"), **self.settings}
        self.venue = Venue(name="toy", provider="fake", configuration=settings)
        self.env = Env(home=self.home, environ={}, now=self.now, sleep=self.sleep)
        self.fake = FakeProvider("toy", settings, self.env)
        self.turns = 0

    @property
    def world(self):
        self.fake.world.arrive(self.now())
        return self.fake.world

    def now(self) -> float:
        """The clock jumps where somebody would sleep."""
        return time.time() + self.ahead

    def sleep(self, seconds: float) -> None:
        self.ahead += seconds

    def up(self, app: App) -> tuple[Turn, Walk]:
        """`moot up`; raises Crash where the weather says so."""
        with self._process(app.name) as (world, journal, hands):
            return reconcile(app, world, journal, hands, lambda turn: None)

    def down(self, app: str, *, volumes: bool = False) -> tuple[Turn, Walk]:
        """`moot down`."""
        with self._process(app) as (world, journal, hands):
            return retire(app, world, journal, hands, lambda turn: None, purge=volumes)

    def plan(self, app: App) -> Turn:
        """`moot plan`."""
        with self._process(app.name) as (world, _, _):
            return propose(app, world)

    @contextmanager
    def _process(self, app: str) -> Iterator[tuple[World, Journal, Hands]]:
        self.turns += 1
        self.weather.dead = False
        store = CrashingStore(SQLite(self.home / "moot.sqlite3"))
        store.weather = self.weather
        slots = Slots(share=1)  # one call at a time: the same seed, the same run
        venues = Venues({"toy": self.venue}, self.env, {"fake": lambda: self._provider})
        world = self._world(store, venues, slots)
        fuse, self.weather.commit = self.weather.commit, Fuse()
        lease = store.claim(app, f"turn {self.turns}", self.env.now(), 60, lambda holder: True)
        self.weather.commit = fuse
        journal = Journal(
            store=store,
            lease=lease,
            installation=world.installation,
            generation=world.generation,
            cause="simulation",
            now=self.env.now,
            seal=world.seal,
        )
        hands = Hands(
            secrets={PASSWORD: b"geheim"},
            observer=lambda step: None,
            cancelled=threading.Event(),
            renew=lambda: None,
        )
        try:
            yield world, journal, hands
        finally:
            _drain(slots)
            store.close()

    @property
    def _provider(self) -> type[FlakyProvider]:
        return type("Flaky", (FlakyProvider,), {"weather": self.weather})

    def _world(self, store: Store, venues: Venues, slots: Slots) -> World:
        return World(
            venues=venues,
            store=store,
            seal=Seal(b"key", lambda type: venues.schema("toy", type).sensitive),
            slots=slots,
            installation="simulated",
            generation=1,
            allowed=("toy",),
            rules=(),
        )


def _drain(slots: Slots) -> None:
    """Wait until no call is on its way any more."""
    idle = threading.Event()
    slots.submit("toy", idle.set)
    assert idle.wait(60), "a call never came back"
