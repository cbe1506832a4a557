"""A venue in memory or in a file: the reference provider, and what every test runs on.

`settings` is what the user may configure, `lowering` what an App becomes here, `schemas` the types,
`handlers` the calls and `world` what answers them.  docs/writing-a-provider.md walks through it.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import ClassVar

from moot.model.placement import Share
from moot.model.resource import ConfigurationItem, Resource
from moot.model.value import JSON
from moot.model.venue import Offering
from moot.provider import Env, Operation, Page, Progress, ProviderError, Scope, TypeSchema
from moot.providers.fake.faults import Faults
from moot.providers.fake.handlers import Handlers
from moot.providers.fake.lowering import lower
from moot.providers.fake.schemas import schemas
from moot.providers.fake.settings import CONFIG_SCHEMA, Settings
from moot.providers.fake.world import World


class FakeProvider:
    """The provider contract over a `World`, which is opened by the first call that needs it."""

    config_schema: ClassVar[JSON] = CONFIG_SCHEMA

    def __init__(self, venue: str, configuration: Mapping[str, JSON], env: Env) -> None:
        self.venue = venue
        self.env = env
        self.settings = Settings.read(venue, configuration, env)
        self._schemas = schemas(self.settings.create_class, self.settings.settles_within_s)
        self._faults = Faults(self.settings.faults)
        self._opening = threading.Lock()
        self._world: World | None = None

    @property
    def world(self) -> World:
        """The world of this venue, for those who want to look behind the provider's back."""
        with self._opening:
            if self._world is None:
                unique = self.settings.create_class == "NAME"
                self._world = World(self.settings.path, unique_names=unique)
            return self._world

    def identity(self) -> str:
        self._answer()
        return f"fake:{self.settings.path or self.venue}"

    def offerings(self) -> Sequence[Offering]:
        self._answer()
        return self.settings.offerings

    def lower(self, share: Share) -> Iterable[Resource]:
        return lower(share)

    def types(self) -> Collection[str]:
        return self._schemas.keys()

    def schema(self, type: str) -> TypeSchema:
        return self._schemas[type]

    def create(self, want: Resource, op: Operation) -> Progress:
        with self._call("create", want.address) as lands_after_s:
            return self._handlers(lands_after_s).create(want, op)

    def read(self, key: ConfigurationItem | Resource) -> ConfigurationItem | None:
        with self._call("read", key.address or "") as lands_after_s:
            return self._handlers(lands_after_s).read(key)

    def update(self, item: ConfigurationItem, want: Resource, op: Operation) -> Progress:
        with self._call("update", want.address) as lands_after_s:
            return self._handlers(lands_after_s).update(item, want, op)

    def delete(self, item: ConfigurationItem, op: Operation) -> Progress:
        with self._call("delete", item.address or "") as lands_after_s:
            return self._handlers(lands_after_s).delete(item, op)

    def adopt(self, type: str, identifier: str, op: Operation) -> Progress:
        with self._call("adopt", op.marks.address) as lands_after_s:
            return self._handlers(lands_after_s).adopt(type, identifier, op)

    def list(self, type: str, scope: Scope, cursor: str | None) -> Page:
        with self._call("list", type) as lands_after_s:
            return self._handlers(lands_after_s).list(type, scope, cursor)

    def _handlers(self, lands_after_s: float | None) -> Handlers:
        return Handlers(
            self.venue, self.world, self.settings, self._schemas, self.env, lands_after_s
        )

    def _answer(self) -> None:
        if self.settings.silent:
            raise ProviderError("NetworkFailure", f"{self.venue} does not answer")

    def _call(self, verb: str, address: str) -> AbstractContextManager[float | None]:
        """What a call over a network brings along: a delay, and now and then a fault."""
        self._answer()
        if self.settings.latency_s:
            self.env.sleep(self.settings.latency_s)
        self.world.arrive(self.env.now())
        return self._faults.during(verb, address)
