"""Machines of a pool that say nothing: passed over unless something depends on them."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from lab import Lab

from moot.engine import ask as asking
from moot.engine import patience
from moot.engine import reserve as reserving
from moot.engine.ask import PassedOver
from moot.engine.offered import offered
from moot.engine.slots import Slots
from moot.engine.venues import Venues
from moot.model.comparison import Search
from moot.model.diagnostic import Diagnostic
from moot.model.venue import Offering, Venue
from moot.provider import Env, ProviderError
from moot.providers.fake import FakeProvider
from moot.store import PortTaken

MANY = tuple(f"h{i:02}" for i in range(16))
MORE = (*MANY, "h16")
COMPOSE = """
name: shop
services:
  web:
    x-moot: {process: {command: [web]}}
    deploy: {replicas: 15}
"""


@dataclass
class Crowd:
    """Machines of one pool that answer at once, or only at a time of a clock that stands still
    until those have.
    """

    late: Mapping[str, float]
    names: Collection[str] = MANY
    pool: str = "lab"
    took_s: float = 0.0
    at: float = 1000.0
    silent: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.told = {name: threading.Event() for name in self.late}
        self.prompt, self.begun = set(self.names) - self.late.keys(), set[str]()
        self.all_begun, self.lock = threading.Event(), threading.Lock()
        crowd = self

        class Slow(FakeProvider):
            def offerings(self) -> list[Offering]:
                crowd.wait(self.venue)
                return [Offering(venue=self.venue, name="room", cpu=4, memory_mib=4096)]

        self.env = Env(home=Path("/"), environ={}, now=self.now)
        known = {n: Venue(name=n, provider="fake", pool=self.pool) for n in self.names}
        self.venues = Venues(known, self.env, {"fake": lambda: Slow})

    def now(self) -> float:
        """Every look at the clock is a tenth of a second once the prompt ones have answered."""
        with self.lock:
            if self.all_begun.is_set() and not self.prompt:
                self.at += 0.1
            for name, after_s in self.late.items():
                if self.at >= 1000 + after_s:
                    self.told[name].set()
            return self.at

    def wait(self, name: str) -> None:
        with self.lock:
            self.begun.add(name)
            if len(self.begun) == len(self.names):
                self.at += self.took_s
                self.all_begun.set()
        assert self.all_begun.wait(20)
        if name in self.told:
            assert self.told[name].wait(120)
        else:
            with self.lock:
                self.prompt.discard(name)
        if name in self.silent:
            raise ProviderError("NetworkFailure", "it is off")

    def ask(self, spare: Collection[str] = MANY) -> tuple[list[Offering], dict[str, ProviderError]]:
        return offered(self.names, self.venues, Slots(), spare)


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "TICK_S", 0.002)


def test_one_that_says_nothing_is_passed_over() -> None:
    found, absent = Crowd({"h03": 60}).ask()
    assert [offering.venue for offering in found] == [name for name in MANY if name != "h03"]
    assert isinstance(absent["h03"], PassedOver)
    assert absent["h03"].message.startswith("it does not answer in time (")
    assert "look whether it runs" in absent["h03"].remedy


@pytest.mark.parametrize(
    ("crowd", "spare"),
    [
        (Crowd({"h03": 20}), set(MANY) - {"h03"}),  # something is there
        (Crowd({"h03": 20}, pool=""), MANY),  # no two of them are alike
        (Crowd({"h03": 20}, MANY[:12]), MANY),  # few
        (Crowd(dict.fromkeys(MANY[:5], 20), MORE), MORE),  # rather the way there than the machines
        (Crowd({"h03": 2.5}), MANY),  # a packet was lost
        (Crowd({"h03": 16}, took_s=10.0), MANY),  # all are far away
    ],
)
def test_others_are_waited_for(crowd: Crowd, spare: Collection[str]) -> None:
    found, absent = crowd.ask(spare)
    assert absent == {}
    assert [offering.venue for offering in found] == list(crowd.names)


def test_who_refuses_counts_as_heard() -> None:
    crowd = Crowd({"h03": 60}, silent={"h00", "h01"})
    _, absent = crowd.ask()
    assert {name: type(error) for name, error in absent.items()} == {
        "h00": ProviderError,
        "h01": ProviderError,
        "h03": PassedOver,
    }


def test_who_refuses_does_not_tell_what_is_usual() -> None:
    """Eleven answer, which are too few."""
    refuse = {"h00", "h01", "h02", "h04"}
    found, absent = Crowd({"h03": 20}, silent=refuse).ask()
    assert absent.keys() == refuse
    assert "h03" in {offering.venue for offering in found}


def test_what_one_says_too_late_is_no_answer() -> None:
    found, absent = Crowd({"h03": 10, "h05": 30}, MORE).ask(set(MORE) - {"h05"})
    assert [name for name, error in absent.items() if isinstance(error, PassedOver)] == ["h03"]
    assert "h05" in {offering.venue for offering in found}


def test_the_slot_of_one_passed_over_is_free() -> None:
    crowd, slots = Crowd({"h03": 60}), Slots(total=16, share=1)
    offered(crowd.names, crowd.venues, slots, MANY)
    done = threading.Event()
    slots.submit("h03", done.set, 0)
    assert done.wait(20)
    crowd.told["h03"].set()


def test_those_that_hang_do_not_keep_others_from_being_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However few can be asked at a time: those that hang answer only when all others have."""
    over, others, env = threading.Event(), set(MANY[8:]), Env(home=Path("/"), environ={})

    def offerings(self: FakeProvider) -> list[Offering]:
        others.discard(self.venue)
        if not others:
            over.set()
        assert self.venue not in MANY[:8] or over.wait(60)
        return []

    monkeypatch.setattr(FakeProvider, "offerings", offerings)
    monkeypatch.setattr(asking, "LONG_S", 0.01)
    known = {name: Venue(name=name, provider="fake") for name in MANY}
    _, absent = offered(MANY, Venues(known, env, {"fake": lambda: FakeProvider}), Slots(total=4))
    assert absent == {}


@dataclass
class Hanging:
    """Machines of a lab that answer only after so long, by the real clock."""

    after_s: float = 0.6
    machines: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def wait(self, venue: str) -> None:
        self.asked.append(venue)
        if venue.removeprefix("lab:") in self.machines:
            self.over.wait(self.after_s)
            self.told.append(venue)


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hanging]:
    """Everything else is done much sooner than they answer."""
    monkeypatch.setattr(patience, "LEAST_S", 0.1)
    monkeypatch.setattr(patience, "QUIET_S", 0.05)
    state, answered = Hanging(), FakeProvider.offerings

    def offerings(self: FakeProvider) -> object:
        state.wait(self.venue)
        return answered(self)

    monkeypatch.setattr(FakeProvider, "offerings", offerings)
    yield state
    state.over.set()


class Zoned(Lab):
    """A lab of which one machine is apart."""

    def entry(self, host: str) -> dict[str, object]:
        zone = "b" if host == "h03" else "a"
        return {**super().entry(host), "offerings": [{"name": "room", "zone": zone}]}


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path, machines=MANY)


def used(lab: Lab) -> set[str]:
    return {venue.removeprefix("lab:") for venue in lab.where().values()}


def named(warnings: Collection[Diagnostic]) -> dict[str, str]:
    return {w.summary: w.detail for w in warnings}


def test_nothing_is_placed_on_one_that_hangs_and_it_is_named(lab: Lab, hanging: Hanging) -> None:
    hanging.machines = {"h03"}
    outcome = lab.up("lab", text=COMPOSE)
    assert outcome.failures == ()
    assert used(lab) == set(MANY) - {"h03"}
    (summary,) = named(outcome.warnings)
    assert summary == "lab:h03 does not answer"
    assert named(outcome.warnings)[summary].endswith("nothing is placed there")


def test_one_passed_over_is_not_asked_again_in_the_same_turn(
    lab: Lab, hanging: Hanging, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another App takes a port meanwhile, so that it is planned once more."""
    taken, reserve = ["a port"], reserving._reserve

    def late(*turn: Any) -> None:
        if taken:
            raise PortTaken(taken.pop())
        reserve(*turn)

    monkeypatch.setattr(reserving, "_reserve", late)
    hanging.machines = {"h03"}
    (warning,) = lab.up("lab", text=COMPOSE).warnings
    assert warning.summary == "lab:h03 does not answer"
    assert hanging.asked.count("lab:h04") == 2
    assert hanging.asked.count("lab:h03") == 1


def test_one_on_which_something_of_the_app_is_is_waited_for(lab: Lab, hanging: Hanging) -> None:
    lab.up("lab", text=COMPOSE)
    before = lab.where()
    assert len(used(lab)) == 15
    hanging.machines = {min(used(lab))}
    outcome = lab.up("lab", text=COMPOSE)
    assert outcome.warnings == ()
    assert outcome.plan.changes == ()
    assert lab.where() == before


def test_one_that_is_told_to_have_something_is_waited_for(lab: Lab, hanging: Hanging) -> None:
    hanging.machines = {"h03"}
    more = 'x-moot: {resources: {n: {type: fake.network, venue: "lab:h03"}}}\n'
    assert lab.plan("lab", text=COMPOSE + more).warnings == ()


def test_one_on_which_something_was_is_waited_for(lab: Lab, hanging: Hanging) -> None:
    few = COMPOSE.replace("replicas: 15", "replicas: 1")
    lab.up("lab:h03", text=few)
    lab.up("lab:h04", text=few)
    assert used(lab) == {"h04"}
    hanging.machines = {"h03"}
    assert lab.up("lab", text=few).warnings == ()


@pytest.mark.parametrize(
    "deploy",
    [
        "replicas: 16",  # one of them has two
        'replicas: 16, resources: {reservations: {cpus: "600000"}}',  # there is room for one
    ],
)
def test_where_the_app_could_do_with_it_it_is_waited_for_after_all(
    lab: Lab, hanging: Hanging, deploy: str
) -> None:
    hanging.machines = {"h03"}
    outcome = lab.up("lab", text=COMPOSE.replace("replicas: 15", deploy))
    assert outcome.failures == outcome.warnings == ()
    assert used(lab) == set(MANY)


def test_where_the_app_is_spread_too_little_without_it_it_is_waited_for_after_all(
    tmp_path: Path, hanging: Hanging
) -> None:
    """It is the only one in its zone."""
    zoned = Zoned(tmp_path, machines=MANY)
    hanging.machines = {"h03"}
    text = COMPOSE.replace("replicas: 15", "replicas: 2")
    assert zoned.plan("lab", text=text).warnings != ()
    proposal = zoned.plan("lab", text=f"{text}x-moot: {{spread: {{zone: 2}}}}\n")
    assert proposal.warnings == ()
    assert "lab:h03" in {a.offering.venue for a in proposal.placement.assignments}


def test_what_promises_something_of_the_whole_waits_for_all(lab: Lab, hanging: Hanging) -> None:
    hanging.machines = {"h03"}
    text = COMPOSE + "x-moot: {headroom: host}\n"
    assert lab.plan("lab", text=text).warnings == ()
    assert "lab:h03" in hanging.asked


def test_a_rehearsal_and_a_comparison_wait_for_all(lab: Lab, hanging: Hanging) -> None:
    """What a loss leaves, and what need not be bought, is told by every machine."""
    hanging.machines = {"h03"}
    moot = lab.moot("lab", text=COMPOSE.replace("replicas: 15", "replicas: 2"))
    moot.failures()
    assert hanging.told == ["lab:h03"]
    assert moot.compare(Search(vendors=("gcp",), regions=("europe-north1",), rounds=1)).stale == ()


def test_one_that_could_not_be_reached_is_not_waited_for_as_long_once_more(
    lab: Lab, hanging: Hanging, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither what exists there was said, nor is what it offers."""
    monkeypatch.setattr(asking, "LONG_S", 0.1)
    lab.up("lab", text=COMPOSE.replace("replicas: 15", "replicas: 16"))
    lab.silent = hanging.machines = {"h03"}
    hanging.after_s = 15
    outcome = lab.up("lab", text=COMPOSE)
    assert "lab:h03" in hanging.asked
    assert hanging.told == []
    assert used(lab) == set(MANY) - {"h03"}
    assert any("lab:h03 does not answer" in summary for summary in named(outcome.warnings))
