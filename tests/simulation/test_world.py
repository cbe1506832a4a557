"""Stories of a whole installation, each from a seed; one that ends badly says which seed it was."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress

import pytest

from moot.testing.world import AT
from moot.testing.world.story import Misfortune, Story, told

SEEDS = int(os.environ.get("MOOT_STORIES", "100"))


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.3])
@pytest.mark.slow
def test_every_story_ends_well(rate):
    bad = []
    for seed in range(SEEDS):
        try:
            told(seed, rate)
        except Misfortune as misfortune:
            bad.append(str(misfortune))
    assert bad == []


@pytest.mark.slow
def test_large_story_ends_well():
    world = Story(seed=1, chapters=8, size=60).tell()
    assert world.events > 3_000


def test_accident_that_follows_the_end_of_a_twin_is_nobodys_fault():
    """In this story a thing is made twice, its twin is deleted, and then the thing is lost."""
    told(20548)


def test_seed_tells_the_same_story_in_every_process():
    lines = set()
    for hash_seed in ("0", "1", "2"):
        argv = [sys.executable, "-m", "moot.testing.world", "--seed", "7", "--rate", "0.2"]
        environ = {**os.environ, "PYTHONHASHSEED": hash_seed}
        ran = subprocess.run(argv, env=environ, capture_output=True, text=True, timeout=60)
        lines.add(ran.stdout)
    assert len(lines) == 1
    assert told(7, rate=0.2).digest() in lines.pop()


def test_other_seeds_tell_other_stories():
    assert len({told(seed, rate=0.0).digest() for seed in range(5)}) == 5


def test_all_that_can_go_wrong_does():
    """Else a story proves less than it says."""
    missing = {(kind, fate) for kind in AT for fate in AT[kind]} | {("late", "")}
    for seed in range(120):
        story = Story(seed, rate=0.3)
        with suppress(Misfortune):
            story.tell()
        missing -= {(fact.kind, fact.fate) for fact in story.world.chronicle or ()}
        if not missing:
            break
    assert missing == set()
