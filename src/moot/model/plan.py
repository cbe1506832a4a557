"""What will be done: a Plan is data, so it can be printed, judged, stored, and applied as shown.

There is no Replace.  A thing is address + incarnation: where a create-only property differs the
plan holds a create (incarnation n+1) and a delete (n) joined by an edge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from moot.model.app import Condition
from moot.model.resource import ConfigurationItem, Resource
from moot.model.value import JSON

READY = "gate ready"


@dataclass(frozen=True, slots=True)
class Wait:
    """A change waits until another one (or a gate of several) is done, or a condition is reached.

    `change` names a Change's or a gate's key and is met when that has been done (or dropped).
    `condition` None asks for no more than that; otherwise `address` must in addition be seen to
    have reached it.  `delay_s` is added after it was met.
    """

    change: str | None = None
    address: str | None = None
    condition: Condition | None = None
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """Nothing is there under this address and incarnation; `want` will be.

    `possible`: the reason is a value known only after apply; dropped, together with the delete of
    what it replaces, when the value turns out to be the same.
    """

    want: Resource
    incarnation: int = 1
    replaces: ConfigurationItem | None = None
    possible: bool = False
    reason: str = ""
    after: tuple[Wait, ...] = ()
    key: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", f"create {self.want.address}#{self.incarnation}")

    @property
    def address(self) -> str:
        return self.want.address


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """`have` stays the same thing and takes on the properties of `want`."""

    want: Resource
    have: ConfigurationItem
    possible: bool = False
    reason: str = ""
    after: tuple[Wait, ...] = ()
    key: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", f"update {self.want.address}#{self.have.incarnation}")

    @property
    def address(self) -> str:
        return self.want.address

    @property
    def incarnation(self) -> int:
        return self.have.incarnation


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """Nobody wants `have` any more; `replaced_by` is the key of the Create that takes its place."""

    have: ConfigurationItem
    replaced_by: str | None = None
    reason: str = ""
    after: tuple[Wait, ...] = ()
    key: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", f"delete {self.have.address}#{self.have.incarnation}")

    @property
    def address(self) -> str:
        assert self.have.address is not None, f"{self.have.identifier} is not ours to delete"
        return self.have.address

    @property
    def incarnation(self) -> int:
        return self.have.incarnation


Change = Create | Update | Delete


@dataclass(frozen=True, slots=True)
class Plan:
    """Changes in an order that respects every edge, and the gates that join many to many.

    A gate (`gate shop/db healthy`) is met when every Wait it lists is; it keeps the number of edges
    linear where each replica of one component waits for every replica of another.  The plan is done
    when the gate `READY` is met.
    """

    changes: tuple[Change, ...] = ()
    gates: Mapping[str, tuple[Wait, ...]] = field(default_factory=dict[str, tuple[Wait, ...]])

    def as_json(self) -> list[JSON]:
        """Entries of `changes` in `plan --json`."""
        return [_entry(change) for change in self.changes]


def verb(change: Change) -> str:
    """create, update or delete."""
    return type(change).__name__.lower()


def _entry(change: Change) -> JSON:
    thing = change.have if isinstance(change, Delete) else change.want
    replaces = change.replaces if isinstance(change, Create) else None
    return {
        "verb": verb(change),
        "address": change.address,
        "incarnation": change.incarnation,
        "type": thing.type,
        "venue": thing.venue,
        "reason": change.reason,
        "replaces": replaces.incarnation if replaces else None,
        "possible": not isinstance(change, Delete) and change.possible,
    }
