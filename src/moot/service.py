"""The facade: all that a user can ask of moot, a method each.  CLI and server only translate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from moot.selection import Selection
from moot.wiring import Wiring

if TYPE_CHECKING:
    from threading import Event

    from moot.engine.adopt import Wanted
    from moot.engine.machines import Machines
    from moot.model import report
    from moot.model.comparison import Comparison, Search
    from moot.model.diagnostic import Diagnostic
    from moot.model.first_boot import FirstBoot
    from moot.model.market import Listing, Order, Renewal, Wish
    from moot.model.plan import Plan
    from moot.model.rehearsal import PriceChange
    from moot.model.report import Outcome, Proposal, Recovery, Stale, Undoing, VenueStatus
    from moot.model.resource import ConfigurationItem
    from moot.model.value import JSON, Secret
    from moot.passes.parse import Parsed
    from moot.provider import LogLine

    Begun = Callable[[str, str, int, int], None]
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
        self._at = Wiring(selection, environ, trace)

    def close(self) -> None:
        """Close the database.  What was started goes on without us."""
        self._at.store.close()

    def doubts(self) -> tuple[Diagnostic, ...]:
        """Why the database cannot be trusted, if anything is wrong with it; until `recover`."""
        doubt = self._at.guard.doubt()
        return (doubt.diagnostic("warning"),) if doubt else ()

    def config(self) -> Parsed:
        """The declaration in canonical form.  Raises BadInput with every error at once."""
        return self._at.declared.loaded().parsed

    def plan(self) -> Proposal:
        """What `up` would do now.  Nothing is changed or written."""
        from moot.engine.propose import propose
        from moot.engine.rehearsal import worst_of

        app, world = self._at.declared.answered_app(), self._at.world()
        turn = propose(app, world)
        return self._told(replace(turn.proposal(app), worst=worst_of(turn, world)))

    def what_if(
        self, lose: Sequence[str], load: int, prices: Sequence[PriceChange]
    ) -> report.Rehearsal:
        """What would become of the App, were this so.  Nothing is changed or written."""
        return self._at.stage().what_if(lose, load, prices)

    def failures(self) -> report.Failures:
        """What each single failure would do, the worst first.  Nothing is changed or written."""
        return self._at.stage().failures()

    def up(
        self, observer: Observer, announce: Callable[[Proposal], None], cancelled: Event
    ) -> Outcome:
        """Make the App so.  `announce` is called once, before the first change."""
        from moot.engine.sources import packed

        loaded = self._at.declared.answered()

        def sources() -> bytes | None:
            return packed(loaded.sources, loaded.environ, loaded.parsed.secrets)

        def tell(proposal: Proposal) -> None:
            announce(self._told(proposal))

        return self._at.enact(observer, cancelled).make("up", loaded.parsed, sources, tell)

    def undoing(self) -> Undoing:
        """What `undo` would do now, and what it cannot.  Nothing is changed or written."""
        from moot.engine.undo import undoing

        return undoing(self._at.before(), self._at.world())

    def undo(self, told: Undoing, observer: Observer, cancelled: Event) -> Outcome:
        """Make the App what it was before its declaration last changed, as `told` said."""
        return self._at.enact(observer, cancelled).undo(self._at.before(), told)

    def down(
        self,
        *,
        volumes: bool,
        observer: Observer,
        announce: Callable[[Plan], None],
        cancelled: Event,
    ) -> Outcome:
        """Take the App away; its data only with `volumes`.  With -p it needs no compose file."""
        return self._at.enact(observer, cancelled).down(self._at.declared.name(), volumes, announce)

    def ps(
        self, *, all: bool = False
    ) -> tuple[tuple[report.ReplicaStatus, ...], tuple[Stale, ...]]:
        """Every replica as it is now."""
        return self._at.view().replicas(self._at.names(all))

    def inventory(
        self, *, all: bool = False, type: str | None = None, at: float | None = None
    ) -> tuple[tuple[ConfigurationItem, ...], tuple[Stale, ...]]:
        """All that exists, sensitive values as digests; `at` a time, by what was known then."""
        if at is None:
            return self._at.view().items(self._at.names(all), type)
        app = None if all else self._at.declared.name()
        return self._at.store.inventory_at(at, app, type), ()

    def history(self, address: str) -> tuple[report.Version, ...]:
        """Every version of what was at an address, newest first."""
        return self._at.view().history(address)

    def diff(self, since: float, until: float, *, all: bool = False) -> tuple[report.Contrast, ...]:
        """What came, went and changed between two times; no venue is asked."""
        from moot.engine.compare import compare

        return tuple(compare(self._at.names(all), since, until, self._at.store))

    def why(self, replica: str, without: Sequence[str] = ()) -> report.Why:
        """Why a replica is where it is, or would be after the next `up`; and what is best without
        these venues and pools, or without what it is on.
        """
        from moot.engine.propose import propose
        from moot.engine.replicas import one_of
        from moot.engine.why import why

        app, world = self._at.declared.app(), self._at.world()
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
        return self._at.replicas().logs(names, follow_on=follow, tail=tail, since=since, stop=stop)

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
        return self._at.replicas().execute(
            replica, argv, tty=tty, environment=environment, working_dir=working_dir, user=user
        )

    def sweep(self) -> tuple[tuple[report.Stray, ...], tuple[Stale, ...]]:
        """What carries our marks and is in no inventory.  Nothing is changed."""
        return self._at.sweep().found()

    def sweep_delete(
        self, chosen: Sequence[report.Stray], *, volumes: bool, observer: Observer, cancelled: Event
    ) -> tuple[Outcome, ...]:
        """Delete such things, App by App; what keeps data only with `volumes`."""
        self._at.guard.admit()
        self._at.guard.advance()
        return self._at.sweep().delete(chosen, volumes, observer, cancelled)

    def recover(self, installation: str | None, confirm: Callable[[Recovery], bool]) -> Recovery:
        """Rebuild the inventory from the marks on the venues and take over; `confirm` decides."""
        from moot.engine.rebuild import Rebuild

        ours = installation or self._at.guard.installation
        return Rebuild(self._at.world(), self._at.guard, ours).run(confirm)

    def adopt(self, wanted: Wanted) -> ConfigurationItem:
        """Take a thing that exists into the inventory."""
        from moot.engine.adopt import adopt

        self._at.guard.admit()
        self._at.guard.advance()
        return adopt(wanted, self._at.world())

    def forget(self, address: str) -> tuple[ConfigurationItem, ...]:
        """Take what is at an address out of the inventory; the venue is not asked."""
        from moot.engine.adopt import forget

        self._at.guard.admit()
        self._at.guard.advance()
        return forget(address, self._at.world())

    def venue_list(self) -> tuple[VenueStatus, ...]:
        """All venues, unasked, with what is wrong with their settings."""
        return self._at.reading().listed()

    def venue_check(self, names: Sequence[str]) -> tuple[VenueStatus, ...]:
        """What venues say of themselves; all where none is named."""
        return self._at.reading().checked(names)

    def venue_add(self, name: str, provider: str, settings: Mapping[str, JSON]) -> VenueStatus:
        """Write a venue into venues.yaml."""
        return self._at.book().add(name, provider, settings)

    def venue_rename(self, old: str, new: str) -> None:
        """Rename a venue, and every address that names it."""
        self._at.guard.admit()
        self._at.guard.advance()
        self._at.book().rename(old, new, self._at.env.now())

    def venue_remove(self, name: str) -> None:
        """Forget a venue on which nothing of ours is."""
        self._at.guard.admit()
        self._at.book().remove(name)

    def machines(self, names: Sequence[str]) -> Machines:
        """Machines to be asked and told; all there are where none is named."""
        from moot.engine.machines import machines

        chosen = self._at.venues.meant(names)
        return machines(chosen or self._at.allowed(), bool(chosen), self._at.venues, self._at.slots)

    def offerings(
        self, wish: Wish, order: Order, limit: int | None, names: Sequence[str], *, market: bool
    ) -> Listing:
        """What these venues offer now; where none is named all, and with `market` what is sold."""
        from moot.engine.quoted import quoted
        from moot.market import snapshot

        chosen = self._at.venues.meant(names)
        wider = market and not chosen and not self._at.selection.venues
        sold = snapshot(self._at.home.market) if wider else ()
        asked = chosen or self._at.allowed()
        return quoted(wish, order, limit, asked, sold, self._at.venues, self._at.slots)

    def compare(self, search: Search) -> Comparison:
        """What machines for the App would cost on each vendor.  Nothing is bought or written."""
        from moot.engine.estimated import estimated
        from moot.market import snapshot

        market = snapshot(self._at.home.market)
        return estimated(self._at.declared.app(), self._at.world(), search, market)

    def refresh(
        self, vendors: Sequence[str], regions: Sequence[str], begun: Begun
    ) -> Iterator[Renewal]:
        """Ask vendors for their prices; the market is what they said from then on."""
        from moot.engine.renewed import renewed

        return renewed(vendors, regions, self._at.home.market, self._at.env, begun)

    def forget_prices(self) -> bool:
        """Go back to the prices that come with moot; whether there were others."""
        there = self._at.home.market.exists()
        self._at.home.market.unlink(missing_ok=True)
        return there

    def volume_list(self, *, all: bool = False) -> tuple[report.VolumeStatus, ...]:
        """Everything that keeps data."""
        return self._at.view().volumes(self._at.names(all))

    def volume_remove(self, names: Sequence[str], observer: Observer, cancelled: Event) -> Outcome:
        """Delete volumes that nothing uses; Refused where something does."""
        return self._at.enact(observer, cancelled).remove_volumes(self._at.declared.name(), names)

    def user_data(self, boot: FirstBoot, format: str) -> str:
        """First-boot data for cloud-init or Ignition.  Raises BadInput for what it cannot say."""
        from moot.engine.first_boot import document

        return document(boot, format)

    def secret_list(self, *, all: bool = False) -> tuple[report.SecretStatus, ...]:
        """Every secret of which moot keeps the content, without that."""
        from moot.engine.secrets import listed

        return listed(self._at.names(all), self._at.store)

    def secret_forget(self, names: Sequence[str]) -> tuple[Secret, ...]:
        """Drop what is kept of secrets; replicas keep what they were given."""
        from moot.engine.hold import hold
        from moot.engine.secrets import forget

        self._at.guard.admit()
        with hold(self._at.declared.name(), "secret forget", self._at.world()) as journal:
            self._at.guard.advance()
            return forget(names, journal)

    def doctor(self) -> tuple[report.Check, ...]:
        """What this machine lacks, and the command that mends it."""
        from moot.engine.doctor import examine

        return tuple(examine(self._at.venues, self._at.slots))

    def _told(self, proposal: Proposal) -> Proposal:
        """A proposal with what `parse` had to say, too."""
        warnings = tuple(d for d in self.config().diagnostics if d.severity == "warning")
        return replace(proposal, warnings=(*warnings, *proposal.warnings))
