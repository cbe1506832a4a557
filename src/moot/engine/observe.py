"""Bring what we know of an App up to what its venues say, and settle what a crash left open."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from moot.engine.ask import Question, ask
from moot.engine.item import joined
from moot.engine.journal import Journal
from moot.engine.slots import Slots
from moot.engine.venues import Venues
from moot.model.codec import item_from_json
from moot.model.diagnostic import Diagnostic
from moot.model.report import Stale
from moot.model.resource import ConfigurationItem
from moot.model.value import encode
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
    unread: set[Key] = field(default_factory=set[Key])

    def tells_of(self, intent: Intent) -> bool:
        """Whether it is known by now what became of a call whose end was never recorded."""
        kind = str(intent.body["venue"]), str(intent.body["type"])
        seen = (intent.address, intent.incarnation) in self.seen
        return kind[0] not in self.unanswered and (seen or kind not in self.partial)

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
    listing = _list_all(kinds, Scope(installation=installation, app=app), venues, slots)
    now = venues.env.now()
    items = {(str(i.address), i.incarnation): i for i in known}
    listing.call_by_our_names(known)
    _read_missing(items, listing, venues, slots)
    current: dict[Key, ConfigurationItem | None] = {}
    for key, item in items.items():
        if key in listing.seen:
            current[key] = joined(item, listing.seen[key], now)
        else:
            unknown = item.venue in listing.unanswered or key in listing.unread
            current[key] = item if unknown else None
    resolved = [i for i in intents if listing.tells_of(i)]
    outcomes = {i.id: _resolve(i, current, listing, venues, now) for i in resolved}
    if journal:
        _write(journal, items, current, outcomes)
    return Observation(
        items=tuple(item for item in current.values() if item),
        stale=_stale(listing.unanswered, known, now),
        warnings=tuple(_unexplained(listing.seen, current)),
    )


def _resolve(
    intent: Intent,
    current: dict[Key, ConfigurationItem | None],
    listing: _Listing,
    venues: Venues,
    now: float,
) -> str:
    """What became of a call whose end was never recorded.

    A create that shows up is taken on, marked unfinished, so that it is made again under the same
    name and mark and thereby completed.  What an update was to change may be so or not: it counts
    as never asked for.  Any other call is simply planned again: handlers are idempotent.
    """
    key = (intent.address, intent.incarnation)
    item = current.get(key)
    if intent.verb == "update" and item is not None:
        asked = item_from_json(intent.body).applied
        sure = {k: v for k, v in item.applied.items() if encode(v) == encode(asked.get(k))}
        current[key] = replace(item, applied=sure)
    if intent.verb == "create" and current.get(key) is None and key in listing.seen:
        made = joined(item_from_json(intent.body), listing.seen[key], now)
        keeps_data = venues.schema(made.venue, made.type).keeps_data
        current[key] = replace(made, keeps_data=keeps_data, unfinished=True)
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
        if item is None or key not in before or _differs(journal.seal_item(item), before[key])
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


def _differs(item: ConfigurationItem, before: ConfigurationItem) -> bool:
    return replace(item, observed_at=before.observed_at) != before


def _list_all(
    kinds: Iterable[tuple[str, str]], scope: Scope, venues: Venues, slots: Slots
) -> _Listing:
    """Every type of every venue at once."""
    questions = {
        (venue, type): Question(venue, type, f"list {type}", _pages(type, scope))
        for venue, type in kinds
    }
    listing = _Listing()
    for kind, answer in ask(questions, venues, slots).items():
        if isinstance(answer, ProviderError):
            listing.unanswered[kind[0]] = answer.message
            continue
        if not all(page.complete for page in answer):
            listing.partial.add(kind)
        items = (item for page in answer for item in page.items if item.address)
        listing.seen.update({(str(item.address), item.incarnation): item for item in items})
    return listing


def _pages(type: str, scope: Scope) -> Callable[[Provider], list[Page]]:
    def pages(provider: Provider) -> list[Page]:
        found = [provider.list(type, scope, None)]
        while (cursor := found[-1].cursor) is not None:
            found.append(provider.list(type, scope, cursor))
        return found

    return pages


def _read_missing(
    known: Mapping[Key, ConfigurationItem], listing: _Listing, venues: Venues, slots: Slots
) -> None:
    """Lists may lag or be partial: what they lack is gone only when a read says so too."""
    questions = {
        key: Question(item.venue, item.type, f"read {item.address}", _reads(item.on_venue))
        for key, item in known.items()
        if key not in listing.seen and item.venue not in listing.unanswered
    }
    for key, answer in ask(questions, venues, slots).items():
        if isinstance(answer, ProviderError):
            listing.unread.add(key)
        elif answer is not None:
            listing.seen[key] = answer


def _reads(item: ConfigurationItem) -> Callable[[Provider], ConfigurationItem | None]:
    return lambda provider: provider.read(item)


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
