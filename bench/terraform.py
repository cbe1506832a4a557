"""What do planning and applying cost, beside Terraform on resources that do nothing?"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.calibration import loop
from bench.figure import Figure, Timing, median, moot, needed, timed, workplace
from bench.planning import write

BESIDE, ALONE = 2_000, 10_000
PLAN, APPLY, UNCHANGED = "plan", "apply", "plan with nothing to do"
BOUNDS = {PLAN: 1 / 5, APPLY: 1 / 50, UNCHANGED: 1 / 20}
# Of Terraform 1.11 at 10,000 resources, measured once on a machine of two cores: wall seconds.
MEASURED = {PLAN: 23.6, APPLY: 2082.0, UNCHANGED: 176.0}
ALONE_BOUND = 1 / 200
BOUND_MIB = 200.0  # Terraform: 447
OURS = {PLAN: "plan", APPLY: "up", UNCHANGED: "plan"}
VENUES = {"venues": {"toy": {"provider": "fake"}}}
MAIN = """
variable "count_of" {}
resource "terraform_data" "nothing" {
  count = var.count_of
}
"""


@dataclass(frozen=True, slots=True)
class Tool:
    """One of the two: the commands of each step, and how long each took in every round."""

    commands: Mapping[str, Sequence[str]]
    took: dict[str, list[Timing]] = field(default_factory=dict[str, list[Timing]])

    def step(self, name: str, environ: Mapping[str, str], folder: Path) -> None:
        self.took.setdefault(name, []).append(timed(self.commands[name], environ, folder))

    def wall_s(self, name: str) -> float:
        return median(timing.wall_s for timing in self.took[name])


def measure(short: bool) -> list[Figure]:
    """Wall seconds of both at one size in turns, and of ours alone at five times that."""
    beside, alone, rounds = (100, 300, 1) if short else (BESIDE, ALONE, 3)
    return [*_both(beside, rounds), *_alone(alone, rounds)]


def _both(count: int, rounds: int) -> list[Figure]:
    """Both on the same number of resources; Terraform's apply and what follows it only once."""
    program = needed("terraform")
    version = timed([program, "version"], os.environ, Path()).stdout.split()[1]
    ours, theirs = (
        Tool({name: moot(command, "--venue", "toy") for name, command in OURS.items()}),
        Tool(_theirs(program, count)),
    )
    for number in range(rounds):
        with workplace() as (folder, environ):
            declare(folder, environ, count)
            (folder / "main.tf").write_text(MAIN)
            timed([program, "init"], environ, folder)
            for name in BOUNDS:
                ours.step(name, environ, folder)
                if number == 0 or name == PLAN:
                    theirs.step(name, environ, folder)
    return [
        Figure(
            name=f"{name}, {count:,} resources that do nothing",
            value=ours.wall_s(name),
            unit="s wall",
            peer=f"Terraform {version}",
            peer_value=theirs.wall_s(name),
            bound=bound,
            command=f"moot {OURS[name]} --venue toy",
        )
        for name, bound in BOUNDS.items()
    ]


def _alone(count: int, rounds: int) -> list[Figure]:
    """Ours at a size for which Terraform takes three quarters of an hour."""
    ours = Tool({name: moot(command, "--venue", "toy") for name, command in OURS.items()})
    for _ in range(rounds):
        with workplace() as (folder, environ):
            declare(folder, environ, count)
            for name in BOUNDS:
                ours.step(name, environ, folder)
    known = count == ALONE  # other sizes have nothing to stand beside
    figures = [
        Figure(
            name=f"{name}, {count:,} resources that do nothing",
            value=ours.wall_s(name),
            unit="s wall",
            peer="Terraform 1.11, measured once" if known else None,
            peer_value=MEASURED[name] if known else None,
            bound=ALONE_BOUND if known and name == APPLY else None,
            command=f"moot {OURS[name]} --venue toy",
        )
        for name in BOUNDS
    ]
    cpu_s = {name: median(timing.cpu_s for timing in ours.took[name]) for name in BOUNDS}
    most_mib = max(timing.rss_mib for steps in ours.took.values() for timing in steps)
    return [
        *figures,
        *(
            Figure(
                name=f"{name}, {count:,} resources that do nothing, CPU",
                value=cpu_s[name],
                unit="s CPU",
                peer="the calibration loop",
                peer_value=round(loop(), 4),
                command=f"moot {OURS[name]} --venue toy",
            )
            for name in BOUNDS
        ),
        Figure(
            name=f"most memory, {count:,} resources that do nothing",
            value=round(most_mib, 1),
            unit="MiB",
            bound=BOUND_MIB,
            command="moot plan; moot up; moot plan",
        ),
    ]


def _theirs(program: str, count: int) -> dict[str, list[str]]:
    given = ["-input=false", "-no-color", f"-var=count_of={count}"]
    plan = [program, "plan", *given]
    return {PLAN: plan, APPLY: [program, "apply", "-auto-approve", *given], UNCHANGED: plan}


def declare(folder: Path, environ: Mapping[str, str], count: int) -> None:
    """An App of one component and so many resources, on a venue in a file."""
    nothing = {"type": "fake.nothing", "venue": "toy"}
    resources = {f"nothing{number}": nothing for number in range(count)}
    services = {"main": {"image": "example/main:1"}}
    write(Path(environ["MOOT_VENUES"]), VENUES)
    write(
        folder / "compose.yaml",
        {"name": "estate", "services": services, "x-moot": {"resources": resources}},
    )
