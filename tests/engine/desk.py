"""A desk at which a test sends events to `step` and sees what it asks for."""

from __future__ import annotations

from moot.engine.effect import Call, Look
from moot.engine.event import Begun, Failed, Looked, Succeeded
from moot.engine.step import step
from moot.engine.walk import Walk
from moot.model.plan import Create, Delete, Plan, Update, Wait
from moot.model.resource import ConfigurationItem, Resource


def create(name, *after, incarnation=1, **more):
    properties = more.pop("properties", {})
    want = Resource(address=name, type="t", venue="v", properties=properties)
    return Create(want=want, incarnation=incarnation, after=waits(after), **more)


def update(name, *after, properties=None, applied=None, **more):
    want = Resource(address=name, type="t", venue="v", properties=properties or {})
    have = item(name, applied=applied or {})
    return Update(want=want, have=have, after=waits(after), **more)


def delete(name, *after, incarnation=1, **more):
    return Delete(have=item(name, incarnation), after=waits(after), **more)


def waits(after):
    return tuple(w if isinstance(w, Wait) else Wait(w) for w in after)


def item(name, incarnation=1, **more):
    id = f"{name}#{incarnation}"
    return ConfigurationItem(
        type="t", venue="v", identifier=id, address=name, incarnation=incarnation, **more
    )


class Desk:
    """A walk with the events a test sends, and the calls and looks that are open."""

    def __init__(self, *changes, gates=None, items=(), create_class="NAME"):
        plan = Plan(changes, {name: waits(after) for name, after in (gates or {}).items()})
        self.walk = Walk(
            plan=plan,
            items={i.address: i for i in items},
            seal=lambda type, properties: properties,
            create_class=lambda want: create_class,
        )
        self.now = 0.0
        self.called: list[Call] = []
        self.looks: list[Look] = []
        self.send(Begun)

    def send(self, event, *args):
        effects = step(self.walk, event(*args, self.now))
        self.called += [e for e in effects if isinstance(e, Call)]
        self.looks += [e for e in effects if isinstance(e, Look)]
        return effects

    def open(self):
        """Keys of the calls made since the last time."""
        keys, self.called = [call.change.key for call in self.called], []
        return keys

    def done(self, key, **more):
        change = self.walk.changes[key]
        made = None if isinstance(change, Delete) else item(
            change.address, change.incarnation, **more
        )  # fmt: skip
        return self.send(Succeeded, key, made)

    def fail(self, key, code="InvalidRequest", retryable=False, retry_after=None):
        return self.send(Failed, key, code, "it broke", "", retryable, retry_after)

    def look(self, name, status, *, later=0.0, error="", gone=False, incarnation=1):
        self.now += later
        self.looks.clear()
        seen = None if gone else item(name, incarnation, status=status)
        return self.send(Looked, name, seen, error)


def waiting_for(condition, status="starting"):
    """A desk where `b` waits until `a`, which has just been made, reaches a condition."""
    wait = Wait("create a#1", "a", condition)
    desk = Desk(create("a"), create("b", wait))
    desk.open()
    desk.done("create a#1", status=status)
    return desk
