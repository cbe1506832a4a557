"""A seeded world of venues under a virtual clock, driving the engine that production drives."""

from moot.testing.world.dice import Dice
from moot.testing.world.fates import AT, DEATHS, Calm, Chance, Fate, Fates, Kind, Once
from moot.testing.world.kinds import CLASSES, kind
from moot.testing.world.process import Crash, Process
from moot.testing.world.venue import Thing, Venue
from moot.testing.world.world import PASSWORD, World

__all__ = [
    "AT",
    "CLASSES",
    "DEATHS",
    "PASSWORD",
    "Calm",
    "Chance",
    "Crash",
    "Dice",
    "Fate",
    "Fates",
    "Kind",
    "Once",
    "Process",
    "Thing",
    "Venue",
    "World",
    "kind",
]
