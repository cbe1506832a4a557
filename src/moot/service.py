"""The facade: all that a user can ask of moot, a method each.  CLI and server only translate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
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

    from moot.engine.adopt import Wanted
    from moot.engine.enact import Enact
    from moot.engine.machines import Machines
    from moot.engine.rehearsal import Stage
    from moot.engine.replicas import Replicas
    from moot.engine.sweep import Sweep
    from moot.engine.undo import Before
    from moot.engine.venue_book import VenueBook
    from moot.engine.view import View
    from moot.model import report
    from moot.model.comparison import Comparison, Search
    from moot.model.diagnostic import Diagnostic
    from moot.model.first_boot import FirstBoot
    from moot.model.market import Listing, Order, Wish
    from moot.model.plan import Plan
    from moot.model.rehearsal import PriceChange
    from moot.model.report import Outcome, Proposal, Recovery, Stale, Undoing, VenueStatus
    from moot.model.resource import ConfigurationItem
    from moot.model.value import JSON, Secret
    from moot.passes.parse import Origin, Parsed
    from moot.provider import LogLine

    Observer = Callable[[report.Step], None]
    Tell = Callable[[str], None]

# A method imports what it alone needs: no command waits for the modules of another.


class Moot:
    """One user's moot on one machine.  Every method may raise Failure, and nothing else.

    What changes something refuses while `doubts` says that the database cannot be trusted.
    """

    def __init__(
        self, selection: Selection, environ: Mapping[str, str], trace: Tell | None = None
    ) -> None:
        self._selection = selection
        self._environ = environ
        self._home = Home.of(environ)
        env = Env(
            home=self._home.folder,
            environ=environ,
            trace=lambda venue, line: trace(f"{venue} {line}") if trace else None,
        )
        self._venues = Venues(self._home.venues(), env, written=self._home.place)
        self._store = open_store(self._home.store)
        self._seal = Seal(self._home.key(), self._venues.sensitive)
        self._vault = Vault(self._home.key())
        self._guard = Guard(self._home, self._store, self._seal, env.now)
        self._slots = Slots()
        self._declared = Declared(selection, environ, self._seal.digest, self._last_answer)

    def close(self) -> None:
        """Close the database.  What was started goes on without us."""
        self._store.close()

    def doubts(self) -> tuple[Diagnostic, ...]:
        """Why the database cannot be trusted, if anything is wrong with it; until `recover`."""
        doubt = self._guard.doubt()
        return (doubt.diagnostic("warning"),) if doubt else ()

    def config(self) -> Parsed:
        """The declaration in canonical form.  Raises BadInput with every error at once."""
        return self._declared.loaded().parsed

    def plan(self) -> Proposal:
        """What `up` would do now.  Nothing is changed or written."""
        from moot.engine.propose import propose
        from moot.engine.rehearsal import worst_of

        app, world = self._declared.answered_app(), self._world()
        turn = propose(app, world)
        return self._told(replace(turn.proposal(app), worst=worst_of(turn, world)))

    def what_if(
        self, lose: Sequence[str], load: int, prices: Sequence[PriceChange]
    ) -> report.Rehearsal:
        """What would become of the App, were this so.  Nothing is changed or written."""
        return self._stage().what_if(lose, load, prices)

    def failures(self) -> report.Failures:
        """What each single failure would do, the worst first.  Nothing is changed or written."""
        return self._stage().failures()

    def up(
        self, observer: Observer, announce: Callable[[Proposal], None], cancelled: Event
    ) -> Outcome:
        """Make the App so.  `announce` is called once, before the first change."""
        from moot.engine.sources import packed

        loaded = self._declared.answered()

        def sources() -> bytes | None:
            return packed(loaded.sources, loaded.environ, loaded.parsed.secrets)

        def tell(proposal: Proposal) -> None:
            announce(self._told(proposal))

        return self._enact(observer, cancelled).make("up", loaded.parsed, sources, tell)

    def undoing(self) -> Undoing:
        """What `undo` would do now, and what it cannot.  Nothing is changed or written."""
        from moot.engine.undo import undoing

        return undoing(self._before(), self._world())

    def undo(self, told: Undoing, observer: Observer, cancelled: Event) -> Outcome:
        """Make the App what it was before its declaration last changed, as `told` said."""
        return self._enact(observer, cancelled).undo(self._before(), told)

    def down(
        self,
        *,
        volumes: bool,
        observer: Observer,
        announce: Callable[[Plan], None],
        cancelled: Event,
    ) -> Outcome:
        """Take the App away; its data only with `volumes`.  With -p it needs no compose file."""
        return self._enact(observer, cancelled).down(self._declared.name(), volumes, announce)

    def ps(
        self, *, all: bool = False
    ) -> tuple[tuple[report.ReplicaStatus, ...], tuple[Stale, ...]]:
        """Every replica as it is now."""
        return self._view().replicas(self._names(all))

    def inventory(
        self, *, all: bool = False, type: str | None = None, at: float | None = None
    ) -> tuple[tuple[ConfigurationItem, ...], tuple[Stale, ...]]:
        """All that exists, sensitive values as digests; `at` a time, by what was known then."""
        if at is None:
            return self._view().items(self._names(all), type)
        app = None if all else self._declared.name()
        return self._store.inventory_at(at, app, type), ()

    def history(self, address: str) -> tuple[report.Version, ...]:
        """Every version of what was at an address, newest first."""
        return self._view().history(address)

    def diff(self, since: float, until: float, *, all: bool = False) -> tuple[report.Contrast, ...]:
        """What came, went and changed between two times; no venue is asked."""
        from moot.engine.compare import compare

        return tuple(compare(self._names(all), since, until, self._store))

    def why(self, replica: str, without: Sequence[str] = ()) -> report.Why:
        """Why a replica is where it is, or would be after the next `up`; and what is best without
        these venues and pools, or without what it is on.
        """
        from moot.engine.propose import propose
        from moot.engine.replicas import one_of
        from moot.engine.why import why

        app, world = self._declared.app(), self._world()
        turn = propose(app, world)
        assert turn.placement is not None
        chosen = one_of(replica, app.name, [a.replica for a in turn.placement.assignments])
        return why(turn, world, chosen, without)

    def logs(
        self,
        names: Sequence[str],
        *,
        follow: bool,
        tail: int | None,
        since: float | None,
        stop: Callable[[], bool],
    ) -> Iterator[tuple[str, LogLine]]:
        """Lines of the named components or replicas, of all where none is named."""
        return self._replicas().logs(names, follow_on=follow, tail=tail, since=since, stop=stop)

    def execute(
        self,
        replica: str,
        argv: Sequence[str],
        *,
        tty: bool,
        environment: Mapping[str, str],
        working_dir: str | None,
        user: str | None,
    ) -> int:
        """Run a command in a replica's environment, on our own stdio; returns its exit code."""
        return self._replicas().execute(
            replica, argv, tty=tty, environment=environment, working_dir=working_dir, user=user
        )

    def sweep(self) -> tuple[tuple[report.Stray, ...], tuple[Stale, ...]]:
        """What carries our marks and is in no inventory.  Nothing is changed."""
        return self._sweep().found()

    def sweep_delete(
        self, chosen: Sequence[report.Stray], *, volumes: bool, observer: Observer, cancelled: Event
    ) -> tuple[Outcome, ...]:
        """Delete such things, App by App; what keeps data only with `volumes`."""
        self._guard.admit()
        self._guard.advance()
        return self._sweep().delete(chosen, volumes, observer, cancelled)

    def recover(self, installation: str | None, confirm: Callable[[Recovery], bool]) -> Recovery:
        """Rebuild the inventory from the marks on the venues and take over; `confirm` decides."""
        from moot.engine.rebuild import Rebuild

        ours = installation or self._guard.installation
        return Rebuild(self._world(), self._guard, ours).run(confirm)

    def adopt(self, wanted: Wanted) -> ConfigurationItem:
        """Take a thing that exists into the inventory."""
        from moot.engine.adopt import adopt

        self._guard.admit()
        self._guard.advance()
        return adopt(wanted, self._world())

    def forget(self, address: str) -> tuple[ConfigurationItem, ...]:
        """Take what is at an address out of the inventory; the venue is not asked."""
        from moot.engine.adopt import forget

        self._guard.admit()
        self._guard.advance()
        return forget(address, self._world())

    def venue_list(self) -> tuple[VenueStatus, ...]:
        """All venues, unasked, with what is wrong with their settings."""
        return self._book().listed()

    def venue_check(self, names: Sequence[str]) -> tuple[VenueStatus, ...]:
        """What venues say of themselves; all where none is named."""
        return self._book().checked(names)

    def venue_add(self, name: str, provider: str, settings: Mapping[str, JSON]) -> VenueStatus:
        """Write a venue into venues.yaml."""
        return self._book().add(name, provider, settings)

    def venue_rename(self, old: str, new: str) -> None:
        """Rename a venue, and every address that names it."""
        self._guard.admit()
        self._guard.advance()
        self._book().rename(old, new, self._venues.env.now())

    def venue_remove(self, name: str) -> None:
        """Forget a venue on which nothing of ours is."""
        self._guard.admit()
        self._book().remove(name)

    def machines(self, names: Sequence[str]) -> Machines:
        """Machines to be asked and told; all there are where none is named."""
        from moot.engine.machines import machines

        chosen = self._venues.meant(names)
        return machines(chosen or self._allowed(), bool(chosen), self._venues, self._slots)

    def offerings(
        self, wish: Wish, order: Order, limit: int | None, names: Sequence[str], *, market: bool
    ) -> Listing:
        """What these venues offer now; where none is named all, and with `market` what is sold."""
        from moot.engine.quoted import quoted
        from moot.market import snapshot

        chosen = self._venues.meant(names)
        sold = snapshot() if market and not chosen and not self._selection.venues else ()
        asked = chosen or self._allowed()
        return quoted(wish, order, limit, asked, sold, self._venues, self._slots)

    def compare(self, search: Search) -> Comparison:
        """What machines for the App would cost on each vendor.  Nothing is bought or written."""
        from moot.engine.estimated import estimated

        return estimated(self._declared.app(), self._world(), search)

    def volume_list(self, *, all: bool = False) -> tuple[report.VolumeStatus, ...]:
        """Everything that keeps data."""
        return self._view().volumes(self._names(all))

    def volume_remove(self, names: Sequence[str], observer: Observer, cancelled: Event) -> Outcome:
        """Delete volumes that nothing uses; Refused where something does."""
        return self._enact(observer, cancelled).remove_volumes(self._declared.name(), names)

    def user_data(self, boot: FirstBoot, format: str) -> str:
        """First-boot data for cloud-init or Ignition.  Raises BadInput for what it cannot say."""
        from moot.engine.first_boot import document

        return document(boot, format)

    def secret_list(self, *, all: bool = False) -> tuple[report.SecretStatus, ...]:
        """Every secret of which moot keeps the content, without that."""
        from moot.engine.secrets import listed

        return listed(self._names(all), self._store)

    def secret_forget(self, names: Sequence[str]) -> tuple[Secret, ...]:
        """Drop what is kept of secrets; replicas keep what they were given."""
        from moot.engine.hold import hold
        from moot.engine.secrets import forget

        self._guard.admit()
        with hold(self._declared.name(), "secret forget", self._world()) as journal:
            self._guard.advance()
            return forget(names, journal)

    def doctor(self) -> tuple[report.Check, ...]:
        """What this machine lacks, and the command that mends it."""
        from moot.engine.doctor import examine

        return tuple(examine(self._venues, self._slots))

    def _before(self) -> Before:
        from moot.engine.undo import before
        from moot.reading import read

        return before(self._declared.name(), self._world(), self._vault, read, self._environ)

    def _enact(self, observer: Observer, cancelled: Event) -> Enact:
        from moot.engine.enact import Enact

        return Enact(self._world(), self._guard, self._vault, observer, cancelled)

    def _last_answer(self, app: str, origin: Origin) -> tuple[bytes, float] | None:
        from moot.engine.secrets import last_answer

        return last_answer(app, origin, self._store, self._vault)

    def _names(self, all: bool) -> tuple[str, ...]:
        return self._store.apps() if all else (self._declared.name(),)

    def _allowed(self) -> tuple[str, ...]:
        """The venues of this run; --venue narrows them.  BadInput where one is not configured."""
        return self._venues.meant(self._selection.venues) or tuple(self._venues.configured)

    def _world(self) -> World:
        return World(
            venues=self._venues,
            store=self._store,
            seal=self._seal,
            slots=self._slots,
            installation=self._guard.installation,
            generation=self._guard.generation,
            allowed=self._allowed(),
            rules=baseline.PACK,
            max_age_s=self._selection.max_age_s,
        )

    def _view(self) -> View:
        from moot.engine.view import View

        return View(self._world())

    def _replicas(self) -> Replicas:
        """Of two things of one replica, the one whose venue answers is meant."""
        from moot.engine.replicas import Replicas

        app = self._declared.name()
        observed = self._view().observed(app)
        silent = {stale.venue for stale in observed.stale}
        items = sorted(observed.items, key=lambda item: item.venue not in silent)
        return Replicas(app, items, self._venues)

    def _stage(self) -> Stage:
        from moot.engine.rehearsal import Stage

        return Stage.of(self._declared.app(), self._world())

    def _sweep(self) -> Sweep:
        from moot.engine.sweep import Sweep

        return Sweep(self._world())

    def _book(self) -> VenueBook:
        from moot.engine.venue_book import VenueBook

        return VenueBook(self._home, self._venues, self._store, self._slots)

    def _told(self, proposal: Proposal) -> Proposal:
        """A proposal with what `parse` had to say, too."""
        warnings = tuple(d for d in self.config().diagnostics if d.severity == "warning")
        return replace(proposal, warnings=(*warnings, *proposal.warnings))
