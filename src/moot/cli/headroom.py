"""What room is left for the loss of a failure domain, as a line of a plan."""

from __future__ import annotations

from moot.model.availability import Level
from moot.model.headroom import Headroom

SINGULARS: dict[Level, str] = {"host": "machine"}


def headroom_line(headroom: Headroom | None) -> str:
    """One line; "" where none is asked for, or where a warning says that there is too little."""
    if headroom is None or headroom.shortfalls:
        return ""
    what = SINGULARS.get(headroom.level, headroom.level)
    parts = [f"after the loss of any one {what} everything that ran there has room elsewhere"]
    if headroom.waits:
        waits = "waits for its" if len(headroom.waits) == 1 else "wait for their"
        parts.append(f"{', '.join(headroom.waits)} {waits} data")
    if headroom.unchecked:
        parts.append(f"{headroom.unchecked:,} with less on them were not looked at")
    for reliance in (headroom.relies or ())[:1]:
        planes = " or ".join(reliance.control_planes)
        parts.append(f"after the loss of {reliance.lost} only if {planes} starts it there")
    return f"Headroom: {'; '.join(parts)}"
