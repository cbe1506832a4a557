"""Bring what we know of an App up to what its venues say, and settle what a crash left open."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from operator import attrgetter
from typing import TYPE_CHECKING

from moot.engine import settling
from moot.engine.explained import explained
from moot.engine.identify import identify, made_for
from moot.engine.item import joined
from moot.engine.listing import Key, Kind, Listing, list_kinds, read_each, read_named
from moot.engine.survey import thing
from moot.engine.turn import Observation, World
from moot.model.diagnostic import Diagnostic, Failure
from moot.model.report import Stale
from moot.model.resource import ConfigurationItem, Resource
from moot.provider import ProviderError

if TYPE_CHECKING:
    from moot.engine.journal import Journal
    from moot.store import Intent

_content = attrgetter(*(f.name for f in fields(ConfigurationItem) if f.name != "observed_at"))


def observe(app: str, world: World, journal: Journal | None = None) -> Observation:
    """Look at everything the App has; with a journal also write down what changed meanwhile.

    Failure where something would be changed and things carry marks of a later generation.
    """
    view = _View(app, world, world.store.inventory(app), world.store.open_intents(app))
    view.list(journal)
    if journal:
        _refuse_if_superseded(view.listing.found, journal.generation)
    view.ask_for(journal)
    view.read(journal)
    view.take_on()
    outcomes = view.outcomes(journal)
    open = [i for i in view.intents if i.id not in outcomes]
    if journal:
        _write(journal, view, outcomes)
        journal.pending = {i.change: i for i in open}
    return Observation(
        items=tuple(item for item in view.current.values() if item),
        at=view.now,
        stale=tuple(view.stale()),
        warnings=tuple(_unexplained(view.strangers)),
        undecided=tuple(i for i in open if view.is_undecided(i, journal)),
        refused={i.change: why for i in open if (why := view.refusal(i))},
        unreached=view.listing.unreached,
    )


@dataclass
class _View:
    """What is known of an App, on its way from what was recorded to what is there."""

    app: str
    world: World
    known: tuple[ConfigurationItem, ...]
    intents: tuple[Intent, ...]
    kinds: set[Kind] = field(default_factory=set[Kind])
    listing: Listing = field(default_factory=Listing)
    seen: dict[Key, ConfigurationItem] = field(default_factory=dict[Key, ConfigurationItem])
    current: dict[Key, ConfigurationItem | None] = field(
        default_factory=dict[Key, ConfigurationItem | None]
    )
    strangers: list[ConfigurationItem] = field(default_factory=list[ConfigurationItem])

    def __post_init__(self) -> None:
        self.now = self.world.venues.env.now()

    def list(self, journal: Journal | None) -> None:
        """Who will change something looks wherever the App ever had anything: so it is found what
        landed so late that nobody waits for it any more.  What is not configured any more,
        or has no such type any more, and of which nothing is known, is not looked at or missed.
        """
        store, venues = self.world.store, self.world.venues
        kinds = {(item.venue, item.type) for item in self.known}
        kinds |= {k for k in store.kinds(self.app) if venues.may_have(*k)} if journal else set()
        if max_age_s := self.world.max_age_s:
            kinds -= {k for k, at in store.listed(self.app).items() if self.now - at < max_age_s}
        self.kinds = kinds | {settling.kind_of(i) for i in self.intents}
        made = {settling.kind_of(i) for i in self.intents if i.verb == "create"}
        bare = {kind for kind in made if venues.schema(*kind).create_class == "BARE"}
        tick = journal.renew if journal else _nothing
        self.listing = list_kinds(sorted(self.kinds), bare, self.app, self.world, tick)
        known = journal.uids if journal else self.uids()
        self.sort(self.listing.found, known, tick)

    def uids(self) -> Mapping[str, str]:
        """Of every address the App ever had."""
        return {a: uid for a, (uid, _) in self.world.store.identities(self.app).items()}

    def sort(
        self,
        found: Sequence[ConfigurationItem],
        uids: Mapping[str, str],
        tick: Callable[[], None],
    ) -> None:
        """Which is which.  Where several are the same one, those that have gone meanwhile, though
        a list that lags shows them still, are nobody's twins.  No twin passes for what we know only
        because a list lacks that.
        """
        self.seen = identify(found, self.known, uids)
        shown = {thing(item) for item in found}
        hidden = {k: i for i in self.known if thing(i) not in shown and (k := _key(i)) in self.seen}
        if hidden:
            answers = read_each(hidden, self.world, tick).values()
            found = [*found, *(item for item in answers if isinstance(item, ConfigurationItem))]
            self.seen = identify(found, self.known, uids)
        known = {_key(item) for item in self.known}
        doubled = {(made_for(a), n) for a, n in self.seen.keys() - known if a != made_for(a)}
        if not doubled:
            return
        several = {k: i for k, i in self.seen.items() if (made_for(k[0]), k[1]) in doubled}
        answers = read_each(several, self.world, tick)
        if gone := {thing(several[key]) for key, answer in answers.items() if answer is None}:
            there = [item for item in found if thing(item) not in gone]
            self.seen = identify(there, [i for i in self.known if thing(i) not in gone], uids)

    def ask_for(self, journal: Journal | None) -> None:
        """What an interrupted create made under its name is asked for by it: lists may lag."""
        found = {*self.seen, *map(_key, self.known)}
        missing = {
            _key(intent): Resource(address=intent.address, type=kind[1], venue=kind[0])
            for intent in self.intents
            if intent.verb == "create"
            and settling.create_class(intent, self.world) == "NAME"
            and (kind := settling.kind_of(intent))[0] not in self.listing.unanswered
            and _key(intent) not in found
        }
        answers = read_named(missing, self.world, journal.renew if journal else _nothing)
        for key, answer in answers.items():
            if isinstance(answer, ConfigurationItem) and answer.incarnation == key[1]:
                self.seen[key] = answer

    def read(self, journal: Journal | None) -> None:
        """Lists may lag or be partial: what they lack is gone only when a read says so too, and
        what they show though nobody knows it may have been gone for a while.
        """
        known = {_key(item): item for item in self.known}
        doubtful = {key: item for key, item in known.items() if self.is_missing(key, item)}
        doubtful |= {key: item for key, item in self.seen.items() if key not in known}
        read = read_each(doubtful, self.world, journal.renew if journal else _nothing)
        for key, answer in read.items():
            if answer is None:
                self.seen.pop(key, None)
            elif not isinstance(answer, ProviderError):
                self.seen[key] = answer
        for key, item in known.items():
            seen = self.seen.get(key)
            gone = key in read and read[key] is None
            self.current[key] = joined(item, seen, self.now) if seen else None if gone else item

    def is_missing(self, key: Key, item: ConfigurationItem) -> bool:
        """Whether a list that was asked for does not show it."""
        asked = (item.venue, item.type) in self.kinds
        return asked and key not in self.seen and item.venue not in self.listing.unanswered

    def take_on(self) -> None:
        """What was seen and is not recorded is ours again where the journal explains it.

        Then the plan ends it like anything that is superseded, unless it is wanted as it is; what
        has a name is then made once more under it, and so completed.
        """
        for key, seen in self.seen.items():
            if key in self.current:
                continue
            address = key[0]
            asked = explained(seen, self.app, made_for(address), self.world.store)
            if asked is None:
                self.strangers.append(seen)
                continue
            schema = self.world.venues.schema(seen.venue, seen.type)
            twin = address != made_for(address)
            self.current[key] = replace(
                joined(asked, seen, self.now),
                venue=seen.venue,
                address=address,
                applied=settling.sure(asked.applied, schema),
                marked_as=seen.address if seen.address != address else None,
                replica=None if twin else asked.replica,
                main=asked.main and not twin,
                keeps_data=schema.keeps_data and not twin,  # nobody ever wrote to a twin
                unfinished=schema.create_class == "NAME",
            )

    def outcomes(self, journal: Journal | None) -> dict[int, str]:
        """How intents end whose calls had no recorded end; what an update may have changed."""
        held_since = journal.held_since if journal else 0.0
        ends: dict[int, str] = {}
        for intent in self.intents:
            key = _key(intent)
            item = self.current.get(key)
            if intent.verb == "update" and item:
                self.current[key] = settling.doubted(item, intent)
            if not self.tells_of(intent) or self.is_to_replay(intent, journal):
                continue
            over = self.now >= settling.over_at(intent, self.world, held_since)
            end = settling.outcome(intent, item, over=over)
            if end and not self.candidates(intent):
                ends[intent.id] = end
        return ends

    def is_to_replay(self, intent: Intent, journal: Journal | None) -> bool:
        """Whether the very same request is yet to be made again, as its token allows."""
        if journal is None or intent.id in journal.replayed or settling.is_answered(intent):
            return False
        return intent.verb == "create" and settling.create_class(intent, self.world) == "TOKEN"

    def is_undecided(self, intent: Intent, journal: Journal | None) -> bool:
        """Whether an open intent may still change what stands there."""
        standing = intent.verb == "create" and self.current.get(_key(intent))
        return not standing or self.is_to_replay(intent, journal)

    def tells_of(self, intent: Intent) -> bool:
        """Whether what there is now is known of a thing: it was seen, or all was that there is."""
        kind = settling.kind_of(intent)
        answered = kind[0] not in self.listing.unanswered
        return answered and (_key(intent) in self.seen or kind in self.listing.complete)

    def candidates(self, intent: Intent) -> tuple[str, ...]:
        """What a create that leaves no marks may have made."""
        kind = settling.kind_of(intent)
        if intent.verb != "create" or kind not in self.listing.everything:
            return ()
        known = {i.identifier for i in self.world.store.inventory() if (i.venue, i.type) == kind}
        return settling.candidates(intent, self.listing.everything[kind], known)

    def refusal(self, intent: Intent) -> Diagnostic | None:
        """Why a create must not be made again: it has no name that would keep it from twins."""
        if intent.verb != "create" or self.current.get(_key(intent)):
            return None
        if settling.create_class(intent, self.world) == "NAME":
            return None
        return settling.refusal(intent, self.candidates(intent))

    def stale(self) -> Iterator[Stale]:
        """Venues that did not answer, and since when nothing is known of them."""
        listed = self.world.store.listed(self.app)
        for venue, reason in sorted(self.listing.unanswered.items()):
            ages = [at for kind, at in listed.items() if kind[0] == venue and kind in self.kinds]
            yield Stale(venue=venue, since=min(ages, default=self.now), reason=reason)


def _key(thing: ConfigurationItem | Intent) -> Key:
    return str(thing.address), thing.incarnation


def _nothing() -> None:
    """There is no lease to keep."""


def _refuse_if_superseded(found: Iterable[ConfigurationItem], generation: int) -> None:
    later = [item for item in found if (item.generation or 0) > generation]
    if later:
        raise Failure(
            Diagnostic(
                summary="another copy of this store has taken over",
                detail=f"{later[0].address} was made by generation {later[0].generation} of this "
                f"installation, this store is generation {generation}",
                remedy="go on working there; if this one is to take over, `moot recover`",
            )
        )


def _write(journal: Journal, view: _View, outcomes: Mapping[int, str]) -> None:
    before = {_key(item): item for item in view.known}
    changed = [
        (key, item)
        for key, item in view.current.items()
        if item is None or key not in before or _differs(journal.seal_item(item), before[key])
    ]
    if not changed and not view.intents and not view.listing.complete:
        return
    with journal.store.turn(journal.lease):
        for key, item in changed:
            if item is None:
                journal.gone(before[key], "seen to be gone")
            else:
                journal.write(item)
        for intent in view.intents:
            if end := outcomes.get(intent.id):
                journal.store.settle(intent.id, end, journal.now())
            elif not settling.is_quiet(intent):
                journal.quiet(intent.id, settling.quiet_since(intent, journal.held_since))
        for venue, type in sorted(view.listing.complete):
            journal.store.put_listed(view.app, venue, type, view.now)


def _differs(item: ConfigurationItem, before: ConfigurationItem) -> bool:
    """Whether more is new than the time of the look."""
    return _content(item) != _content(before)


def _unexplained(strangers: Iterable[ConfigurationItem]) -> Iterator[Diagnostic]:
    for item in strangers:
        yield Diagnostic(
            severity="warning",
            summary=f"{item.identifier} carries our marks, but this store does not know it",
            detail=f"it says that it is {item.address}#{item.incarnation} on {item.venue}",
            remedy="it is left alone; `moot sweep` shows it, `moot adopt` takes it over",
        )
