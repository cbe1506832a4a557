"""What replicas wrote: parts of their numbered log files."""

from __future__ import annotations

import os

from .containers import written
from .files import load
from .lean import suppress
from .supervisor import numbered

MOST = 1 << 20


def lines(folder, number, offset):
    """What stands in log file `number` from `offset` on, at most 1 MiB of it.

    `number` 0 is the oldest there is.  `complete`: there is a later file, and this one was read to
    its end.  `there`: the replica still is.
    """
    marks = load(f"{folder}/marks.json")
    if marks.get("moot.type") == "host.container":
        return {"number": number, "complete": False, **written(folder, offset)}
    there = bool(marks)
    names = os.listdir(folder) if there else []
    numbers = sorted(numbered(names))
    if number not in numbers and numbers:
        number, offset = next((n for n in numbers if n > number), numbers[-1]), 0
    later = bool(numbers) and number < numbers[-1]  # looked at first: then this one is complete
    data = b""
    with suppress(FileNotFoundError), open(f"{folder}/log.{number}", "rb") as file:
        file.seek(offset)
        data = file.read(MOST)
    return {
        "number": number,
        "text": data.decode("utf-8", "surrogateescape"),
        "offset": offset + len(data),
        "complete": later and len(data) < MOST,
        "more": len(data) == MOST,
        "there": there,
    }
