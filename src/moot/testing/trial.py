"""What is put to the test, and a bench that drives a provider through its contract.

The bench does what the engine does around a handler, and no more: it resolves Refs, repeats a call
that is Pending and waits for conditions by reading.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace

from moot.model.app import Condition
from moot.model.resource import ConfigurationItem, Resource
from moot.model.value import JSON, Ref, Secret, Value, at_path, substitute
from moot.provider import (
    Done,
    Env,
    Marks,
    Operation,
    Progress,
    Provider,
    ProviderError,
    Scope,
    TypeSchema,
)

Maker = Callable[[str, Mapping[str, JSON], Env], "Trial"]


def registered() -> dict[str, Callable[[], Maker]]:
    """Loaders of trials by the kind of provider they are for; entry points, as providers are.

    A trial is made from what a provider is made from: (venue, configuration, env).
    """
    from importlib.metadata import entry_points

    return {point.name: point.load for point in entry_points(group="moot.trials")}


class Inapplicable(Exception):
    """The check has nothing to say about this type; the message is the reason."""


class Unready(Exception):
    """The trial cannot be held on this machine; the message says what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A provider, and Apps made of its resources.

    `provider` makes a new provider object for the same venue at each call.  `resources` gives all
    that an App of the given name is made of there, such as what `lower` yields for it; different
    names must give things that can exist side by side.  `updated` holds for a type properties that
    an update in place can take on, `replaced` some that need a new incarnation.  `secret` is a text
    that stands in the sensitive properties.  `patience_s` is how long to wait for anything, and
    `list_lag_s` how long the venue's lists may lag behind.  `stage` sets up what the resources
    need to be there (an image) and takes it away again; it raises Unready where it cannot.
    `disconnect` gives up what provider objects made so far hold open; they may be used again.
    """

    provider: Callable[[], Provider]
    resources: Callable[[str], Sequence[Resource]]
    updated: Mapping[str, Mapping[str, Value]] = field(
        default_factory=dict[str, Mapping[str, Value]]
    )
    replaced: Mapping[str, Mapping[str, Value]] = field(
        default_factory=dict[str, Mapping[str, Value]]
    )
    secret: str = ""
    patience_s: float = 30.0
    list_lag_s: float = 0.0
    stage: Callable[[], AbstractContextManager[None]] = nullcontext
    disconnect: Callable[[], None] = lambda: None

    def types(self) -> tuple[str, ...]:
        """The types that `resources` has a sample of, in the order of the samples."""
        return tuple(dict.fromkeys(want.type for want in self.resources("sample")))


class Bench:
    """One App in the venue, made thing by thing; all that was made is gone when it closes."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self.app = f"c{uuid.uuid4().hex[:8]}"
        self.installation = f"conformance-{uuid.uuid4().hex[:12]}"
        self.provider = trial.provider()
        self.wants = {want.address: want for want in trial.resources(self.app)}
        self.made: dict[str, ConfigurationItem] = {}
        self.leftovers: tuple[str, ...] = ()
        self._clean: list[tuple[ConfigurationItem, Marks]] = []

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Delete all that was made, the last first; what is still in use is tried again."""
        left = self._clean[::-1]
        for _ in range(len(left) + 1):
            left = [(item, marks) for item, marks in left if not self._discard(item, marks)]
        self.leftovers = tuple(item.identifier for item, _ in left)
        self._clean.clear()
        self.trial.disconnect()

    def schema(self, type: str) -> TypeSchema:
        return self.provider.schema(type)

    def sample(self, type: str) -> Resource:
        """A wanted thing of this type, resolved, after all that it needs has been made."""
        want = next(want for want in self.wants.values() if want.type == type)
        self.prepare(want)
        return self.resolved(want)

    def prepare(self, want: Resource) -> None:
        """Make everything `want` depends on, and wait for the conditions it asks for."""
        for address in want.depends_on:
            for needed in self._at(address):
                if needed.address not in self.made:
                    self.prepare(needed)
                    self.made[needed.address] = self.create(self.resolved(needed))
        for edge in want.edges:
            for needed in self._at(edge.target):
                self.wait(self.made[needed.address], edge.condition)

    def resolved(self, want: Resource, changes: Mapping[str, Value] | None = None) -> Resource:
        """`want` with the values of what is there in place of its Refs, and some changed."""
        properties = substitute({**want.properties, **(changes or {})}, self._known)
        return replace(want, properties=properties)

    def marks(self, want: Resource, incarnation: int = 1, owner: str = "") -> Marks:
        """The marks of a thing; another `owner` stands for another installation's."""
        return Marks(
            installation=f"{self.installation}{owner}",
            generation=1,
            app=self.app,
            address=want.address,
            uid=f"{self.app}{owner}-{want.address}",
            incarnation=incarnation,
        )

    def operation(self, marks: Marks, token: str = "") -> Operation:
        """An attempt of its own; the same `token` makes it the same attempt again."""
        deadline = time.time() + self.trial.patience_s
        return Operation(token=token or uuid.uuid4().hex, marks=marks, deadline=deadline)

    def create(self, want: Resource, op: Operation | None = None) -> ConfigurationItem:
        """Create it to the end and remember to delete it."""
        op = op or self.operation(self.marks(want))
        item = self.finish(lambda o: self.provider.create(want, o), op)
        assert item is not None, f"create of {want.address} was Done without an item"
        self.adopt(item, op.marks)
        return item

    def adopt(self, item: ConfigurationItem, marks: Marks) -> None:
        """Remember to delete it."""
        self._clean.append((item, marks))

    def delete(self, item: ConfigurationItem, marks: Marks) -> ConfigurationItem | None:
        """Delete it to the end."""
        call: Callable[[Operation], Progress] = lambda op: self.provider.delete(item, op)  # noqa: E731
        return self.finish(call, self.operation(marks))

    def finish(
        self, call: Callable[[Operation], Progress], op: Operation
    ) -> ConfigurationItem | None:
        """Repeat a call until it is Done; `resume` travels as JSON, as it does through a store."""
        end = time.monotonic() + self.trial.patience_s
        while not isinstance(progress := call(op), Done):
            assert time.monotonic() < end, f"still pending: {progress.note}"
            time.sleep(min(progress.seconds, 1.0))
            op = replace(op, resume=through_store(progress.resume))
        return progress.item

    def wait(self, item: ConfigurationItem, condition: Condition) -> ConfigurationItem:
        """Read until the condition holds."""
        for seen in self.readings(item):
            if seen and seen.has_reached(condition):
                return seen
            assert seen is None or not seen.cannot_reach(condition), f"{item.address} failed"
        raise AssertionError(f"{item.address} is not {condition} within {self.trial.patience_s} s")

    def readings(self, item: ConfigurationItem) -> Iterator[ConfigurationItem | None]:
        """Read again and again for as long as patience lasts."""
        end = time.monotonic() + self.trial.patience_s
        pause = 0.01
        while time.monotonic() < end:
            yield self.provider.read(item)
            time.sleep(pause)
            pause = min(pause * 2, 0.5)

    def listed(self, type: str, scope: Scope) -> list[ConfigurationItem]:
        """All pages of a listing."""
        found: list[ConfigurationItem] = []
        cursors: set[str | None] = set()
        cursor: str | None = None
        while cursor not in cursors:
            cursors.add(cursor)
            page = self.provider.list(type, scope, cursor)
            found += page.items
            cursor = page.cursor
            if cursor is None:
                return found
        raise AssertionError(f"list of {type} comes back to cursor {cursor!r}")

    def _at(self, target: str) -> list[Resource]:
        """The wanted thing at an address, or the main ones of a component's replicas."""
        if target in self.wants:
            return [self.wants[target]]
        prefix = f"{target}/"
        mains = (want for want in self.wants.values() if want.main and want.replica)
        return [want for want in mains if str(want.replica).startswith(prefix)]

    def _known(self, unknown: Ref | Secret) -> Value:
        if isinstance(unknown, Secret):
            return self.trial.secret
        value = at_path(self.made[unknown.address].properties, unknown.attribute)
        assert value is not None, f"{unknown.address} has no {unknown.attribute}"
        return value

    def _discard(self, item: ConfigurationItem, marks: Marks) -> bool:
        with suppress(ProviderError):
            self.delete(item, marks)
            return True
        return False


def through_store(value: JSON) -> JSON:
    """A value as it comes back from a database; it must be plain JSON."""
    return json.loads(json.dumps(value))
