"""Whatever changes from one declaration to the next, a narrow plan is the whole plan."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from narrow_site import CHEAP, LONG_S, Site, same, shop

from moot.engine.turn import Turn
from moot.model.app import (
    App,
    Attachment,
    Component,
    Container,
    Dependency,
    Mount,
    Network,
    Port,
    Process,
)
from moot.model.diagnostic import Refused
from moot.model.value import JSON
from moot.providers.fake.world import Unlawful

NAMES = ("a", "b", "c", "d")
FIELDS = (
    "replicas",
    "process",
    "container",
    "environment",
    "expose",
    "ports",
    "networks",
    "mounts",
    "depends_on",
)


@st.composite
def parts(draw, name: str, before: tuple[str, ...]) -> Component:
    how = draw(st.sampled_from(["process", "container", "both"]))
    command = (draw(st.sampled_from(["x", "y"])),)
    ports = draw(st.sampled_from([(), (Port(target=80),), (Port(target=80, published=None),)]))
    volume = draw(st.booleans()) and draw(st.booleans())
    return Component(
        name=name,
        replicas=draw(st.sampled_from([0, 1, 1, 2, 3])),
        process=None if how == "container" else Process(command=command),
        container=None if how == "process" else Container(image="i", command=command),
        environment={"LEVEL": draw(st.sampled_from(["1", "2"]))},
        expose=draw(st.sampled_from([(), (80,), (80, 81)])),
        ports=ports,
        networks=tuple(
            Attachment(network=n) for n in ("front", "back") if n == "front" or draw(st.booleans())
        ),
        mounts=(Mount(kind="volume", source="data", target="/data"),) if volume else (),
        depends_on=tuple(
            Dependency(component=n, condition=draw(st.sampled_from(["started", "healthy"])))
            for n in before
            if draw(st.booleans())
        ),
    )


@dataclass(frozen=True)
class Day:
    """A declaration, what holds on that day, and what goes wrong on it.

    moot ends after so many steps (0: it does not); the thing of that number gets lost before.
    """

    app: App
    prices: Mapping[str, float]
    faults: list[JSON]
    steps: int
    lost: int


@st.composite
def days(draw, yesterday: App | None = None) -> Day:
    """One day; much is as it was the day before."""
    chosen = [n for n in NAMES if draw(st.integers(0, 3))]
    fresh = {name: draw(parts(name, tuple(chosen[:i]))) for i, name in enumerate(chosen)}
    if yesterday is not None:
        merged = {c.name: c for c in yesterday.components}
        for name in draw(st.lists(st.sampled_from(NAMES), max_size=2)):
            before, now = merged.pop(name, None), fresh.get(name)
            fields = draw(st.lists(st.sampled_from(FIELDS), min_size=1, max_size=2))
            if before and now:
                merged[name] = replace(before, **{field: getattr(now, field) for field in fields})
            elif now:
                merged[name] = now
        fresh = {name: _sorted_out(c) for name, c in sorted(merged.items())}
    internal = draw(st.integers(0, 5)) == 0
    networks = (Network(name="front", internal=internal), Network(name="back"))
    fault = {"verb": draw(st.sampled_from(["create", "update", "delete"])), "code": "AccessDenied"}
    name = draw(st.sampled_from(NAMES))
    return Day(
        app=shop(*fresh.values(), networks=networks),
        prices=draw(st.sampled_from([CHEAP, CHEAP, CHEAP, {"toy": 1, "other": 0}])),
        faults=draw(st.sampled_from([[], [], [{**fault, "address": f"shop/{name}/*"}]])),
        steps=draw(st.sampled_from([0, 0, 0, 1, 3, 6, 10])),
        lost=draw(st.integers(0, 30)),
    )


def _sorted_out(component: Component) -> Component:
    """Something must run, and needs that came from another day must still be sound."""
    earlier = tuple(d for d in component.depends_on if d.component < component.name)
    runs = component.process or component.container
    process = component.process if runs else Process(command=("x",))
    return replace(component, depends_on=earlier, process=process)


@st.composite
def lives(draw) -> list[Day]:
    days_of = [draw(days())]
    for _ in range(draw(st.integers(1, 4))):
        days_of.append(draw(days(days_of[-1].app)))
    return days_of


class Crash(BaseException):
    """The process ends here."""


@settings(max_examples=12)
@given(lives())
def test_a_narrow_plan_is_the_whole_plan(life):
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder))
        try:
            for day in life:
                _live(site, day)
        finally:
            site.store.close()


def _live(site: Site, day: Day) -> None:
    site.prices, site.faults = day.prices, []
    same(site.plan(day.app, LONG_S), site.plan(day.app))
    _lose(site, day.lost)
    site.faults = day.faults
    left = day.steps

    def observer(step) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Crash

    try:
        _, walk = site.up(day.app, observer)
    except Refused:
        return
    except Crash:
        walk = None
        site.drain()
    site.faults = []
    whole = site.plan(day.app)
    same(site.plan(day.app, LONG_S), whole)
    if walk and not walk.failures and isinstance(whole, Turn):
        assert not whole.plan.changes


def _lose(site: Site, number: int) -> None:
    """A thing that nothing stands on is gone, and moot has not been told."""
    world = site.world().venues.provider("toy").world
    things = list(world.things())
    if number < len(things):
        with suppress(Unlawful):
            world.remove(things[number].id)
