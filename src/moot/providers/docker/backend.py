"""Back ends: a replica behind a gateway's listener, let in when it answers, drained at its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from moot.model.resource import ConfigurationItem, Resource
from moot.provider import Done, Operation, Page, Pending, Progress, ProviderError, Scope
from moot.providers.docker.book import Book, Entry, host, slot_name
from moot.providers.docker.client import Engine
from moot.providers.docker.control import Controls
from moot.providers.docker.gateway import Gateways, gateway_filters
from moot.providers.docker.marks import TYPE as MARK
from moot.providers.docker.marks import item, labels
from moot.providers.docker.observation import is_up, networks_of
from moot.render.gateway import (
    SHOW_CONNECTIONS,
    SHOW_SERVERS,
    Server,
    ServerState,
    parse_connections,
    parse_servers,
    set_address,
    set_name,
    set_state,
)

TYPE = "docker.backend"
LOOK_S = 0.1
# Where nothing else serves there is nothing to lose: a port nobody listens on, such as a
# debugger's, must not hold up the whole App.  HAProxy lets it in when it answers.
ALONE_S = 5.0
DRAIN_S = 10.0


class Backends:
    """Handlers of docker.backend."""

    def __init__(self, engine: Engine, controls: Controls, gateways: Gateways) -> None:
        self._engine = engine
        self._controls = controls
        self._gateways = gateways

    def create(self, want: Resource, op: Operation) -> Progress:
        """Known to HAProxy and checked at once; Done when it answers and gets its traffic."""
        gateway, listener = str(want.properties["gateway"]), str(want.properties["listener"])
        now = self._engine.env.now()
        resume = op.resume if isinstance(op.resume, Mapping) else {"since": now}
        with self._controls.lock(gateway):
            found = self._gateways.inspect(gateway)
            book = self._gateways.book(found)
            slot = book.find(op) or self._enter(found, book, want, op)
            number, entry = slot[1], slot[2]
            if entry["ready"]:
                return Done(self._item(gateway, slot))
            states = self._states(gateway)
            state = states.get((listener, slot_name(number)))
            if state is None:  # HAProxy is not up yet, or is about to reload for more slots
                return Pending(LOOK_S, resume, "waiting for the gateway")
            if state.admin == "maint":
                self._admit(gateway, listener, number, entry)
                return Pending(LOOK_S, resume, "waiting for its first check")
            waited_s = now - float(resume["since"])
            others = any(s.up for key, s in states.items() if _rival(key, listener, number))
            if not state.up and waited_s < (want.ready_within_s if others else ALONE_S):
                return Pending(LOOK_S, resume, f"nothing listens on port {entry['port']} yet")
            if not state.up and others:
                raise ProviderError(
                    "NotStabilized",
                    f"nothing listens on port {entry['port']} after {waited_s:.0f} s",
                    remedy="see its logs; does it listen on 0.0.0.0, and on the declared port?",
                )
            self._controls.ask(gateway, set_state(listener, slot_name(number), "ready"))
            entry["ready"] = True
            self._gateways.save(found, book)
            return Done(self._item(gateway, slot))

    def read(self, key: ConfigurationItem | Resource) -> ConfigurationItem | None:
        """The back end now, None where it or its gateway is gone."""
        assert key.address, "back ends are ours"
        found = [i for i in self._all(key) if i.address == key.address]
        if isinstance(key, ConfigurationItem):
            mine = (key.installation, key.incarnation)
            found = [i for i in found if (i.installation, i.incarnation) == mine]
        return max(found, key=lambda i: i.incarnation, default=None)

    def update(self, have: ConfigurationItem, want: Resource, op: Operation) -> Progress:
        """Only how long it may drain can change, and that is asked when it does."""
        gateway, _, _ = have.identifier.partition("/")
        with self._controls.lock(gateway):
            found = self._gateways.inspect(gateway)
            book = self._gateways.book(found)
            slot = book.find(op)
            if slot is None:
                raise ProviderError("NotFound", f"{have.address} is gone")
            slot[2]["drain_s"] = want.properties.get("drain_s", DRAIN_S)
            self._gateways.save(found, book)
            return Done(self._item(gateway, slot))

    def delete(self, have: ConfigurationItem, op: Operation) -> Progress:
        """No new traffic, then what is under way may end, then it is forgotten."""
        gateway, _, _ = have.identifier.partition("/")
        now = self._engine.env.now()
        resume = op.resume if isinstance(op.resume, Mapping) else {"since": now}
        with self._controls.lock(gateway):
            found = self._gateways.containers.inspect(gateway)
            book = self._gateways.book(found) if found else None
            slot = book.find(op) if book else None
            if found is None or book is None or slot is None:
                return Done(None)
            listener, number, entry = slot
            if is_up(found):
                busy = self._drain(gateway, listener, number)
                waited_s = now - float(resume["since"])
                if busy and waited_s < entry.get("drain_s", DRAIN_S):
                    if entry["ready"]:
                        entry["ready"] = False
                        self._gateways.save(found, book)
                    return Pending(LOOK_S, resume, f"draining {busy} connections")
                self._empty(gateway, listener, number)
            book.free(listener, number)
            self._gateways.save(found, book)
            return Done(None)

    def list(self, scope: Scope, cursor: str | None) -> Page:
        """Those in every gateway of ours, or of every installation."""
        return Page(tuple(self._in_gateways(gateway_filters(scope))))

    def _enter(
        self, found: Mapping[str, Any], book: Book, want: Resource, op: Operation
    ) -> tuple[str, int, Entry]:
        """Give it a slot and write that down, before HAProxy is told."""
        listener, container = str(want.properties["listener"]), str(want.properties["container"])
        if listener not in book.slots:
            raise ProviderError("ResourceConflict", f"the gateway does not listen as {listener}")
        entry: Entry = {
            "labels": labels(TYPE, op),
            "container": container,
            "port": want.properties["port"],
            "address": self._address(found, container),
            "ready": False,
            "drain_s": want.properties.get("drain_s", DRAIN_S),
        }
        number, grown = book.take(listener, entry)
        self._gateways.save(found, book)
        if grown:
            self._gateways.reload(found)
        return listener, number, entry

    def _address(self, gateway: Mapping[str, Any], container: str) -> str:
        """Where the gateway reaches the container now; names take over when that moves."""
        found = self._gateways.containers.inspect(container)
        if found is None:
            raise ProviderError("NotFound", f"container {container[:12]} is gone")
        shared = networks_of(gateway).keys() & networks_of(found).keys()
        addresses = [networks_of(found)[name].get("IPAddress") for name in sorted(shared)]
        return next((str(a) for a in addresses if a), "")

    def _admit(self, gateway: str, listener: str, number: int, entry: Entry) -> None:
        """Check it without giving it traffic; "up" then can only come from a check that passed."""
        name = slot_name(number)
        server = Server(name=name, address=entry["address"], port=int(entry["port"]))
        self._controls.ask(
            gateway,
            *((set_address(listener, server),) if entry["address"] else ()),
            set_name(listener, name, host(entry["container"])),
            set_state(listener, name, "drain"),
            f"set server {listener}/{name} health down",
            f"enable health {listener}/{name}",
        )

    def _drain(self, gateway: str, listener: str, number: int) -> int:
        """Connections it still has; 0 as well where HAProxy does not answer, being restarted."""
        name = slot_name(number)
        try:
            self._controls.ask(gateway, set_state(listener, name, "drain"))
            connections = self._controls.ask(gateway, SHOW_CONNECTIONS)
        except ProviderError as error:
            if error.code != "NetworkFailure":
                raise
            return 0
        return parse_connections(connections).get((listener, name), 0)

    def _empty(self, gateway: str, listener: str, number: int) -> None:
        """Cut what is left.  The slot takes the gateway's own name: DNS is not asked in vain."""
        name = slot_name(number)
        try:
            self._controls.ask(
                gateway,
                set_state(listener, name, "maint"),
                f"shutdown sessions server {listener}/{name}",
                set_name(listener, name, host(gateway)),
            )
        except ProviderError as error:
            if error.code != "NetworkFailure":
                raise

    def _states(self, gateway: str) -> Mapping[tuple[str, str], ServerState]:
        try:
            answer = self._controls.ask(gateway, SHOW_SERVERS)
        except ProviderError as error:
            if error.code != "NetworkFailure":
                raise
            return {}
        return parse_servers(answer)

    def _all(self, key: ConfigurationItem | Resource) -> Iterator[ConfigurationItem]:
        if isinstance(key, ConfigurationItem) and key.identifier:
            yield from self._in_gateway(key.identifier.partition("/")[0])
            return
        app = str(key.address).partition("/")[0]
        yield from self._in_gateways({"label": [f"{MARK}=docker.gateway", f"moot.app={app}"]})

    def _in_gateways(self, wanted: Mapping[str, list[str]]) -> Iterator[ConfigurationItem]:
        listing = self._engine.call(
            "gateway ls", lambda c: c.containers(all=True, filters=dict(wanted))
        )
        for one in listing:
            yield from self._in_gateway(one["Id"])

    def _in_gateway(self, gateway: str) -> Iterator[ConfigurationItem]:
        found = self._gateways.containers.inspect(gateway)
        if found is None:
            return
        try:
            book = self._gateways.book(found)
        except ProviderError as error:  # it is being removed, or was made and never configured
            if error.code not in {"NotFound", "NetworkFailure"}:
                raise
            return
        for slot in book.entries():
            yield self._item(gateway, slot)

    def _item(self, gateway: str, slot: tuple[str, int, Entry]) -> ConfigurationItem:
        listener, number, entry = slot
        identifier = f"{gateway}/{listener}/{slot_name(number)}"
        return item(
            TYPE,
            self._engine.venue,
            identifier,
            entry["labels"],
            properties={
                "id": identifier,
                "address": entry["address"],
                "drain_s": entry.get("drain_s", DRAIN_S),
            },
        )


def _rival(key: tuple[str, str], listener: str, number: int) -> bool:
    return key[0] == listener and key[1] != slot_name(number)
