"""What `plan` says of its price where a solver is installed, and where there is none."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path

import pytest

from moot import wiring
from moot.model.programme import Programme

Run = Callable[[str], tuple[int, str, str]]
VENUES = """
venues:
  laptop: {provider: fake, silent: true}
  docker: {provider: fake, silent: true}
  cheap: {provider: fake, offerings: [{name: m, cpu: 4, hourly: 0.1}]}
  dear: {provider: fake, offerings: [{name: m, cpu: 4, hourly: 0.5}]}
"""
# Each of the two would be on the cheap machine, where there is room for one.
COMPOSE = """
x-moot: {venues: [cheap, dear]}
services:
  web: {image: w, deploy: {resources: {reservations: {cpus: "3"}}}}
  api: {image: a, deploy: {resources: {reservations: {cpus: "3"}}}}
"""


RENTED = """
  rented: {provider: fake, offerings: [{name: m, cpu: 9, hourly: 0.05}]}
"""


@pytest.mark.skipif(find_spec("highspy") is None, reason="highspy is not installed")
def test_with_one_the_price_is_proven(moot: Run):
    assert "; no placement costs less" in moot("plan")[1]


def test_without_one_it_says_what_could_be_saved_at_most(
    moot: Run, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(wiring, "find_spec", lambda name: None)
    assert "; at most 66.7 % could be saved" in moot("plan")[1]


def test_a_rehearsal_asks_it_too(moot: Run, monkeypatch: pytest.MonkeyPatch):
    """Nothing is to be asked of the plan's placement: all of it is on the cheapest machine."""
    Path("venues.yaml").write_text(VENUES + RENTED)
    Path("compose.yaml").write_text(COMPOSE.replace("[cheap, dear]", "[cheap, dear, rented]"))
    asked: list[bool] = []

    def answers(programme: Programme, is_whole: bool) -> None:
        del programme
        asked.append(is_whole)

    monkeypatch.setattr(wiring, "_solver", lambda: nullcontext(answers))
    moot("plan")
    assert not asked
    moot("what-if --price-change rented=9")
    assert asked
