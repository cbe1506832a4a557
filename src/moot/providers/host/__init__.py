"""The provider of machines: processes, volumes and a gateway, reached through a Shell."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import ClassVar

from moot.model.diagnostic import Diagnostic
from moot.model.placement import Share
from moot.model.resource import ConfigurationItem, Resource
from moot.model.value import JSON
from moot.model.venue import Offering
from moot.provider import Env, LogLine, Operation, Page, Progress, ProviderError, Scope, TypeSchema
from moot.providers.host.access import CONFIG_SCHEMA, machine_of
from moot.providers.host.backend import BackendHandler
from moot.providers.host.container import ContainerHandler
from moot.providers.host.gateway import GatewayHandler
from moot.providers.host.image import ImageHandler
from moot.providers.host.logs import follow_logs, read_logs
from moot.providers.host.lowering import HAPROXY, lower
from moot.providers.host.machine import Machine
from moot.providers.host.offerings import identity_of, lacks, offering
from moot.providers.host.process import ProcessHandler
from moot.providers.host.recipes import RECIPE_SCHEMAS, RecipeHandler, provisioned
from moot.providers.host.schemas import SCHEMAS
from moot.providers.host.volume import VolumeHandler

Handler = (
    VolumeHandler
    | ProcessHandler
    | ContainerHandler
    | ImageHandler
    | GatewayHandler
    | BackendHandler
    | RecipeHandler
)


class HostProvider:
    """One machine: the one we are on (`local: true`), or another reached over SSH (`host: H`)."""

    config_schema: ClassVar[JSON] = CONFIG_SCHEMA

    def __init__(self, venue: str, configuration: Mapping[str, JSON], env: Env) -> None:
        if bool(configuration.get("local")) == ("host" in configuration):
            raise ProviderError(
                "InvalidRequest",
                f"venue {venue}: it is not said which machine this is",
                remedy="set `local: true` for the machine you are on, or `host` for another",
            )
        self.venue = venue
        self.configuration = configuration
        self.env = env
        self._machine: Machine | None = None
        self._handlers: dict[str, Handler] = {}
        self._making = threading.Lock()

    @property
    def machine(self) -> Machine:
        """Reached when first used; one for all threads, because they share its surveys."""
        with self._making:
            if self._machine is None:
                self._machine = machine_of(self.venue, self.configuration, self.env)
            return self._machine

    @property
    def handlers(self) -> dict[str, Handler]:
        """Made when first used; a cached property would make those of all machines one by one."""
        machine = self.machine
        with self._making:
            if not self._handlers:
                self._handlers = {
                    "host.volume": VolumeHandler(machine),
                    "host.process": ProcessHandler(machine),
                    "host.image": ImageHandler(machine, self.env),
                    "host.container": ContainerHandler(machine, self.env),
                    "host.gateway": GatewayHandler(machine),
                    "host.backend": BackendHandler(machine, self.env),
                    **{each.type: RecipeHandler(machine, each.type) for each in RECIPE_SCHEMAS},
                }
            return self._handlers

    def identity(self) -> str:
        return identity_of(self.machine.facts())

    def offerings(self) -> Sequence[Offering]:
        return [offering(self.machine, self.configuration)]

    def lower(self, share: Share) -> Iterable[Resource]:
        haproxy = "" if "gateway" in self.configuration else HAPROXY
        return provisioned(share, lower(share, haproxy))

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
        wanted = {"environment": dict(environment), "working_dir": working_dir, "user": user}
        folder, data = item.identifier, self.machine.data
        entry = self.machine.errand("prepare_entry", folder=folder, wanted=wanted, data=data)
        return self.machine.shell.attach(self.machine.entry("enter", folder, entry, *argv), tty=tty)

    def facts(self) -> Mapping[str, JSON]:
        """What the machine is and has free now."""
        return {**self.machine.facts(), "address": self.machine.address}

    def run(
        self,
        argv: Sequence[str],
        *,
        said: Callable[[str, str], None],
        stop: Callable[[], bool],
        timeout_s: float,
    ) -> int:
        """A command there, with what it writes passed to `said` (stream, text) as it comes."""
        return self.machine.errand(
            "command",
            timeout_s=timeout_s,
            said=lambda part: said(part["stream"], part["text"]),
            stop=stop,
            argv=list(argv),
            environment={},
        )


def _whose(item: ConfigurationItem) -> tuple[str | None, int, str | None]:
    return item.address, item.incarnation, item.installation


def _app(item: ConfigurationItem) -> str:
    """`shop` of `shop/web/0@laptop/process` and of `shop@laptop/gateway`."""
    return (item.address or "").partition("@")[0].partition("/")[0]
