"""One kill after another: a run is killed, one more run ends it, and what is there is counted."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from .victims import GENERATIONS, REPLICAS, Count, Victim

Phase = Literal["up", "update", "down"]
PHASES: tuple[Phase, ...] = ("up", "update", "down")
CHANGES = ("create", "update", "delete")
RUN_S = 120.0  # far beyond what any run takes


@dataclass(frozen=True, slots=True)
class Ran:
    """How a run went: exit code, its stderr, and when it made its first change.

    Seconds count from its start; `first_s` is None where it changed nothing.
    """

    code: int
    said: str
    took_s: float
    cpu_s: float
    first_s: float | None


@dataclass(frozen=True, slots=True)
class Moment:
    """When to kill: after so many seconds, or right after so many traced calls."""

    seconds: float | None
    lines: int | None

    def __str__(self) -> str:
        return f"after {self.seconds:.3f} s" if self.seconds else f"after call {self.lines}"


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill and what came of it; `problems` is empty when all is as it was asked for."""

    number: int
    venue: str
    phase: Phase
    moment: Moment
    hit: bool
    in_flight: tuple[str, ...]
    recovery: Ran
    problems: tuple[str, ...]


@dataclass
class Killer:
    """Kills at one victim.  What is random in kill number N depends on seed and N alone."""

    victim: Victim
    seed: int
    spans: dict[Phase, tuple[float, int]] = field(default_factory=dict[Phase, tuple[float, int]])
    wanted: dict[int, Count] = field(default_factory=dict[int, Count])

    def rehearse(self) -> None:
        """One undisturbed run of each kind: how long it takes, and what is there afterwards."""
        self._through("up", 1)
        self.wanted[1] = self._sound(1)
        self._through("update", 2)
        self.wanted[2] = self._sound(2)
        self._through("down", 2)
        self.wanted[0] = Counter()

    def kill(self, number: int) -> Kill:
        """Kill number N of this victim; phases follow one another."""
        phase = PHASES[number % len(PHASES)]
        chance = random.Random(f"{self.seed}/{self.victim.venue}/{number}")
        moment = self._moment(phase, chance)
        self._declare(phase)
        hit = self._killed(phase, moment)
        in_flight = tuple(self._in_flight())
        recovery = self.run(phase)
        problems = list(self.problems(phase, recovery))
        if problems:
            self._start_over(phase)
        return Kill(
            number, self.victim.venue, phase, moment, hit, in_flight, recovery, tuple(problems)
        )

    def lead_up(self, number: int) -> None:
        """Bring the App to where kill number N starts from."""
        for phase in PHASES[: number % len(PHASES)]:
            self._declare(phase)
            self.run(phase)

    def problems(self, phase: Phase, recovery: Ran) -> Iterator[str]:
        """What is not as it was asked for after a kill in this phase and one more run."""
        if recovery.code:
            yield f"the next run ended with {recovery.code}: {_last_words(recovery.said)}"
        generation = {"up": 1, "update": 2, "down": 0}[phase]
        wanted = self.wanted[generation]
        found = self.victim.settled(wanted)
        if surplus := found - wanted:
            yield f"too much: {dict(surplus)}"
        if lacking := wanted - found:
            yield f"lacking: {dict(lacking)}"
        if generation and (said := self.victim.answer()) != str(generation):
            yield f"the App says {said!r}, not {generation}"

    def clear(self) -> Count:
        """Take everything away; what is left nevertheless."""
        self.run("down")
        return self.victim.settled(Counter())

    def _moment(self, phase: Phase, chance: random.Random) -> Moment:
        """Half the kills are spread over the time, half hit what follows a call: its record."""
        span_s, lines = self.spans[phase]
        if chance.random() < 0.5:
            return Moment(chance.uniform(0.05, span_s), None)
        return Moment(None, chance.randint(1, lines))

    def _declare(self, phase: Phase) -> None:
        if phase != "down":
            self.victim.write(GENERATIONS[phase == "update"])

    def _words(self, phase: Phase) -> tuple[str, ...]:
        if phase == "down":
            return ("down", "--volumes")
        return ("up", "--venue", self.victim.venue)

    def _killed(self, phase: Phase, moment: Moment) -> bool:
        """Whether the kill came before the run had ended by itself."""
        process = self.victim.start(*self._words(phase))
        if moment.seconds is not None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(moment.seconds)
        else:
            assert process.stderr and moment.lines
            left = moment.lines
            while left and (line := process.stderr.readline()):
                left -= line.startswith("trace:")
        hit = process.poll() is None
        if hit:
            os.kill(process.pid, signal.SIGKILL)
        if process.stderr:
            process.stderr.close()
        process.wait()
        return hit

    def run(self, phase: Phase) -> Ran:
        """A run that nobody disturbs."""
        begun, before = time.monotonic(), os.times()
        process = self.victim.start(*self._words(phase))
        assert process.stderr
        first_s, said = None, []
        for line in process.stderr:
            said.append(line)
            if first_s is None and line.startswith("trace:") and line.split()[2] in CHANGES:
                first_s = max(0.0, time.monotonic() - begun - _milliseconds(line) / 1000)
        process.stderr.close()
        code = process.wait(RUN_S)
        after = os.times()
        cpu_s = sum(after[2:4]) - sum(before[2:4])
        return Ran(code, "".join(said), time.monotonic() - begun, cpu_s, first_s)

    def _in_flight(self) -> Iterator[str]:
        """What the journal says had begun and not ended: verb and type."""
        path = self.victim.folder / "home" / "moot.db"
        if not path.exists():
            return
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            rows = db.execute("SELECT verb, body FROM intent WHERE settled_at IS NULL").fetchall()
        for verb, body in rows:
            yield f"{verb} {json.loads(body)['type']}"

    def _start_over(self, phase: Phase) -> None:
        """After a failure the next kill starts from where it would have started anyway."""
        self.run("down")
        self.lead_up(PHASES.index(phase) + 1)

    def _through(self, phase: Phase, generation: int) -> None:
        self._declare(phase)
        ran = self.run(phase)
        assert ran.code == 0, ran.said
        calls = sum(line.startswith("trace:") for line in ran.said.splitlines())
        self.spans[phase] = (ran.took_s, calls)

    def _sound(self, generation: int) -> Count:
        """What is there after an undisturbed run, once it has come to rest."""
        found: Count = Counter()
        until = time.monotonic() + RUN_S
        while time.monotonic() < until:
            before, found = found, self.victim.count()
            webs = [n for kind, n in found.items() if kind.startswith(f"web {generation}")]
            if found == before and sum(webs) >= REPLICAS:
                return found
            time.sleep(0.5)
        raise AssertionError(f"it never came to rest: {dict(found)}")


def killed(
    victim: type[Victim], seed: int, numbers: Sequence[int], tell: Callable[[Kill], None]
) -> tuple[list[Kill], Count]:
    """These kills at one victim, and what of it is left after its last `down`."""
    kills: list[Kill] = []
    with tempfile.TemporaryDirectory(prefix="moot-kill-") as name:
        target = victim(Path(name))
        target.prepare()
        killer = Killer(target, seed)
        try:
            killer.rehearse()
            killer.lead_up(numbers[0])
            for number in numbers:
                kills.append(killer.kill(number))
                tell(kills[-1])
        finally:
            left = killer.clear()
            target.clean()
    return kills, left


def firsts(kills: Iterable[Kill]) -> list[float]:
    """Seconds to the first change of the run after each kill, where it had something to change."""
    return [kill.recovery.first_s for kill in kills if kill.recovery.first_s is not None]


def _milliseconds(line: str) -> int:
    """How long a traced call took."""
    return int(line.rpartition("(")[2].partition(" ms")[0])


def _last_words(said: str) -> str:
    lines = [line for line in said.splitlines() if not line.startswith("trace:")]
    return " | ".join(lines[-4:])
