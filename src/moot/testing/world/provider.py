"""The provider of simulated venues: the contract over a `Venue`, through a network that fails."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from moot.model.placement import Share
from moot.model.resource import ConfigurationItem, Resource, Status
from moot.model.value import JSON, at_path
from moot.model.venue import Offering
from moot.provider import (
    Done,
    ErrorCode,
    Marks,
    Operation,
    Page,
    Pending,
    Progress,
    ProviderError,
    Scope,
    TypeSchema,
)
from moot.testing.world.venue import Alter, Law, Make, Remove, Request, Thing, Unlawful, Venue

if TYPE_CHECKING:
    from moot.testing.world.process import Process

CODES: Mapping[Law, ErrorCode] = {
    "name taken": "AlreadyExists",
    "missing": "InvalidRequest",
    "in use": "ResourceConflict",
    "token spent": "InvalidRequest",
    "mismatch": "InvalidRequest",
    "quota": "ServiceLimitExceeded",
    "gone": "NotFound",
}


class SimProvider:
    """What one process knows of one venue; it keeps nothing between calls."""

    config_schema: ClassVar[JSON] = {"type": "object"}

    def __init__(self, venue: Venue, process: Process) -> None:
        self._venue = venue
        self._process = process
        self._world = process.world
        self._types = process.world.types

    def identity(self) -> str:
        return f"sim:{self._venue.name}"

    def offerings(self) -> Sequence[Offering]:
        return (self._world.offering(self._venue.name),)

    def lower(self, share: Share) -> Iterable[Resource]:
        wish = self._world.wishes[share.app.name]
        return [want for want in wish if want.venue == self._venue.name]

    def types(self) -> Collection[str]:
        return self._types.keys()

    def schema(self, type: str) -> TypeSchema:
        return self._types[type]

    def create(self, want: Resource, op: Operation) -> Progress:
        if op.resume is not None:
            return self._created(want, op)
        thing = self._made(want, op.marks) or self._serve(self._request(want, op))
        assert thing is not None
        if self._venue.pending:
            return self._pending(thing, self._venue.pending)
        return Done(self._item(thing, op.marks))

    def read(self, key: ConfigurationItem | Resource) -> ConfigurationItem | None:
        self._process.reached("read", self._venue.name, key.address or "")
        if isinstance(key, Resource):
            return self._newest(key)
        thing = self._venue.get(key.identifier)
        if thing is None or thing.type != key.type:
            return None
        item = self._item(thing)
        if item.uid is None:
            return self._known(item, key) if self._is_bare(key.type) else None
        ours = (item.installation, item.uid, item.incarnation) == (
            key.installation,
            key.uid or item.uid,
            key.incarnation,
        )
        return item if ours or key.address is None else None

    def update(self, item: ConfigurationItem, want: Resource, op: Operation) -> Progress:
        thing = self._venue.get(item.identifier)
        if thing is None or not self._is_ours(thing, op.marks):
            raise ProviderError("NotFound", f"there is no {item.identifier}")
        for path in self._types[want.type].create_only:
            if at_path(thing.properties, path) != at_path(want.properties, path):
                raise ProviderError("NotUpdatable", f"{path} of {thing.id} cannot change")
        changed = self._serve(Alter(thing.number, want.properties))
        assert changed is not None
        return Done(self._item(changed, op.marks))

    def delete(self, item: ConfigurationItem, op: Operation) -> Progress:
        """Identifiers are reused: what carries other marks by now stays."""
        thing = self._venue.get(item.identifier)
        if thing is not None and self._is_ours(thing, op.marks):
            self._serve(Remove(thing.number))
        return Done(None)

    def list(self, type: str, scope: Scope, cursor: str | None) -> Page:
        fate = self._process.reached("list", self._venue.name, type)
        things = self._venue.listed(type, self._world.now)
        begin = int(cursor or 0)
        page = things[begin : begin + self._venue.page_size]
        more = begin + len(page) < len(things)
        if fate == "partial":
            page = page[1:]
        return Page(
            tuple(self._item(thing) for thing in page if _in_scope(thing, scope)),
            cursor=str(begin + self._venue.page_size) if more else None,
            complete=fate != "partial",
        )

    def _request(self, want: Resource, op: Operation) -> Make:
        create_class = self._types[want.type].create_class
        marks = op.marks
        return Make(
            create_class,
            want.type,
            f"{want.address}#{marks.incarnation}" if create_class == "NAME" else "",
            {} if create_class == "BARE" else marks.as_labels(),
            want.properties,
            op.token if create_class == "TOKEN" else "",
            half=self._venue.pending > 0 and create_class in {"TOKEN", "NAME"},
        )

    def _made(self, want: Resource, marks: Marks) -> Thing | None:
        """What an earlier call with the same marks made, as far as one can tell beforehand."""
        match self._types[want.type].create_class:
            case "NAME":
                found = self._venue.named(want.type, f"{want.address}#{marks.incarnation}")
                return found if found and self._is_ours(found, marks) else None
            case "TAG":
                shown = self._venue.listed(want.type, self._world.now)
                there = (t for t in shown if t.number in self._venue.things)
                return next((t for t in there if self._is_ours(t, marks)), None)
            case _:
                return None

    def _serve(self, request: Request) -> Thing | None:
        try:
            return self._process.send(self._venue, request)
        except Unlawful as refusal:
            raise ProviderError(CODES[refusal.law], refusal.message) from refusal

    def _pending(self, thing: Thing, left: int) -> Pending:
        return Pending(1.0, {"number": thing.number, "left": left - 1}, f"{left} to go")

    def _created(self, want: Resource, op: Operation) -> Progress:
        thing = self._venue.things.get(op.resume["number"])
        if thing is None:
            raise ProviderError("NotStabilized", "it vanished while it was being made")
        if op.resume["left"]:
            return self._pending(thing, op.resume["left"])
        if thing.properties != want.properties:
            thing = self._serve(Alter(thing.number, want.properties))
            assert thing is not None
        return Done(self._item(thing, op.marks))

    def _newest(self, want: Resource) -> ConfigurationItem | None:
        """The latest incarnation at an address; only a name tells it without an identifier."""
        if self._types[want.type].create_class != "NAME":
            return None
        things = (t for t in self._venue.things.values() if t.type == want.type)
        items = [self._item(t) for t in things if t.name.rpartition("#")[0] == want.address]
        return max(items, key=lambda item: item.incarnation, default=None)

    def _is_bare(self, type: str) -> bool:
        return self._types[type].create_class == "BARE"

    def _is_ours(self, thing: Thing, marks: Marks) -> bool:
        tags = thing.tags
        if not tags:
            return self._is_bare(thing.type)
        labels = ("moot.installation", "moot.uid", "moot.incarnation")
        identity = (marks.installation, marks.uid, str(marks.incarnation))
        return tuple(tags.get(label) for label in labels) == identity

    def _item(self, thing: Thing, known: Marks | None = None) -> ConfigurationItem:
        """A thing in the core's words.  `known` says whose it is where it carries no marks."""
        seen, marks = self._world.described(self._venue, thing, self._status(thing))
        return known.on(seen) if marks is None and known is not None else seen

    def _known(self, item: ConfigurationItem, key: ConfigurationItem) -> ConfigurationItem:
        return replace(
            item,
            address=key.address,
            incarnation=key.incarnation,
            installation=key.installation,
        )

    def _status(self, thing: Thing) -> Status | None:
        starts_s = thing.properties.get("starts_s")
        if starts_s is None:
            return None
        return "healthy" if thing.born + starts_s <= self._world.now else "starting"


def describe(
    venue: Venue, thing: Thing, status: Status | None, types: Mapping[str, TypeSchema]
) -> ConfigurationItem:
    """What a venue tells of a thing: all but what is hidden, and the marks on it."""
    hidden = types[thing.type].write_only
    seen = ConfigurationItem(
        type=thing.type,
        venue=venue.name,
        identifier=thing.id,
        properties={
            **{key: value for key, value in thing.properties.items() if key not in hidden},
            "id": thing.id,
            "serial": thing.number,
        },
        status=status,
        since=thing.born,
    )
    marks = Marks.from_labels(thing.tags)
    return marks.on(seen) if marks else seen


def _in_scope(thing: Thing, scope: Scope) -> bool:
    if scope.installation is None:
        return True
    tags = thing.tags
    if not tags or tags["moot.installation"] != scope.installation:
        return False
    return scope.app in {None, tags["moot.app"]}
