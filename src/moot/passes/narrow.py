"""What came to rest x what is wanted now -> the components at which a plan must look.

A component is at rest when it stands as it is wanted and nothing has happened to it since: to
compare it again would change nothing.  What is not at rest is looked at, with all that it touches.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from moot.model.placement import SHARED, component_of
from moot.model.plan import Plan, Update
from moot.model.resource import Resource


def narrow(rested: Rested, plan: Plan | None = None) -> frozenset[str] | None:
    """The components that must be looked at; None: all.

    `plan` is one that was made by looking at some: what it reaches must be looked at as well.
    """
    moved = rested.moved
    return None if moved is None else rested.touch.reach(moved, plan)


@dataclass(frozen=True, slots=True)
class Rested:
    """What is wanted `now` and what came to rest `before`, as digests by component.

    `before` holds an empty digest for what has moved since, or never came to rest; also for what
    is not declared any more.
    """

    now: Mapping[str, str]
    before: Mapping[str, str]
    touch: Touch

    @property
    def moved(self) -> frozenset[str] | None:
        """Components that are not as they came to rest; None where that can be said of none."""
        if self.before.get(SHARED) != self.now[SHARED]:
            return None
        names = self.now.keys() | self.before.keys()
        return frozenset(name for name in names if self.now.get(name) != self.before.get(name))


@dataclass(slots=True)
class Touch:
    """Who refers to whom, by what was lowered: some replicas of every component.

    Those that are not there refer to the same.
    """

    targets: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    users: dict[str, set[str]] = field(default_factory=dict[str, set[str]])

    @classmethod
    def of(cls, lowered: Iterable[Resource]) -> Touch:
        """Read it off Resources."""
        touch = cls()
        for resource in lowered:
            node = _node(resource.address)
            for target in map(_node, resource.depends_on):
                touch.targets.setdefault(node, set()).add(target)
                touch.users.setdefault(target, set()).add(node)
        return touch

    def reach(self, moved: Collection[str], plan: Plan | None = None) -> frozenset[str]:
        """These components, and those that a plan changes, with all that either depends on.

        Whatever is changed is ordered by what it stands on.  Whatever is made, ended or shared, or
        has moved by itself, may change what refers to it.
        """
        changes = plan.changes if plan else ()
        changed = {*moved, *(_node(change.address) for change in changes)}
        stirring = {*moved, *(node for node in changed if _is_shared(node))}
        stirring |= {_node(c.address) for c in changes if not isinstance(c, Update)}
        found = changed.copy()
        for node in changed:
            found |= self.targets.get(node, set())
        for node in stirring:
            found |= self.users.get(node, set())
        return frozenset(node for node in found if not _is_shared(node))


def _node(address: str) -> str:
    """A component for what is a component's; for what is the App's own, the thing itself."""
    return component_of(address) or f"@{address}"


def _is_shared(node: str) -> bool:
    return node.startswith("@")
