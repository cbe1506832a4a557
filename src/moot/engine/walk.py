"""The state of one apply: what is done, what waits for what, and what is known of things."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from moot.model.diagnostic import Diagnostic
from moot.model.plan import Change, Create, Plan, Wait
from moot.model.resource import ConfigurationItem, Resource
from moot.model.value import Ref, Secret, Value, at_path, substitute

Seal = Callable[[str, Mapping[str, Value]], Mapping[str, Value]]


@dataclass
class Walk:
    """The state of one apply."""

    plan: Plan
    items: dict[str, ConfigurationItem]
    seal: Seal
    changes: dict[str, Change] = field(init=False)
    creates: dict[str, Create] = field(init=False)
    unmet: dict[str, int] = field(default_factory=dict[str, int])
    behind: dict[str | None, list[Wait]] = field(default_factory=dict[str | None, list[Wait]])
    waiting: dict[Wait, list[str]] = field(default_factory=dict[Wait, list[str]])
    watches: dict[str, list[Wait]] = field(default_factory=dict[str, list[Wait]])
    since: dict[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])
    tries: dict[str, int] = field(default_factory=dict[str, int])
    attempts: dict[str, int] = field(default_factory=dict[str, int])
    not_before: dict[str, float] = field(default_factory=dict[str, float])
    ready: deque[str] = field(default_factory=deque[str])
    in_flight: set[str] = field(default_factory=set[str])
    settled: dict[str, str] = field(default_factory=dict[str, str])
    failures: list[Diagnostic] = field(default_factory=list[Diagnostic])
    cancelled: bool = False

    def __post_init__(self) -> None:
        self.changes = {change.key: change for change in self.plan.changes}
        self.creates = {c.address: c for c in self.plan.changes if isinstance(c, Create)}
        nodes: dict[str, Iterable[Wait]] = {c.key: c.after for c in self.plan.changes}
        nodes.update(self.plan.gates)
        for name, waits in nodes.items():
            self.unmet[name] = 0
            for wait in waits:
                self.unmet[name] += 1
                if wait not in self.waiting:
                    self.waiting[wait] = []
                    self.behind.setdefault(wait.change, []).append(wait)
                self.waiting[wait].append(name)

    @property
    def over(self) -> bool:
        """Whether nothing more can happen."""
        return not self.in_flight and (self.cancelled or not self.watches)

    def outcomes(self, outcome: str) -> int:
        """How many changes ended so: done, dropped, failed or blocked."""
        return sum(self.settled.get(key) == outcome for key in self.changes)

    def resolved(self, want: Resource) -> Mapping[str, Value]:
        """Properties with every Ref that can be known replaced by its value."""

        def known(unknown: Ref | Secret) -> Value:
            if isinstance(unknown, Secret) or unknown.address not in self.items:
                return unknown
            value = at_path(self.items[unknown.address].properties, unknown.attribute)
            return unknown if value is None else value

        return substitute(want.properties, known)
