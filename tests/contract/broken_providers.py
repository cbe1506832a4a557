"""Providers that break one promise each."""

from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import ClassVar

from moot.model.resource import Resource
from moot.model.value import Ref, Secret
from moot.provider import Done, Page, Pending, ProviderError, Scope
from moot.providers.fake import FakeProvider
from moot.testing.sample import SECRET

NUMBERS = count()
ANY = Scope(installation=None)


class MovingIdentity(FakeProvider):
    def identity(self):
        return f"{super().identity()}-{next(NUMBERS)}"


class TwinOfferings(FakeProvider):
    def offerings(self):
        return [*super().offerings(), *super().offerings()]


class PaysToRun(FakeProvider):
    def offerings(self):
        return [replace(offering, hourly=Decimal(-1)) for offering in super().offerings()]


class Undescribed(FakeProvider):
    config_schema: ClassVar = {"type": "string"}


class OddSchema(FakeProvider):
    def schema(self, type):
        return replace(super().schema(type), create_only=("colour",))


class MoodyLowering(FakeProvider):
    def lower(self, share):
        for resource in super().lower(share):
            yield replace(resource, properties={**resource.properties, "turn": next(NUMBERS)})


class HalfLowering(FakeProvider):
    def lower(self, share):
        return (r for r in super().lower(share) if r.type != "fake.network")


class HeadlessLowering(FakeProvider):
    def lower(self, share):
        return (replace(resource, main=False) for resource in super().lower(share))


class OpenSecret(FakeProvider):
    def lower(self, share):
        for resource in super().lower(share):
            yield replace(
                resource, properties={**resource.properties, "labels": Secret("password", "1")}
            )


class WrongAddress(FakeProvider):
    def create(self, want, op):
        match super().create(want, op):
            case Done(item):
                return Done(replace(item, address=item.identifier + "?"))
            case pending:
                return pending


class MakesAnew(FakeProvider):
    """Every call makes another thing, marks and token notwithstanding."""

    def create(self, want, op):
        marks = op.marks.as_labels()
        name = f"{want.address}~{next(NUMBERS)}"
        thing = self.world.make(want.type, name, marks, want.properties, now=self.env.now())
        return Done(self._handlers(None)._item(thing))


class TakesOver(FakeProvider):
    def create(self, want, op):
        try:
            return super().create(want, op)
        except ProviderError as error:
            if error.code != "AlreadyExists":
                raise
            (thing,) = self.world.named(want.type, want.address)
            return Done(self._handlers(None)._item(thing))


class Grudging(FakeProvider):
    """Says that something else is wrong where its name is taken."""

    def create(self, want, op):
        try:
            return super().create(want, op)
        except ProviderError as error:
            raise ProviderError("GeneralServiceException", error.message) from error


class RemembersInMemory(FakeProvider):
    """Keeps an operation in its own memory, where no other process finds it."""

    def __init__(self, venue, configuration, env):
        super().__init__(venue, configuration, env)
        self.begun = set()

    def create(self, want, op):
        if op.token not in self.begun:
            self.begun.add(op.token)
            return Pending(0.001, {"begun": True})
        return super().create(want, replace(op, resume=None))


class ForgetsToDelete(FakeProvider):
    def delete(self, item, op):
        return Done(None)


class StartsOver(FakeProvider):
    """Pending, and without its `resume` it begins another one."""

    def create(self, want, op):
        if op.resume is None:
            name = f"{want.address}~{next(NUMBERS)}"
            marks = op.marks.as_labels()
            made = self.world.make(want.type, name, marks, want.properties, now=self.env.now())
            return Pending(0.001, {"id": made.id})
        return Done(self._handlers(None)._item(self.world.get(op.resume["id"])))


class RacesItself(FakeProvider):
    """Looks before it leaps, and lets others in between."""

    def create(self, want, op):
        if want.exclusive or self.world.named(want.type, want.address):
            return super().create(want, op)
        self.env.sleep(0.05)
        marks = op.marks.as_labels()
        name = f"{want.address}~{next(NUMBERS)}"
        made = self.world.make(want.type, name, marks, want.properties, now=self.env.now())
        return Done(self._handlers(None)._item(made))


class OneForAll(FakeProvider):
    """Gives every caller the newest thing of the type, whoever made it."""

    def create(self, want, op):
        super().create(want, op)
        return Done(self._handlers(None)._item(self.world.things(want.type)[0]))


class UpdatesNothing(FakeProvider):
    def update(self, item, want, op):
        return Done(self.read(item))


class UpdatesByReplacing(FakeProvider):
    def update(self, item, want, op):
        self.world.destroy(item.identifier)
        marks = op.marks.as_labels()
        name = f"{want.address}~{next(NUMBERS)}"
        made = self.world.make(want.type, name, marks, want.properties, now=self.env.now())
        return Done(self._handlers(None)._item(made))


class OneIncarnation(FakeProvider):
    """A new incarnation ends the old one, ready or not."""

    def create(self, want, op):
        for thing in self.world.family(want.type, want.address):
            if thing.tags["moot.incarnation"] != str(op.marks.incarnation):
                self.world.destroy(thing.id)
        return super().create(want, op)


class DeletesOnce(FakeProvider):
    def delete(self, item, op):
        if super().read(item) is None:
            raise ProviderError("NotFound", "it is gone")
        return super().delete(item, op)


class DeletesBlindly(FakeProvider):
    def delete(self, item, op):
        self.world.destroy(item.identifier)
        return Done(None)


class DeletesDataToo(FakeProvider):
    def delete(self, item, op):
        progress = super().delete(item, op)
        for mount in item.properties.get("mounts", ()):
            self.world.destroy(mount["source"])
        return progress


class ReadsNothing(FakeProvider):
    def read(self, key):
        return None


class KnowsNoNames(FakeProvider):
    def read(self, key):
        return None if isinstance(key, Resource) else super().read(key)


class ReadsBlindly(FakeProvider):
    def read(self, key):
        if isinstance(key, Resource):
            return super().read(key)
        thing = self.world.get(key.identifier)
        return thing and self._handlers(None)._item(thing)


class NeverStarts(FakeProvider):
    def read(self, key):
        item = super().read(key)
        return item and replace(item, status="starting")


class OddStatus(FakeProvider):
    def read(self, key):
        item = super().read(key)
        return item and replace(item, status="booted")


class ListsNothing(FakeProvider):
    def list(self, type, scope, cursor):
        return Page(())


class ListsWithoutMarks(FakeProvider):
    def list(self, type, scope, cursor):
        page = super().list(type, scope, cursor)
        return replace(page, items=tuple(replace(i, address=None) for i in page.items))


class ListsEverything(FakeProvider):
    def list(self, type, scope, cursor):
        return super().list(type, ANY, cursor)


class RepeatsItsPages(FakeProvider):
    def list(self, type, scope, cursor):
        page = super().list(type, scope, cursor)
        return replace(page, items=(*page.items, *page.items))


class NeverEndingPages(FakeProvider):
    def list(self, type, scope, cursor):
        return replace(super().list(type, scope, None), cursor="1")


class LeavesRefs(FakeProvider):
    def create(self, want, op):
        item = super().create(want, op).item
        return Done(replace(item, private={"after": Ref("a", "b")}))


class Talks(FakeProvider):
    def read(self, key):
        item = super().read(key)
        return item and replace(item, private={"environment": f"PASSWORD={SECRET}"})


class OnePerToken(FakeProvider):
    """Says that names count, and goes by the token: the same attempt is found, another is not."""

    def create(self, want, op):
        name = f"{want.address}~{op.token}"
        marks = op.marks.as_labels()
        made = self.world.named(want.type, name) or [
            self.world.make(want.type, name, marks, want.properties, now=self.env.now())
        ]
        return Done(self._handlers(None)._item(made[0]))


class MarksLater(FakeProvider):
    """Marks what it made in a second call."""

    def create(self, want, op):
        if op.resume is not None:
            self.world.destroy(op.resume["id"])
            return super().create(want, replace(op, resume=None))
        made = self.world.make(want.type, want.address, {}, want.properties, now=self.env.now())
        return Pending(0.001, {"id": made.id})


class Locks(FakeProvider):
    """Locks what it changes, and only who has the `resume` can open it again."""

    locked: ClassVar[set[str]] = set()

    def update(self, item, want, op):
        return self._lock(item, op) or super().update(item, want, replace(op, resume=None))

    def delete(self, item, op):
        return self._lock(item, op) or super().delete(item, replace(op, resume=None))

    def _lock(self, item, op):
        if op.resume is not None:
            self.locked.discard(item.identifier)
            return None
        if item.identifier in self.locked:
            raise ProviderError("InvalidRequest", "it is locked", retry_after=0.0)
        self.locked.add(item.identifier)
        return Pending(0.001, {"locked": True})


class DeletesTheFamily(FakeProvider):
    """Deletes every incarnation of what it is to delete."""

    def delete(self, item, op):
        for thing in self.world.family(item.type, item.address):
            self.world.destroy(thing.id)
        return Done(None)
