"""Create, read, update, delete and list: every call a fake venue understands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from moot.model.resource import ConfigurationItem, Resource
from moot.model.value import JSON, at_path
from moot.provider import (
    Done,
    Env,
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
from moot.providers.fake.laws import attributes, status
from moot.providers.fake.settings import Settings
from moot.providers.fake.world import Law, Thing, Unlawful, Verb, World

CODES: Mapping[Law, ErrorCode] = {
    "name taken": "AlreadyExists",
    "missing": "InvalidRequest",
    "in use": "ResourceConflict",
    "occupied": "ResourceConflict",
    "token spent": "InvalidRequest",
    "gone": "NotFound",
}


class Handlers:
    """The calls, over one world.  They keep nothing between calls but the world itself.

    With `lands_after_s` what a call would do is done so many seconds later.
    """

    def __init__(
        self,
        venue: str,
        world: World,
        settings: Settings,
        types: Mapping[str, TypeSchema],
        env: Env,
        lands_after_s: float | None = None,
    ) -> None:
        self._lands_after_s = lands_after_s
        self._venue = venue
        self._world = world
        self._settings = settings
        self._types = types
        self._env = env

    def create(self, want: Resource, op: Operation) -> Progress:
        """Make it, unless that was done before; then wait until the venue says it is done."""
        if op.resume is None:
            with _translated():
                thing = self._made(want, op.marks) or self._make(want, op)
            return self._in_time(op, thing.id, lambda: self._item(thing, op.marks))
        id = op.resume["id"]
        return self._in_time(op, id, lambda: self._created(id, op.marks))

    def read(self, key: ConfigurationItem | Resource) -> ConfigurationItem | None:
        """What it is like now; None when it is gone, also when something else has its id."""
        if isinstance(key, Resource):
            return self._newest(key)
        thing = self._world.get(key.identifier)
        if thing is None or thing.type != key.type:
            return None
        item = self._item(thing, key)
        return item if key.address is None or _is_same(item, key) else None

    def update(self, item: ConfigurationItem, want: Resource, op: Operation) -> Progress:
        """Give it the properties of `want`; NotUpdatable for those that cannot change."""
        thing = self._world.get(item.identifier)
        if thing is None or not self._is_ours(thing, op.marks):
            raise ProviderError("NotFound", f"there is no {item.identifier}")
        for path in self._types[want.type].create_only:
            if at_path(thing.properties, path) != at_path(want.properties, path):
                raise ProviderError("NotUpdatable", f"{path} of {thing.id} cannot change")

        def change() -> ConfigurationItem:
            self._postpone("change", id=thing.id, properties=want.properties)
            with _translated():
                return self._item(self._world.change(thing.id, want.properties), op.marks)

        return self._in_time(op, thing.id, change)

    def delete(self, item: ConfigurationItem, op: Operation) -> Progress:
        """Remove it if it still is what we made; whatever else has its id by now stays."""

        def remove() -> None:
            tags = {} if self._class == "BARE" else _identity(op.marks)
            self._postpone("remove", id=item.identifier, tags=tags)
            with _translated():
                self._world.remove(item.identifier, tags)

        return self._in_time(op, item.identifier, remove)

    def adopt(self, type: str, identifier: str, op: Operation) -> Progress:
        """Give our marks to a thing that has none; where nothing can be marked, only say it."""
        thing = self._world.get(identifier)
        if thing is None or thing.type != type:
            raise ProviderError("NotFound", f"there is no {identifier}")
        if thing.tags and not self._is_ours(thing, op.marks):
            raise ProviderError("AlreadyExists", f"{identifier} carries the marks of another")
        if self._class == "BARE":
            return Done(self._item(thing, op.marks))
        with _translated():
            return Done(self._item(self._world.mark(identifier, op.marks.as_labels())))

    def list(self, type: str, scope: Scope, cursor: str | None) -> Page:
        """Things of a type; those made a moment ago may be missing, as lists of a venue lag."""
        size = self._settings.page_size
        things = self._world.things(type, after=int(cursor or 0), limit=size)
        listed = ((t, Marks.from_labels(t.tags)) for t in things if self._is_listed(t))
        return Page(
            tuple(self._shown(t, marks) for t, marks in listed if _in_scope(marks, scope)),
            cursor=str(things[-1].number) if len(things) == size else None,
        )

    @property
    def _class(self) -> str:
        return self._settings.create_class

    def _made(self, want: Resource, marks: Marks) -> Thing | None:
        """What an earlier call with the same marks made, as far as this kind of venue can tell."""
        if self._class in {"TOKEN", "BARE"}:
            return None
        named = self._world.named(want.type, _name(want.address, marks.incarnation))
        seen = (t for t in named if self._class == "NAME" or self._is_listed(t))
        return next((thing for thing in seen if self._is_ours(thing, marks)), None)

    def _make(self, want: Resource, op: Operation) -> Thing:
        request: dict[str, JSON] = {
            "type": want.type,
            "name": _name(want.address, op.marks.incarnation),
            "tags": {} if self._class == "BARE" else op.marks.as_labels(),
            "properties": want.properties,
            "token": op.token if self._class == "TOKEN" else None,
        }
        self._postpone("make", **request)
        try:
            return self._world.make(**request, now=self._env.now())
        except Unlawful:
            # Another call with the same marks may have been faster.
            if made := self._made(want, op.marks):
                return made
            raise

    def _postpone(self, verb: Verb, **request: JSON) -> None:
        """Where the request is to be late, leave it with the world and go no further."""
        if self._lands_after_s is not None:
            self._world.postpone(self._env.now() + self._lands_after_s, verb, request)

    def _is_ours(self, thing: Thing, marks: Marks) -> bool:
        return self._class == "BARE" or _identity(marks).items() <= thing.tags.items()

    def _is_listed(self, thing: Thing) -> bool:
        return thing.born <= self._env.now() - self._settings.list_lag_s

    def _in_time(
        self, op: Operation, id: str, finish: Callable[[], ConfigurationItem | None]
    ) -> Progress:
        """Answer Pending as often as the venue is set to, then finish."""
        left = self._settings.pending if op.resume is None else int(op.resume["left"])
        if left:
            return Pending(
                self._settings.pending_s, {"id": id, "left": left - 1}, note=f"{left} to go"
            )
        return Done(finish())

    def _created(self, id: str, marks: Marks) -> ConfigurationItem:
        thing = self._world.get(id)
        if thing is None:
            raise ProviderError("NotStabilized", f"{id} vanished while it was being made")
        return self._item(thing, marks)

    def _newest(self, want: Resource) -> ConfigurationItem | None:
        """The latest incarnation at this address, found without knowing its identifier."""
        found = [self._item(thing) for thing in self._world.family(want.type, want.address)]
        ours = [item for item in found if item.address == want.address]
        return max(ours, key=lambda item: item.incarnation, default=None)

    def _item(
        self, thing: Thing, known: Marks | ConfigurationItem | None = None
    ) -> ConfigurationItem:
        """A thing in the core's words.  `known` says whose it is where it carries no marks."""
        return self._shown(thing, Marks.from_labels(thing.tags) or known)

    def _shown(self, thing: Thing, marks: Marks | ConfigurationItem | None) -> ConfigurationItem:
        hidden = self._types[thing.type].write_only
        started = self._env.now() >= thing.born + self._settings.starts_within_s
        shown: dict[str, JSON] = {k: v for k, v in thing.properties.items() if k not in hidden}
        seen = ConfigurationItem(
            type=thing.type,
            venue=self._venue,
            identifier=thing.id,
            properties={
                **shown,
                **attributes(thing.type, thing.number, thing.properties),
                "id": thing.id,
                "name": thing.name,
            },
            status=status(thing.type, thing.properties, started),
            since=thing.born,
        )
        if isinstance(marks, ConfigurationItem):
            return replace(
                seen,
                address=marks.address,
                incarnation=marks.incarnation,
                installation=marks.installation,
            )
        return marks.on(seen) if marks else seen


@contextmanager
def _translated() -> Iterator[None]:
    """The world's refusals in the words of the contract."""
    try:
        yield
    except Unlawful as refusal:
        raise ProviderError(CODES[refusal.law], refusal.message) from refusal


def _name(address: str, incarnation: int) -> str:
    """The name a thing gets at the venue: the same whoever asks, another for each incarnation."""
    return address if incarnation == 1 else f"{address}#{incarnation}"


def _identity(marks: Marks) -> dict[str, str]:
    """The labels that tell a thing of ours from every other, past and future ones too."""
    labels = marks.as_labels()
    return {key: labels[key] for key in ("moot.installation", "moot.uid", "moot.incarnation")}


def _is_same(item: ConfigurationItem, key: ConfigurationItem) -> bool:
    """Addresses are not compared: a thing keeps its own when its venue or component is renamed."""
    return (item.installation, item.incarnation) == (key.installation, key.incarnation)


def _in_scope(marks: Marks | None, scope: Scope) -> bool:
    if scope.installation is None:
        return True
    if marks is None or marks.installation != scope.installation:
        return False
    return scope.app in {None, marks.app}
