"""Runs schedules: a crash here, a crash there, and then one quiet run that must make it right.

A schedule is a list of cuts: the first ends the first run, the second the run after it, and so on;
the last run is quiet.  Futures branch from a copy of the world, so that what schedules have in
common is run once.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from scenarios import APP, Scenario

from moot.model.diagnostic import Failure
from moot.testing.world import DEATHS, Calm, Crash, Fate, Kind, Once, World
from moot.testing.world.dice import Dice
from moot.testing.world.verdict import Estate, faults

Fates = Mapping[Kind, tuple[Fate, ...]]


@dataclass(frozen=True)
class Cut:
    """At the boundary of this number, this goes wrong."""

    number: int
    fate: Fate

    def __str__(self) -> str:
        return f"{self.fate} at {self.number}"


@dataclass
class Tally:
    """How many schedules were run, and which of them ended badly."""

    schedules: int = 0
    bad: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.schedules += other.schedules
        self.bad += other.bad


@dataclass
class Explorer:
    """One scenario.  `first` is the part of all first cuts that is made, `more` of all others."""

    scenario: Scenario
    fates: Fates = field(default_factory=lambda: DEATHS)
    depth: int = 2
    first: float = 1.0
    more: float = 1.0
    seed: int = 1
    most_bad: int = 5
    tally: Tally = field(default_factory=Tally)

    def run(self) -> Tally:
        """All schedules of up to `depth` cuts, until there is more wrong than anyone reads."""
        self.dice = Dice(self.seed)
        self._branch(self.scenario.begin(), ())
        return self.tally

    def _branch(self, world: World, cuts: tuple[Cut, ...]) -> None:
        """End this schedule quietly; then every schedule that goes on with one more cut."""
        passed = self._end(world.copy(), cuts)
        if len(cuts) == self.depth:
            return
        for cut in _cuts(passed, self.fates):
            if len(self.tally.bad) >= self.most_bad:
                return
            if self.dice.random() < (self.more if cuts else self.first):
                twin = world.copy()
                cut_short(twin, self.scenario, cut)
                self._branch(twin, (*cuts, cut))

    def _end(self, world: World, cuts: tuple[Cut, ...]) -> list[Kind]:
        self.tally.schedules += 1
        if any(cut.fate == "twice" for cut in cuts):
            world.advance(world.settles_within_s)  # what nobody asked for is seen in time
        passed, wrong = ended(world, self.scenario, again=len(cuts) < 2)
        if wrong:
            self.tally.bad.append(told(self.scenario, cuts, wrong))
        return passed


def cut_short(world: World, scenario: Scenario, cut: Cut) -> None:
    """A run that goes wrong."""
    others = Estate.of_others(world, APP)
    with suppress(Crash, Failure):
        scenario.act(world.process(Once(cut.number, cut.fate)))
    world.wrong += [text for text in faults(world, APP, others) if "not ours" in text]
    scenario.between(world)


def ended(world: World, scenario: Scenario, *, again: bool = True) -> tuple[list[Kind], list[str]]:
    """One quiet run: the boundaries it came by, and what is wrong after it.

    With `again`, also what is wrong with a second one.
    """
    calm, others = Calm(), Estate.of_others(world, APP)
    try:
        _, walk = scenario.act(world.process(calm))
    except Exception as error:
        return calm.passed, [_reason(error)]
    world.advance(world.settles_within_s)
    wrong = [f"{f.summary}: {f.detail}" for f in walk.failures]
    wrong += faults(world, APP, others, purged=scenario.verb == "purge")
    return calm.passed, wrong or (list(_restless(world, scenario, others)) if again else [])


def _restless(world: World, scenario: Scenario, others: Estate) -> Iterator[str]:
    """What one more quiet run finds to do, to say or to wait for; it should find nothing."""
    before = Estate.of_all(world)
    turn, _ = scenario.act(world.process())
    known = [thing.id for thing in others.things]
    for change in turn.plan.changes:
        yield f"there is still to do: {change.key}, {change.reason}"
    for warning in turn.observed.warnings:
        if warning.summary.partition(" ")[0] not in known:
            yield warning.summary
    for intent in world.store.open_intents(APP):
        yield f"{intent.change} is open still"
    if Estate.of_all(world) != before:
        yield "one more run changed something"


def told(scenario: Scenario, cuts: Sequence[Cut], wrong: Sequence[str]) -> str:
    """A schedule that ended badly, so that it can be run again."""
    names = ", then ".join(map(str, cuts)) or "no cut"
    return f"{scenario.name} [{names}]: {'; '.join(wrong)}"


def _cuts(passed: Sequence[Kind], fates: Fates) -> Iterator[Cut]:
    for number, kind in enumerate(passed):
        for fate in fates.get(kind, ()):
            yield Cut(number, fate)


def _reason(error: Exception) -> str:
    if isinstance(error, Failure):
        return "; ".join(f"{d.summary}: {d.detail}" for d in error.diagnostics)
    return "".join(traceback.format_exception(error))[-1500:]
