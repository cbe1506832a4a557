"""Items for which something holds -> fewer of them, of which none can be left out."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from moot.passes.explaining.attempt import Exhausted

T = TypeVar("T", bound=Hashable)


def shrink(
    items: Sequence[T],
    holds: Callable[[frozenset[T]], bool],
    *kinds: Callable[[T], Hashable],
) -> tuple[tuple[T, ...], bool]:
    """Without any one of them it does not hold; False where `holds` was Exhausted before that.

    It holds for all `items`.  Those of one kind are left out together where that goes, first by
    the first of `kinds`, then by the next; of equals, what stands first in `items` goes first.
    """
    shrinking = _Shrinking(tuple(items), holds)
    try:
        for kind in kinds:
            shrinking.by_kind(kind)
        shrinking.one_by_one()
    except Exhausted:
        return shrinking.kept, False
    return shrinking.kept, True


@dataclass
class _Shrinking(Generic[T]):
    kept: tuple[T, ...]
    holds: Callable[[frozenset[T]], bool]
    known: dict[frozenset[T], bool] = field(default_factory=dict[frozenset[T], bool])

    def by_kind(self, kind: Callable[[T], Hashable]) -> None:
        """Half of the kinds at once, else each half of these by itself, and so on."""
        kinds = list(dict.fromkeys(map(kind, self.kept)))
        waiting = [kinds[len(kinds) // 2 :], kinds[: len(kinds) // 2]] if len(kinds) > 1 else []
        while waiting:
            part = waiting.pop()
            out = {item for item in self.kept if kind(item) in part}
            if not self.leaves_out(out) and len(part) > 1:
                waiting += [part[len(part) // 2 :], part[: len(part) // 2]]

    def one_by_one(self) -> None:
        """Until none goes: what was needed beside others may not be, once these are gone."""
        before = None
        while before != self.kept:
            before = self.kept
            for item in before:
                self.leaves_out({item})

    def leaves_out(self, out: Iterable[T]) -> bool:
        """Whether it holds without these."""
        rest = tuple(item for item in self.kept if item not in {*out})
        key = frozenset(rest)
        if key not in self.known:
            self.known[key] = self.holds(key)
        if self.known[key]:
            self.kept = rest
        return self.known[key]
