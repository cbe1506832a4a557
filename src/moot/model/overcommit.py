"""How many times the room of a machine is given away, as its venue states it."""

from __future__ import annotations

from dataclasses import dataclass

from moot.model.misstated import each, written
from moot.model.value import JSON, is_mapping

MOST = 100  # times


@dataclass(frozen=True, slots=True, kw_only=True)
class Overcommit:
    """So many times the CPUs, and the memory, that a machine has."""

    cpu: float = 1.0
    memory: float = 1.0

    @classmethod
    def of(cls, stated: JSON) -> Overcommit:
        """From a mapping of both or one of them; ValueError says what is wrong."""
        if not is_mapping(stated) or not stated:
            which = "say of which of cpu and memory how many times"
            raise ValueError(f"it is {written(stated)}: {which}")
        return cls(**each(stated, _times))


def _times(key: str, stated: JSON) -> float:
    if key not in {"cpu", "memory"}:
        raise ValueError(f"{key!r} is none of cpu, memory")
    try:
        times = float(str(stated))
    except ValueError:
        times = 0.0
    if not 1 <= times <= MOST:
        raise ValueError(
            f"{key} is {written(stated)}: write a number from 1 to {MOST}, such as 1.5"
        )
    return times


def told(times: float) -> str:
    """For people: `twice`, `1.5 times`."""
    return "twice" if times == 2 else f"{times:.3g} times"
