"""How much all Apps together may be given at one venue or pool, as its entry states it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite
from typing import NamedTuple

from moot.model.misstated import each, written
from moot.model.units import MEBIBYTE, size_bytes
from moot.model.value import JSON, is_mapping

KINDS: Sequence[str] = ("cpu", "memory", "gpus", "replicas")
_NOUNS = ("CPUs", "MiB of memory", "GPUs", "replicas")
_DIGITS = 6  # as room is counted


class Amounts(NamedTuple):
    """Of each kind so much."""

    cpu: float = 0
    memory_mib: float = 0
    gpus: float = 0
    replicas: float = 0

    def plus(self, other: Amounts, times: int = 1) -> Amounts:
        """With so many times the other."""
        return Amounts(*(round(a + b * times, _DIGITS) for a, b in zip(self, other, strict=True)))


NOTHING = Amounts()
UNLIMITED = Amounts(inf, inf, inf, inf)


@dataclass(frozen=True, slots=True)
class Quota:
    """At most so much, infinity where nothing is stated; of it `held` is given away already."""

    most: Amounts
    held: Amounts = NOTHING

    @property
    def left(self) -> Amounts:
        """What may still be given: less than nothing where more is held than is allowed by now."""
        return self.most.plus(self.held, -1)

    @classmethod
    def of(cls, stated: JSON) -> Quota:
        """From a mapping of some of KINDS; ValueError says what is wrong."""
        if not is_mapping(stated) or not stated:
            raise ValueError(f"it is {written(stated)}: say how much of {', '.join(KINDS)}")
        found = each(stated, _amount)
        return cls(Amounts(*(found.get(kind, inf) for kind in KINDS)))

    def taking(self, more: Amounts) -> Quota:
        """The same, with that held as well."""
        return replace(self, held=self.held.plus(more))

    def allowing(self, kind: str, most: float = inf) -> Quota:
        """With another number of one kind, or none."""
        return replace(self, most=_put(self.most, kind, most))

    def stated(self) -> tuple[tuple[str, str], ...]:
        """Its kinds with their numbers, as they are written in the file."""
        pairs = zip(KINDS, self.most, strict=True)
        return tuple((kind, number(kind, most)) for kind, most in pairs if most != inf)

    def told(self, entry: str) -> str:
        """What is left of it, for people."""
        rows = zip(_NOUNS, self.most, self.left, strict=True)
        parts = (f"{max(0, left):g} of {most:g} {noun}" for noun, most, left in rows if most < inf)
        return f"the quota of {entry} leaves {', '.join(parts)}"

    def room(self, one: Amounts, most: int) -> int:
        """How many such replicas may still be given a place, up to so many."""
        for left, need in zip(self.left, one, strict=True):
            if need and left < need * most:
                most = max(0, int((left + 10**-_DIGITS / 2) // need))
        return most

    def lack(self, entry: str, one: Amounts, count: int = 1) -> str:
        """What it leaves too little of for so many such replicas, in words; "" where it suffices.

        `entry` is what has it: a venue or a pool.
        """
        rows = zip(_NOUNS, self.most, self.left, one, strict=True)
        for noun, most, left, need in rows:
            if need and left < (wanted := round(need * count, _DIGITS)):
                told = f"the quota of {entry} leaves {max(0, left):g} of {most:g} {noun}"
                asked = f"all {count} replicas need" if count > 1 else "it needs"
                return f"{told}, {asked} {wanted:g}"
        return ""


def number(kind: str, amount: float) -> str:
    """As it is written in the file: `64`, `256GiB`, `1536MiB`."""
    if kind != "memory":
        return f"{amount:.15g}"
    return f"{amount:.15g}MiB" if amount % 1024 or not amount else f"{amount / 1024:.15g}GiB"


def _put(amounts: Amounts, kind: str, amount: float) -> Amounts:
    return Amounts(*(amount if k == kind else a for k, a in zip(KINDS, amounts, strict=True)))


def _amount(key: str, stated: JSON) -> float:
    if key not in KINDS:
        raise ValueError(f"{key!r} is none of {', '.join(KINDS)}")
    if key == "memory":
        return _memory(stated)
    try:
        found = float(str(stated))
    except ValueError:
        found = -1.0
    if key == "replicas" and found % 1:
        found = -1.0
    if not (isfinite(found) and found >= 0):
        kind = "a whole number" if key == "replicas" else "a number"
        raise ValueError(f"{key} is {written(stated)}: write {kind} from 0 on, such as 64")
    return found


def _memory(stated: JSON) -> float:
    """Whole MiB, rounded down.  A number without a unit would be of bytes, which nobody means."""
    try:
        found = size_bytes(str(stated))
    except ValueError:
        found = 1
    if 0 < found < MEBIBYTE or isinstance(stated, bool):
        raise ValueError(f"memory is {written(stated)}: write a size, such as 256GiB")
    return found // MEBIBYTE
