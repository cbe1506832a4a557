"""Ask the venues what there is: every type of every venue at once, each to its last page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from moot.engine.ask import Question, ask
from moot.engine.survey import pages
from moot.engine.turn import World
from moot.model.resource import ConfigurationItem, Resource
from moot.provider import Provider, ProviderError, Scope

Kind = tuple[str, str]  # venue, type
Key = tuple[str, int]  # address, incarnation


@dataclass
class Listing:
    """What the venues showed.  `complete` kinds were listed to the end, and all there is was shown.

    `found` carries our marks; `everything` is what else there is of kinds that carry none.
    `unanswered` venues did not answer, for the reason given; to those `unreached` no connection
    could be had for any of their types.
    """

    found: list[ConfigurationItem] = field(default_factory=list[ConfigurationItem])
    everything: dict[Kind, list[ConfigurationItem]] = field(
        default_factory=dict[Kind, list[ConfigurationItem]]
    )
    unanswered: dict[str, str] = field(default_factory=dict[str, str])
    unreached: dict[str, ProviderError] = field(default_factory=dict[str, ProviderError])
    complete: set[Kind] = field(default_factory=set[Kind])


def list_kinds(
    kinds: Iterable[Kind],
    bare: Iterable[Kind],
    app: str,
    world: World,
    tick: Callable[[], None],
) -> Listing:
    """Ours of these kinds, and everybody's where things carry no marks (`bare`).

    `tick` is called now and then meanwhile.
    """
    ours, anybodys = Scope(installation=world.installation, app=app), Scope(installation=None)
    bare = set(bare)
    questions = {
        (venue, type): Question(
            venue, type, f"list {type}", pages(type, anybodys if (venue, type) in bare else ours)
        )
        for venue, type in kinds
    }
    listing, reached = Listing(), set[str]()
    for kind, answer in ask(questions, world.venues, world.slots, tick).items():
        if not (isinstance(answer, ProviderError) and answer.code == "NetworkFailure"):
            reached.add(kind[0])
        if isinstance(answer, ProviderError):
            listing.unanswered[kind[0]] = answer.message
            listing.unreached[kind[0]] = answer
            continue
        if all(page.complete for page in answer):
            listing.complete.add(kind)
        items = [item for page in answer for item in page.items]
        if kind in bare:
            listing.everything[kind] = items
        else:
            listing.found += [item for item in items if item.address]
    listing.unreached = {v: e for v, e in listing.unreached.items() if v not in reached}
    return listing


def read_each(
    items: Mapping[Key, ConfigurationItem], world: World, tick: Callable[[], None]
) -> dict[Key, ConfigurationItem | ProviderError | None]:
    """Each as it is now, None where it is gone: lists may lag, and what they lack may be there."""
    questions = {
        key: Question(item.venue, item.type, f"read {item.address}", _reads(item.on_venue))
        for key, item in items.items()
    }
    return ask(questions, world.venues, world.slots, tick)


def read_named(
    wants: Mapping[Key, Resource], world: World, tick: Callable[[], None]
) -> dict[Key, ConfigurationItem | ProviderError | None]:
    """The newest thing of each by its name, which no list has to show yet."""
    questions = {
        key: Question(want.venue, want.type, f"read {want.address}", _reads(want))
        for key, want in wants.items()
    }
    return ask(questions, world.venues, world.slots, tick)


def _reads(item: ConfigurationItem | Resource) -> Callable[[Provider], ConfigurationItem | None]:
    return lambda provider: provider.read(item)
