"""Take a thing that exists into the inventory, or out of it; on the venue only marks are set."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from moot.engine.explained import FORGOTTEN
from moot.engine.hold import hold
from moot.engine.journal import Journal
from moot.engine.memo import recalled
from moot.engine.survey import app_of, pages
from moot.engine.turn import World, sealed
from moot.model.diagnostic import BadInput, Diagnostic, Failure, Refused
from moot.model.resource import ConfigurationItem
from moot.provider import (
    Done,
    Imports,
    Marks,
    Operation,
    Pending,
    Progress,
    Provider,
    ProviderError,
    Scope,
)
from moot.store import Intent

T = TypeVar("T")

TRIES = 600  # of a venue that takes its time to set marks


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to adopt: the thing with this identifier, under this address."""

    address: str
    type: str
    identifier: str
    venue: str


def adopt(wanted: Wanted, world: World) -> ConfigurationItem:
    """The thing as it was taken on.

    BadInput where there is no such thing or address, Refused where it is another's, is known
    already, or cannot carry our marks.  The next plan compares it with what is declared.
    """
    _check(wanted, world)
    app = app_of(wanted.address)
    seen = _seen(wanted, world)
    if seen.installation not in {None, world.installation}:
        raise Refused(_anothers(wanted, seen))
    for item in world.store.inventory():
        if (item.venue, item.type, item.identifier) == (seen.venue, seen.type, seen.identifier):
            raise Refused(_known(item))
        if item.address == wanted.address:
            raise Refused(_occupied(item))
    with hold(app, "adopt", world) as journal:
        marked = seen if seen.address else _marked(wanted, seen, journal, world)
        assert marked.uid, "what carries our marks carries a uid"
        keeps_data = world.venues.schema(wanted.venue, wanted.type).keeps_data
        item = recalled(marked, keeps_data, journal.now())
        if item.address != wanted.address:
            item = replace(item, address=wanted.address, marked_as=item.address)
        with world.store.turn(journal.lease):
            journal.uids[wanted.address] = marked.uid
            journal.write(item)
            _settle(wanted.address, "adopted", world, journal)
    return sealed(item, world)


def forget(address: str, world: World) -> tuple[ConfigurationItem, ...]:
    """What was taken out of the inventory; on its venue it stays as it is, marks and all.

    `@VENUE` stands for all that any App has there, as for a machine that will not come back.
    """
    if address.startswith("@"):
        there = f"{address}/"
        found = [
            thing
            for app in _apps(there, world)
            for thing in _forget(app, lambda known: there in known, world)
        ]
    else:
        found = _forget(app_of(address), lambda known: known == address, world)
    if not found:
        raise BadInput(_nothing_at(address))
    return tuple(item for item in found if isinstance(item, ConfigurationItem))


def _apps(there: str, world: World) -> list[str]:
    """Those that have something there: no other is held up, or holds this up."""
    known = [str(item.address) for item in world.store.inventory()]
    known += [intent.address for intent in world.store.open_intents(None)]
    return sorted({app_of(address) for address in known if there in address})


def _forget(
    app: str, chosen: Callable[[str], bool], world: World
) -> list[ConfigurationItem | Intent]:
    with hold(app, "forget", world) as journal:
        items = [i for i in world.store.inventory(app) if chosen(str(i.address))]
        pending = [i for i in world.store.open_intents(app) if chosen(i.address)]
        with world.store.turn(journal.lease):
            for item in items:
                journal.gone(item, FORGOTTEN)
            for address in {str(thing.address) for thing in (*items, *pending)}:
                _settle(address, "forgotten", world, journal)
    return [*items, *pending]


def _check(wanted: Wanted, world: World) -> None:
    """Whether the address is one of ours and of this venue, and the type one that it has."""
    before, _, rest = wanted.address.partition("@")
    venue, _, kind = rest.partition("/")
    if not app_of(before) or venue != wanted.venue or not kind:
        raise BadInput(_no_address(wanted))
    types = _ask(wanted, world, "types", lambda provider: tuple(provider.types()))
    if wanted.type not in types:
        raise BadInput(_no_type(wanted, sorted(types)))


def _seen(wanted: Wanted, world: World) -> ConfigurationItem:
    listing = pages(wanted.type, Scope(installation=None))
    found = _ask(wanted, world, f"list {wanted.type}", listing)
    items = (item for page in found for item in page.items)
    item = next((item for item in items if item.identifier == wanted.identifier), None)
    if item is None:
        raise BadInput(_no_such_thing(wanted))
    return item


def _ask(wanted: Wanted, world: World, what: str, call: Callable[[Provider], T]) -> T:
    try:
        return world.venues.call(wanted.venue, what, call)
    except ProviderError as error:
        raise Failure(_failed(wanted, error)) from error


def _marked(
    wanted: Wanted, seen: ConfigurationItem, journal: Journal, world: World
) -> ConfigurationItem:
    """Have the provider set our marks.  Killed meanwhile, the same command goes on from there."""
    if not isinstance(world.venues.provider(wanted.venue), Imports):
        raise Refused(_unmarkable(wanted, "its provider has no way to"))
    uid, used = journal.store.identities(journal.app).get(wanted.address, (uuid.uuid4().hex, 0))
    marks = Marks(
        installation=journal.installation,
        generation=journal.generation,
        app=journal.app,
        address=wanted.address,
        uid=uid,
        incarnation=used + 1,
    )
    try:
        return marks.on(_driven(wanted, seen, marks, world))
    except ProviderError as error:
        if error.code == "NotUpdatable":
            raise Refused(_unmarkable(wanted, error.message, error.remedy)) from None
        raise Failure(_failed(wanted, error)) from error


def _driven(
    wanted: Wanted, seen: ConfigurationItem, marks: Marks, world: World
) -> ConfigurationItem:
    """The call, again and again until the venue is done with it."""
    env, resume = world.venues.env, None
    bound_s = world.venues.schema(wanted.venue, wanted.type).call_timeout_s
    token = uuid.uuid4().hex
    for _ in range(TRIES):
        op = Operation(token=token, marks=marks, deadline=env.now() + bound_s, resume=resume)

        def set_marks(provider: Provider, op: Operation = op) -> Progress:
            assert isinstance(provider, Imports)
            return provider.adopt(wanted.type, wanted.identifier, op)

        match world.venues.call(wanted.venue, f"adopt {wanted.identifier}", set_marks):
            case Done(item):
                return item or seen
            case Pending(seconds, resume):
                env.sleep(seconds)
    raise ProviderError("NotStabilized", "the venue never came to an end with it")


def _settle(address: str, outcome: str, world: World, journal: Journal) -> None:
    """A create of it whose end nobody saw has now been explained by a human."""
    for intent in world.store.open_intents(journal.app):
        if intent.address == address:
            world.store.settle(intent.id, outcome, journal.now())


def _no_address(wanted: Wanted) -> Diagnostic:
    return Diagnostic(
        summary=f"{wanted.address} is no address of a thing on a venue",
        detail="an address is made of app, component, index, venue and kind",
        remedy="for example shop/web/0@laptop/process; `moot plan` shows those of an App",
    )


def _no_type(wanted: Wanted, types: Sequence[str]) -> Diagnostic:
    return Diagnostic(
        summary=f"{wanted.venue} has no type {wanted.type!r}",
        detail=f"it has {', '.join(types)}",
        remedy="name one of these",
    )


def _no_such_thing(wanted: Wanted) -> Diagnostic:
    return Diagnostic(
        summary=f"there is no {wanted.type} {wanted.identifier} on {wanted.venue}",
        detail="the venue lists none with that identifier",
        remedy="identifiers are the venue's own, and whole: docker ps --no-trunc, or a path",
    )


def _anothers(wanted: Wanted, seen: ConfigurationItem) -> Diagnostic:
    return Diagnostic(
        summary=f"{wanted.identifier} belongs to another installation of moot",
        detail=f"it is {seen.address} of installation {seen.installation}, whose user relies on it",
        remedy="take it down there; if its database is lost, `moot recover --installation "
        f"{seen.installation}` in an empty MOOT_HOME takes on all that it had",
    )


def _known(item: ConfigurationItem) -> Diagnostic:
    return Diagnostic(
        summary=f"{item.identifier} is in the inventory already",
        detail=f"it is {item.address}",
        remedy="there is nothing to be done; `moot history` tells how it came there",
    )


def _occupied(item: ConfigurationItem) -> Diagnostic:
    return Diagnostic(
        summary=f"there is something at {item.address} already",
        detail=f"it is {item.identifier} on {item.venue}",
        remedy=f"choose another address, or `moot forget {item.address}` first",
    )


def _nothing_at(address: str) -> Diagnostic:
    return Diagnostic(
        summary=f"nothing is at {address}",
        detail="neither the inventory nor a call under way has that address",
        remedy="see `moot inventory --all` for those that exist",
    )


def _unmarkable(wanted: Wanted, detail: str, remedy: str = "") -> Diagnostic:
    return Diagnostic(
        summary=f"a {wanted.type} that moot did not make cannot be taken over",
        detail=f"it would have to carry our marks, and {detail}",
        remedy=remedy or "let moot make one of its own, and move what is in it",
    )


def _failed(wanted: Wanted, error: ProviderError) -> Diagnostic:
    return Diagnostic(
        summary=f"{wanted.venue} could not do it",
        detail=f"{error.code}: {error.message}",
        remedy=error.remedy or f"`moot venue check {wanted.venue}`, then run the same again",
    )
