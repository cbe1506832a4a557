"""What may go wrong at each boundary of a run, and who decides it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from moot.testing.world.dice import Dice

Kind = Literal["call", "read", "list", "commit"]
Fate = Literal[
    "well",
    "die before",  # the process ends, and it did not happen
    "die during",  # the process ends, and the request lands later
    "die after",  # it happened, and the process ends before it knows
    "pause",  # the process is suspended past its lease, and then goes on
    "lost",  # the request never arrives, and that is never known
    "deaf",  # the request has its effect, and the answer is lost
    "late",  # the request has its effect after nobody waits for it any more
    "hang",  # the request has its effect, and the answer comes when nobody waits for it
    "echo",  # the answer comes twice
    "twice",  # the request arrives twice
    "throttled",  # the venue has had enough for now
    "broken",  # the venue fails, and says so
    "silent",  # the venue does not answer
    "partial",  # a listing lacks what a page held
    "full",  # there is no room on the disk
    "severed",  # the database is gone before the commit
    "unsure",  # the database is gone after the commit, which nobody confirms
]
# Everything that can happen at a boundary.
AT: dict[Kind, tuple[Fate, ...]] = {
    "call": (
        "die before",
        "die during",
        "die after",
        "pause",
        "lost",
        "deaf",
        "late",
        "hang",
        "echo",
        "twice",
        "throttled",
        "broken",
    ),
    "read": ("silent", "pause"),
    "list": ("silent", "partial", "pause"),
    "commit": ("die before", "die after", "pause", "full", "severed", "unsure"),
}
DEATHS: dict[Kind, tuple[Fate, ...]] = {
    kind: tuple(fate for fate in fates if fate.startswith("die")) for kind, fates in AT.items()
}


class Fates(Protocol):
    """Asked at every boundary, in the order in which a run comes to them."""

    def at(self, kind: Kind, what: str) -> Fate: ...


@dataclass
class Calm:
    """Nothing goes wrong.  `passed` is what a run came by."""

    passed: list[Kind] = field(default_factory=list[Kind])

    def at(self, kind: Kind, what: str) -> Fate:
        self.passed.append(kind)
        return "well"


@dataclass
class Once:
    """One thing goes wrong: `fate` at the boundary of this number, the first being 0."""

    number: int
    fate: Fate
    passed: int = 0

    def at(self, kind: Kind, what: str) -> Fate:
        self.passed += 1
        return self.fate if self.passed == self.number + 1 else "well"


@dataclass
class Chance:
    """Now and then something goes wrong, as a seed has it.

    `rate` is how often a call does, from 0 to 1; anything else does so a fifth as often.
    """

    dice: Dice
    rate: float

    def at(self, kind: Kind, what: str) -> Fate:
        if self.dice.random() >= (self.rate if kind == "call" else self.rate / 5):
            return "well"
        return self.dice.choice(AT[kind])
