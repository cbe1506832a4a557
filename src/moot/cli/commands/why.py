"""`moot why`: why a replica is where it is, why not elsewhere, and what that would cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from moot.cli.outlook import outlook_json, outlook_line
from moot.cli.output import Output
from moot.model.alternative import Alternative, Possible
from moot.model.budget import monthly
from moot.model.report import Why
from moot.model.value import JSON

if TYPE_CHECKING:
    from moot.cli.call import Call


def why(call: Call, out: Output) -> int:
    """Print the answer."""
    given = call.invocation
    answer = call.moot.why(given.arguments[0], given.values("not"))
    if out.json_wanted:
        out.answer(why_json(answer))
        return 0
    out.line(f"{answer.replica} belongs on {answer.chosen}, {answer.price or 'price unknown'}")
    for line in _about(answer):
        out.line(f"  {line}")
    for line in (outlook_line(answer.availability), *_best_lines(answer.best)):
        if line:
            out.line(line)
    if answer.possible:
        out.line("also possible:")
        for alternative, each in zip(answer.alternatives, answer.possible, strict=True):
            out.line(f"  {alternative}{_difference(each)}")
    if answer.rejections:
        out.line("not possible:")
        for rejection in answer.rejections:
            offering = f"/{rejection.offering}" if rejection.offering not in ("", "-") else ""
            out.line(f"  {rejection.venue}{offering}: {rejection.reason}")
    return 0


def _about(answer: Why) -> Iterator[str]:
    """What there is to say of the place itself."""
    if answer.reason:
        yield f"because: {answer.reason}"
    if answer.gpus:
        yield f"GPUs: {', '.join(map(str, answer.gpus))}"
    for each in answer.egress:
        price = f"{monthly(each.hourly)} {each.currency}/month" if each.hourly else "no charge"
        yield f"traffic: {price} for what {each.component} sends out of {each.site}"
    for each in answer.disk:
        price = f"{monthly(each.hourly)} {each.currency}/month"
        yield f"disk: {price} for what {each.component} asks for on {each.site}"


def why_json(answer: Why) -> dict[str, JSON]:
    """The fields of `why --json`."""
    return {
        "replica": answer.replica,
        "chosen": answer.chosen,
        "price": answer.price,
        "priced": answer.priced or None,
        "reason": answer.reason,
        "gpus": list(answer.gpus),
        "egress": [
            {"from": each.site, "monthly": f"{monthly(each.hourly)}", "currency": each.currency}
            for each in answer.egress
        ],
        "disk": [
            {"on": each.site, "monthly": f"{monthly(each.hourly)}", "currency": each.currency}
            for each in answer.disk
        ],
        "alternatives": list(answer.alternatives),
        "possible": [each.as_json() for each in answer.possible],
        "best": answer.best.as_json() if answer.best else None,
        "rejections": [
            {"venue": each.venue, "offering": each.offering, "reason": each.reason}
            for each in answer.rejections
        ],
        "availability": outlook_json(answer.availability),
    }


def _difference(each: Possible) -> str:
    more, currency = each.more, each.offering.currency
    why = f": {each.why}" if each.why else ""
    if not more:
        return why
    amount = round(abs(more), 6) or abs(more)  # egress is known to the billionth
    return f", {amount.normalize():f} {currency}/hour {'more' if more > 0 else 'less'}{why}"


def _best_lines(best: Alternative | None) -> Iterator[str]:
    """What it would come to without something: of all replicas of the component."""
    if best is None:
        return
    if best.refusal:
        yield f"without {best.without}: {best.refusal}"
        return
    places = ", ".join(f"{count} on {place}" for place, count in best.places)
    price = "an unknown price"
    if best.hourly is not None:
        day = f" ({best.priced})" if best.priced else ""
        price = f"{monthly(best.hourly)} {best.currency}/month{day}" if best.hourly else "no charge"
    word = ""
    if best.more is not None and monthly(best.more):
        word = f", {monthly(abs(best.more))} {'more' if best.more > 0 else 'less'}"
    yield f"without {best.without}: {places}, at {price}{word}"
