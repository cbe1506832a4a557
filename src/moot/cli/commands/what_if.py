"""`moot what-if`: rehearse a loss, more load or another price, and change nothing."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from moot.cli import rehearsal as text
from moot.cli.output import Output
from moot.cli.proposal import component_lines, cost_line
from moot.model.diagnostic import BadInput, Diagnostic
from moot.model.rehearsal import PriceChange

if TYPE_CHECKING:
    from moot.cli.call import Call

CANNOT_RUN = 1
MOST_LOAD = 1000
_LOAD = re.compile(r"x?([1-9]\d{0,3})")
_PRICE = re.compile(r"(?P<share>[+-]\d{1,9}(?:\.\d{1,9})?)%|(?P<hourly>\d{1,9}(?:\.\d{1,9})?)")


def what_if(call: Call, out: Output) -> int:
    """What would become of every replica; 1 where something could not run."""
    given = call.invocation
    prices = [_price_change(value) for value in given.values("price-change")]
    load = _load(given.value("load"))
    if not (given.values("lose") or prices or given.value("load")):
        return _failures(call, out)
    rehearsal = call.moot.what_if(given.values("lose"), load, prices)
    found = rehearsal.rehearsed
    code = 0 if found.whole else CANNOT_RUN
    if out.json_wanted:
        fields = text.rehearsal_json(rehearsal)
        out.answer(fields, errors=found.problems, stale=rehearsal.stale)
        return code
    out.stale(rehearsal.stale)
    if found.fates:
        out.table(text.HEADERS, map(text.fate_row, found.fates), {"FATE": text.COLOURS})
        out.line()
    out.fail(found.problems)
    cost = cost_line(rehearsal.cost)
    parts = component_lines(rehearsal.cost) if cost else ()
    for line in (cost, *parts, text.availability_line(rehearsal)):
        if line:
            out.line(line)
    out.line(out.style(text.summary(found), "bold"))
    return code


def _failures(call: Call, out: Output) -> int:
    """Every single failure, the worst first; 1 where something could not run after one of them."""
    failures = call.moot.failures()
    code = 0 if all(damage.rehearsed.whole for damage in failures.damages) else CANNOT_RUN
    if out.json_wanted:
        listed = [text.damage_json(damage) for damage in failures.damages]
        out.answer({"failures": listed}, stale=failures.stale)
        return code
    out.stale(failures.stale)
    if not failures.damages:
        out.message("nothing would run, so nothing can fail")
    else:
        out.table(text.DAMAGE_HEADERS, map(text.damage_row, failures.damages))
    return code


def _load(value: str | None) -> int:
    found = _LOAD.fullmatch(value or "x1")
    if found is None or int(found[1]) > MOST_LOAD:
        raise BadInput(
            Diagnostic(
                summary=f"--load does not understand {value}",
                remedy=f"write how many times the replicas, from x1 to x{MOST_LOAD}: --load x3",
            )
        )
    return int(found[1])


def _price_change(value: str) -> PriceChange:
    venue, _, change = value.partition("=")
    found = _PRICE.fullmatch(change)
    if not venue or found is None or Decimal(found["share"] or 0) < -100:
        raise BadInput(
            Diagnostic(
                summary=f"--price-change does not understand {value}",
                remedy="write VENUE=+20%, VENUE=-5% or, for an hour of each thing offered there, "
                "VENUE=0.12",
            )
        )
    venues = frozenset({venue})
    if found["hourly"]:
        return PriceChange(venues=venues, hourly=Decimal(found["hourly"]))
    return PriceChange(venues=venues, factor=1 + Decimal(found["share"]) / 100)
