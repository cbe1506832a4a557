"""What is there to be kept x rooms x what may be bought -> which is kept where, for little."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from moot.passes.buying.estate import Size
from moot.passes.chance import Chance

MOVES, MOST_MOVES = 100, 4_000  # for each item, and in all
STAGES = 25
WARM = 5  # so many thousandths of the whole a move may make dearer at the beginning


class Item(NamedTuple):
    """Kept it costs so much, on whichever of these sites; `held`: it cannot but be kept.

    Bought for it takes so much of each demand.
    """

    cost: int
    takes: Sequence[int]
    size: Size
    sites: Sequence[str]
    held: bool = False


class Target(NamedTuple):
    """Machines that would be bought have so much room of each demand; more of it is at `prices`."""

    rooms: Sequence[int]
    prices: Sequence[float]


def divide(
    items: Sequence[Item], rooms: Mapping[str, Size], target: Target, chance: Chance
) -> list[str]:
    """By item the site on which it is kept, "" for none; what all on a site need has room there.

    Those go first that save most for their size.  Then one is kept, given up or changes places with
    another: always where that saves something, at first also where it costs a little.
    """
    division = _Division(items, rooms, target, chance)
    division.fill()
    best, where = division.total, division.where.copy()
    for stage in range(STAGES if division.loose else 0):
        warmth = int(division.whole * WARM // 1000 * (1 - stage / STAGES) ** 2) + 1
        for _ in range(min(MOVES * len(items), MOST_MOVES) // STAGES):
            if division.moved(warmth) and division.total < best:
                best, where = division.total, division.where.copy()
    return where


class _Division:
    """`left` is what all that is not kept takes of each demand, `total` what it costs all in all:
    beyond the machines of the target.
    """

    def __init__(
        self,
        items: Sequence[Item],
        rooms: Mapping[str, Size],
        target: Target,
        chance: Chance,
    ) -> None:
        priced = [d for d, price in enumerate(target.prices) if price > 0]
        self.items = [item._replace(takes=[item.takes[d] for d in priced]) for item in items]
        self.prices = [target.prices[d] for d in priced]
        self.rooms = [target.rooms[d] for d in priced]
        self.chance = chance
        self.free = {site: list(room) for site, room in rooms.items()}
        self.where = [""] * len(items)
        self.left = [sum(item.takes[n] for item in self.items) for n in range(len(priced))]
        self.whole = self._worth(self.left)
        self.paid = 0
        self.total = self._sum(self.paid, self.left)
        self.loose = [n for n, i in enumerate(items) if i.sites and (not i.held or i.sites[1:])]

    def _sum(self, paid: float, left: Sequence[int]) -> float:
        lacks = zip(self.prices, left, self.rooms, strict=True)
        return paid + sum(price * (left - room) for price, left, room in lacks if left > room)

    def _worth(self, takes: Sequence[int]) -> float:
        return sum(price * take for price, take in zip(self.prices, takes, strict=True))

    def fill(self) -> None:
        """What saves most for its size first."""
        wholes = [max(1, sum(room[d] for room in self.free.values())) for d in range(3)]

        def saves(item: Item) -> float:
            size = sum(part / whole for part, whole in zip(item.size, wholes, strict=True))
            return (self._worth(item.takes) - item.cost) / (size or 1e-9)

        def order(n: int) -> tuple[bool, int, float, int]:
            item = self.items[n]
            return not item.held, len(item.sites) * item.held, -saves(item), n

        for n in sorted(range(len(self.items)), key=order):
            item = self.items[n]
            site = next((site for site in item.sites if self._fits(n, site)), "")
            if site and (item.held or saves(item) > 0):
                self._put(n, site)
        self.total = self._sum(self.paid, self.left)

    def moved(self, warmth: int) -> bool:
        """Whether a move that was drawn by lot was possible, and not too dear."""
        move = self._drawn()
        if move is None:
            return False
        n, site, m, back = move
        here, total = self.where[n], self.total
        if not here:
            total = self._after(n, m)
        elif not site:
            total = self._after(None, n)
        elif m is not None and not back:
            total = self._after(None, m)
        if total - self.total > self.chance.below(warmth):
            return False
        if m is not None:
            self._put(m, "")
        self._put(n, site)
        if m is not None and back:
            self._put(m, back)
        self.total = total
        return True

    def _drawn(self) -> tuple[int, str, int | None, str] | None:
        """An item and the site it would go to, or none; another one that makes room there, if it
        must, and where that one would go instead.
        """
        n = self.loose[self.chance.below(len(self.loose))]
        item, here = self.items[n], self.where[n]
        site = item.sites[self.chance.below(len(item.sites))]
        site = "" if site == here else site
        if not site:
            return None if item.held else (n, "", None, "")
        if self._fits(n, site):
            return n, site, None, ""
        m = self.loose[self.chance.below(len(self.loose))]
        if m == n or self.where[m] != site or not self._fits(n, site, m):
            return None
        if here and here in self.items[m].sites and self._fits(m, here, n):
            return n, site, m, here
        return None if self.items[m].held else (n, site, m, "")

    def _after(self, kept: int | None, bought: int | None) -> float:
        """The total, were one kept that is not, and one bought for that is kept."""
        paid, left = self.paid, self.left
        if kept is not None:
            paid += self.items[kept].cost
            left = [a - b for a, b in zip(left, self.items[kept].takes, strict=True)]
        if bought is not None:
            paid -= self.items[bought].cost
            left = [a + b for a, b in zip(left, self.items[bought].takes, strict=True)]
        return self._sum(paid, left)

    def _fits(self, n: int, site: str, without: int | None = None) -> bool:
        """Whether it has room there, were that other one not there."""
        back = self.items[without].size if without is not None else (0, 0, 0)
        free = self.free[site]
        return all(part <= free[d] + back[d] for d, part in enumerate(self.items[n].size))

    def _put(self, n: int, site: str) -> None:
        """From where it is, which may be nowhere, to there, which may be nowhere as well."""
        item, before = self.items[n], self.where[n]
        if before == site:
            return
        if before:
            self.free[before] = [f + s for f, s in zip(self.free[before], item.size, strict=True)]
        if site:
            self.free[site] = [f - s for f, s in zip(self.free[site], item.size, strict=True)]
        if bool(before) != bool(site):
            sign = 1 if site else -1
            self.paid += sign * item.cost
            self.left = [a - sign * b for a, b in zip(self.left, item.takes, strict=True)]
        self.where[n] = site
