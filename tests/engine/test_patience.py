"""Patience: how long one of many is waited for, told from how soon the others answered."""

from __future__ import annotations

from math import inf

import pytest

from moot.engine.patience import Peers


def peers(*took_s: float, asked: int = 0, refused: int = 0, heard_at: float = 0.0) -> Peers:
    """Those that answered after so long; all others that were asked are silent."""
    found = Peers(asked=asked or len(took_s) + refused + 1)
    for each in took_s:
        found.said(each, heard_at)
    for _ in range(refused):
        found.said(None, heard_at)
    return found


@pytest.mark.parametrize(
    ("known", "until"),
    [
        (peers(*[0.1] * 12), 10 + 3),  # a lost packet is sent again meanwhile
        (peers(*[0.1] * 11, 9.0), 10 + 3),  # one that is slow says nothing of the others
        (peers(*[4.0] * 12), 10 + 2 * 4),  # all are far away
        (peers(0.1, *[4.0] * 11), 10 + 2 * 4),  # but for one that is near
        (peers(*[4.0] * 2, *[9.0] * 18), 10 + 2 * 9),
        (peers(*[4.0] * 3, *[9.0] * 18), 10 + 2 * 4),  # the others were in one another's way
        (peers(*[0.1] * 12, heard_at=15.0), 15 + 1),  # they still come in
        (peers(*[0.1] * 12, refused=4), 10 + 3),
    ],
)
def test_it_has_twice_what_the_quick_ones_took(known: Peers, until: float) -> None:
    assert known.until(10.0) == until


@pytest.mark.parametrize(
    "known",
    [
        Peers(asked=1),
        peers(*[0.1] * 11),  # too few to say what is usual
        peers(*[0.1] * 11, refused=10),
        peers(*[0.1] * 74, asked=100),  # rather the way there than the machines
    ],
)
def test_nothing_is_told_from_few(known: Peers) -> None:
    assert known.until(10.0) == inf


def test_three_quarters_are_enough_and_who_refuses_has_said_something() -> None:
    assert peers(*[0.1] * 75, asked=100).until(0.0) == 3
    assert peers(*[0.1] * 74, asked=100, refused=1).until(0.0) == 3
