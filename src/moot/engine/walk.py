"""The state of one apply: what is done, what waits for what, and what is known of things."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from moot.engine.item import expected
from moot.model.diagnostic import Diagnostic
from moot.model.plan import Change, Create, Plan, Update, Wait
from moot.model.resource import ConfigurationItem, Resource
from moot.model.value import JSON, Ref, Secret, Value, at_path, substitute, unknowns
from moot.provider import CreateClass

Seal = Callable[[str, Mapping[str, Value]], Mapping[str, Value]]


def named(want: Resource) -> CreateClass:
    """The create class of types of which nothing else is known."""
    return "NAME"


@dataclass
class Walk:
    """The state of one apply.

    `rank` is how long the chain of changes is that waits for a change or gate: gates count nothing.
    `attempts` are the definite failures of a change so far, those of earlier turns included.
    `unknown` are changes of which an earlier call may have had an effect that nobody saw, `refused`
    those that must not be made, and why; `resumes` is how pending calls go on.  `told` are things
    of which it was said that they are waited for.  `before` is the walk of the same turn that this
    one goes on with.
    """

    plan: Plan
    items: dict[str, ConfigurationItem]
    seal: Seal
    create_class: Callable[[Resource], CreateClass] = named
    changes: dict[str, Change] = field(init=False)
    creates: dict[str, Create] = field(init=False)
    unmet: dict[str, int] = field(default_factory=dict[str, int])
    behind: dict[str | None, list[Wait]] = field(default_factory=dict[str | None, list[Wait]])
    waiting: dict[Wait, list[str]] = field(default_factory=dict[Wait, list[str]])
    watches: dict[str, list[Wait]] = field(default_factory=dict[str, list[Wait]])
    told: set[str] = field(default_factory=set[str])
    since: dict[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])
    rank: dict[str, int] = field(default_factory=dict[str, int])
    tries: dict[str, int] = field(default_factory=dict[str, int])
    answers: Counter[str] = field(default_factory=Counter[str])
    throttled: dict[str, int] = field(default_factory=dict[str, int])
    attempts: dict[str, int] = field(default_factory=dict[str, int])
    unknown: set[str] = field(default_factory=set[str])
    resumes: dict[str, JSON] = field(default_factory=dict[str, JSON])
    refused: dict[str, Diagnostic] = field(default_factory=dict[str, Diagnostic])
    not_before: dict[str, float] = field(default_factory=dict[str, float])
    ready: deque[str] = field(default_factory=deque[str])
    in_flight: set[str] = field(default_factory=set[str])
    settled: dict[str, str] = field(default_factory=dict[str, str])
    failures: list[Diagnostic] = field(default_factory=list[Diagnostic])
    cancelled: bool = False
    _known: dict[int, bool] = field(default_factory=dict[int, bool])
    _asked: dict[str, ConfigurationItem] = field(default_factory=dict[str, ConfigurationItem])
    before: Walk | None = None

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
        self._measure()

    @property
    def first(self) -> Walk:
        """The walk that the turn began with: its plan is the one that was announced."""
        return self.before.first if self.before else self

    @property
    def over(self) -> bool:
        """Whether nothing more can happen."""
        return not self.in_flight and (self.cancelled or not self.watches)

    def outcomes(self, outcome: str) -> int:
        """How many changes ended so, those of the walks before included: done or dropped."""
        mine = sum(self.settled.get(key) == outcome for key in self.changes)
        return mine + (self.before.outcomes(outcome) if self.before else 0)

    def recovery(self, change: Change) -> CreateClass | None:
        """How it is found out what a create did whose end nobody saw; None for other verbs."""
        return self.create_class(change.want) if isinstance(change, Create) else None

    def resolved(self, want: Resource) -> Mapping[str, Value]:
        """Properties with every Ref that can be known replaced by its value."""

        def known(unknown: Ref | Secret) -> Value:
            if isinstance(unknown, Secret) or unknown.address not in self.items:
                return unknown
            value = at_path(self.items[unknown.address].properties, unknown.attribute)
            return unknown if value is None else value

        if self.is_known(want.properties):
            return want.properties
        return substitute(want.properties, known)

    def asked(self, change: Create | Update, *, again: bool = False) -> ConfigurationItem:
        """The item that a change will leave, but for what the venue says of it.

        It is worked out when the change is written down and stays what was asked for, whatever
        becomes of others meanwhile; once more only where the call was made `again`.
        """
        found = self._asked.get(change.key)
        if found is None or again:
            sealed = self.seal(change.want.type, self.resolved(change.want))
            found = self._asked[change.key] = expected(change.want, change.incarnation, sealed)
        return found

    def is_known(self, properties: Mapping[str, Value]) -> bool:
        """Whether nothing in them has to be replaced; asked several times of each, and slow."""
        found = self._known.get(id(properties))  # they live as long as the plan
        if found is None:
            found = self._known[id(properties)] = not unknowns(properties)
        return found

    def _measure(self) -> None:
        """Rank every node: from the last to the first, each is seen once."""
        unmet = dict(self.unmet)
        for wait in self.behind.get(None, ()):
            for name in self.waiting[wait]:
                unmet[name] -= 1
        order = [name for name, count in unmet.items() if not count]
        for name in order:  # grows on the way
            for follower in self._followers(name):
                unmet[follower] -= 1
                if not unmet[follower]:
                    order.append(follower)
        self.rank = dict.fromkeys(unmet, 0)
        for name in reversed(order):
            behind = (self.rank[f] + (f in self.changes) for f in self._followers(name))
            self.rank[name] = max(behind, default=0)

    def _followers(self, name: str) -> Iterator[str]:
        return (f for wait in self.behind.get(name, ()) for f in self.waiting[wait])
