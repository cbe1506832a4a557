"""What a turn works with, and the turn up to the moment at which something would be changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from moot.engine.cost import cost
from moot.model.availability import Outlook
from moot.model.placement import Placement
from moot.model.report import Proposal
from moot.passes.gathering.stay import stay

if TYPE_CHECKING:
    import threading

    from moot.engine.seal import Seal
    from moot.engine.slots import Slots
    from moot.engine.venues import Venues
    from moot.engine.walk import Walk
    from moot.model.app import App
    from moot.model.diagnostic import Diagnostic
    from moot.model.finding import Finding, Rule
    from moot.model.headroom import Headroom
    from moot.model.placement import Share
    from moot.model.plan import Change, Plan
    from moot.model.programme import Solve
    from moot.model.rehearsal import Ground
    from moot.model.report import Stale, Step
    from moot.model.resource import ConfigurationItem, Resource
    from moot.model.value import Secret
    from moot.passes.narrow import Rested
    from moot.provider import ProviderError
    from moot.store import Intent, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What every turn works with: venues, memory, and the key of the digests.

    Facts younger than `max_age_s` seconds are not asked of a venue again.  `solver` gives what may
    be asked for as long as a placement is sought; None where nobody may.
    """

    venues: Venues
    store: Store
    seal: Seal
    slots: Slots
    installation: str
    generation: int
    allowed: tuple[str, ...]
    rules: tuple[Rule, ...]
    max_age_s: float = 0.0
    solver: Callable[[], AbstractContextManager[Solve | None]] = nullcontext


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What exists now.  `items` hold properties as the venue reports them, unsealed.

    `stale` venues did not answer: their items are as they were last known.  `unreached` are those
    of them that could not be reached at all.
    `undecided` are calls begun earlier that may still change what stands; `refused` says by change
    why it must not be made before more is known.  `at` is when the look began.
    """

    items: tuple[ConfigurationItem, ...]
    at: float = 0.0
    stale: tuple[Stale, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    undecided: tuple[Intent, ...] = ()
    refused: Mapping[str, Diagnostic] = field(default_factory=dict[str, "Diagnostic"])
    unreached: Mapping[str, ProviderError] = field(default_factory=dict[str, "ProviderError"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A turn up to the moment at which something would be changed.

    `ground` is what it was placed on.  `desired` was compared: what belongs to the components
    `within`, and to the App as a whole; None stands for everything.  `rested` says what was at
    rest, where that was asked; `kinds` are those of which the App had something.  `withheld` is
    what must wait for venues that do not answer, and `lacking` says so.
    """

    app: str
    plan: Plan
    observed: Observation
    begun_at: float
    placement: Placement | None = None
    ground: Ground | None = None
    outlook: Outlook = field(default_factory=Outlook)
    headroom: Headroom | None = None
    shares: tuple[Share, ...] = ()
    ports: Mapping[str, int]
    findings: tuple[Finding, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    withheld: tuple[Change, ...] = ()
    lacking: tuple[Diagnostic, ...] = ()
    desired: tuple[Resource, ...] = ()
    within: frozenset[str] | None = None
    rested: Rested | None = None
    kinds: frozenset[tuple[str, str]] = frozenset()

    def proposal(self, app: App) -> Proposal:
        """What `plan` shows and `up` announces."""
        placement = self.placement or Placement(assignments=())
        return Proposal(
            app=app,
            plan=self.plan,
            placement=placement,
            cost=cost(placement, self.ground.prior if self.ground else None, app.policy.budget),
            availability=self.outlook,
            headroom=self.headroom,
            traffic=stay(app, placement),
            findings=self.findings,
            warnings=(
                *self.warnings,
                *self.observed.warnings,
                *(replace(diagnostic, severity="warning") for diagnostic in self.lacking),
            ),
            stale=self.observed.stale,
        )


class Execution(Protocol):
    """One walk over a plan, about to be made."""

    def run(self) -> Walk: ...


@dataclass(frozen=True, slots=True)
class Hands:
    """What an apply needs of its caller: secrets, someone to tell, and a way to be stopped.

    `executor` makes the walks, where a simulator drives them instead of threads.
    """

    secrets: Mapping[Secret, bytes]
    observer: Callable[[Step], None]
    cancelled: threading.Event
    renew: Callable[[], None]
    executor: Callable[..., Execution] | None = None


def sealed(item: ConfigurationItem, world: World) -> ConfigurationItem:
    """The item as it may be stored and compared: sensitive values as digests."""
    return world.seal.item(item)
