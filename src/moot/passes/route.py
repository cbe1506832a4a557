"""App x Placement -> Routes: over which gateway replicas of one venue reach a component."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
class Routes:
    """`at`: by component and venue the first of its runs there, `askers`: by component the venues
    from which it is asked for.
    """

    runs: tuple[Run, ...]
    venues: Mapping[str, Offering]
    at: Mapping[str, Mapping[str, Run]]
    targets_of: Mapping[str, set[str]]
    askers: Mapping[str, set[str]]
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
        return cls(placement.runs, venues, at, targets, askers, of)

    def way(self, venue: str, component: str) -> Way | None:
        """How replicas in a venue reach the component; None: not at all."""
        here, places = self.venues[venue], self.at[component]
        if venue in places:
            return "here"
        there = [self.venues[place] for place in places]
        if here.machine and any(other.machine == here.machine for other in there):
            return "beside"
        if not any(other.reach for other in there):
            return None
        named = here.names or any(other.names for other in there)
        return "through" if named else "carried"

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
