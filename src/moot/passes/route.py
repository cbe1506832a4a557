"""App x Placement -> Routes: over which gateway replicas of one venue reach a component."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from moot.model.app import App
from moot.model.placement import Placement, Run
from moot.model.venue import Offering

# Replicas of a venue reach a component
#   here: in the venue itself;
#   beside: over the gateway of another venue on the same machine;
#   carried: over their own gateway, whose back ends are replicas on other machines;
#   through: over the gateway of a machine where it runs, as anybody outside does.
Way = Literal["here", "beside", "carried", "through"]


@dataclass(frozen=True, slots=True)
class There:
    """Of the places of a component together: the machines, whether other machines reach any of
    them, and whether components find one another by name in any.
    """

    machines: frozenset[str]
    is_reached: bool
    has_names: bool

    @classmethod
    def of(cls, offerings: Collection[Offering]) -> There:
        return cls(
            frozenset(offering.machine for offering in offerings if offering.machine),
            any(offering.reach for offering in offerings),
            any(offering.names for offering in offerings),
        )


@dataclass(frozen=True, slots=True)
class Routes:
    """`at`: by component and venue the first of its runs there, `askers`: by component the venues
    from which it is asked for, `there`: by component what its places are like.
    """

    runs: tuple[Run, ...]
    venues: Mapping[str, Offering]
    at: Mapping[str, Mapping[str, Run]]
    targets_of: Mapping[str, set[str]]
    askers: Mapping[str, set[str]]
    there: Mapping[str, There]
    _by_component: dict[str, list[Run]] = field(default_factory=dict[str, "list[Run]"])

    @classmethod
    def of(cls, app: App, placement: Placement) -> Routes:
        """Who is where, and who asks for whom."""
        venues: dict[str, Offering] = {}
        at: dict[str, dict[str, Run]] = {}
        of: dict[str, list[Run]] = {}
        for run in placement.runs:
            venues.setdefault(run.offering.venue, run.offering)
            at.setdefault(run.component, {}).setdefault(run.offering.venue, run)
            of.setdefault(run.component, []).append(run)
        targets: dict[str, set[str]] = {name: set() for name in at}
        askers: dict[str, set[str]] = {name: set() for name in at}
        for connection in app.connections:
            if connection.source in at and connection.target in at:
                targets[connection.source].add(connection.target)
                askers[connection.target].update(at[connection.source])
        there = {name: There.of([venues[venue] for venue in at[name]]) for name in at}
        return cls(placement.runs, venues, at, targets, askers, there, of)

    def way(self, venue: str, component: str) -> Way | None:
        """How replicas in a venue reach the component; None: not at all."""
        here, there = self.venues[venue], self.there[component]
        if venue in self.at[component]:
            return "here"
        if here.machine in there.machines:
            return "beside"
        if not there.is_reached:
            return None
        return "through" if here.names or there.has_names else "carried"

    def carried(self, component: str, venue: str) -> Iterator[Run]:
        """Replicas on other machines that a gateway here can send to.

        Where components find one another by name, a gateway knows those of its own engine only.
        """
        here = self.venues[venue]
        for run in () if here.names else self._by_component[component]:
            there = run.offering
            if there.venue != venue and there.reach and not there.names:
                yield run

    def entrance(self, component: str) -> Offering:
        """Where anybody outside comes in."""
        places = (self.venues[place] for place in self.at[component])
        return next(offering for offering in places if offering.reach)
