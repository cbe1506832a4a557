"""One App of a trial in the hands of the real engine, over a store that outlives every process.

Where the `Bench` drives a provider by hand, this drives it as `moot up` and `moot down` do:
observe, plan, apply and record, over a scratch database.  Each `run` is one process of moot.
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from moot.engine.hold import hold
from moot.engine.journal import Journal
from moot.engine.propose import propose
from moot.engine.reconcile import reconcile, retire
from moot.engine.seal import Seal
from moot.engine.slots import Slots
from moot.engine.turn import Hands, World
from moot.engine.venues import Venues
from moot.engine.walk import Walk
from moot.model.app import App, Component, Process
from moot.model.report import Step
from moot.model.resource import ConfigurationItem, Resource
from moot.model.value import Secret, canonical, unknowns
from moot.model.venue import Venue
from moot.provider import Env, Marks, Operation, Pending, Provider, ProviderError, Scope
from moot.store import Lease, Store, open_store
from moot.testing.interposed import Guard, Interposed, Open
from moot.testing.trial import Trial


class Ended(BaseException):
    """The process of moot has ended here; nothing of it is left but what it wrote down."""


class Estate:
    """What outlives a process of moot: the venue, a store, and who we are.

    `settles_within_s` is added to what the provider says; `speed` is how fast the engine's clock
    runs.  `strays` are things without marks, which no list and no store knows for ours.
    """

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self.app = f"k{uuid.uuid4().hex[:8]}"
        self.installation = f"conformance-{uuid.uuid4().hex[:12]}"
        self.wants = {want.address: want for want in trial.resources(self.app)}
        self.venue = next(want.venue for want in self.wants.values())
        self.settles_within_s = 0.0
        self.speed = 1.0
        self.strays: list[ConfigurationItem] = []
        self._born = time.time()
        self._folder = tempfile.TemporaryDirectory(prefix="moot-estate-")
        self._processes = 0

    def __enter__(self) -> Estate:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Take away what is left, past the engine: a check that failed leaves nothing behind."""
        provider = self.trial.provider()
        left = [item for type in provider.types() for item in self.standing(type)]
        seen = {item.identifier for item in left}
        left += [i for i in (*self.strays, *self.known().values()) if i.identifier not in seen]
        for _ in range(len(left) + 1):
            left = [item for item in left if not self._discard(item)]
        self.trial.disconnect()
        self._folder.cleanup()

    def sample(self, type: str) -> Resource:
        """The first wanted thing of a type."""
        return next(want for want in self.wants.values() if want.type == type)

    def needed(self, want: Resource) -> list[Resource]:
        """Everything `want` depends on, near and far, without itself."""
        found: dict[str, Resource] = {}
        open = [want]
        while open:
            for target in open.pop().depends_on:
                for needed in self._at(target):
                    if needed.address not in found:
                        found[needed.address] = needed
                        open.append(needed)
        return list(found.values())

    def run(self, wanted: Sequence[Resource], guard: Guard | None = None) -> Walk:
        """One `up` by a process of its own.  Raises Ended where the guard ends it."""
        with self._process(wanted, guard or Open()) as (world, journal, hands):
            return reconcile(self._declared(wanted), world, journal, hands, lambda turn: None)[1]

    def retire(self, guard: Guard | None = None) -> Walk:
        """One `down --volumes` by a process of its own.  Raises Ended where the guard ends it."""
        with self._process((), guard or Open()) as (world, journal, hands):
            return retire(self.app, world, journal, hands, lambda turn: None, True)[1]

    def standing(self, type: str) -> list[ConfigurationItem]:
        """What the venue lists of the App, asked past the engine."""
        provider = self.trial.provider()
        scope = Scope(installation=self.installation, app=self.app)
        page = provider.list(type, scope, None)
        found = list(page.items)
        while page.cursor is not None:
            page = provider.list(type, scope, page.cursor)
            found += page.items
        return found

    def changes(self, wanted: Sequence[Resource]) -> list[str]:
        """What another `up` would still do; nothing is done."""
        with self._store() as store:
            world = self._world(store, wanted, Open())
            return [change.key for change in propose(self._declared(wanted), world).plan.changes]

    def known(self) -> dict[str, ConfigurationItem]:
        """The items in the store by address."""
        with self._store() as store:
            return {str(item.address): item for item in store.inventory(self.app)}

    def doubts(self) -> list[str]:
        """Changes whose end the store does not know."""
        with self._store() as store:
            return [intent.change for intent in store.open_intents(self.app)]

    @contextmanager
    def _process(
        self, wanted: Sequence[Resource], guard: Guard
    ) -> Generator[tuple[World, Journal, Hands]]:
        self._processes += 1
        ended = _mortality(guard)
        with self._store() as store:
            world = self._world(cast("Store", Perishable(store, ended)), wanted, guard)
            holder = f"process {self._processes}"
            with hold(self.app, "up", world, holder, lambda other: True) as journal:

                def alive() -> None:
                    if ended():
                        raise Ended
                    journal.renew()

                yield world, journal, Hands(self._secrets(), _unheard, threading.Event(), alive)

    @contextmanager
    def _store(self) -> Generator[Store]:
        store = open_store(f"{self._folder.name}/moot.db")
        try:
            yield store
        finally:
            store.close()

    def _world(self, store: Store, wanted: Sequence[Resource], guard: Guard) -> World:
        venue = Venue(name=self.venue, provider="trial")
        between = Interposed(
            self.trial.provider(), self.venue, tuple(wanted), guard, self.settles_within_s
        )
        venues = Venues(
            {self.venue: venue},
            Env(home=Path(self._folder.name), environ={}, now=self._now),
            {"trial": lambda: cast("type[Provider]", between.made)},
        )
        return World(
            venues=venues,
            store=store,
            seal=Seal(b"conformance", venues.sensitive),
            slots=Slots(),
            installation=self.installation,
            generation=1,
            allowed=(self.venue,),
            rules=(),
        )

    def _now(self) -> float:
        return self._born + (time.time() - self._born) * self.speed

    def _declared(self, wanted: Sequence[Resource]) -> App:
        """An App that stands for what is wanted; another one for each time that is another."""
        text = canonical([[want.address, want.properties] for want in wanted])
        component = Component(
            name="trial",
            process=Process(command=("true",)),
            environment={"WANTED": hashlib.sha256(text.encode()).hexdigest()},
        )
        return App(name=self.app, components=(component,))

    def _secrets(self) -> dict[Secret, bytes]:
        found = (u for want in self.wants.values() for u in unknowns(want.properties))
        return {u: self.trial.secret.encode() for u in found if isinstance(u, Secret)}

    def _at(self, target: str) -> list[Resource]:
        """The wanted thing at an address, or the main ones of a component's replicas."""
        if target in self.wants:
            return [self.wants[target]]
        mains = (want for want in self.wants.values() if want.main)
        return [want for want in mains if str(want.replica).startswith(f"{target}/")]

    def _discard(self, item: ConfigurationItem) -> bool:
        provider = self.trial.provider()
        op = Operation(
            token=uuid.uuid4().hex,
            marks=marks_of(item, self.app),
            deadline=time.time() + self.trial.patience_s,
        )
        with suppress(ProviderError):
            while isinstance(progress := provider.delete(item, op), Pending):
                time.sleep(min(progress.seconds, 1.0))
                op = replace(op, resume=progress.resume)
            return True
        return False


class Perishable:
    """A store for as long as the process lives: afterwards nothing is written any more."""

    def __init__(self, store: Store, ended: Callable[[], bool]) -> None:
        self._store = store
        self._ended = ended

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @contextmanager
    def turn(self, lease: Lease | None = None) -> Generator[None]:
        """One transaction, which a process that ends meanwhile never commits."""
        self._live()
        with self._store.turn(lease):
            yield
            self._live()

    def release(self, lease: Lease) -> None:
        """Who has ended gives nothing free."""
        if not self._ended():
            self._store.release(lease)

    def _live(self) -> None:
        if self._ended():
            raise Ended


def marks_of(item: ConfigurationItem, app: str) -> Marks:
    """The marks that an item says it carries."""
    return Marks(
        installation=str(item.installation),
        generation=item.generation or 1,
        app=app,
        address=str(item.address),
        uid=item.uid or "",
        incarnation=item.incarnation,
    )


def _unheard(step: Step) -> None:
    pass


def _mortality(guard: Guard) -> Callable[[], bool]:
    return lambda: bool(getattr(guard, "ended", False))
