"""What a placement costs: sums where every price is known, in one currency."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from moot.engine.cost import cost
from moot.model.budget import Budget
from moot.model.placement import Assignments, Charge, Placement, Run
from moot.model.venue import Offering


def placed(**where: tuple[int, Offering]) -> Placement:
    runs = (Run("shop", name, 0, n, offer, "process") for name, (n, offer) in where.items())
    return Placement(assignments=Assignments(runs))


def room(venue: str, hourly: str | None, currency: str = "EUR", pool: str = "") -> Offering:
    price = None if hourly is None else Decimal(hourly)
    known = {"cpu": 1.0, "memory_mib": 1, "hourly": price, "currency": currency, "pool": pool}
    return Offering(venue=venue, name="room", **known)


def test_components_are_summed_by_themselves_and_together():
    found = cost(placed(db=(1, room("a", "0.5")), web=(3, room("b", "0.25"))))
    assert found.components == (("db", Decimal("0.5")), ("web", Decimal("0.75")))
    assert (found.hourly, found.currency, found.unpriced) == (Decimal("1.25"), "EUR", ())


def test_what_has_no_price_is_named_and_an_unknown_one_leaves_no_sum():
    free, unknown = room("lab:h1", "0", pool="lab"), room("b", None)
    found = cost(placed(db=(1, room("a", "0.5")), web=(3, free)))
    assert (found.hourly, found.unpriced) == (Decimal("0.5"), ("lab",))
    found = cost(placed(db=(1, room("a", "0.5")), web=(3, free), log=(1, unknown)))
    assert (found.hourly, found.priced, found.unpriced) == (None, Decimal("0.5"), ("b", "lab"))
    assert found.components[2] == ("log", None)


def test_disk_is_a_kind_of_its_own_and_a_place_that_sells_it_has_a_price():
    free = replace(room("a", "0"), disk=Decimal(1), priced="2026-11-01")
    dear = replace(room("b", "0.5"), priced="2026-11-02")
    paid = Charge("db", "a", "EUR", Decimal("0.25"))
    found = cost(replace(placed(db=(1, free), web=(2, dear)), disk=(paid,)))
    assert (found.hourly, found.unpriced, found.day) == (Decimal("1.25"), (), "2026-11-01")
    assert found.components == (("db", Decimal("0.25")), ("web", Decimal("1.0")))
    assert found.disk == (("db", Decimal("0.25")),)
    unknown = placed(db=(1, replace(free, hourly=None)))
    assert cost(replace(unknown, disk=(paid,))).unpriced == ("a",)
    dollars = replace(placed(db=(1, room("b", "0.5"))), disk=(replace(paid, currency="USD"),))
    assert cost(dollars).hourly is None


def test_currencies_are_never_added_up():
    found = cost(placed(db=(1, room("a", "0.5", "USD")), web=(1, room("b", "0.5"))))
    assert (found.hourly, found.currency, found.currencies) == (None, "USD", ("USD", "EUR"))
    assert found.components == (("db", Decimal("0.5")), ("web", None))


def test_what_is_free_has_the_currency_of_what_is_not_and_else_of_the_budget():
    free = room("laptop", "0")
    assert cost(placed(db=(1, free), web=(1, room("b", "1", "USD")))).currency == "USD"
    assert cost(placed(db=(1, free)), budget=Budget.of("1 CHF/day")).currency == "CHF"


def test_what_stands_now_is_told_for_the_difference():
    now, then = placed(web=(1, room("a", "0.5"))), placed(web=(2, room("a", "0.5")))
    before = cost(then, now).before
    assert before and before.hourly == Decimal("0.5")
    assert cost(then).before is None
