"""Whether a change whose reason is a value known only after apply turns out to be none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moot.model.plan import Change, Create, Delete, Update
from moot.model.resource import ConfigurationItem
from moot.model.value import Ref, encode, unknowns

if TYPE_CHECKING:
    from moot.engine.step import Walk


def comes_to_nothing(walk: Walk, change: Change) -> bool:
    """Whether a possible change turns out to be none, now that its Refs are known."""
    if isinstance(change, Delete):
        successor = walk.changes.get(change.replaced_by or "")
        if successor is None:
            return False
        if successor.key in walk.settled:
            return walk.settled[successor.key] == "dropped"
        return comes_to_nothing(walk, successor)
    have = change.replaces if isinstance(change, Create) else change.have
    if not change.possible or have is None or _is_under_way(walk, change, have):
        return False
    wanted = walk.seal(change.want.type, walk.resolved(change.want))
    return encode(wanted) == encode(have.applied)


def _is_under_way(walk: Walk, change: Create | Update, have: ConfigurationItem) -> bool:
    """Whether its replacement has begun, or begins with that of something it refers to.

    Where the old is stopped first, what it refers to still has the values that are about to go.
    """
    if walk.settled.get(Delete(have=have).key) == "done":
        return True
    return any(
        made.key not in walk.settled and not comes_to_nothing(walk, made)
        for unknown in unknowns(change.want.properties)
        if isinstance(unknown, Ref) and (made := walk.creates.get(unknown.address))
    )
