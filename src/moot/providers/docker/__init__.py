"""The provider of Docker Engines: containers, their images, networks, volumes and gateways.

`lowering` and `routing` say what an App becomes here, `client` is the only way to the Engine, and
one module per type holds its handlers.  docs/docker.md is the user's page.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import ClassVar

from moot.model.diagnostic import Diagnostic
from moot.model.placement import Share
from moot.model.resource import ConfigurationItem, Resource
from moot.model.value import JSON
from moot.model.venue import Offering
from moot.provider import Env, LogLine, Operation, Page, Progress, ProviderError, Scope, TypeSchema
from moot.providers.docker import execute, logs, offerings
from moot.providers.docker.backend import Backends
from moot.providers.docker.client import Engine
from moot.providers.docker.container import Containers
from moot.providers.docker.control import Controls
from moot.providers.docker.gateway import Gateways
from moot.providers.docker.image import Images
from moot.providers.docker.jobs import Jobs
from moot.providers.docker.lowering import lower
from moot.providers.docker.network import Networks
from moot.providers.docker.notes import Notes
from moot.providers.docker.schemas import SCHEMAS
from moot.providers.docker.supply import Supply
from moot.providers.docker.swarm import settings as swarm
from moot.providers.docker.swarm.kept import Kept
from moot.providers.docker.swarm.mode import Swarm
from moot.providers.docker.swarm.service import Services
from moot.providers.docker.swarm.task import TYPE as TASK
from moot.providers.docker.swarm.task import Tasks
from moot.providers.docker.volume import Volumes

_TEXT = {"type": "string"}
_TLS: JSON = {
    "type": "object",
    "properties": {"ca": _TEXT, "cert": _TEXT, "key": _TEXT, "verify": {"type": "boolean"}},
    "additionalProperties": False,
}

Handlers = Networks | Volumes | Images | Containers | Gateways | Backends | Kept | Services | Tasks


class DockerProvider:
    """One Docker Engine.  Nothing is connected, and no SDK imported, before a handler is called."""

    config_schema: ClassVar[JSON] = {
        "type": "object",
        "properties": {
            "host": {**_TEXT, "description": "unix://, tcp:// or ssh:// address of the Engine"},
            "tls": _TLS,
            "ssh_options": {"type": "array", "items": _TEXT},
            "address": {**_TEXT, "description": "where other machines reach published ports"},
            "price": {"type": "number", "minimum": 0},
            "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
            "region": _TEXT,
            "zone": _TEXT,
            "gpus": {"type": "integer", "minimum": 0, "description": "how many it has"},
            "images": {
                "type": "object",
                "properties": {
                    "from": {
                        **_TEXT,
                        "description": "address of the Engine that images come from, or 'registry'",
                    },
                    "tls": _TLS,
                },
                "additionalProperties": False,
            },
            "swarm": swarm.SCHEMA,
            "gateway_image": {**_TEXT, "description": "image with HAProxy 2.6 or newer"},
        },
        "additionalProperties": False,
    }

    def __init__(self, venue: str, configuration: Mapping[str, JSON], env: Env) -> None:
        self._engine = Engine(venue, configuration, env)
        self._stated = offerings.stated(configuration)
        self._gateway_image = str(configuration.get("gateway_image") or "")
        self._controls = Controls(self._engine)
        self._jobs = Jobs()
        settings = swarm.Settings.of(configuration.get("swarm"))
        nodes = settings.nodes if settings else ()
        others = [Engine(venue, {**configuration, "host": node}, env) for node in nodes]
        self._supply = Supply(self._engine, configuration.get("images") or {}, others)
        both: Mapping[str, Handlers] = {
            "docker.network": Networks(self._engine),
            "docker.volume": Volumes(self._engine),
            "docker.image": Images(
                self._engine, self._supply, self._jobs, Notes(env.home / "docker" / "images")
            ),
        }
        swarmed = Swarm(self._engine, settings or swarm.Settings())
        self._tasks = swarmed
        self._swarm = swarmed if settings else None
        alone = self._alone()
        self._types = {**both, **(swarmed.handlers if settings else alone)}.keys()
        # What was made before `swarm` was changed in the settings is still read and deleted.
        self._handlers: Mapping[str, Handlers] = {**both, **alone, **swarmed.handlers}

    def identity(self) -> str:
        return self._swarm.identity() if self._swarm else offerings.identity(self._engine)

    def offerings(self) -> Sequence[Offering]:
        offering = offerings.offering(self._engine, self._stated)
        return [self._swarm.offering(offering) if self._swarm else offering]

    def checks(self) -> Sequence[Diagnostic]:
        gateway_needed = not self._swarm and not self._gateway_image
        found = list(offerings.lacks(self._engine, gateway_needed))
        return found or (list(self._swarm.lacks()) if self._swarm else [])

    def lower(self, share: Share) -> Iterable[Resource]:
        return self._swarm.lower(share) if self._swarm else lower(share, self._gateway_image)

    def types(self) -> Collection[str]:
        return self._types

    def schema(self, type: str) -> TypeSchema:
        return SCHEMAS[type]

    def create(self, want: Resource, op: Operation) -> Progress:
        return self._handlers[want.type].create(want, op)

    def read(self, key: ConfigurationItem | Resource) -> ConfigurationItem | None:
        return self._handlers[key.type].read(key)

    def update(self, item: ConfigurationItem, want: Resource, op: Operation) -> Progress:
        return self._handlers[item.type].update(item, want, op)

    def delete(self, item: ConfigurationItem, op: Operation) -> Progress:
        return self._handlers[item.type].delete(item, op)

    def adopt(self, type: str, identifier: str, op: Operation) -> Progress:
        """Never: the Engine takes labels in the create call only."""
        kind = type.removeprefix("docker.")
        raise ProviderError(
            "NotUpdatable",
            f"Docker gives a {kind} its labels when it is made, and never again",
            remedy=f"let moot make a {kind} of its own and move what is in the old one; or declare"
            " the old one as `external: true`, where Compose knows that",
        )

    def list(self, type: str, scope: Scope, cursor: str | None) -> Page:
        return self._handlers[type].list(scope, cursor)

    def logs(
        self,
        item: ConfigurationItem,
        *,
        follow: bool,
        tail: int | None,
        since: float | None,
        stop: Callable[[], bool],
    ) -> Iterator[LogLine]:
        window = logs.Window(tail, since, follow)
        if item.type == TASK:
            return self._tasks.logs(item, window, stop)
        return logs.lines(self._engine, item, window, stop)

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
        return execute.execute(
            self._engine,
            self._tasks.container(item) if item.type == TASK else item.identifier,
            argv,
            tty=tty,
            environment=environment,
            working_dir=working_dir,
            user=user,
        )

    def _alone(self) -> dict[str, Handlers]:
        """What an Engine by itself has: containers, and gateways in front of them."""
        gateways = Gateways(self._engine, self._controls, self._jobs)
        return {
            "docker.container": Containers(self._engine),
            "docker.gateway": gateways,
            "docker.backend": Backends(self._engine, self._controls, gateways),
        }

    def close(self) -> None:
        """Give up all connections; the next call connects again."""
        self._controls.close()
        self._supply.close()
        self._engine.close()
