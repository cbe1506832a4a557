"""A plan as text: what, where, why there, and what it costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from moot.model.placement import Placement, Run
from moot.model.plan import Change, Create, Delete, Plan, verb
from moot.model.report import Cost, Proposal, Stale
from moot.model.value import JSON, Ref, Value, unknowns

NO_CHANGES = "No changes."
SYMBOLS = {"create": "+", "update": "~", "delete": "-", "replace": "-/+"}
COLOURS = {"create": "green", "update": "yellow", "delete": "red", "replace": "yellow"}
_PLURALS = {"process": "processes", "container": "containers"}
HOURS_PER_MONTH = 730  # 365 days / 12, as the price lists of the large clouds count

Style = Callable[[str, str], str]


def change_lines(
    plan: Plan, style: Style, *, most: int | None = None, later: bool = True
) -> Iterator[str]:
    """A line per change in the order of the plan; what replaces and what is replaced share one.

    At most `most` of them; with `later` also what is known only after apply.
    """
    made = {change.key for change in plan.changes if isinstance(change, Create)}
    shown = [
        change
        for change in plan.changes
        if not (isinstance(change, Delete) and change.replaced_by in made)
    ]
    listed = shown if most is None else shown[:most]
    things = [c.have if isinstance(c, Delete) else c.want for c in listed]
    address_width = max((len(change.address) for change in listed), default=0)
    type_width = max((len(thing.type) for thing in things), default=0)
    for change, thing in zip(listed, things, strict=True):
        kind = "replace" if isinstance(change, Create) and change.replaces else verb(change)
        symbol = style(SYMBOLS[kind].rjust(3), COLOURS[kind])
        what = f"{change.address.ljust(address_width)}  {thing.type.ljust(type_width)}"
        yield f"{symbol} {what}  {change.reason}".rstrip()
        unknown = _known_later(change) if later else []
        if unknown:
            yield f"      known after apply: {', '.join(unknown)}"
    if len(listed) < len(shown):
        yield f"  ... and {len(shown) - len(listed)} more; moot plan lists them all"


def summary(plan: Plan, stale: Sequence[Stale] = ()) -> str:
    """The last line of a plan; of `stale` venues nobody knows what runs there."""
    if not plan.changes and stale:
        return f"{NO_CHANGES} {', '.join(entry.venue for entry in stale)} did not answer."
    if not plan.changes:
        return f"{NO_CHANGES} What runs is what is declared."
    count = Counter(verb(change) for change in plan.changes)
    parts = f"{count['create']} to create, {count['update']} to update, {count['delete']} to delete"
    possible = sum(not isinstance(c, Delete) and c.possible for c in plan.changes)
    return f"Plan: {parts}" + (f" ({possible} of them only possibly)." if possible else ".")


def where_lines(placement: Placement) -> Iterator[str]:
    """Per component where its replicas go and at what price, and why not to other venues."""
    groups: dict[tuple[str, str, str, str], list[Run]] = {}
    for run in placement.runs:
        key = (run.component, run.offering.venue, run.offering.name, run.runs_as)
        groups.setdefault(key, []).append(run)
    width = max((len(key[0]) for key in groups), default=0)
    shown: set[str] = set()
    for (component, venue, offering, runs_as), members in groups.items():
        first = members[0].offering
        count = sum(run.count for run in members)
        what = runs_as if count == 1 else _PLURALS[runs_as]
        costs = price(first.hourly, first.currency)
        yield f"  {component.ljust(width)}  {count} {what} on {venue}/{offering}, {costs}"
        if component not in shown:
            shown.add(component)
            taken = {key[1] for key in groups if key[0] == component}
            for reason in _not_elsewhere(placement, component, taken):
                yield f"  {' ' * width}  not on {reason}"


def price(hourly: Decimal | None, currency: str) -> str:
    """A price for people."""
    if hourly is None:
        return "unknown"
    return f"{hourly.normalize():f} {currency}/hour" if hourly else "free"


def cost_line(cost: Cost) -> str:
    """What everything that will stand costs together; "" where nothing costs anything."""
    if cost.hourly is None:
        unknown = ", ".join(name for name, hourly in cost.components if hourly is None)
        return f"Cost: unknown, for want of a price of {unknown}" if unknown else "Cost: unknown"
    if not cost.hourly:
        return ""
    month = (cost.hourly * HOURS_PER_MONTH).quantize(Decimal("0.01"))
    return f"Cost: {price(cost.hourly, cost.currency)}, about {month} {cost.currency}/month"


def cost_json(cost: Cost) -> JSON:
    """`cost` in `plan --json`; amounts are strings, so that no digit is lost."""
    return {
        "hourly": _amount(cost.hourly),
        "currency": cost.currency,
        "components": [
            {"component": name, "hourly": _amount(hourly)} for name, hourly in cost.components
        ],
    }


def findings_json(proposal: Proposal) -> list[JSON]:
    """`findings` in `plan --json`."""
    return [
        {
            "rule": finding.rule,
            "address": finding.address,
            "problem": finding.problem,
            "remedy": finding.remedy,
            "severity": finding.severity,
        }
        for finding in proposal.findings
    ]


def _amount(hourly: Decimal | None) -> str | None:
    return None if hourly is None else f"{hourly:f}"


def _known_later(change: Change) -> list[str]:
    if isinstance(change, Delete):
        return []
    return sorted(set(_paths(change.want.properties, "")))


def _paths(value: Value, path: str) -> Iterable[str]:
    """Paths below `value` that hold something which another resource must exist to tell."""
    match value:
        case Mapping():
            for key, item in value.items():
                yield from _paths(item, f"{path}.{key}" if path else str(key))
        case list() | tuple():
            for index, item in enumerate(value):
                yield from _paths(item, f"{path}.{index}")
        case _:
            if any(isinstance(unknown, Ref) for unknown in unknowns(value)):
                yield path


def _not_elsewhere(placement: Placement, component: str, taken: set[str]) -> Iterable[str]:
    return dict.fromkeys(
        f"{rejection.venue}: {rejection.reason}"
        for rejection in placement.rejections
        if rejection.component == component and rejection.venue not in taken
    )
