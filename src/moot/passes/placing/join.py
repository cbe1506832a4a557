"""Talks x venues and pools -> who might go where together, for the sake of their traffic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from moot.passes.egress import Talk

Sites = Mapping[str, str]  # by component the only venue or pool it may go to


def join(talks: Mapping[str, Sequence[Talk]], sites: Iterable[str]) -> tuple[Sites, ...]:
    """All that talk with one another, directly or not, in each; then each pair; then each one.

    Components that are placed one after the other may each be where that is best for it and dear
    for all of them together.
    """
    if not talks:
        return ()
    groups = _connected({name: [_other(t, name) for t in of] for name, of in talks.items()})
    pairs = [tuple(sorted((each.one, each.other))) for of in talks.values() for each in of]
    singles = [(name,) for name in talks]
    places = sorted(set(sites))
    wanted = dict.fromkeys((*groups, *pairs, *singles))
    return tuple(dict.fromkeys(group, site) for group in wanted for site in places)


def _connected(others: Mapping[str, Sequence[str]]) -> Iterable[tuple[str, ...]]:
    seen: set[str] = set()
    for name in others:
        group, waiting = set[str](), [name]
        while waiting:
            each = waiting.pop()
            if each not in seen:
                seen.add(each)
                group.add(each)
                waiting += others.get(each, ())
        if group:
            yield tuple(sorted(group))


def _other(talk: Talk, name: str) -> str:
    return talk.other if talk.one == name else talk.one
