"""What was asked of things that were taken on, as far as it can be known again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from moot.engine.memo import asked, digests
from moot.passes.recall import recall

if TYPE_CHECKING:
    from collections.abc import Iterable

    from moot.engine.journal import Journal
    from moot.engine.turn import Observation, World
    from moot.model.resource import Resource


def remembered(
    desired: Iterable[Resource], observed: Observation, world: World, journal: Journal | None
) -> Observation:
    """What was asked of things taken on by `recover` or `adopt`, as far as it can be known again.

    With a journal it is written down, so that it is asked once only.
    """
    if not any(item.recalled for item in observed.items):
        return observed
    key = world.seal.key
    items = recall(observed.items, desired, world.seal, digests(key), lambda item: asked(item, key))
    if journal:
        with world.store.turn(journal.lease):
            for item, before in zip(items, observed.items, strict=True):
                if before.recalled and not item.recalled:
                    journal.write(item)
    return replace(observed, items=items)
