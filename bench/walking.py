"""How close does a walk come to the time its calls take, and what is the journal's part in it?"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from bench.calibration import loop
from bench.figure import Figure, median
from moot.engine.apply import Apply
from moot.engine.effect import Call, Effect
from moot.engine.journal import Journal
from moot.engine.seal import Seal
from moot.engine.slots import Slots
from moot.engine.venues import Venues
from moot.engine.walk import Walk
from moot.model.placement import Share
from moot.model.plan import Create, Plan, Wait
from moot.model.resource import ConfigurationItem, Resource
from moot.model.value import JSON
from moot.model.venue import Offering, Venue
from moot.provider import Done, Env, Operation, Page, Progress, Scope, TypeSchema
from moot.store import open_store

CALLS = 10_000
AT_A_TIME = 64
CHAINS, LINKS = 40, 100  # of the calls, so many stand in chains; nothing waits for the others
SLOW_S, QUICK_S = 0.05, 0.005
SLOW_BOUND, QUICK_BOUND = 1.25, 1.3
APP = "walk"


class Sleeper:
    """A venue whose calls take a while and do nothing."""

    config_schema: ClassVar[JSON] = {}

    def __init__(self, venue: str, configuration: Mapping[str, JSON], env: Env) -> None:
        self.latency_s = float(configuration["latency_s"])

    def identity(self) -> str:
        return "sleeper"

    def offerings(self) -> Sequence[Offering]:
        return ()

    def lower(self, share: Share) -> Iterable[Resource]:
        return ()

    def types(self) -> Collection[str]:
        return ("sleep",)

    def schema(self, type: str) -> TypeSchema:
        return TypeSchema(type=type)

    def create(self, want: Resource, op: Operation) -> Progress:
        time.sleep(self.latency_s)
        seen = ConfigurationItem(
            type="sleep", venue=want.venue, identifier=want.address, properties=want.properties
        )
        return Done(op.marks.on(seen))

    def read(self, key: ConfigurationItem | Resource) -> ConfigurationItem | None:
        return None

    def update(self, item: ConfigurationItem, want: Resource, op: Operation) -> Progress:
        return Done(item)

    def delete(self, item: ConfigurationItem, op: Operation) -> Progress:
        return Done(None)

    def list(self, type: str, scope: Scope, cursor: str | None) -> Page:
        return Page(())


class Silent(Journal):
    """A journal that writes nothing."""

    def commit(self, effects: Sequence[Effect], walk: Walk) -> None:
        for effect in effects:
            if isinstance(effect, Call):
                self.uids.setdefault(effect.change.address, effect.change.address)


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of one walk."""

    wall_s: float
    cpu_s: float


def measure(short: bool) -> list[Figure]:
    """Wall seconds beside the bound, and with a journal beside without one; CPU seconds of both."""
    calls, rounds = (1_000, 1) if short else (CALLS, 3)
    slow = [walked(calls, SLOW_S, Journal) for _ in range(1 if short else 2)]
    quick: list[Took] = []
    silent: list[Took] = []
    for _ in range(rounds):  # they take turns so that load hits both
        silent.append(walked(calls, QUICK_S, Silent))
        quick.append(walked(calls, QUICK_S, Journal))
    bound_s = max(calls * SLOW_S / AT_A_TIME, LINKS * SLOW_S)
    what = f"{calls:,} calls of"
    return [
        Figure(
            name=f"{what} {SLOW_S * 1000:.0f} ms, {AT_A_TIME} at a time",
            value=median(took.wall_s for took in slow),
            unit="s wall",
            peer="the longer of the longest chain and all calls by 64",
            peer_value=round(bound_s, 4),
            bound=SLOW_BOUND,
            command="Apply on SQLite, every commit on disk",
        ),
        Figure(
            name=f"{what} {QUICK_S * 1000:.0f} ms, {AT_A_TIME} at a time",
            value=median(took.wall_s for took in quick),
            unit="s wall",
            peer="the same without a journal",
            peer_value=median(took.wall_s for took in silent),
            bound=QUICK_BOUND,
            command="Apply on SQLite, every commit on disk",
        ),
        Figure(
            name=f"{what} {QUICK_S * 1000:.0f} ms, CPU",
            value=median(took.cpu_s for took in quick),
            unit="s CPU",
            peer="the calibration loop",
            peer_value=round(loop(), 4),
            command="Apply on SQLite, every commit on disk",
        ),
    ]


def walked(calls: int, latency_s: float, journal: Callable[..., Journal]) -> Took:
    """One walk in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="moot-bench-") as name:
        env = Env(home=Path(name), environ={})
        configured = {
            "v": Venue(name="v", provider="sleeper", configuration={"latency_s": latency_s})
        }
        venues = Venues(configured, env, {"sleeper": lambda: Sleeper})
        store = open_store(f"{name}/moot.db")
        seal = Seal(b"key", venues.sensitive)
        lease = store.claim(APP, "bench", env.now(), 3600.0, lambda holder: True)
        walk = Walk(plan=plan(calls), items={}, seal=seal)
        apply = Apply(
            walk=walk,
            venues=venues,
            journal=journal(
                store=store,
                lease=lease,
                installation="i",
                generation=1,
                cause="bench",
                now=env.now,
                seal=seal,
            ),
            slots=Slots(share=AT_A_TIME, total=AT_A_TIME),
            secrets={},
            observer=lambda step: None,
            cancelled=threading.Event(),
            renew=lambda: None,
        )
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        apply.run()
        took = Took(time.perf_counter() - wall_s, time.process_time() - cpu_s)
        store.close()
    assert walk.outcomes("done") == calls, walk.failures[:3]
    return took


def plan(calls: int) -> Plan:
    """Single changes first and the chains after them, so that only their rank speaks for them."""
    chains = min(CHAINS, calls // LINKS // 2)
    changes = [_create(f"single{n}") for n in range(calls - chains * LINKS)]
    for chain in range(chains):
        for link in range(LINKS):
            before = (f"chain{chain}-{link - 1}",) if link else ()
            changes.append(_create(f"chain{chain}-{link}", *before))
    return Plan(tuple(changes))


def _create(name: str, *after: str) -> Create:
    properties = {"command": ["sleep", "3600"], "environment": {"NAME": name, "LEVEL": "info"}}
    want = Resource(address=name, type="sleep", venue="v", properties=properties)
    return Create(want=want, after=tuple(Wait(f"create {other}#1") for other in after))
