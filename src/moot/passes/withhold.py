"""Plan x venues that do not answer -> the part that needs none of them, and what is left out."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from moot.model.plan import Change, Create, Delete, Plan, Wait
from moot.model.value import Ref, unknowns


def withhold(plan: Plan, silent: Collection[str]) -> tuple[Plan, tuple[Change, ...]]:
    """Changes on silent venues are left for another time, with those that wait for things there.

    What refers to a thing that is not made is left out with it: it asks for what nobody knows yet.
    What only comes after them in order does not wait for it: whatever can be done elsewhere is
    done.  A thing and what replaces it are left out together.
    """
    if not silent:
        return plan, ()
    left_out: dict[str, Change] = {}
    unmade: set[str] = set()
    for change in plan.changes:  # what a change refers to comes before it
        if _needs(change, silent) or _asks(change, unmade):
            left_out[change.key] = change
            unmade |= {change.address} if isinstance(change, Create) else set()
    left_out |= {
        c.key: c
        for c in plan.changes
        if isinstance(c, Delete) and c.replaced_by and c.replaced_by in left_out
    }

    def met(waits: Iterable[Wait]) -> tuple[Wait, ...]:
        return tuple(
            wait
            for wait in waits
            if wait.change not in left_out and not (wait.address and _venue(wait.address) in silent)
        )

    changes = (
        replace(change, after=met(change.after))
        for change in plan.changes
        if change.key not in left_out
    )
    gates = {name: met(waits) for name, waits in plan.gates.items()}
    return Plan(tuple(changes), gates), tuple(left_out.values())


def _needs(change: Change, silent: Collection[str]) -> bool:
    thing = change.have if isinstance(change, Delete) else change.want
    if thing.venue in silent:
        return True
    edges = change.want.edges if isinstance(change, Create) else ()
    return any(_venue(edge.target) in silent for edge in edges)


def _asks(change: Change, unmade: Collection[str]) -> bool:
    """Whether it refers to something at one of these addresses."""
    if isinstance(change, Delete) or not unmade:
        return False
    return any(isinstance(u, Ref) and u.address in unmade for u in unknowns(change.want.properties))


def _venue(address: str) -> str:
    """`lab:h1` of `shop/web/0@lab:h1/process`; "" of a component."""
    return address.partition("@")[2].partition("/")[0]
