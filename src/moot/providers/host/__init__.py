"""The provider of machines: processes, volumes and a gateway, reached through a Shell."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from moot.model.diagnostic import Diagnostic
from moot.model.placement import Share
from moot.model.resource import ConfigurationItem, Resource
from moot.model.value import JSON
from moot.model.venue import Offering
from moot.provider import Env, LogLine, Operation, Page, Progress, ProviderError, Scope, TypeSchema
from moot.providers.host.backend import BackendHandler
from moot.providers.host.gateway import GatewayHandler
from moot.providers.host.logs import follow_logs, read_logs
from moot.providers.host.lowering import lower
from moot.providers.host.machine import Machine
from moot.providers.host.offerings import identity_of, lacks, offering
from moot.providers.host.process import ProcessHandler
from moot.providers.host.schemas import SCHEMAS
from moot.providers.host.volume import VolumeHandler
from moot.shell import Command
from moot.shells.local import LocalShell

Handler = VolumeHandler | ProcessHandler | GatewayHandler | BackendHandler


class HostProvider:
    """The machine we are on.  `data` moves its folder, `gateway.haproxy` names another HAProxy."""

    config_schema: ClassVar[JSON] = {
        "type": "object",
        "properties": {
            "local": {"const": True},
            "data": {"type": "string"},
            "gateway": {
                "type": "object",
                "properties": {"haproxy": {"type": "string"}},
                "additionalProperties": False,
            },
        },
        "additionalProperties": False,
    }

    def __init__(self, venue: str, configuration: Mapping[str, JSON], env: Env) -> None:
        if not configuration.get("local"):
            raise ProviderError(
                "InvalidRequest",
                f"venue {venue}: machines reached over SSH are not there yet",
                remedy="set `local: true` for the machine you are on",
            )
        self.venue = venue
        self.configuration = configuration
        self.env = env
        self.shell = LocalShell()

    @cached_property
    def machine(self) -> Machine:
        root, data = _folders(self.venue, self.configuration, self.env)
        gateway: Any = self.configuration.get("gateway") or {}
        runtime = self.env.environ.get("XDG_RUNTIME_DIR") or f"/tmp/moot-{os.getuid()}"  # noqa: S108
        return Machine(
            shell=self.shell,
            root=root,
            data=data,
            reservations=f"{runtime}/moot/ports" if os.getuid() else "/run/moot/ports",
            path=self.env.environ.get("PATH") or Machine.path,
            haproxy=gateway.get("haproxy", "haproxy"),
            venue=self.venue,
            trace=self.env.trace,
        )

    @cached_property
    def handlers(self) -> dict[str, Handler]:
        return {
            "host.volume": VolumeHandler(self.machine),
            "host.process": ProcessHandler(self.machine),
            "host.gateway": GatewayHandler(self.machine),
            "host.backend": BackendHandler(self.machine, self.env),
        }

    def identity(self) -> str:
        return identity_of(self.machine)

    def offerings(self) -> Sequence[Offering]:
        return [offering(self.machine, "local", self.identity())]

    def lower(self, share: Share) -> Iterable[Resource]:
        return lower(share)

    def types(self) -> Collection[str]:
        return SCHEMAS

    def schema(self, type: str) -> TypeSchema:
        return SCHEMAS[type]

    def checks(self) -> Sequence[Diagnostic]:
        return list(lacks(self.machine))

    def create(self, want: Resource, op: Operation) -> Progress:
        return self.handlers[want.type].create(want, op)

    def read(self, key: ConfigurationItem | Resource) -> ConfigurationItem | None:
        found = self.handlers[key.type].read(key)
        if found is None or isinstance(key, Resource):
            return found
        return found if _whose(found) == _whose(key) else None  # names are used again

    def update(self, item: ConfigurationItem, want: Resource, op: Operation) -> Progress:
        return self.handlers[item.type].update(item, want, op)

    def delete(self, item: ConfigurationItem, op: Operation) -> Progress:
        return self.handlers[item.type].delete(item, op)

    def list(self, type: str, scope: Scope, cursor: str | None) -> Page:
        """Everything with marks of this installation; without one, with anybody's."""
        found = self.handlers[type].list()
        if scope.installation is not None:
            found = (item for item in found if item.installation == scope.installation)
        if scope.app is not None:
            found = (item for item in found if _app(item) == scope.app)
        return Page(tuple(found))

    def logs(
        self,
        item: ConfigurationItem,
        *,
        follow: bool,
        tail: int | None,
        since: float | None,
        stop: Callable[[], bool],
    ) -> Iterator[LogLine]:
        if not follow:
            return read_logs(self.machine, item, tail=tail, since=since)
        return follow_logs(
            self.machine, item, tail=tail, since=since, stop=stop, sleep=self.env.sleep
        )

    def execute(
        self,
        item: ConfigurationItem,
        argv: Sequence[str],
        *,
        tty: bool,
        environment: Mapping[str, str],
        working_dir: str | None,
        user: str | None,
    ) -> int:
        """The caller's terminal, where there is one, is simply inherited: `tty` changes nothing."""
        wanted = {"environment": dict(environment), "working_dir": working_dir, "user": user}
        return self.shell.attach(
            Command(
                argv=(*self.machine.launcher(), "enter", item.identifier, *argv),
                environment={"MOOT_ENTER": json.dumps(wanted)},
            )
        )


def _whose(item: ConfigurationItem) -> tuple[str | None, int, str | None]:
    return item.address, item.incarnation, item.installation


def _app(item: ConfigurationItem) -> str:
    """`shop` of `shop/web/0@laptop/process` and of `shop@laptop/gateway`."""
    return (item.address or "").partition("@")[0].partition("/")[0]


def _folders(venue: str, configuration: Mapping[str, JSON], env: Env) -> tuple[str, str]:
    """(the folder that always stays, the venue's data folder below it).

    Root runs replicas as other users too, and these must be able to reach volumes and files: below
    its home (/root) they could not, so root's data is in /var/lib, apart for each MOOT_HOME.
    """
    home = env.home.absolute()
    if configured := configuration.get("data"):
        data = Path(str(configured)).expanduser().absolute()
        return str(data.parent), str(data)
    if os.getuid() == 0:
        digest = hashlib.sha256(str(home).encode()).hexdigest()[:12]
        return "/var/lib", f"/var/lib/moot/{digest}/{venue}"
    return str(home), str(home / "host" / venue)
