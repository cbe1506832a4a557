"""What a turn works with, and the turn up to the moment at which something would be changed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from moot.engine.cost import cost
from moot.engine.observe import Observation
from moot.engine.seal import Seal
from moot.engine.slots import Slots
from moot.engine.venues import Venues
from moot.model.app import App
from moot.model.diagnostic import Diagnostic
from moot.model.finding import Finding, Rule
from moot.model.placement import Placement, Share
from moot.model.plan import Plan
from moot.model.report import Proposal, Step
from moot.model.resource import ConfigurationItem
from moot.model.value import Secret
from moot.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What every turn works with: venues, memory, and the key of the digests."""

    venues: Venues
    store: Store
    seal: Seal
    slots: Slots
    installation: str
    generation: int
    allowed: tuple[str, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A turn up to the moment at which something would be changed."""

    app: str
    plan: Plan
    observed: Observation
    begun_at: float
    placement: Placement | None = None
    shares: tuple[Share, ...] = ()
    ports: Mapping[str, int]
    findings: tuple[Finding, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()

    def proposal(self, app: App) -> Proposal:
        """What `plan` shows and `up` announces."""
        placement = self.placement or Placement(assignments=())
        return Proposal(
            app=app,
            plan=self.plan,
            placement=placement,
            cost=cost(placement),
            findings=self.findings,
            warnings=(*self.warnings, *self.observed.warnings),
            stale=self.observed.stale,
        )


@dataclass(frozen=True, slots=True)
class Hands:
    """What an apply needs of its caller: secrets, someone to tell, and a way to be stopped."""

    secrets: Mapping[Secret, bytes]
    observer: Callable[[Step], None]
    cancelled: threading.Event
    renew: Callable[[], None]


def sealed(item: ConfigurationItem, world: World) -> ConfigurationItem:
    """The item as it may be stored and compared: sensitive values as digests."""
    return replace(item, properties=world.seal(item.type, item.properties))
