"""Ground x Placement -> which promises of the whole it keeps, and what it is worth."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from moot.model.availability import Outlook
from moot.model.headroom import Headroom
from moot.model.placement import Placement
from moot.model.rehearsal import Ground, Key, key_of
from moot.passes.afford import spent
from moot.passes.fare import fare
from moot.passes.outlook import outlook
from moot.passes.placing.fill import MOVE_THRESHOLD
from moot.passes.spare import spare
from moot.passes.worth import worth


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A placement with what comes of it.  `moved` counts replicas that could have stayed; the
    `headroom` of what is up too little of the time is not looked at.
    """

    placement: Placement
    outlook: Outlook
    headroom: Headroom | None
    worth: Decimal
    moved: int
    affordable: bool

    @property
    def fails(self) -> bool:
        """Whether it certainly breaks a promise that another placement may keep."""
        return self.outlook.broken or bool(self.roomless)

    @property
    def kept(self) -> bool:
        """Whether it certainly keeps them all."""
        return self.affordable and self.outlook.kept and not self.roomless

    @property
    def roomless(self) -> int:
        """How many replicas would have no room, of all losses after which there is to be some."""
        return self.headroom.lacking if self.headroom else 0

    @property
    def known(self) -> bool:
        """Whether it is certain that promises are kept, or that they are not."""
        return self.outlook.kept or self.outlook.broken

    @property
    def lacking(self) -> float:
        """How far it is from what is promised."""
        return max(0.0, (self.outlook.promised or 0.0) - (self.outlook.least or 0.0))

    def is_at(self, prior: Placement | None) -> bool:
        """Whether nothing would move."""
        return prior is not None and stands(self.placement) == stands(prior)


def weigh(ground: Ground, placement: Placement, was: Placement | None) -> Weighed:
    """`was` is what runs, from which moving is counted."""
    offered = {key_of(offering) for offering in ground.offerings}
    fates, _ = fare(ground.app, was.runs if was else (), placement.runs, (), ground.absent)
    moves = (fate for fate in fates if fate.fortune == "moves")
    budget = ground.app.policy.budget
    figure = outlook(ground.app, placement, ground.venues, limited=False)
    return Weighed(
        placement=placement,
        outlook=figure,
        headroom=None if figure.broken else spare(ground, placement, whole=False),
        worth=worth(placement, was, MOVE_THRESHOLD),
        moved=sum(f.count for f in moves if f.source and key_of(f.source) in offered),
        affordable=budget is None or spent(placement) <= budget.hourly,
    )


def stands(placement: Placement) -> frozenset[tuple[str, int, int, Key]]:
    """Where everything is."""
    return frozenset((r.component, r.first, r.count, key_of(r.offering)) for r in placement.runs)
