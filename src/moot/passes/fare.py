"""App x Runs before x Runs then -> what becomes of the replicas of every component."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from operator import attrgetter

from moot.model.app import App
from moot.model.placement import Run
from moot.model.rehearsal import Fate, Fortune, Key, Span, key_of
from moot.model.venue import Offering
from moot.passes.suppose import LOST

NO_PLACE = "nothing can take it"

Change = tuple[Offering | None, Offering | None]  # from where, to where


def fare(
    app: App,
    before: Sequence[Run],
    then: Sequence[Run],
    lost: Collection[Key],
    absent: Mapping[str, str],
) -> tuple[tuple[Fate, ...], int]:
    """The fates of all replicas that do not stay, and how many do; the cost follows the runs.

    What is `then` on something `lost`, or in an `absent` venue, waits there.
    """
    wanted = {component.name: component.replicas for component in app.components}
    found: dict[tuple[str, Fortune, Key, Key], tuple[list[Span], Change, str]] = {}
    stays = 0
    ended = dict.fromkeys(run.component for run in before if run.component not in wanted)
    first, last = _by_component(before), _by_component(then)
    for name in (*wanted, *ended):
        most = wanted.get(name, 0)
        for span, change in _changes(first.get(name, []), last.get(name, []), most):
            fortune, why = _fortune(change, span[0] < most, lost, absent)
            if fortune is None:
                stays += span[1]
                continue
            source, target = ((o.venue, o.name) if o else ("", "") for o in change)
            found.setdefault((name, fortune, source, target), ([], change, why))[0].append(span)
    return tuple(
        Fate(
            component=name,
            fortune=fortune,
            spans=tuple(spans),
            source=source,
            target=target,
            why=why,
        )
        for (name, fortune, _, _), (spans, (source, target), why) in found.items()
    ), stays


def _by_component(runs: Sequence[Run]) -> dict[str, list[Run]]:
    found: dict[str, list[Run]] = {}
    for run in sorted(runs, key=attrgetter("first")):
        found.setdefault(run.component, []).append(run)
    return found


def _changes(
    before: Sequence[Run], then: Sequence[Run], most: int
) -> Iterator[tuple[Span, Change]]:
    """The replicas in spans that were in one place and will be in one; those that are nowhere, too,
    of the `most` that are wanted.
    """
    edges = {0, most, *(e for r in (*before, *then) for e in (r.first, r.first + r.count))}
    was, will = _Where(before), _Where(then)
    for first, end in pairwise(sorted(edges)):
        change = was.at(first), will.at(first)
        if first < most or change != (None, None):
            yield (first, end - first), change


class _Where:
    """Where the replica of an index is, of runs in their order."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self.runs = runs
        self.firsts = [run.first for run in runs]

    def at(self, index: int) -> Offering | None:
        position = bisect_right(self.firsts, index) - 1
        if position < 0:
            return None
        run = self.runs[position]
        return run.offering if index < run.first + run.count else None


def _fortune(
    change: Change, wanted: bool, lost: Collection[Key], absent: Mapping[str, str]
) -> tuple[Fortune | None, str]:
    """What happens, None where nothing does; and why, where something cannot run."""
    source, target = change
    if target is None:
        if not wanted:
            return "ends", ""
        return ("stops" if source else "lacks"), NO_PLACE
    if key_of(target) in lost or absent.get(target.venue) == LOST:
        return "waits", "its data is there"
    if target.venue in absent:
        return "waits", f"its data is on {target.venue}, which does not answer"
    if source is None:
        return "starts", ""
    return (None if key_of(source) == key_of(target) else "moves"), ""
