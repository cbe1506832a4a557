"""How a type behaves when asked to make a thing again: its create class as observed."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from moot.model.resource import ConfigurationItem, Resource
from moot.provider import CreateClass, ProviderError, Scope
from moot.testing.trial import Bench

AT_ONCE = 4
# What a type that declares the one must at least be seen to be.
AS_GOOD: dict[CreateClass, frozenset[CreateClass]] = {
    "NAME": frozenset({"NAME"}),
    "TOKEN": frozenset({"TOKEN", "NAME"}),
    "TAG": frozenset({"TAG", "TOKEN", "NAME"}),
    "BARE": frozenset({"BARE", "TAG", "TOKEN", "NAME"}),
}


def observed_class(bench: Bench, type: str) -> CreateClass:
    """The most that can be relied on, by what several calls for one thing leave behind.

    Where calls with one name and different tokens make one thing, the name is what counts; where
    only those with one token do, the token is.  What is left are marks, if a list shows them.
    """
    want = bench.sample(type)
    if not _keeps_marks(bench, want):
        return "BARE"
    if _made(bench, want, 2, [uuid.uuid4().hex for _ in range(AT_ONCE)]) == 1:
        return "NAME"
    return "TOKEN" if _made(bench, want, 3, [uuid.uuid4().hex] * AT_ONCE) == 1 else "TAG"


def class_is_as_declared(bench: Bench, type: str) -> None:
    """A type keeps what its create class promises: who says NAME makes no second of that name."""
    declared = bench.schema(type).create_class
    observed = observed_class(bench, type)
    assert observed in AS_GOOD[declared], f"it says {declared} and behaves like {observed}"


def _keeps_marks(bench: Bench, want: Resource) -> bool:
    """Whether a list by marks has what was made, once it has caught up."""
    item = bench.create(want)
    scope = Scope(installation=bench.installation, app=bench.app)
    end = time.monotonic() + 2 * bench.trial.list_lag_s
    while not (found := item.identifier in {i.identifier for i in bench.listed(item.type, scope)}):
        if time.monotonic() > end:
            break
        time.sleep(0.05)
    bench.delete(item, bench.marks(want))
    return found


def _made(bench: Bench, want: Resource, incarnation: int, tokens: list[str]) -> int:
    """How many things these calls for one make: the first alone, the others at the same time."""
    marks = bench.marks(want, incarnation)

    def call(token: str) -> ConfigurationItem | None:
        with suppress(ProviderError):  # who refuses to make the second has made no second
            return bench.create(want, bench.operation(marks, token))
        return None

    items = [call(tokens[0])]
    with ThreadPoolExecutor(len(tokens)) as pool:
        items += pool.map(call, tokens[1:])
    made = {item.identifier: item for item in items if item}
    for item in made.values():
        bench.delete(item, marks)
    return len(made)


CHECKS = (class_is_as_declared,)
