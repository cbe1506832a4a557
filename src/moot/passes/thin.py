"""Shares -> Shares with a few replicas of each component, which stand for the rest of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from moot.model.placement import Assignments, Run, Share, runs_of

FEW = 2  # two, since one alone may be made otherwise


def thin(shares: Iterable[Share], within: Collection[str] = ()) -> tuple[Share, ...]:
    """The shares with all replicas of the components `within`, and a few of every other."""
    return tuple(
        replace(
            share,
            assignments=Assignments(_thinned(share.runs, within)),
            remote=Assignments(_thinned(runs_of(share.remote), within)),
        )
        for share in shares
    )


def _thinned(runs: Iterable[Run], within: Collection[str]) -> Iterator[Run]:
    taken: dict[str, int] = {}
    for run in runs:
        if run.component in within:
            yield run
        elif (left := FEW - taken.get(run.component, 0)) > 0:
            count = min(left, run.count)
            taken[run.component] = FEW - left + count
            yield replace(run, count=count)
