"""A loss and what comes of it -> the control planes without which a promise would not be kept."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from moot.model.placement import Placement
from moot.model.rehearsal import Ground, Loss, Rehearsed, Reliance, Trouble, key_of
from moot.passes.explaining.attempt import Decide
from moot.passes.rehearse import rehearse

Fails = Callable[[Rehearsed], Collection[str]]  # the components of which it is not kept


def rely(
    ground: Ground,
    stands: Placement,
    loss: Loss,
    found: Rehearsed,
    control_planes: Collection[Loss],
    decide: Decide,
    fails: Fails,
) -> Reliance | None:
    """Those by which something was started are lost, too, until nothing is started by any more or
    more components fail: any one of these would have done.  None where it is kept without.
    """
    lost: list[Loss] = []
    while more := [plane for plane in _started(found, control_planes) if plane not in lost]:
        lost += more
        then = rehearse(ground, stands, Trouble(losses=(loss, *lost)), decide)
        if failing := set(fails(then)) - set(fails(found)):
            labels = tuple(plane.label for plane in lost)
            return Reliance(
                lost=loss.label, components=tuple(sorted(failing)), control_planes=labels
            )
        found = then
    return None


def _started(found: Rehearsed, control_planes: Iterable[Loss]) -> Iterable[Loss]:
    moved = (fate for fate in found.fates if fate.fortune in ("moves", "starts"))
    keys = {key_of(fate.target) for fate in moved if fate.target}
    return (plane for plane in control_planes if not plane.frozen.isdisjoint(keys))
