"""What is rehearsed, and what would come of it: values to be printed, nothing of it is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from moot.model.app import App
from moot.model.diagnostic import Diagnostic
from moot.model.placement import Placement
from moot.model.value import JSON
from moot.model.venue import Offering, Venue

Kind = Literal["pool", "venue", "region", "zone", "host", "control-plane"]
Fortune = Literal["moves", "starts", "ends", "waits", "stops", "lacks"]

Key = tuple[str, str]  # venue and name of an offering
Span = tuple[int, int]  # index of the first replica, and how many


def key_of(offering: Offering) -> Key:
    """What tells an offering from every other."""
    return offering.venue, offering.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What the placement of an App is decided from.

    `prior` is what was recorded last; `homes` says in which venue each volume is, `absent` which
    venues do not answer and why, `remedies` what brings them back, `passed_over` those of them that
    were not waited for to the end; `ports` and `taken` are what `connect` must know.  `venues`
    state how often they are up.
    """

    app: App
    offerings: Sequence[Offering]
    prior: Placement | None = None
    homes: Mapping[str, str] = field(default_factory=dict[str, str])
    absent: Mapping[str, str] = field(default_factory=dict[str, str])
    remedies: Mapping[str, str] = field(default_factory=dict[str, str])
    passed_over: frozenset[str] = frozenset()
    ports: Mapping[str, int] = field(default_factory=dict[str, int])
    taken: Mapping[tuple[str, int], str] = field(default_factory=dict[tuple[str, int], str])
    venues: Mapping[str, Venue] = field(default_factory=dict[str, Venue])

    @property
    def lenient(self) -> bool:
        """Whether a venue is silent that states how often it is up: then less of an App, on what is
        left, is better than none.
        """
        return any((venue := self.venues.get(name)) and venue.sla for name in self.absent)

    @property
    def steered(self) -> bool:
        """Whether any venue states a control plane."""
        return any(v.sla and v.sla.control_plane is not None for v in self.venues.values())

    @property
    def missed(self) -> tuple[str, ...]:
        """The silent venues on which anybody can count: those of venues.yaml, and where it runs."""
        runs = self.prior.runs if self.prior else ()
        used = {run.offering.venue for run in runs}
        configured = {name for name, venue in self.venues.items() if not venue.built_in}
        return tuple(name for name in self.absent if name in used | configured)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A failure domain that may be lost: the offerings and the whole venues it takes along.

    `label` is a name that means it and no other.  A control plane takes nothing along: on what is
    `frozen` by its loss everything runs on, and nothing can be started.
    """

    kind: Kind
    label: str
    offerings: frozenset[Key]
    venues: frozenset[str]
    frozen: frozenset[Key] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChange:
    """What everything in these venues costs an hour: `hourly`, or so many times what it does."""

    venues: frozenset[str]
    factor: Decimal = Decimal(1)
    hourly: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What is rehearsed: losses, `load` times the replicas, other prices; a later one counts."""

    losses: tuple[Loss, ...] = ()
    load: int = 1
    prices: tuple[PriceChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What becomes of replicas of a component that do not simply stay.

    They move, start or end; they wait for what their data is on; they stop because nothing can take
    them, or are lacking where they were not there before.  `source` is where they stand at its
    price before, `target` where they go at its price then.
    """

    component: str
    fortune: Fortune
    spans: tuple[Span, ...]
    source: Offering | None = None
    target: Offering | None = None
    why: str = ""

    @property
    def count(self) -> int:
        """How many replicas."""
        return sum(count for _, count in self.spans)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What the passes say of a Trouble.

    `placement` is all that is paid for: what `up` would make, what waits, and what goes on where it
    was because its component as a whole cannot be placed; `running` is that without what waits.
    `before` is what stands, at the prices of now.  `problems` are those for which `up` would be
    refused, `down` the components that are needed and have too few replicas.  `stays` counts
    replicas.
    """

    fates: tuple[Fate, ...]
    stays: int
    before: Placement
    placement: Placement
    running: Placement
    problems: tuple[Diagnostic, ...] = ()
    down: tuple[str, ...] = ()

    def count(self, *fortunes: Fortune) -> int:
        """How many replicas meet with any of these."""
        return sum(fate.count for fate in self.fates if fate.fortune in fortunes)

    @property
    def lacking(self) -> int:
        """How many replicas cannot run."""
        return self.count("waits", "stops", "lacks")

    @property
    def whole(self) -> bool:
        """Whether everything can still run."""
        return not self.lacking and not self.problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliance:
    """After a loss these components are as promised only by what one of the control planes starts.

    All are told by their labels and names.
    """

    lost: str
    components: tuple[str, ...]
    control_planes: tuple[str, ...]

    def as_json(self) -> JSON:
        """An entry of `relies`."""
        return {
            "lost": self.lost,
            "components": list(self.components),
            "control_planes": list(self.control_planes),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """What the loss of one failure domain does, and what making it good relies on."""

    loss: Loss
    rehearsed: Rehearsed
    reliance: Reliance | None = None

    @property
    def total(self) -> bool:
        """Whether it leaves nothing at all running."""
        return not self.rehearsed.running.runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Worst:
    """The worst single failure, None where nothing runs; `left_out`: so many were not looked at.

    `relies` has what failing over relies on after any of them, the worst first; None where no venue
    states a control plane.
    """

    damage: Damage | None = None
    left_out: int = 0
    relies: tuple[Reliance, ...] | None = None
