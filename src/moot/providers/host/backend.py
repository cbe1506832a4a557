"""Handler of `host.backend`: one replica's place behind a listener of the gateway.

A server is registered as draining with its health check on, and gets traffic only when that has
passed; it leaves by draining.  Both go through HAProxy's runtime API, and into a file beside its
configuration, so that a HAProxy that was killed comes back with the servers it had.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from moot.model.resource import ConfigurationItem, Resource
from moot.provider import Done, Env, Marks, Operation, Pending, Progress, ProviderError
from moot.providers.host.machine import Machine
from moot.providers.host.process import newest
from moot.render.gateway import (
    SHOW_CONNECTIONS,
    SHOW_SERVERS,
    Server,
    add_server,
    parse_connections,
    parse_servers,
    remove_server,
    server_line,
    set_state,
)

TYPE = "host.backend"
LISTENS_WITHIN_S = 60.0


class BackendHandler:
    """A server is a file `servers/LISTENER/NAME.json` in the gateway's run folder."""

    def __init__(self, machine: Machine, env: Env) -> None:
        self.machine = machine
        self.env = env

    def create(self, want: Resource, op: Operation) -> Progress:
        """Pending until a health check of the replica has passed and it gets traffic."""
        wanted = want.properties
        front, folder = wanted["listener"], wanted["gateway"]
        name = f"{wanted['server']}.{op.marks.incarnation}"
        resume = op.resume or {"tries": 0, "until": self.env.now() + LISTENS_WITHIN_S}
        server = Server(name=name, address=wanted["address"], port=int(wanted["port"]), ready=False)
        standing = self._standing(f"{folder}/{_path(front, name)}")
        if standing and not _is(standing, op.marks):
            raise ProviderError("AlreadyExists", f"{front} has a server {name} of another's")
        state = None
        if standing:
            (shown,) = self._ask(folder, [SHOW_SERVERS])
            state = parse_servers(shown or "").get((front, name))
        if state is None or state.admin == "maint":
            file = self._file(front, name, server, want.properties, op.marks)
            answers = self._ask(folder, [*add_server(front, server), SHOW_SERVERS], save=file)
            state = parse_servers(answers[-1] or "").get((front, name))
        if state and (state.admin == "ready" or (state.up and state.checked)):
            ready = Server(name=name, address=server.address, port=server.port)
            file = self._file(front, name, ready, want.properties, op.marks)
            self._ask(folder, [set_state(front, name, "ready")], save=file)
            return Done(self._item(f"{folder}/{_path(front, name)}", *file.values()))
        if self.env.now() > resume["until"]:
            raise _silent(server, state is None)
        pause = min(0.05 * 2 ** resume["tries"], 0.5)
        return Pending(pause, {**resume, "tries": resume["tries"] + 1}, "waiting for its port")

    def read(self, key: ConfigurationItem | Resource) -> ConfigurationItem | None:
        if isinstance(key, ConfigurationItem):
            found = self._standing(key.identifier)
            return self._item(key.identifier, found) if found else None
        return newest(self.list(), key.address)

    def update(self, item: ConfigurationItem, want: Resource, op: Operation) -> Progress:
        """How long it may drain is all that can change in place."""
        found = self._standing(item.identifier)
        found["properties"] = {**found["properties"], "drain_s": want.properties["drain_s"]}
        self._ask(item.properties["gateway"], [], save={item.private["file"]: found})
        return Done(self.read(item))

    def delete(self, item: ConfigurationItem, op: Operation) -> Progress:
        """Nothing new for it; when what is under way has ended, or `drain_s` is over, it goes."""
        found = self._standing(item.identifier)
        if not found or not _is(found, op.marks):
            return Done(None)  # gone; what may have taken its place is another's
        properties = found["properties"]
        folder, front, name = properties["gateway"], properties["listener"], found["name"]
        resume = op.resume or {"tries": 0, "until": self.env.now() + properties["drain_s"]}
        if not resume["tries"]:
            server = Server(
                name=name, address=properties["address"], port=properties["port"], ready=False
            )
            drained = {item.private["file"]: {**found, "line": server_line(server)}}
            commands = [set_state(front, name, "drain"), SHOW_CONNECTIONS]
            used = self._ask(folder, commands, save=drained)[-1]
        else:
            (used,) = self._ask(folder, [SHOW_CONNECTIONS])
        late = self.env.now() >= resume["until"]
        waiting = Pending(
            min(0.05 * 2 ** resume["tries"], 0.5),
            {**resume, "tries": resume["tries"] + 1},
            "draining",
        )
        if parse_connections(used or "").get((front, name)) and not late:
            return waiting
        answer = self._ask(folder, list(remove_server(front, name, cut=late)))[-1]
        if answer and "still has connections" in answer:
            return waiting
        self._ask(folder, [], remove=item.private["file"])
        return Done(None)

    def list(self) -> Iterator[ConfigurationItem]:
        for record in self.machine.records("host.gateway"):
            for path, found in record["servers"].items():
                yield self._item(f"{record['folder']}/{path}", found)

    def _standing(self, path: str) -> dict[str, Any]:
        """What a server's file says; empty where there is none."""
        return self.machine.errand("load", path=path)

    def _ask(self, folder: str, commands: list[str], **changes: Any) -> list[str | None]:
        return self.machine.errand("gateway", folder=folder, commands=commands, **changes)

    def _file(
        self, front: str, name: str, server: Server, properties: Mapping[str, Any], marks: Marks
    ) -> dict[str, Any]:
        return {
            _path(front, name): {
                "name": name,
                "line": server_line(server),
                "properties": {**properties, "port": server.port},
                "marks": marks.as_labels(),
            }
        }

    def _item(self, path: str, found: Mapping[str, Any]) -> ConfigurationItem:
        marks = Marks.from_labels(found["marks"])
        seen = ConfigurationItem(
            type=TYPE,
            venue=self.machine.venue,
            identifier=path,
            properties=found["properties"],
            private={"file": _path(found["properties"]["listener"], found["name"])},
        )
        return marks.on(seen) if marks else seen


def _is(found: Mapping[str, Any], marks: Marks) -> bool:
    standing = Marks.from_labels(found["marks"])
    return standing is not None and standing.identity == marks.identity


def _path(front: str, name: str) -> str:
    return f"servers/{front}/{name}.json"


def _silent(server: Server, unknown: bool) -> ProviderError:
    if unknown:
        return ProviderError("NotStabilized", "the gateway does not answer or lacks the listener")
    return ProviderError(
        "NotStabilized",
        f"nothing listens on {server.address}:{server.port}",
        remedy="let the process listen on $PORT, or declare `process.port: fixed`",
    )
