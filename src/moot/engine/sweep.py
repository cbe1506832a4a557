"""What carries our marks on a venue but is in no inventory: shown, and deleted where asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from moot.engine.carry_out import carry_out
from moot.engine.explained import explained
from moot.engine.hold import hold
from moot.engine.journal import Journal
from moot.engine.propose import difference
from moot.engine.status import outcome
from moot.engine.survey import app_of, survey, unknown
from moot.engine.turn import Hands, Observation, World, sealed
from moot.model.report import Outcome, Stale, Step, Stray
from moot.model.resource import ConfigurationItem
from moot.store import Store


@dataclass(frozen=True, slots=True)
class Sweep:
    """Over the venues of this run, for every App at once."""

    world: World

    def found(self) -> tuple[tuple[Stray, ...], tuple[Stale, ...]]:
        """All that is ours on these venues and not in the inventory; venues that do not answer."""
        world = self.world
        seen = survey(world.allowed, world.installation, world.venues, world.slots)
        strays = tuple(
            Stray(
                item=sealed(item, world),
                app=app_of(str(item.address)),
                explained=_is_explained(item, world.store),
            )
            for item in unknown(seen.items, world.store.inventory())
        )
        return strays, seen.stale

    def delete(
        self,
        chosen: Sequence[Stray],
        volumes: bool,
        observer: Callable[[Step], None],
        cancelled: threading.Event,
    ) -> tuple[Outcome, ...]:
        """Delete these, App by App, each under its lease; what keeps data only with `volumes`."""
        outcomes: list[Outcome] = []
        for app in dict.fromkeys(stray.app for stray in chosen):
            for batch in _batches(stray.item for stray in chosen if stray.app == app):
                with hold(app, "sweep --delete", self.world) as journal:
                    hands = Hands({}, observer, cancelled, journal.renew)
                    outcomes.append(self._delete(batch, volumes, journal, hands))
        return tuple(outcomes)

    def _delete(
        self,
        items: tuple[ConfigurationItem, ...],
        volumes: bool,
        journal: Journal,
        hands: Hands,
    ) -> Outcome:
        world, begun_at = self.world, journal.now()
        observed = Observation(items=items)
        plan = difference((), observed, world, journal.app, volumes, "swept")
        walk = carry_out(plan, observed, world, journal, hands)
        return outcome(walk, None, (), (), (), journal.now() - begun_at)


def _batches(items: Iterable[ConfigurationItem]) -> Iterator[tuple[ConfigurationItem, ...]]:
    """Several things that say they are the same one are deleted one after the other."""
    rest = list(items)
    while rest:
        batch: dict[tuple[str, int], ConfigurationItem] = {}
        for item in rest:
            batch.setdefault((str(item.address), item.incarnation), item)
        yield tuple(batch.values())
        rest = [item for item in rest if item not in batch.values()]


def _is_explained(item: ConfigurationItem, store: Store) -> bool:
    """Whether the journal knows that it made this very thing, and nobody told it to forget it."""
    address = str(item.address)
    return explained(item, app_of(address), address, store) is not None
