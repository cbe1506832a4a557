"""Ground x a Stride whose headroom is too small -> Strides that leave more room."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from moot.model.availability import Level
from moot.model.rehearsal import Ground, Loss, key_of
from moot.passes.spare import losses_of
from moot.passes.striving.stride import Stride

MOST_EMPTY = 6  # domains of which one is left empty
SHARES = (0.75, 2 / 3, 0.5)  # of every place, of which no more is given away


def leave(ground: Ground, stride: Stride, level: Level) -> Iterator[Stride]:
    """One domain is left empty, the roomiest first; or a part of all of them, so that the others
    have room for what was on any one.
    """
    losses = _roomiest(ground, level)
    if len(losses) < 2:
        return
    if not stride.empty:
        for loss in losses[:MOST_EMPTY]:
            yield replace(stride, empty=loss.offerings)
    shares = sorted({(len(losses) - 1) / len(losses), *SHARES}, reverse=True)
    smaller = (share for share in shares if share < stride.share - 1e-9)
    for share in smaller if stride.share == 1 else (next(smaller, None),):
        if share:
            yield replace(stride, share=share)


def _roomiest(ground: Ground, level: Level) -> Sequence[Loss]:
    offered = {key_of(offering): offering for offering in ground.offerings}

    def room(loss: Loss) -> tuple[float, float, str]:
        places = [offered[key] for key in loss.offerings]
        return -sum(p.cpu for p in places), -sum(p.memory_mib for p in places), loss.label

    return sorted(losses_of(ground, level, ground.offerings), key=room)
