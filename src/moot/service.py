"""The facade: all that a user can ask of moot, a method each.  CLI and server only translate."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from moot.engine.declaration import stored
from moot.engine.doctor import examine
from moot.engine.follow import follow as merged
from moot.engine.hold import hold
from moot.engine.observe import Observation, observe
from moot.engine.propose import propose
from moot.engine.reconcile import discard, reconcile, retire
from moot.engine.seal import Seal
from moot.engine.slots import Slots
from moot.engine.status import outcome, replica_status, volume_status, why
from moot.engine.turn import Hands, Turn, World, sealed
from moot.engine.venue_book import VenueBook
from moot.engine.venues import Venues
from moot.engine.walk import Walk
from moot.home import Home
from moot.model.app import App
from moot.model.diagnostic import BadInput, Diagnostic, Failure
from moot.model.plan import Plan
from moot.model.report import (
    Check,
    Outcome,
    Proposal,
    ReplicaStatus,
    Stale,
    Step,
    VenueStatus,
    Version,
    VolumeStatus,
    Why,
)
from moot.model.resource import ConfigurationItem
from moot.model.value import JSON
from moot.passes.parse import Parsed
from moot.provider import Env, Execs, LogLine, Logs, Provider, ProviderError
from moot.reading import load
from moot.rules import baseline
from moot.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which App and which venues: the options that every command shares."""

    files: tuple[str, ...] = ()
    name: str | None = None
    profiles: tuple[str, ...] = ()
    env_files: tuple[str, ...] = ()
    folder: str | None = None
    venues: tuple[str, ...] = ()


class Moot:
    """One user's moot on one machine.  Every method may raise Failure, and nothing else."""

    def __init__(
        self,
        selection: Selection,
        environ: Mapping[str, str],
        trace: Callable[[str], None] | None = None,
    ) -> None:
        self._selection = selection
        self._environ = environ
        self._home = Home.of(environ)
        env = Env(
            home=self._home.folder,
            environ=environ,
            trace=lambda venue, line: trace(f"{venue} {line}") if trace else None,
        )
        self._venues = Venues(self._home.venues(), env)
        self._store = Store(self._home.store)
        self._seal = Seal(self._home.key(), self._venues.sensitive)
        self._slots = Slots()
        self._parsed: Parsed | None = None

    def close(self) -> None:
        """Close the database.  What was started goes on without us."""
        self._store.close()

    def config(self) -> Parsed:
        """The declaration in canonical form.  Raises BadInput with every error at once."""
        if self._parsed is None:
            chosen = self._selection
            environ = dict(self._environ)
            if chosen.env_files:
                environ["COMPOSE_ENV_FILES"] = ",".join(chosen.env_files)
            parsed = load(
                chosen.files,
                chosen.folder,
                chosen.name,
                chosen.profiles,
                environ,
                self._seal.digest,
            )
            if parsed.app is None:
                raise BadInput(*parsed.diagnostics)
            self._parsed = parsed
        return self._parsed

    def plan(self) -> Proposal:
        """What `up` would do now.  Nothing is changed or written."""
        app = self._app()
        return self._told(propose(app, self._world()).proposal(app))

    def up(
        self,
        observer: Callable[[Step], None],
        announce: Callable[[Proposal], None],
        cancelled: threading.Event,
    ) -> Outcome:
        """Make the App so.  `announce` is called once, before the first change."""
        app, parsed = self._app(), self.config()
        world = self._world()

        def tell(turn: Turn) -> None:
            announce(self._told(turn.proposal(app)))

        with hold(app.name, "up", world) as (journal, renew):
            with self._store.turn(journal.lease):
                self._store.add_revision(
                    app.name,
                    stored(parsed.canonical, self._seal.leaves),
                    journal.now(),
                    journal.cause,
                )
            hands = Hands(parsed.secrets, observer, cancelled, renew)
            turn, walk = reconcile(app, world, journal, hands, tell)
        return self._outcome(turn, walk)

    def down(
        self,
        *,
        volumes: bool,
        observer: Callable[[Step], None],
        announce: Callable[[Plan], None],
        cancelled: threading.Event,
    ) -> Outcome:
        """Take the App away; its data only with `volumes`.  With -p it needs no compose file."""
        name = self._name()
        world = self._world()
        with hold(name, "down --volumes" if volumes else "down", world) as (journal, renew):
            hands = Hands({}, observer, cancelled, renew)
            turn, walk = retire(
                name, world, journal, hands, lambda turn: announce(turn.plan), volumes
            )
        return self._outcome(turn, walk)

    def ps(self, *, all: bool = False) -> tuple[tuple[ReplicaStatus, ...], tuple[Stale, ...]]:
        """Every replica as it is now."""
        lines: list[ReplicaStatus] = []
        stale: list[Stale] = []
        for name in self._names(all):
            seen = self._observe(name)
            lines += replica_status(seen.items, self._store.placement(name), seen.stale)
            stale += seen.stale
        return tuple(lines), tuple(dict.fromkeys(stale))

    def inventory(
        self, *, all: bool = False
    ) -> tuple[tuple[ConfigurationItem, ...], tuple[Stale, ...]]:
        """Everything that exists, as it is now; sensitive values as digests."""
        world = self._world()
        items: list[ConfigurationItem] = []
        stale: list[Stale] = []
        for name in self._names(all):
            seen = self._observe(name)
            items += [sealed(item, world) for item in seen.items]
            stale += seen.stale
        return tuple(items), tuple(dict.fromkeys(stale))

    def history(self, address: str) -> tuple[Version, ...]:
        """Every version of what was at an address, newest first."""
        versions = self._store.history(address)
        if not versions:
            raise BadInput(
                Diagnostic(
                    summary=f"nothing was ever at {address}",
                    detail="an address is made of app, component, index, venue and kind",
                    remedy="see `moot inventory --all` for those that exist",
                )
            )
        return versions

    def why(self, replica: str) -> Why:
        """Why a replica is where it is, or would be after the next `up`."""
        app = self._app()
        turn = propose(app, self._world())
        assert turn.placement is not None
        names = [a.replica for a in turn.placement.assignments]
        chosen = _one_of(replica, app.name, names)
        offerings, _ = self._venues.offerings(self._allowed())
        return why(turn.placement, offerings, chosen)

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
        mains = self._mains(names)
        sources = [
            (item.on_venue, provider)
            for item in mains
            if isinstance(provider := self._provider(item.venue), Logs)
        ]
        try:
            yield from merged(sources, forever=follow, tail=tail, since=since, stop=stop)
        except ProviderError as error:
            raise _venue_failed(error) from error

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
        item = self._mains([replica])[0]
        provider = self._provider(item.venue)
        if not isinstance(provider, Execs):
            raise Failure(
                Diagnostic(
                    summary=f"commands cannot be run on {item.venue}",
                    detail="its provider has no way to",
                    remedy="see `moot logs` instead",
                )
            )
        try:
            return provider.execute(
                item.on_venue,
                argv,
                tty=tty,
                environment=environment,
                working_dir=working_dir,
                user=user,
            )
        except ProviderError as error:
            raise _venue_failed(error) from error

    def venue_list(self) -> tuple[VenueStatus, ...]:
        """All venues, unasked."""
        return self._book().listed()

    def venue_check(self, names: Sequence[str]) -> tuple[VenueStatus, ...]:
        """What venues say of themselves; all where none is named."""
        return self._book().checked(names)

    def venue_add(self, name: str, provider: str, settings: Mapping[str, JSON]) -> VenueStatus:
        """Write a venue into venues.yaml."""
        return self._book().add(name, provider, settings)

    def venue_rename(self, old: str, new: str) -> None:
        """Rename a venue, and every address that names it."""
        self._book().rename(old, new, self._venues.env.now())

    def venue_remove(self, name: str) -> None:
        """Forget a venue on which nothing of ours is."""
        self._book().remove(name)

    def volume_list(self, *, all: bool = False) -> tuple[VolumeStatus, ...]:
        """Everything that keeps data."""
        return tuple(
            v for name in self._names(all) for v in volume_status(self._observe(name).items)
        )

    def volume_remove(
        self,
        names: Sequence[str],
        observer: Callable[[Step], None],
        cancelled: threading.Event,
    ) -> Outcome:
        """Delete volumes that nothing uses; Refused where something does."""
        app, world = self._name(), self._world()
        with hold(app, f"volume rm {' '.join(names)}", world) as (journal, renew):
            hands = Hands({}, observer, cancelled, renew)
            turn, walk = discard(app, names, world, journal, hands)
        return self._outcome(turn, walk)

    def doctor(self) -> tuple[Check, ...]:
        """What this machine lacks, and the command that mends it."""
        return tuple(examine(self._venues))

    def _app(self) -> App:
        app = self.config().app
        assert app is not None
        return app

    def _name(self) -> str:
        """The App's name, from -p where the declaration is not at hand."""
        chosen = self._selection
        if chosen.name and not chosen.files:
            return chosen.name
        return self._app().name

    def _names(self, all: bool) -> tuple[str, ...]:
        return self._store.apps() if all else (self._name(),)

    def _allowed(self) -> tuple[str, ...]:
        """The venues of this run; --venue narrows them.  BadInput where one is not configured."""
        for name in self._selection.venues:
            self._venues.known(name)
        return self._selection.venues or tuple(self._venues.configured)

    def _provider(self, venue: str) -> Provider:
        try:
            return self._venues.provider(venue)
        except ProviderError as error:
            raise _venue_failed(error) from error

    def _world(self) -> World:
        return World(
            venues=self._venues,
            store=self._store,
            seal=self._seal,
            slots=self._slots,
            installation=self._home.installation(),
            generation=1,
            allowed=self._allowed(),
            rules=baseline.PACK,
        )

    def _book(self) -> VenueBook:
        return VenueBook(self._home, self._venues, self._store)

    def _observe(self, app: str) -> Observation:
        return observe(app, self._venues, self._store, self._slots, self._home.installation())

    def _mains(self, names: Sequence[str]) -> list[ConfigurationItem]:
        """The main items of the named components or replicas; BadInput where there is none."""
        app = self._name()
        mains = {str(i.replica): i for i in self._observe(app).items if i.main}
        chosen: dict[str, ConfigurationItem] = {}
        for name in names or [app]:
            full = name if name == app or name.startswith(f"{app}/") else f"{app}/{name}"
            found = {r: i for r, i in mains.items() if r == full or r.startswith(f"{full}/")}
            if not found and names:
                raise BadInput(_no_replica(name, mains))
            chosen |= found
        return list(chosen.values())

    def _told(self, proposal: Proposal) -> Proposal:
        """A proposal with what `parse` had to say, too."""
        warnings = tuple(d for d in self.config().diagnostics if d.severity == "warning")
        return replace(proposal, warnings=(*warnings, *proposal.warnings))

    def _outcome(self, turn: Turn, walk: Walk) -> Outcome:
        return outcome(
            walk,
            self._store.placement(turn.app),
            turn.observed.stale,
            (*turn.warnings, *turn.observed.warnings),
            self._venues.env.now() - turn.begun_at,
        )


def _one_of(name: str, app: str, replicas: Sequence[str]) -> str:
    """The replica a user means by `shop/web/0`, `web/0` or `web`."""
    full = name if name.startswith(f"{app}/") else f"{app}/{name}"
    for replica in replicas:
        if replica == full or replica.startswith(f"{full}/"):
            return replica
    raise BadInput(_no_replica(name, replicas))


def _no_replica(name: str, replicas: Iterable[str]) -> Diagnostic:
    known = ", ".join(sorted(replicas)) or "none"
    return Diagnostic(
        summary=f"there is no replica {name!r}",
        detail=f"there are: {known}",
        remedy="see `moot ps`, or run `moot up` first",
    )


def _venue_failed(error: ProviderError) -> Failure:
    return Failure(
        Diagnostic(summary="the venue failed", detail=error.message, remedy=error.remedy)
    )
