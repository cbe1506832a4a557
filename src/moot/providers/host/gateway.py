"""Handler of `host.gateway`: one HAProxy per App, under a supervisor like any replica."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from moot.model.resource import ConfigurationItem, Resource
from moot.model.value import JSON
from moot.provider import Done, Operation, Pending, Progress, ProviderError
from moot.providers.host.machine import Machine
from moot.providers.host.process import describe, end, launch, newest
from moot.providers.host.survey import Record
from moot.render.gateway import Front, configuration

TYPE = "host.gateway"
LOGGING: JSON = {"max_size": 1024 * 1024, "max_files": 2}
TRIES = 100


class GatewayHandler:
    """Its run folder holds the configuration without servers, and a file for each server."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def create(self, want: Resource, op: Operation) -> Progress:
        """Start HAProxy; Pending until its runtime API answers."""
        folder = self.machine.run_folder(op.marks, "gateway")
        tries = int((op.resume or {}).get("tries", 0))
        if not tries:
            self._launch(want, op, folder)
        elif self.machine.errand("gateway", folder=folder, commands=["show info"])[0]:
            return Done(self.describe(folder))
        record = self.machine.record(folder)
        if tries >= TRIES or not record or record["status"].get("exit_code"):
            item = describe(self.machine, record) if record else None
            detail = item.private.get("detail") if item else None
            raise ProviderError("NotStabilized", str(detail or "no answer"))
        return Pending(min(0.03 * 2**tries, 0.5), {"tries": tries + 1}, "starting HAProxy")

    def read(self, key: ConfigurationItem | Resource) -> ConfigurationItem | None:
        if isinstance(key, ConfigurationItem):
            return self.describe(key.identifier)
        return newest(self.list(), key.address)

    def update(self, item: ConfigurationItem, want: Resource, op: Operation) -> Progress:
        """New listeners: HAProxy takes them over without dropping a connection."""
        folder = item.identifier
        record = self.machine.record(folder)
        before = record["spec"].get("binds", []) if record else []
        binds = _binds(want)
        if reasons := self.machine.errand("holders", binds=[b for b in binds if b not in before]):
            raise _unavailable(reasons)
        self.machine.errand(
            "gateway",
            folder=folder,
            commands=[],
            template=_template(want),
            haproxy=self.machine.haproxy,
        )
        changes = {"listeners": want.properties["listeners"], "binds": binds}
        self.machine.errand("amend", folder=folder, changes=changes)
        return Done(self.describe(folder))

    def delete(self, item: ConfigurationItem, op: Operation) -> Progress:
        return end(self.machine, TYPE, item, op)

    def list(self) -> Iterator[ConfigurationItem]:
        for record in self.machine.records(TYPE):
            if item := self._shown(record):
                yield item

    def describe(self, folder: str) -> ConfigurationItem | None:
        record = self.machine.record(folder)
        return self._shown(record) if record and record["type"] == TYPE else None

    def _shown(self, record: Record) -> ConfigurationItem | None:
        item = describe(self.machine, record)
        if item is None:
            return None
        properties = {name: item.properties[name] for name in ("folder", "pid", "restarts")}
        listeners = record["spec"].get("listeners", [])
        return replace(item, properties={**properties, "listeners": listeners})

    def _launch(self, want: Resource, op: Operation, folder: str) -> None:
        found = self.machine.version_of_haproxy()
        if found is None or found < (2, 6):
            raise ProviderError(
                "InvalidRequest",
                f"the gateway needs HAProxy 2.6 or newer; there is {_words(found)}",
                remedy="apt-get install haproxy",
            )
        template = _template(want)
        spec: dict[str, Any] = {
            "replica": f"{op.marks.app}/gateway",
            "command": [self.machine.haproxy, "-W", "-f", "haproxy.cfg"],
            "environment": {},
            "working_dir": folder,
            "user": None,
            "targets": [],
            "fixed": {},
            "tell_ports": False,
            "volumes": {},
            "scratch": [],
            "healthcheck": None,
            "restart": {"condition": "always", "attempts": None, "delay_s": 0, "window_s": 0},
            "stop_signal": "SIGTERM",
            "stop_grace_s": 5.0,
            # Debian has HAProxy in /usr/sbin, which only root has in his PATH.
            "path": f"{self.machine.path}:{Machine.path}",
            "limits": {},
            "logging": LOGGING,
            "listeners": want.properties["listeners"],
            "binds": _binds(want),
        }
        texts = {"haproxy.template": template, "haproxy.cfg": template}
        launch(self.machine, TYPE, folder, op.marks, spec, texts=texts)


def _binds(want: Resource) -> list[list[Any]]:
    return [list(bind) for listener in want.properties["listeners"] for bind in listener["binds"]]


def _template(want: Resource) -> str:
    """The configuration without servers; the socket's path is relative to the run folder."""
    fronts = (
        Front(
            name=listener["name"],
            binds=tuple((address, port) for address, port in listener["binds"]),
            http=listener["http"],
            retry_all=listener["retry_all"],
        )
        for listener in want.properties["listeners"]
    )
    return configuration(fronts, stats=["unix@admin.sock"])


def _unavailable(reasons: Sequence[str]) -> ProviderError:
    remedy = "end that process, or publish another port"
    return ProviderError("AlreadyExists", "; ".join(reasons), remedy=remedy)


def _words(version: tuple[int, int] | None) -> str:
    return f"{version[0]}.{version[1]}" if version else "none"
