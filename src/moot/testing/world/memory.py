"""A store in dictionaries: the same promises as the databases', and nothing survives the process.

It keeps values, not texts: what is frozen needs no copy, and a world of a thousand crashes cannot
wait for a disk.  The tests of the store hold it equal to the others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from moot.model.changed import changed
from moot.model.placement import collide, component_of
from moot.model.renamed import item_renamed, placement_renamed, renamed
from moot.model.report import Version
from moot.model.resource import ConfigurationItem
from moot.model.value import JSON, Secret, canonical
from moot.store import Intent, KeptSecret, Lease, LeaseHeld, PortTaken, Rest, Revision

Key = tuple[str, int]  # address, incarnation
Kind = tuple[str, str]  # venue, type
# When, App, address, incarnation, cause, and what there was from then on.
_Row = tuple[float, str, str, int, str, ConfigurationItem | None]
_ABSENT = object()


class MemoryStore:
    """All of moot's memory, for one thread."""

    shared = False

    def __init__(self) -> None:
        self._meta: dict[str, str] = {}
        self._leases: dict[str, Lease] = {}
        self._revisions: dict[str, tuple[Revision, ...]] = {}
        self._placements: dict[str, JSON] = {}
        self._ports: dict[tuple[str, str], int] = {}
        self._identities: dict[str, dict[str, tuple[str, int]]] = {}
        self._kinds: dict[str, dict[Kind, float | None]] = {}
        self._intents: dict[int, Intent] = {}
        self._creates: dict[tuple[str, str, int], Intent] = {}
        self._failures: dict[tuple[str, str, int], int] = {}
        self._items: dict[str, dict[Key, ConfigurationItem]] = {}
        self._versions: dict[int, _Row] = {}
        self._numbers: dict[str, int] = {"intent": 0}
        self._rests: dict[str, dict[str, Rest]] = {}
        self._secrets: dict[str, dict[Secret, KeptSecret]] = {}
        self._undo: list[tuple[dict[Any, Any], Any, Any]] | None = None

    def copy(self) -> MemoryStore:
        """The database as a copy of its file would be."""
        assert self._undo is None, "no copy of half a turn"
        twin = MemoryStore()
        for name, table in vars(self).items():
            if isinstance(table, dict):
                setattr(twin, name, _copied(table))
        return twin

    def close(self) -> None:
        pass

    @contextmanager
    def turn(self, lease: Lease | None = None) -> Generator[None]:
        assert self._undo is None, "a turn inside a turn"
        self._undo = []
        try:
            if lease:
                self._prove(lease)
            yield
        except BaseException:
            for table, key, before in reversed(self._undo):
                if before is _ABSENT:
                    del table[key]
                else:
                    table[key] = before
            raise
        finally:
            self._undo = None

    def claim(
        self, app: str, holder: str, now: float, seconds: float, gone: Callable[[str], bool]
    ) -> Lease:
        with self.turn():
            held = self._leases.get(app)
            if held and held.holder != holder and held.expires_at > now and not gone(held.holder):
                raise LeaseHeld(held)
            epoch = 1 if held is None else held.epoch + (held.holder != holder)
            lease = Lease(app, holder, epoch, now + seconds)
            self._put(self._leases, app, lease)
        return lease

    def release(self, lease: Lease) -> None:
        held = self._leases.get(lease.app)
        if held and (held.holder, held.epoch) == (lease.holder, lease.epoch):
            self._leases[lease.app] = replace(held, expires_at=0.0)

    def meta(self, key: str) -> str | None:
        return self._meta.get(key)

    def put_meta(self, key: str, value: str) -> None:
        self._put(self._meta, key, value)

    def apps(self) -> tuple[str, ...]:
        there = {app for app, items in self._items.items() if items}
        return tuple(sorted(there | {intent.app for intent in self._intents.values()}))

    def add_revision(
        self, app: str, body: JSON, at: float, cause: str, sources: bytes | None = None
    ) -> int:
        before = self._revisions.get(app, ())
        if before and canonical(before[-1].body) == canonical(body):
            restated = replace(before[-1], sources=sources or before[-1].sources)
            self._put(self._revisions, app, (*before[:-1], restated))
            return restated.number
        made = Revision(number=len(before) + 1, at=at, cause=cause, body=body, sources=sources)
        self._put(self._revisions, app, (*before, made))
        return made.number

    def revisions(self, app: str) -> tuple[Revision, ...]:
        return self._revisions.get(app, ())

    def placement(self, app: str) -> JSON:
        return self._placements.get(app)

    def placed(self) -> tuple[str, ...]:
        return tuple(sorted(app for app, body in self._placements.items() if body is not None))

    def put_placement(self, app: str, body: JSON) -> None:
        self._put(self._placements, app, body)

    def ports(self) -> tuple[tuple[str, str, int], ...]:
        return tuple((*owner, port) for owner, port in self._ports.items())

    def put_ports(self, app: str, ports: Mapping[str, int]) -> None:
        for owner in [owner for owner in self._ports if owner[0] == app]:
            self._drop(self._ports, owner)
        for purpose, port in ports.items():
            others = (held for (_, held), number in self._ports.items() if number == port)
            if any(collide(purpose, held) for held in others):
                raise PortTaken(f"another has {port}")
            self._put(self._ports, (app, purpose), port)

    def identities(
        self, app: str, within: Collection[str] | None = None
    ) -> dict[str, tuple[str, int]]:
        known = self._identities.get(app, {})
        return {a: v for a, v in known.items() if within is None or component_of(a) in within}

    def put_identity(self, app: str, address: str, uid: str, incarnation: int) -> None:
        known = self._identities.setdefault(app, {})
        uid, used = known.get(address, (uid, 0))
        if (uid, max(used, incarnation)) != known.get(address):
            self._put(known, address, (uid, max(used, incarnation)))

    def open_intents(self, app: str | None) -> tuple[Intent, ...]:
        found = (i for i in self._intents.values() if app is None or i.app == app)
        return tuple(sorted(found, key=lambda intent: intent.id))

    def add_intent(self, app: str, intent: Intent, at: float) -> int:
        number = self._numbers["intent"] + 1
        self._put(self._numbers, "intent", number)
        self._stir(app, intent.address)
        made = changed(intent, id=number, app=app, at=at)
        self._write_down(made)
        self._know(app, (intent.item.venue, intent.item.type))
        self._failed(made, intent.attempt)
        return number

    def recall(self, intent: int, attempt: int, at: float) -> None:
        if found := self._intents.get(intent):
            self._write_down(changed(found, attempt=attempt, at=at))
            self._failed(found, attempt)

    def put_resume(self, intent: int, resume: JSON) -> None:
        if found := self._intents.get(intent):
            self._write_down(changed(found, resume=resume))

    def settle(self, intent: int, outcome: str, at: float) -> None:
        if found := self._intents.get(intent):
            self._write_down(changed(found, request=None))
            self._drop(self._intents, intent)
            if outcome == "forgotten":
                self._drop(self._creates, (found.app, found.address, found.incarnation))
            self._failed(found, found.attempt + (outcome != outcome.lower()))

    def intended(self, app: str, address: str, incarnation: int) -> Intent | None:
        return self._creates.get((app, address, incarnation))

    def attempts(self, app: str, address: str, incarnation: int) -> int:
        return self._failures.get((app, address, incarnation), 0)

    def inventory(
        self, app: str | None = None, within: Collection[str] | None = None
    ) -> tuple[ConfigurationItem, ...]:
        of = self._items.values() if app is None else [self._items.get(app, {})]
        found = ((key, items) for items in of for key in sorted(items))
        return tuple(
            items[key] for key, items in found if within is None or component_of(key[0]) in within
        )

    def inventory_at(
        self, at: float, app: str | None = None, type: str | None = None
    ) -> tuple[ConfigurationItem, ...]:
        last: dict[tuple[str, str, int], Version] = {}
        for row in self._versions.values():
            if row[0] <= at and app in {None, row[1]}:
                last[row[1], row[2], row[3]] = _version(row)
        items = [version.item for version in last.values() if version.item]
        found = [item for item in items if type in {None, item.type}]
        return tuple(sorted(found, key=lambda item: (str(item.address), item.incarnation)))

    def record(
        self,
        app: str,
        address: str,
        incarnation: int,
        item: ConfigurationItem | None,
        at: float,
        cause: str,
    ) -> None:
        self._stir(app, address)
        items, key = self._items.setdefault(app, {}), (address, incarnation)
        before = items.get(key)
        now = item and changed(item, observed_at=0.0)
        if now == before:
            return
        if now is None:
            self._drop(items, key)
        else:
            self._put(items, key, now)
            self._know(app, (now.venue, now.type))
        self._put(self._versions, len(self._versions), (at, app, address, incarnation, cause, now))

    def history(self, address: str) -> tuple[Version, ...]:
        rows = [row for row in self._versions.values() if row[2] == address]
        return tuple(_version(row) for row in reversed(rows))

    def versions(self, app: str, since: float, until: float) -> Iterator[Version]:
        for row in self._versions.values():
            if row[1] == app and since < row[0] <= until:
                yield _version(row)

    def kinds(self, app: str) -> tuple[Kind, ...]:
        return tuple(sorted(self._kinds.get(app, {})))

    def listed(self, app: str) -> dict[Kind, float]:
        return {k: at for k, at in self._kinds.get(app, {}).items() if at is not None}

    def put_listed(self, app: str, venue: str, type: str, at: float) -> None:
        self._put(self._kinds.setdefault(app, {}), (venue, type), at)

    def resting(self, app: str) -> dict[str, Rest]:
        return dict(self._rests.get(app, {}))

    def put_resting(self, app: str, rests: Mapping[str, Rest | None]) -> None:
        known = self._rests.setdefault(app, {})
        for name, rest in rests.items():
            if rest is None:
                self._drop(known, name)
            else:
                self._put(known, name, rest)

    def secrets(self, app: str) -> tuple[KeptSecret, ...]:
        kept = self._secrets.get(app, {}).values()
        return tuple(sorted(kept, key=lambda k: (k.secret.name, -k.at, k.secret.version)))

    def put_secrets(self, app: str, secrets: Mapping[Secret, KeptSecret | None]) -> None:
        known = self._secrets.setdefault(app, {})
        for secret, kept in secrets.items():
            if kept is None:
                self._drop(known, secret)
            else:
                before = known.get(secret, kept)
                self._put(known, secret, replace(kept, content=before.content))

    def rename_venue(self, old: str, new: str, cause: str, at: float) -> None:
        for app in sorted({*self._identities, *self._items}):
            for item in self.inventory(app):
                now = item_renamed(item, old, new)
                if now.address != item.address:
                    self.record(app, str(item.address), item.incarnation, None, at, cause)
                self.record(app, str(now.address), item.incarnation, now, at, cause)
            known = self._identities.get(app, {})
            for address in [a for a in known if renamed(a, old, new) != a]:
                self._put(known, renamed(address, old, new), known[address])
                self._drop(known, address)
            kinds = self._kinds.get(app, {})
            for venue, type in [kind for kind in kinds if kind[0] == old]:
                self._know(app, (new, type))
                self._drop(kinds, (venue, type))

        for app, body in self._placements.items():
            if body is not None:
                self.put_placement(app, placement_renamed(body, old, new))
        for (app, purpose), port in tuple(self._ports.items()):
            if (now := renamed(purpose, old, new)) != purpose:
                self._put(self._ports, (app, now), port)
                self._drop(self._ports, (app, purpose))

    def _prove(self, lease: Lease) -> None:
        held = self._leases.get(lease.app)
        if held is None or (held.holder, held.epoch) != (lease.holder, lease.epoch):
            raise LeaseHeld(held or Lease(lease.app, "nobody", 0, 0.0))

    def _write_down(self, intent: Intent) -> None:
        self._put(self._intents, intent.id, intent)
        key = intent.app, intent.address, intent.incarnation
        if intent.verb == "create" and self._number(key) <= intent.id:
            self._put(self._creates, key, intent)

    def _stir(self, app: str, address: str) -> None:
        known, component = self._rests.setdefault(app, {}), component_of(address)
        if component not in known or known[component].digest:
            self._put(known, component, Rest(""))

    def _number(self, key: tuple[str, str, int]) -> int:
        return self._creates[key].id if key in self._creates else 0

    def _know(self, app: str, kind: Kind) -> None:
        known = self._kinds.setdefault(app, {})
        if kind not in known:
            self._put(known, kind, None)

    def _failed(self, intent: Intent, failures: int) -> None:
        key = intent.app, intent.address, intent.incarnation
        if failures > self._failures.get(key, 0):
            self._put(self._failures, key, failures)

    def _put(self, table: dict[Any, Any], key: Any, value: Any) -> None:
        assert self._undo is not None, "writes stand inside a turn"
        self._undo.append((table, key, table.get(key, _ABSENT)))
        table[key] = value

    def _drop(self, table: dict[Any, Any], key: Any) -> None:
        if key in table:
            assert self._undo is not None, "writes stand inside a turn"
            self._undo.append((table, key, table.pop(key)))


def _version(row: _Row) -> Version:
    at, _, address, incarnation, cause, item = row
    return Version(
        at=at,
        address=address,
        incarnation=incarnation,
        cause=cause,
        item=item and changed(item, observed_at=at),
    )


def _copied(table: dict[Any, Any]) -> dict[Any, Any]:
    return {k: dict(v) if isinstance(v, dict) else v for k, v in table.items()}
