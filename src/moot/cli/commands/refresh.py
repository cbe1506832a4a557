"""`moot offerings refresh`: asks the vendors for their prices, a region at a time."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from moot.cli.output import Output
from moot.model.diagnostic import BadInput, Diagnostic
from moot.model.market import Renewal
from moot.model.value import JSON

if TYPE_CHECKING:
    from moot.cli.call import Call

KEYED = "gcp"
HEADERS = ("VENDOR", "REFRESHED", "UNCHANGED", "FAILED")


def refresh(call: Call, out: Output) -> int:
    """Each region is told of when it has come; 1 where one did not."""
    given = call.invocation
    vendors, regions = given.values("vendor"), given.values("region")
    if given.flag("forget"):
        return _forget(call, out, bool(vendors or regions))

    def begun(vendor: str, region: str, number: int, total: int) -> None:
        out.message(f"[{number}/{total}] {vendor} {region}")

    renewals: list[Renewal] = []
    for renewal in call.moot.refresh(vendors, regions, begun):
        renewals.append(renewal)
        _tell(renewal, out)
    failed = [_failure(renewal) for renewal in renewals if renewal.outcome == "failed"]
    if out.json_wanted:
        answered: dict[str, JSON] = {"regions": [renewal_json(renewal) for renewal in renewals]}
        out.answer({**answered, "forgotten": False}, errors=failed)
    else:
        counts = Counter((renewal.vendor, renewal.outcome) for renewal in renewals)
        names = dict.fromkeys(renewal.vendor for renewal in renewals)
        out.table(HEADERS, ((name, *_counted(counts, name)) for name in names))
        if not vendors and KEYED not in names:
            out.message(f"{KEYED} was not asked, for want of an API key in MOOT_PRICES_GCP_KEY")
    return int(bool(failed))


def _forget(call: Call, out: Output, narrowed: bool) -> int:
    if narrowed:
        remedy = "leave out --vendor and --region, or --forget"
        raise BadInput(Diagnostic(summary="--forget forgets all that was loaded", remedy=remedy))
    forgotten = call.moot.forget_prices()
    if out.json_wanted:
        out.answer({"regions": [], "forgotten": forgotten})
    else:
        out.line("Prices are those that come with moot" + (" again." if forgotten else "."))
    return 0


def _tell(renewal: Renewal, out: Output) -> None:
    where = f"{renewal.vendor} {renewal.region}".rstrip()
    match renewal.outcome:
        case "refreshed":
            out.message(f"{where}: {renewal.types} types, priced {renewal.priced}")
        case "failed" if not out.json_wanted:
            out.fail([_failure(renewal)])
        case _:
            pass


def _failure(renewal: Renewal) -> Diagnostic:
    where = f"{renewal.vendor} in {renewal.region}" if renewal.region else renewal.vendor
    return Diagnostic(
        summary=f"the prices of {where} stay as they were",
        detail=renewal.reason,
        remedy=renewal.remedy,
    )


def _counted(counts: Counter[tuple[str, str]], vendor: str) -> tuple[str, ...]:
    outcomes = ("refreshed", "unchanged", "failed")
    return tuple(str(counts[vendor, outcome]) for outcome in outcomes)


def renewal_json(renewal: Renewal) -> JSON:
    """An entry of `regions`."""
    return {
        "vendor": renewal.vendor,
        "region": renewal.region,
        "outcome": renewal.outcome,
        "priced": renewal.priced,
        "types": renewal.types,
        "reason": renewal.reason,
    }
