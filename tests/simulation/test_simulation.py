"""A world that goes wrong at random, from a seed: whatever happens, one quiet turn must mend it.

Safety: what keeps data is never deleted, another App is never touched, nothing is made twice.
Liveness: once faults stop, one turn converges and the next has nothing to do.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from house import Crash, Fuse, House
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shop import Wish

from moot.model.diagnostic import Failure

SETTLES_S = 5.0
VENUES = {
    "name": {"create_class": "NAME"},
    "token": {"create_class": "TOKEN"},
    "tag": {"create_class": "TAG"},
    "slow": {"create_class": "NAME", "pending": 2, "pending_s": 0.0, "page_size": 3},
    "late name": {"create_class": "NAME", "settles_within_s": SETTLES_S},
    "late token": {"create_class": "TOKEN", "settles_within_s": SETTLES_S},
    "late tag": {"create_class": "TAG", "settles_within_s": SETTLES_S},
    "lagging tag": {"create_class": "TAG", "settles_within_s": SETTLES_S, "list_lag_s": 3.0},
}
EVENTS = st.one_of(
    st.tuples(st.just("web"), st.integers(0, 3)),
    st.tuples(st.just("mode"), st.sampled_from("ab")),
    st.tuples(st.just("database"), st.sampled_from("ab")),
    st.tuples(st.just("memory_mib"), st.sampled_from([64, 128])),
    st.tuples(st.just("worker"), st.booleans()),
    st.tuples(st.just("parallelism"), st.integers(0, 2)),
    st.tuples(st.just("stop_first"), st.booleans()),
    st.tuples(st.just("published"), st.sampled_from([8080, 8081])),
    st.tuples(st.just("lose"), st.integers(0, 30)),
    st.tuples(
        st.just("fault"),
        st.integers(1, 12),
        st.booleans(),
        st.sampled_from(["Throttling", "GeneralServiceException", "OutcomeUnknown"]),
    ),
    st.tuples(st.just("stuck"), st.integers(1, 12), st.floats(0.0, SETTLES_S)),
    st.tuples(st.just("crash"), st.integers(1, 25), st.booleans()),
    st.tuples(st.just("silence")),
    st.tuples(st.just("down")),
)
EXAMPLES = int(os.environ.get("MOOT_SIMULATION_EXAMPLES", "25"))
# Memory-backed where there is such a folder: every commit is on disk before it counts.
SCRATCH = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


@dataclass
class Story:
    """One installation from its first turn to its last."""

    house: House
    wish: Wish = field(default_factory=Wish)
    kept: set[int] = field(default_factory=set)

    def happen(self, event: tuple) -> None:
        """One event, and the turn that follows it; a turn may fail in bad weather."""
        match event:
            case "lose", index:
                self.lose(index)
            case "fault", fuse, late, code:
                self.house.weather.call = Fuse(fuse, late)
                self.house.weather.code = code
            case "stuck", fuse, seconds:
                self.house.weather.call = Fuse(fuse)
                settings = self.house.settings  # by the time it has settled, lists show it
                latest = settings.get("settles_within_s", 0.0) - settings.get("list_lag_s", 0.0)
                self.house.weather.stuck_s = min(seconds, latest)
            case "crash", fuse, late:
                self.house.weather.commit = Fuse(fuse, late)
            case ("silence",):
                self.house.weather.silent = True
            case ("down",):
                pass
            case name, value:
                self.wish = replace(self.wish, **{name: value})
        with suppress(Crash, Failure):
            if event == ("down",):
                self.house.down(self.wish.name)
            else:
                self.house.up(self.wish.app())
        self.house.weather.silent, self.house.weather.stuck_s = False, None
        self.check_data()

    def lose(self, index: int) -> None:
        """Something of the App is gone by accident."""
        things = [t for t in self.house.world.things() if t.tags["moot.app"] == self.wish.name]
        if things:
            lost = things[index % len(things)]
            self.house.world.destroy(lost.id)
            self.kept.discard(lost.number)

    def check_data(self) -> None:
        """What keeps data is still there, unless it was lost by accident."""
        now = {t.number for t in self.house.world.things("fake.volume")}
        assert self.kept <= now, "a volume was deleted"
        self.kept = now

    def settle(self) -> None:
        """Good weather: one turn mends everything, and the next has nothing to do."""
        self.house.weather.clear()
        _, walk = self.house.up(self.wish.app())
        assert not walk.failures, walk.failures
        self.house.sleep(2 * SETTLES_S)
        self.check_data()
        assert not self.wish.unmet(self.house.world), self.wish.unmet(self.house.world)
        turn = self.house.plan(self.wish.app())
        assert not turn.plan.changes, [(c.key, getattr(c, "reason", "")) for c in turn.plan.changes]
        assert not turn.observed.warnings, turn.observed.warnings


@pytest.mark.parametrize("kind", VENUES)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(EVENTS, max_size=6))
def test_one_quiet_turn_mends_anything(kind, events):
    with tempfile.TemporaryDirectory(dir=SCRATCH, ignore_cleanup_errors=True) as home:
        story = Story(House(Path(home), VENUES[kind]))
        blog = Wish(name="blog", published=9090)
        story.house.up(blog.app())
        before = [t for t in story.house.world.things() if t.tags["moot.app"] == "blog"]
        story.check_data()
        for event in events:
            story.happen(event)
        story.settle()
        after = [t for t in story.house.world.things() if t.tags["moot.app"] == "blog"]
        assert after == before, "another App was touched"
