"""What does the plan of one changed component cost among 10,000 things, and among 100,000?

The figures are CPU seconds of `propose`, the turn up to its plan, given the App as a value: reading
the compose file is no part of it.  What the whole of `moot plan` costs stands beside them.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from bench.figure import Figure, median, moot, timed, workplace
from bench.planning import VENUES, write
from moot.engine.hold import hold
from moot.engine.item import expected, joined
from moot.engine.propose import propose
from moot.engine.reconcile import reconcile
from moot.engine.seal import Seal
from moot.engine.sketch import Sketch
from moot.engine.slots import Slots
from moot.engine.turn import Hands, World
from moot.engine.venues import Venues
from moot.home import Home
from moot.model.app import App
from moot.model.placement import SHARED, component_of
from moot.model.plan import Create
from moot.model.resource import ConfigurationItem, Resource
from moot.model.value import Ref, Secret, Value, at_path, substitute
from moot.provider import Env
from moot.reading import load
from moot.rules import baseline
from moot.store import open_store

COMPONENTS, FEW, MANY = 510, 10, 100  # components, and replicas of each
GROUP = 10  # components that share a network, each but the first needing the one before it
CHANGED = 5  # one of the first group, which has few replicas always: the change stays the same
THINGS_EACH = 2  # a process and its place behind the gateway
PAGE = 1_000
DAY_S = 86_400.0
BOUND_S, BOUND_GROWTH = 0.5, 1.5


def measure(short: bool) -> list[Figure]:
    """One changed component among few replicas of each and among many."""
    components, runs = (6 * GROUP, 1) if short else (COMPONENTS, 7)
    few, _, _ = _measured(components, FEW, runs)
    many, everything, command = _measured(components, MANY, runs)
    fewer, items = (f"{things(components, replicas):,}" for replicas in (FEW, MANY))
    ours = "python -m bench.run incremental"
    name = f"plan of 1 changed of {components} components, {items} items"
    return [
        Figure(name=name, value=many, unit="s CPU", bound=BOUND_S, command=ours),
        Figure(
            name=f"{name}, growth",
            value=many,
            unit="s CPU",
            peer=f"among {fewer} items",
            peer_value=few,
            bound=BOUND_GROWTH,
            command=ours,
        ),
        Figure(name=f"{name}, all compared", value=everything, unit="s CPU", command=ours),
        Figure(
            name=f"{name}, as a command that reads the file",
            value=command,
            unit="s CPU",
            command="moot plan --venue toy --max-age 1d",
        ),
    ]


def _measured(components: int, replicas: int, runs: int) -> tuple[float, float, float]:
    """CPU seconds of the plan, of one that compares everything, and of the whole command."""
    with workplace() as (folder, environ):
        write(Path(environ["MOOT_VENUES"]), VENUES)
        write(folder / "compose.yaml", declared(components, replicas))
        with _world(environ, DAY_S) as world:
            _stand(_app(folder, environ), world)
        write(folder / "compose.yaml", declared(components, replicas, changed=CHANGED))
        app = _app(folder, environ)
        narrow = [_planned(app, environ) for _ in range(runs)]
        command = moot("plan", "--venue", "toy", "--max-age", "1d")
        whole = [timed(command, environ, folder).cpu_s for _ in range(min(runs, 3))]
        with _world(environ) as world, world.store.turn():
            world.store.put_resting(app.name, {SHARED: None})
        everything = _planned(app, environ)
    return median(narrow), everything, median(whole)


def _planned(app: App, environ: Mapping[str, str]) -> float:
    """CPU seconds of a plan that finds the change, with nothing left from the plan before."""
    with _world(environ, DAY_S) as world:
        began = time.process_time()
        plan = propose(app, world).plan
        took = time.process_time() - began
    changed = {component_of(change.address) for change in plan.changes}
    made = sum(isinstance(change, Create) for change in plan.changes)
    assert changed == {f"part{CHANGED}"}, f"not the one change that was made: {sorted(changed)}"
    assert made == FEW * THINGS_EACH, f"{made} things are to be made"
    return round(took, 4)


def things(components: int, replicas: int) -> int:
    """How many there are beside networks and gateway."""
    return THINGS_EACH * (GROUP * FEW + (components - GROUP) * replicas)


def declared(components: int, replicas: int, changed: int | None = None) -> dict[str, object]:
    """Components in small groups, all of whose replicas are behind a gateway."""
    services: dict[str, object] = {}
    for number in range(components):
        group, place = divmod(number, GROUP)
        services[f"part{number}"] = {
            "image": "example/part:1",
            "deploy": {"replicas": replicas if group else FEW},
            "environment": {"NUMBER": str(number), "LEVEL": "debug" if number == changed else ""},
            "expose": ["8000"],
            "networks": [f"group{group}"],
            **({"depends_on": [f"part{number - 1}"]} if place else {}),
        }
    networks = {f"group{number}": {} for number in range(-(-components // GROUP))}
    return {"name": "estate", "services": services, "networks": networks}


def _app(folder: Path, environ: Mapping[str, str]) -> App:
    file = str(folder / "compose.yaml")
    digest = Seal(Home.of(environ).key(), lambda type: ()).digest
    app = load((file,), None, None, (), environ, digest).parsed.app
    assert app
    return app


@contextmanager
def _world(environ: Mapping[str, str], max_age_s: float = 0.0) -> Iterator[World]:
    home = Home.of(environ)
    venues = Venues(home.venues_file.venues(), Env(home=home.folder, environ=environ))
    store = open_store(home.store)
    try:
        yield World(
            venues=venues,
            store=store,
            seal=Seal(home.key(), venues.sensitive),
            slots=Slots(),
            installation=home.installation(),
            generation=1,
            allowed=("toy",),
            rules=baseline.PACK,
            max_age_s=max_age_s,
        )
    finally:
        store.close()


def _stand(app: App, world: World) -> None:
    """Everything is recorded as if it had been made, and a turn has found nothing to be done."""
    with hold(app.name, "bench", world) as journal:
        store, wanted = world.store, iter(Sketch.of(app, world, ()).desired(None))
        items: dict[str, ConfigurationItem] = {}
        while page := list(islice(wanted, PAGE)):
            with store.turn(journal.lease):
                for want in page:
                    journal.uids[want.address] = uuid.uuid4().hex
                    items[want.address] = _made(want, items, world)
                    journal.write(items[want.address])
            journal.renew()
        with store.turn(journal.lease):
            for venue, type in store.kinds(app.name):
                store.put_listed(app.name, venue, type, journal.now())
        hands = Hands({}, lambda step: None, threading.Event(), journal.renew)
        turn, _ = reconcile(app, world, journal, hands, lambda turn: None)
        assert not turn.plan.changes, turn.plan.changes[0]


def _made(
    want: Resource, items: Mapping[str, ConfigurationItem], world: World
) -> ConfigurationItem:
    """A thing as the fake venue would show it."""

    def known(unknown: Ref | Secret) -> Value:
        assert isinstance(unknown, Ref)
        return at_path(items[unknown.address].properties, unknown.attribute)

    asked = world.seal(want.type, substitute(want.properties, known))
    shown = {"id": want.address, "address": "127.0.0.1", "ports": {"8000": 20000 + len(items)}}
    status = "running" if want.main else None
    seen = ConfigurationItem(
        type=want.type,
        venue=want.venue,
        identifier=want.address,
        properties={**asked, **shown},
        status=status,
    )
    return joined(expected(want, 1, asked), seen, world.venues.env.now())
