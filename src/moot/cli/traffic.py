"""How much of what components send each other stays on machines, as text and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from moot.model.availability import percent
from moot.model.traffic import Staying
from moot.model.value import JSON


def traffic_line(staying: Sequence[Staying]) -> str:
    """One line; "" where nothing is stated."""
    total = _total(staying)
    if not total:
        return ""
    share, most = (percent(_of_all(staying, what)) for what in (_share, _most))
    could = f", {most} could" if most != share else ""
    return f"Traffic: {share} of {_amount(total)} GB/month stays on machines{could}"


def traffic_json(staying: Sequence[Staying]) -> JSON:
    """`traffic` in `plan --json`; amounts are strings, shares within 0 and 1."""
    return {
        "gb_monthly": _amount(_total(staying)),
        "stays": _of_all(staying, _share),
        "could": _of_all(staying, _most),
        "between": [
            {
                "component": each.component,
                "to": each.to,
                "gb_monthly": _amount(each.gb_monthly),
                "stays": each.share,
                "could": each.most,
            }
            for each in staying
        ],
    }


def _total(staying: Sequence[Staying]) -> Decimal:
    return sum((each.gb_monthly for each in staying), Decimal(0))


def _of_all(staying: Sequence[Staying], what: Callable[[Staying], float]) -> float:
    total = _total(staying)
    return sum(float(each.gb_monthly / total) * what(each) for each in staying) if total else 0.0


def _share(each: Staying) -> float:
    return each.share


def _most(each: Staying) -> float:
    return each.most


def _amount(gb: Decimal) -> str:
    return f"{gb.quantize(Decimal('0.01')).normalize():f}"
