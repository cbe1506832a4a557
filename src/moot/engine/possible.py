"""Whether a change whose reason is a value known only after apply turns out to be none."""

from __future__ import annotations

from moot.engine.walk import Walk
from moot.model.plan import Change, Create, Delete, Update
from moot.model.value import Ref, encode, unknowns


def comes_to_nothing(walk: Walk, change: Change) -> bool:
    """Whether a possible change turns out to be none, now that its Refs are known."""
    if isinstance(change, Delete):
        successor = walk.changes.get(change.replaced_by or "")
        if successor is None:
            return False
        if successor.key in walk.settled:
            return walk.settled[successor.key] == "dropped"
        return comes_to_nothing(walk, successor)
    if not change.possible:
        return False
    seen = {change.key}
    rest: list[Create | Update] = [change]
    while rest:
        change = rest.pop()
        if not _may_stay(walk, change):
            return False
        # Where the old is stopped first, what it refers to still has the values that are about to
        # go; whether they go is the same question once more.
        for unknown in unknowns(change.want.properties):
            made = walk.creates.get(unknown.address) if isinstance(unknown, Ref) else None
            if made and made.key not in walk.settled and made.key not in seen:
                seen.add(made.key)
                rest.append(made)
    return True


def _may_stay(walk: Walk, change: Create | Update) -> bool:
    """Whether with the values known now it would be as it is, and its end has not begun."""
    have = change.replaces if isinstance(change, Create) else change.have
    if not change.possible or have is None:
        return False
    if walk.settled.get(Delete(have=have).key) == "done":
        return False
    wanted = walk.seal(change.want.type, walk.resolved(change.want))
    return encode(wanted) == encode(have.applied)
