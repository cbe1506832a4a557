"""A provider with somebody in the line: every call goes through a guard of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, Protocol

from moot.model.placement import Share
from moot.model.resource import ConfigurationItem, Resource
from moot.model.value import JSON
from moot.model.venue import Offering
from moot.provider import Operation, Page, Progress, Provider, Scope, TypeSchema

Verb = Literal["create", "read", "update", "delete", "list"]


@dataclass(frozen=True, slots=True)
class Asked:
    """One call on its way.  `address` is what it is about; for a list, its type."""

    verb: Verb
    address: str
    op: Operation | None = None


class Guard(Protocol):
    """Stands in the line.  `call` makes the real call: once, twice or never is the guard's choice.

    Called from several threads at once; whatever it raises is the answer.
    """

    def pass_on(self, asked: Asked, call: Callable[[], Any]) -> Any: ...


class Open:
    """A guard that lets everything through."""

    def pass_on(self, asked: Asked, call: Callable[[], Any]) -> Any:
        return call()


@dataclass
class Interposed:
    """`provider` behind a guard.  Its lowering is `wanted`, whatever the App says.

    It offers room for anything, so that what is tried does not hang on the room of the day.
    `settles_within_s` is added to what the provider says of itself.
    """

    provider: Provider
    venue: str
    wanted: Sequence[Resource]
    guard: Guard = field(default_factory=Open)
    settles_within_s: float = 0.0
    config_schema: ClassVar[JSON] = {"type": "object"}

    def made(self, venue: str, configuration: Mapping[str, JSON], env: object) -> Interposed:
        """Stands where the engine expects a provider's class."""
        return self

    def identity(self) -> str:
        return self.provider.identity()

    def offerings(self) -> Sequence[Offering]:
        runs = frozenset({"runs:process"})
        return [Offering(venue=self.venue, name="trial", cpu=1e6, memory_mib=1 << 40, traits=runs)]

    def lower(self, share: Share) -> Iterable[Resource]:
        return self.wanted

    def types(self) -> Collection[str]:
        return self.provider.types()

    def schema(self, type: str) -> TypeSchema:
        known = self.provider.schema(type)
        return replace(known, settles_within_s=known.settles_within_s + self.settles_within_s)

    def create(self, want: Resource, op: Operation) -> Progress:
        asked = Asked("create", want.address, op)
        return self.guard.pass_on(asked, lambda: self.provider.create(want, op))

    def read(self, key: ConfigurationItem | Resource) -> ConfigurationItem | None:
        return self.guard.pass_on(Asked("read", str(key.address)), lambda: self.provider.read(key))

    def update(self, item: ConfigurationItem, want: Resource, op: Operation) -> Progress:
        asked = Asked("update", want.address, op)
        return self.guard.pass_on(asked, lambda: self.provider.update(item, want, op))

    def delete(self, item: ConfigurationItem, op: Operation) -> Progress:
        asked = Asked("delete", str(item.address), op)
        return self.guard.pass_on(asked, lambda: self.provider.delete(item, op))

    def list(self, type: str, scope: Scope, cursor: str | None) -> Page:
        asked = Asked("list", type)
        return self.guard.pass_on(asked, lambda: self.provider.list(type, scope, cursor))
