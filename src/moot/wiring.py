"""What one command works with: the record, the venues, the keys and the declaration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING

from moot.engine.guard import Guard
from moot.engine.seal import Seal
from moot.engine.slots import Slots
from moot.engine.turn import World
from moot.engine.vault import Vault
from moot.engine.venues import Venues
from moot.home import Home
from moot.provider import Env
from moot.rules import baseline
from moot.selection import Declared, Selection
from moot.store import open_store

if TYPE_CHECKING:
    from threading import Event

    from moot.engine.enact import Enact
    from moot.engine.rehearsal import Stage
    from moot.engine.replicas import Replicas
    from moot.engine.sweep import Sweep
    from moot.engine.undo import Before
    from moot.engine.venue_book import VenueBook
    from moot.engine.view import View
    from moot.model import report
    from moot.model.programme import Solve
    from moot.passes.parse import Origin

    Observer = Callable[[report.Step], None]
    Tell = Callable[[str], None]

# A method imports what it alone needs: no command waits for the modules of another.


class Wiring:
    """What there is by the environment and the options of a command."""

    def __init__(
        self, selection: Selection, environ: Mapping[str, str], trace: Tell | None = None
    ) -> None:
        self.selection = selection
        self.environ = environ
        self.home = Home.of(environ)
        self.env = Env(
            home=self.home.folder,
            environ=environ,
            trace=lambda venue, line: trace(f"{venue} {line}") if trace else None,
        )
        self.store = open_store(self.home.store)
        self.seal = Seal(self.home.key(), lambda type: self.venues.sensitive(type))
        self.vault = Vault(self.home.key())
        self.guard = Guard(self.home, self.store, self.seal, self.env.now)
        self.slots = Slots()
        self.declared = Declared(selection, environ, self.seal.digest, self._last_answer)

    @cached_property
    def venues(self) -> Venues:
        """All venues; BadInput where anything in venues.yaml is wrong."""
        file = self.home.venues_file
        return Venues(file.venues(), self.env, written=file.place)

    def before(self) -> Before:
        """What `undo` goes back to."""
        from moot.engine.undo import before
        from moot.reading import read

        return before(self.declared.name(), self.world(), self.vault, read, self.environ)

    def enact(self, observer: Observer, cancelled: Event) -> Enact:
        """What changes the App."""
        from moot.engine.enact import Enact

        return Enact(self.world(), self.guard, self.vault, observer, cancelled)

    def names(self, all: bool) -> tuple[str, ...]:
        """The Apps that are meant."""
        return self.store.apps() if all else (self.declared.name(),)

    def allowed(self) -> tuple[str, ...]:
        """The venues of this run; --venue narrows them.  BadInput where one is not configured."""
        return self.venues.meant(self.selection.venues) or tuple(self.venues.configured)

    def world(self) -> World:
        """What the engine works with."""
        return World(
            venues=self.venues,
            store=self.store,
            seal=self.seal,
            slots=self.slots,
            installation=self.guard.installation,
            generation=self.guard.generation,
            allowed=self.allowed(),
            rules=baseline.PACK,
            max_age_s=self.selection.max_age_s,
            solver=_solver,
        )

    def view(self) -> View:
        """What is asked of the record and the venues."""
        from moot.engine.view import View

        return View(self.world())

    def replicas(self) -> Replicas:
        """Of two things of one replica, the one whose venue answers is meant."""
        from moot.engine.replicas import Replicas

        app = self.declared.name()
        observed = self.view().observed(app)
        silent = {stale.venue for stale in observed.stale}
        items = sorted(observed.items, key=lambda item: item.venue not in silent)
        return Replicas(app, items, self.venues)

    def stage(self) -> Stage:
        """Where a loss is rehearsed."""
        from moot.engine.rehearsal import Stage

        return Stage.of(self.declared.app(), self.world())

    def sweep(self) -> Sweep:
        """What looks for strays."""
        from moot.engine.sweep import Sweep

        return Sweep(self.world())

    def book(self) -> VenueBook:
        """What changes venues.yaml."""
        return self._book(self.venues)

    def reading(self) -> VenueBook:
        """What tells of venues, also of those with something wrong in their entries."""
        file = self.home.venues_file
        return self._book(Venues(file.stated(), self.env, written=file.place))

    def _book(self, venues: Venues) -> VenueBook:
        from moot.engine.venue_book import VenueBook

        return VenueBook(self.home.venues_file, venues, self.store, self.slots)

    def _last_answer(self, app: str, origin: Origin) -> tuple[bytes, float] | None:
        from moot.engine.secrets import last_answer

        return last_answer(app, origin, self.store, self.vault)


def _solver() -> AbstractContextManager[Solve | None]:
    if find_spec("highspy") is None:
        return nullcontext()
    from moot.engine.solver import highs  # only where the extra is installed

    return highs()
