"""`moot offerings`: what can be had, where, and at what price."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from moot.cli.output import Output
from moot.model.diagnostic import BadInput, Diagnostic
from moot.model.market import ORDERS, Listing, Order, Quote, Wish
from moot.model.units import mebibytes, size_bytes
from moot.model.value import JSON

if TYPE_CHECKING:
    from moot.cli.arguments import Invocation
    from moot.cli.call import Call

SHOWN = 20
HEADERS = (
    *("VENDOR", "VENUE", "REGION", "ZONES", "TYPE", "CPU", "GIB", "ARCH", "GPU"),
    *("PER HOUR", "SPOT", "INTERRUPTED", "PRICED", "STANDING"),
)
COLOURS = {"offered": "green", "obtainable": "yellow", "not configured": "dim"}


def offerings(call: Call, out: Output) -> int:
    """What the venues offer now and what the market would, the best first."""
    given = call.invocation
    listing = call.moot.offerings(
        _wish(given),
        _order(given.value("sort"), "spot" if given.flag("spot") else "price"),
        _limit(given.value("limit")),
        given.arguments,
        market=not given.flag("configured"),
    )
    if out.json_wanted:
        out.answer(_listing_json(listing), stale=listing.stale)
        return 0
    for entry in listing.stale:
        out.message(f"{entry.venue} offers nothing now: {entry.reason}")
    if not listing.quotes:
        out.message("nothing is like that; ask for less, or name fewer options")
        return 0
    out.table(HEADERS, map(_row, listing.quotes), {"STANDING": COLOURS})
    for remark in _remarks(listing):
        out.message(remark)
    return 0


def quote_json(quote: Quote) -> JSON:
    """An entry of `offerings`; amounts are strings, so that no digit is lost."""
    return {
        **quote._asdict(),
        "zones": list(quote.zones),
        "hourly": _amount(quote.hourly),
        "spot": _amount(quote.spot),
    }


def _listing_json(listing: Listing) -> dict[str, JSON]:
    return {
        "offerings": [quote_json(quote) for quote in listing.quotes],
        "total": listing.total,
        "market": [
            {"vendor": v.name, "priced": v.priced, "currency": v.currency, "source": v.source}
            for v in listing.vendors
        ],
    }


def _wish(given: Invocation) -> Wish:
    return Wish(
        cpu=_number("--cpu", given.value("cpu")),
        memory_mib=_memory_mib(given.value("memory")),
        gpu=given.flag("gpu"),
        spot=given.flag("spot"),
        arch=given.value("arch") or "",
        vendors=given.values("vendor"),
        regions=given.values("region"),
        types=given.values("type"),
    )


def _number(option: str, text: str | None) -> float:
    try:
        found = float(text or 0)
    except ValueError:
        found = -1.0
    if not 0 <= found < float("inf"):
        raise BadInput(_misread(option, text, f"write a number, such as {option} 4"))
    return found


def _memory_mib(text: str | None) -> int:
    try:
        return mebibytes(size_bytes(text or "0"))
    except ValueError:
        raise BadInput(_misread("--memory", text, "write a size, such as --memory 8G")) from None


def _order(text: str | None, usual: Order) -> Order:
    if text is not None and text not in ORDERS:
        raise BadInput(_misread("--sort", text, f"one of: {', '.join(ORDERS)}"))
    return cast("Order", text or usual)


def _limit(text: str | None) -> int | None:
    if text == "all":
        return None
    if text is not None and not (text.isdecimal() and int(text)):
        raise BadInput(_misread("--limit", text, "write how many, such as --limit 50, or all"))
    return SHOWN if text is None else int(text)


def _misread(option: str, text: str | None, remedy: str) -> Diagnostic:
    return Diagnostic(summary=f"{option} does not understand {text}", remedy=remedy)


def _row(quote: Quote) -> tuple[str, ...]:
    later = quote.spot_priced not in ("", quote.priced)
    gpus = f"{quote.gpus:g} " if quote.gpus and quote.gpu else ""
    return (
        quote.vendor,
        quote.venue,
        quote.region,
        ",".join(zone.removeprefix(quote.region) for zone in quote.zones),
        quote.type,
        _of(quote.cpu, quote.own_cpu),
        _of(quote.memory_mib, quote.own_memory_mib, 1024),
        quote.arch,
        f"{gpus}{quote.gpu}" if quote.gpu else f"{quote.gpus:g}" if quote.gpus else "",
        _price(quote.hourly, quote.currency),
        _price(quote.spot, quote.currency) if quote.spot is not None else "",
        "" if quote.interruptions is None else f"{quote.interruptions * 100:.3g} %/month",
        quote.priced + (f", spot {quote.spot_priced}" if later else ""),
        quote.standing,
    )


def _of(given: float, own: float | None, unit: int = 1) -> str:
    """What is given away, and of how much where that is less."""
    told = f"{round(given / unit, 9 if unit == 1 else 2):.9g}"
    return told if own is None else f"{told} of {_of(own, None, unit)}"


def _price(hourly: Decimal | None, currency: str) -> str:
    if hourly is None:
        return "unknown"
    return f"{hourly.normalize():f} {currency}" if hourly else "free"


def _amount(hourly: Decimal | None) -> str | None:
    return None if hourly is None else f"{hourly.normalize():f}"


def _remarks(listing: Listing) -> Iterable[str]:
    shown = len(listing.quotes)
    if shown < listing.total:
        yield f"{shown} of {listing.total}; --limit all prints the rest"
    if len({quote.currency for quote in listing.quotes if quote.hourly}) > 1:
        yield "currencies are compared as numbers: moot knows no rate of exchange"
    if any(quote.standing != "offered" for quote in listing.quotes):
        yield "what no venue of yours offers is from a snapshot, with the day of its price"
