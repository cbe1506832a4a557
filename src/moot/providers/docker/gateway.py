"""Gateways: HAProxy containers that hold published ports and the names of replicated components."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from moot.model.resource import ConfigurationItem, Resource
from moot.provider import Done, Operation, Page, Pending, Progress, ProviderError, Scope
from moot.providers.docker import gateway_image
from moot.providers.docker.body import create_body
from moot.providers.docker.book import Book
from moot.providers.docker.client import Engine
from moot.providers.docker.container import Containers, name_of
from moot.providers.docker.control import BOOK, Controls
from moot.providers.docker.files import archive, unpacked
from moot.providers.docker.jobs import Jobs, Report
from moot.providers.docker.marks import TYPE as KIND
from moot.providers.docker.marks import filters, is_gone, labels
from moot.providers.docker.observation import is_up, networks_of
from moot.providers.docker.pull import pulled

TYPE = "docker.gateway"
RELOAD_LOOK_S = 0.1
RELOAD_LOOKS_MAX = 100


class Gateways:
    """Handlers of docker.gateway, and what back ends need of one."""

    def __init__(self, engine: Engine, controls: Controls, jobs: Jobs) -> None:
        self._engine = engine
        self._controls = controls
        self._jobs = jobs
        self.containers = Containers(engine, TYPE)

    def create(self, want: Resource, op: Operation) -> Progress:
        """Made, given its configuration, and started; its image is made or pulled beforehand."""
        job = self._jobs.result(f"gateway {want.properties['image']}", self._image(want), 0.2)
        if job.failure:
            raise job.failure
        if not job.done.is_set():
            return Pending(0.2, {"fetching": True}, job.note)
        spec = _spec(want, job.result)
        body = create_body(spec, labels(TYPE, op), self._engine.api)
        identifier = self.containers.make(name_of(want, op), body, op)
        found = self.inspect(identifier)
        if found["State"]["Status"] == "created":
            self.containers.join(found, want.properties["networks"])
            book = Book(list(want.properties["listeners"]), self._subnets(want))
            self.save(found, book)
            self.containers.start(found)
        return Done(self.containers.item(self.inspect(identifier)))

    def read(self, key: ConfigurationItem | Resource) -> ConfigurationItem | None:
        """The gateway now, None where it is gone."""
        return self.containers.read(key)

    def update(self, have: ConfigurationItem, want: Resource, op: Operation) -> Progress:
        """Networks and listeners change in place; HAProxy takes over its own open sockets."""
        found = self.inspect(have.identifier)
        if isinstance(op.resume, Mapping):
            return self._reloaded(found, op.resume)
        with self._controls.lock(have.identifier):
            self._rejoin(found, want.properties["networks"])
            before = self.book(found)
            book = Book(list(want.properties["listeners"]), self._subnets(want), before.slots)
            self.save(found, book)
            if book.configuration() == before.configuration() or not is_up(found):
                return Done(self.containers.item(self.inspect(have.identifier)))
            return Pending(RELOAD_LOOK_S, self.reload(found), "reloading")

    def delete(self, have: ConfigurationItem, op: Operation) -> Progress:
        """Removed; what was under way has been drained with the back ends."""
        found = self.containers.inspect(have.identifier)
        if found is not None and not is_gone(found["Config"]["Labels"], have, op):
            self._controls.forget(have.identifier)
            self.containers.remove(found)
        return Done(None)

    def list(self, scope: Scope, cursor: str | None) -> Page:
        """Ours, or every installation's; other containers are listed as docker.container."""
        return Page(tuple(self.containers.listed(gateway_filters(scope))))

    def inspect(self, identifier: str) -> Mapping[str, Any]:
        """The gateway's container; raises NotFound where it is gone."""
        found = self.containers.inspect(identifier)
        if found is None:
            raise ProviderError(
                "NotFound",
                f"the gateway {identifier[:12]} is gone",
                remedy="run moot up again: it will be made again",
            )
        return found

    def book(self, found: Mapping[str, Any]) -> Book:
        """The book inside a gateway; raises NotFound where the gateway is gone."""
        if is_up(found):
            return Book.from_text(self._controls.book(found["Id"]))

        def get(client: Any) -> bytes:
            chunks, _ = client.get_archive(found["Id"], BOOK)
            return unpacked(chunks)

        return Book.from_text(self._engine.call(f"container get {found['Id'][:12]}:{BOOK}", get))

    def save(self, found: Mapping[str, Any], book: Book) -> None:
        """Write the book and the configuration made from it."""
        if is_up(found):
            self._controls.save(found["Id"], book.text(), book.configuration())
        else:
            self.containers.put(found, "/", archive(book.as_files()))

    def reload(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """Begin a reload without a gap; give what `_reloaded` needs to see its end."""
        pid = self._pid(found["Id"])
        self.containers.kill(found, "SIGUSR2")
        return {"replaces": pid, "looks": 0}

    def _reloaded(self, found: Mapping[str, Any], resume: Mapping[str, Any]) -> Progress:
        if self._pid(found["Id"]) not in ("", resume["replaces"]):
            return Done(self.containers.item(found))
        looks = int(resume["looks"]) + 1
        if looks > RELOAD_LOOKS_MAX:
            raise ProviderError(
                "NotStabilized",
                f"HAProxy in {found['Name'].lstrip('/')} did not take its new configuration",
                remedy=f"see docker logs {found['Name'].lstrip('/')}",
            )
        return Pending(RELOAD_LOOK_S, {**resume, "looks": looks}, "reloading")

    def _pid(self, identifier: str) -> str:
        """The process that answers; another one after a reload.  "" while none does."""
        try:
            info = self._controls.ask(identifier, "show info")
        except ProviderError as error:
            if error.code != "NetworkFailure":
                raise
            return ""
        found = re.search(r"^Pid: (\d+)", info, re.MULTILINE)
        return found[1] if found else ""

    def _rejoin(self, found: Mapping[str, Any], networks: Mapping[str, Any]) -> None:
        """Leave networks no longer wanted, and be called in the others as they say."""
        for name in networks_of(found).keys() - networks.keys():
            self.containers.leave(found, name)
        self.containers.rename(self.inspect(found["Id"]), networks)

    def _subnets(self, want: Resource) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in want.properties["networks"]:
            network = self._engine.call(
                f"network inspect {name}", lambda c, network=name: c.inspect_network(network)
            )
            ranges = (network.get("IPAM") or {}).get("Config") or []
            found[name] = [r["Subnet"] for r in ranges if r.get("Subnet")]
        return found

    def _image(self, want: Resource) -> Any:
        configured = str(want.properties["image"] or "")

        def work(report: Report) -> str:
            report(f"fetching {configured}" if configured else "making the gateway's image")
            if not configured:
                return gateway_image.ensure(self._engine)
            if not self._engine.call("image ls", lambda c: c.images(name=configured)):
                pulled(self._engine, configured, "", report)
            return configured

        return work


def gateway_filters(scope: Scope) -> dict[str, list[str]]:
    """Label filters for gateways; those of every installation where the scope names none."""
    return filters(TYPE, scope) or {"label": [f"{KIND}={TYPE}"]}


def _spec(want: Resource, image: str) -> dict[str, Any]:
    """The gateway as a container specification.  It may bind low ports and nothing else."""
    ports = want.properties["publish"]
    return {
        "image": image,
        "entrypoint": [],
        "command": list(gateway_image.COMMAND),
        "user": "0",
        "networks": want.properties["networks"],
        "publish": [
            {
                "target": port["inside"],
                "published": port["published"],
                "address": port["address"],
                "protocol": "tcp",
            }
            for port in ports
        ],
        "restart": {"condition": "always"},
        "options": {
            "cap_drop": ["ALL"],
            "cap_add": ["NET_BIND_SERVICE"],
            "security_opt": ["no-new-privileges"],
        },
    }
