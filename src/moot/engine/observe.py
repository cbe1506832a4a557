"""Bring what we know of an App up to what its venues say, and settle what a crash left open."""

from __future__ import annotations

import queue
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from moot.engine.item import joined
from moot.engine.journal import Journal
from moot.engine.slots import Slots
from moot.engine.venues import Venues
from moot.model.codec import item_from_json
from moot.model.diagnostic import BadInput, Diagnostic
from moot.model.report import Stale
from moot.model.resource import ConfigurationItem
from moot.provider import Page, Provider, ProviderError, Scope
from moot.store import Intent, Store

Key = tuple[str, int]  # address, incarnation


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What exists now.  `items` hold properties as the venue reports them, unsealed.

    `stale` venues did not answer: their items are as they were last known.
    """

    items: tuple[ConfigurationItem, ...]
    stale: tuple[Stale, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()


@dataclass
class _Listing:
    seen: dict[Key, ConfigurationItem] = field(default_factory=dict[Key, ConfigurationItem])
    unanswered: dict[str, str] = field(default_factory=dict[str, str])
    partial: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    def call_by_our_names(self, known: Sequence[ConfigurationItem]) -> None:
        """A thing made before its venue was renamed carries the old address for ever."""
        names = {(i.venue, i.type, i.identifier): (str(i.address), i.incarnation) for i in known}
        for key, item in list(self.seen.items()):
            ours = names.get((item.venue, item.type, item.identifier))
            if ours and ours != key:
                self.seen[ours] = self.seen.pop(key)


def observe(
    app: str,
    venues: Venues,
    store: Store,
    slots: Slots,
    installation: str,
    journal: Journal | None = None,
) -> Observation:
    """Look at everything the App has; with a journal also write down what changed meanwhile."""
    known = store.inventory(app)
    intents = store.open_intents(app)
    kinds = dict.fromkeys((item.venue, item.type) for item in known)
    kinds |= dict.fromkeys((str(i.body["venue"]), str(i.body["type"])) for i in intents)
    listing = _list_all(tuple(kinds), Scope(installation=installation, app=app), venues, slots)
    now = venues.env.now()
    items = {(str(i.address), i.incarnation): i for i in known}
    listing.call_by_our_names(known)
    current: dict[Key, ConfigurationItem | None] = {}
    for key, item in items.items():
        if item.venue in listing.unanswered or (item.venue, item.type) in listing.partial:
            seen = listing.seen.get(key)
            current[key] = joined(item, seen, now) if seen else item
        else:
            current[key] = joined(item, listing.seen[key], now) if key in listing.seen else None
    resolved = [i for i in intents if i.body["venue"] not in listing.unanswered]
    outcomes = {i.id: _resolve(i, current, listing, now) for i in resolved}
    if journal:
        _write(journal, items, current, outcomes)
    return Observation(
        items=tuple(item for item in current.values() if item),
        stale=_stale(listing.unanswered, known, now),
        warnings=tuple(_unexplained(listing.seen, current)),
    )


def _resolve(
    intent: Intent, current: dict[Key, ConfigurationItem | None], listing: _Listing, now: float
) -> str:
    """What became of a call whose end was never recorded.

    A create that shows up is taken on, marked unfinished, so that it is made again under the same
    name and mark and thereby completed; any other call is simply planned again: handlers are
    idempotent.
    """
    key = (intent.address, intent.incarnation)
    if intent.verb == "create" and current.get(key) is None and key in listing.seen:
        made = item_from_json(intent.body)
        current[key] = replace(joined(made, listing.seen[key], now), unfinished=True)
        return "found"
    return "gone" if current.get(key) is None else "repeat"


def _write(
    journal: Journal,
    before: Mapping[Key, ConfigurationItem],
    current: Mapping[Key, ConfigurationItem | None],
    outcomes: Mapping[int, str],
) -> None:
    changed = [
        (key, item)
        for key, item in current.items()
        if item is None or key not in before or journal.seal_item(item) != before[key]
    ]
    if not changed and not outcomes:
        return
    with journal.store.turn(journal.lease):
        for key, item in changed:
            if item is None:
                journal.gone(before[key], "seen to be gone")
            else:
                journal.write(item)
        for intent, outcome in outcomes.items():
            journal.store.settle(intent, outcome, journal.now())


def _list_all(
    kinds: Sequence[tuple[str, str]], scope: Scope, venues: Venues, slots: Slots
) -> _Listing:
    """Every type of every venue at once; a venue that does not answer holds up no other."""
    answers: queue.SimpleQueue[Callable[[_Listing], None]] = queue.SimpleQueue()
    for venue, type in kinds:
        slots.submit(venue, _lister(venue, type, scope, venues, answers))
    listing = _Listing()
    for _ in kinds:
        answers.get()(listing)
    return listing


def _lister(
    venue: str,
    type: str,
    scope: Scope,
    venues: Venues,
    answers: queue.SimpleQueue[Callable[[_Listing], None]],
) -> Callable[[], None]:
    def job() -> None:
        items: list[ConfigurationItem] = []
        complete = True
        try:
            cursor: str | None = None
            while True:
                page = venues.call(venue, f"list {type}", _lists(type, scope, cursor))
                items += page.items
                complete = complete and page.complete
                cursor = page.cursor
                if cursor is None:
                    break
        except (ProviderError, BadInput) as error:
            reason = error.message if isinstance(error, ProviderError) else str(error)
            answers.put(lambda listing: listing.unanswered.update({venue: reason}))
            return

        def add(listing: _Listing) -> None:
            listing.seen.update({(str(i.address), i.incarnation): i for i in items if i.address})
            if not complete:
                listing.partial.add((venue, type))

        answers.put(add)

    return job


def _lists(type: str, scope: Scope, cursor: str | None) -> Callable[[Provider], Page]:
    return lambda provider: provider.list(type, scope, cursor)


def _stale(
    unanswered: Mapping[str, str], known: Sequence[ConfigurationItem], now: float
) -> tuple[Stale, ...]:
    return tuple(
        Stale(
            venue=venue,
            since=max((i.observed_at for i in known if i.venue == venue), default=0.0) or now,
            reason=reason,
        )
        for venue, reason in sorted(unanswered.items())
    )


def _unexplained(
    seen: Mapping[Key, ConfigurationItem], current: Mapping[Key, ConfigurationItem | None]
) -> list[Diagnostic]:
    return [
        Diagnostic(
            severity="warning",
            summary=f"{item.identifier} carries our marks, but this store does not know it",
            detail=f"it says that it is {item.address}#{item.incarnation} on {item.venue}",
            remedy="it is left alone; remove it by hand if nobody needs it",
        )
        for key, item in seen.items()
        if key not in current
    ]
