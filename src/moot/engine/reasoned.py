"""Whatever refuses a placement is told with the promises that cannot be kept together."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from moot.engine.astray import strayed
from moot.model.diagnostic import Refused

if TYPE_CHECKING:
    from collections.abc import Generator

    from moot.engine.turn import World
    from moot.model.rehearsal import Ground


@contextmanager
def reasoned(ground: Ground, world: World) -> Generator[None]:
    """Refused inside is raised again with its Conflict, where one is found."""
    try:
        yield
    except Refused as refused:
        from moot.engine.refusal import refusal  # most turns are not refused

        told = refusal(ground, world, refused.diagnostics)
        raise Refused(*told, *strayed(ground, world)) from None
