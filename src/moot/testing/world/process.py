"""One process of moot in the world: it holds an App, takes a turn, and may die at any boundary."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from moot.engine.guard import Guard
from moot.engine.hold import hold
from moot.engine.journal import Journal
from moot.engine.propose import propose
from moot.engine.reconcile import reconcile, retire
from moot.engine.seal import Seal
from moot.engine.turn import Hands, Turn
from moot.engine.turn import World as Setting
from moot.engine.venues import Venues
from moot.engine.walk import Walk
from moot.model.diagnostic import Diagnostic, Failure
from moot.model.venue import Venue as Configured
from moot.provider import ErrorCode, ProviderError
from moot.store import Lease, Store
from moot.testing.world.driver import Driver, Inline
from moot.testing.world.fates import Fate, Fates, Kind
from moot.testing.world.provider import SimProvider
from moot.testing.world.venue import Request, Thing, Venue

if TYPE_CHECKING:
    from moot.testing.world.world import World


# What a call comes to that has no effect: code, message, and when it may be made again.
REFUSALS: Mapping[Fate, tuple[ErrorCode, str, float | None]] = {
    "lost": ("NetworkFailure", "the connection was lost", None),
    "throttled": ("Throttling", "slow down", 1.0),
    "broken": ("ServiceInternalError", "it is broken for now", None),
}


class Crash(BaseException):
    """The process ends here."""


class Process:
    """One run of moot.  `store` is what it writes to, through its own connection."""

    def __init__(self, world: World, name: str, fates: Fates) -> None:
        self.world = world
        self.name = name
        self.fates = fates
        self.dead = False
        self.app = ""
        self._fate: Fate = "well"
        self._cancelled = Wakeful(world)
        self.setting = self._made()

    def up(self, app: str) -> tuple[Turn, Walk]:
        """`moot up`; raises Crash where it dies, and Failure where it fails."""
        with self._hold(app, "up") as (journal, hands):
            return reconcile(self.world.app(app), self.setting, journal, hands, lambda turn: None)

    def down(self, app: str, *, volumes: bool = False) -> tuple[Turn, Walk]:
        """`moot down`."""
        with self._hold(app, "down") as (journal, hands):
            return retire(app, self.setting, journal, hands, lambda turn: None, volumes)

    def plan(self, app: str) -> Turn:
        """`moot plan`."""
        return propose(self.world.app(app), self.setting)

    def die(self) -> NoReturn:
        """End here: nothing is written, released or called any more."""
        self.dead = True
        self.world.ended.add(self.name)
        raise Crash

    def reached(self, kind: Kind, venue: str, what: str) -> Fate:
        """A question has come to a venue; ProviderError where no answer comes back."""
        self.living()
        world = self.world
        fate = self.fates.at(kind, what)
        world.happened(kind, what, fate)
        if fate == "pause":
            world.pause(self)
        if fate == "silent" or venue in world.lost:
            raise ProviderError("NetworkFailure", f"{venue} does not answer")
        return fate

    def calling(self, venue: str, what: str) -> Fate:
        """A call that changes something is about to be made."""
        self.living()
        world = self.world
        fate = self._fate = self.fates.at("call", what)
        world.happened("call", what, fate)
        if venue in world.lost:
            self._fate = "lost"
        match fate:
            case "pause":
                world.pause(self)
            case "die before":
                self.die()
            case _:
                pass
        return fate

    def called(self) -> None:
        """The call has been made: a death meant for it has come at last, and else all is well."""
        if self._fate in {"die during", "die after"}:
            self.die()
        self._fate = "well"

    def send(self, venue: Venue, request: Request) -> Thing | None:
        """A request on its way to a venue, and what comes back."""
        world, fate = self.world, self._fate
        if world.holders.get(self.app) != self.name:
            world.wrong.append(f"{self.name} makes a call, and holds {self.app} no more")
        if fate in REFUSALS:
            raise ProviderError(*REFUSALS[fate])
        if fate in {"late", "die during"}:
            world.later(venue, request)
            if fate == "die during":
                self.die()
            raise ProviderError("ServiceTimeout", "nothing came back")
        thing = world.serve(venue, request)
        if fate == "twice":
            world.again(venue, request)
        if fate == "deaf":
            raise ProviderError("OutcomeUnknown", "the answer was lost")
        if fate == "die after":
            self.die()
        return thing

    def living(self) -> None:
        if self.dead:
            raise Crash

    @contextmanager
    def _hold(self, app: str, what: str) -> Generator[tuple[Journal, Hands]]:
        """The lease for one turn, and hands that a driver guides."""
        self.app = app
        home = self.world.home
        guard = home and Guard(home, self.setting.store, self.setting.seal, self.world.wall)
        if guard:
            guard.admit()
        with hold(app, what, self.setting, self.name, self.world.ended.__contains__) as journal:
            if guard:
                guard.advance()
            yield (
                journal,
                Hands(
                    secrets=self.world.secrets,
                    observer=lambda step: None,
                    cancelled=self._cancelled,
                    renew=journal.renew,
                    executor=partial(Driver, process=self),
                ),
            )

    def _made(self) -> Setting:
        world = self.world
        configured = {name: Configured(name=name, provider="sim") for name in world.venues}
        provider: Any = lambda name, _, __: SimProvider(world.venues[name], self)  # noqa: E731
        venues = Venues(configured, world.env, {"sim": lambda: provider})
        return Setting(
            venues=venues,
            store=Watched(world.store, self),  # type: ignore[arg-type]
            seal=Seal(b"key", lambda type: world.types[type].sensitive),
            slots=Inline(world),
            installation=world.installation,
            generation=1,
            allowed=tuple(configured),
            rules=(),
        )


class Watched:
    """A store as one process sees it: any commit may be its last."""

    def __init__(self, store: Store, process: Process) -> None:
        self._store = store
        self._process = process

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @contextmanager
    def turn(self, lease: Lease | None = None) -> Generator[None]:
        """One transaction, and what may happen to it."""
        process = self._process
        process.living()
        fate = process.fates.at("commit", "")
        process.world.happened("commit", process.name, fate)
        if fate == "pause":
            process.world.pause(process)
        with self._store.turn(lease):
            yield
            match fate:
                case "die before":
                    process.die()
                case "full":
                    raise Failure(Diagnostic(summary="no room on the disk"))
                case "severed":
                    raise Failure(Diagnostic(summary="the database is gone"))
                case _:
                    pass
        if lease and process.world.holders.get(lease.app) != process.name:
            process.world.wrong.append(f"{process.name} writes, and holds {lease.app} no more")
        match fate:
            case "die after":
                process.die()
            case "unsure":
                raise Failure(Diagnostic(summary="the database went while it committed"))
            case _:
                pass

    def claim(
        self, app: str, holder: str, now: float, seconds: float, gone: Callable[[str], bool]
    ) -> Lease:
        """Who holds an App is known to the world, so that it can tell who does not."""
        self._process.living()
        lease = self._store.claim(app, holder, now, seconds, gone)
        self._process.world.holders[app] = holder
        return lease

    def release(self, lease: Lease) -> None:
        """The dead release nothing."""
        if not self._process.dead:
            self._store.release(lease)


class Wakeful(threading.Event):
    """Nobody wants to stop; waiting for it lets virtual time pass."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def wait(self, timeout: float | None = None) -> bool:
        """Whether somebody does after `timeout` seconds."""
        self._world.advance(timeout or 0.0)
        return self.is_set()
