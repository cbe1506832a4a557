"""Promises that cannot be kept together, and what would help, as lines of an error."""

from __future__ import annotations

from collections.abc import Iterator

from moot.model.budget import monthly
from moot.model.conflict import Conflict, Promise, Relaxation

MOST_PROMISES = 12
MOST_RELAXATIONS = 8


def conflict_lines(conflict: Conflict) -> Iterator[str]:
    """Nothing of a single promise, which the error itself is about, but for what would help."""
    promises, options = conflict.promises, conflict.relaxations
    if len(promises) == 1:  # what a budget must be, the error says itself
        options = tuple(option for option in options if option.over != "budget")
    else:
        several = len(conflict.components) > 1
        finds = ", by what the placement finds, which does not try every way" if several else ""
        yield f"these cannot hold together{finds}:"
        yield from (f"  {_promise_text(promise)}" for promise in promises[:MOST_PROMISES])
        yield from _more(len(promises) - MOST_PROMISES)
        if not conflict.irreducible:
            yield "perhaps not each of them is needed: there are too many to try all"
    if options:
        days = {option.priced for option in options if option.priced}
        prices = f", at prices of {min(days)}" if days else ""
        yield f"what would help, the cheapest first{prices}:"
        yield from (f"  {_relaxation_text(option)}" for option in options[:MOST_RELAXATIONS])
        yield from _more(len(options) - MOST_RELAXATIONS)
    if conflict.unexplored:
        yield f"  not tried: changes of {conflict.unexplored} of these promises"


def _promise_text(promise: Promise) -> str:
    where = f" ({promise.place.file}:{promise.place.line})" if promise.place else ""
    return f"`{promise.text}`{where}"


def _relaxation_text(option: Relaxation) -> str:
    if option.hourly is None:
        return f"{option.text}: prices are in several currencies"
    price = f"{monthly(option.hourly)} {option.currency}/month" if option.hourly else "free"
    if option.unpriced:
        price = f"at least {price}" if option.hourly else "price unknown"
    return f"{option.text}: {price}{_difference(option)}"


def _difference(option: Relaxation) -> str:
    if option.more is None:
        return ""
    if option.over == "budget":
        return f", {monthly(option.more)} more than it allows"
    if not monthly(option.more):
        return ", as much as now"
    word = "more" if option.more > 0 else "less"
    return f", {monthly(abs(option.more))} {word} than now"


def _more(count: int) -> Iterator[str]:
    if count > 0:
        yield f"  and {count} more"
