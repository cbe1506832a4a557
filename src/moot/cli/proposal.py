"""A plan as text: what, where, why there, and what it costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from moot.model.budget import Budget, monthly
from moot.model.placement import Placement, Run
from moot.model.plan import Change, Create, Delete, Plan, verb
from moot.model.report import Cost, Proposal, Stale
from moot.model.value import JSON, Ref, Value, unknowns

NO_CHANGES = "No changes."
SYMBOLS = {"create": "+", "update": "~", "delete": "-", "replace": "-/+"}
COLOURS = {"create": "green", "update": "yellow", "delete": "red", "replace": "yellow"}
_PLURALS = {"process": "processes", "container": "containers"}

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
    """Per component where its replicas go and at what price, and why not to other venues.

    Where prices are of several days each has its own; else the line of the cost tells it.
    """
    groups: dict[tuple[str, str, str, str], list[Run]] = {}
    for run in placement.runs:
        key = (run.component, run.offering.venue, run.offering.name, run.runs_as)
        groups.setdefault(key, []).append(run)
    width = max((len(key[0]) for key in groups), default=0)
    several = len({run.offering.priced for run in placement.runs if run.offering.hourly}) > 1
    shown: set[str] = set()
    for (component, venue, offering, runs_as), members in groups.items():
        first = members[0].offering
        count = sum(run.count for run in members)
        what = runs_as if count == 1 else _PLURALS[runs_as]
        costs = price(first.hourly, first.currency)
        costs += f" ({first.priced})" if first.hourly and several else ""
        of = f" of {first.counted}" if first.counted else ""
        of += " as spot" if first.spot else ""
        yield f"  {component.ljust(width)}  {count} {what} on {venue}/{offering}{of}, {costs}"
        if component not in shown:
            shown.add(component)
            taken = {key[1] for key in groups if key[0] == component}
            for reason in _not_elsewhere(placement, component, taken):
                yield f"  {' ' * width}  not on {reason}"


def price(hourly: Decimal | None, currency: str) -> str:
    """A price for people."""
    if hourly is None:
        return "unknown"
    shown = round(hourly, 6) or hourly  # egress is known to the billionth
    return f"{shown.normalize():f} {currency}/hour" if hourly else "free"


def cost_line(cost: Cost) -> str:
    """What everything that will stand costs together, to what is allowed and to what it cost
    before; "" where nothing costs anything and nothing is allowed.
    """
    before = _comparable(cost)
    stood = before.hourly if before else None
    if cost.hourly == 0 and not cost.budget and not stood:
        return ""
    parts = [
        _sum(cost) + _of_these(_parts(cost)) + _difference(cost.hourly, stood),
        *_certificate(cost),
    ]
    if cost.budget:
        parts.append(f"the budget is {cost.budget}")
    if day := cost.day or (before.day if before else ""):
        parts.append(f"prices of {day}")
    if cost.unpriced and (cost.budget or cost.priced):
        has, counts = ("has", "counts") if len(cost.unpriced) == 1 else ("have", "count")
        parts.append(f"{', '.join(cost.unpriced)} {has} no price and {counts} as nothing")
    if cost.unmetered:
        parts.append(f"what leaves {' and '.join(cost.unmetered)} has no price")
    return f"Cost: {'; '.join(parts)}"


def component_lines(cost: Cost) -> Iterator[str]:
    """Per component what it costs a month, where it costs or did cost anything."""
    before = _comparable(cost)
    stood = dict(before.components) if before else {}
    rows = dict.fromkeys(stood, Decimal(0)) | dict(cost.components)
    rows = {name: hourly for name, hourly in rows.items() if hourly != 0 or stood.get(name)}
    width = max(map(len, rows), default=0)
    for name, hourly in rows.items():
        unit = f"{cost.currency}/month"
        costs = f"not known in {cost.currency}" if hourly is None else f"{monthly(hourly)} {unit}"
        difference = _difference(hourly, stood.get(name, Decimal(0)) if before else None)
        of_it = _of_these(_parts(cost, name))
        yield f"  {name.ljust(width)}  {costs}{of_it}{difference}"


def cost_json(cost: Cost) -> JSON:
    """`cost` in `plan --json`; amounts are strings, so that no digit is lost."""
    before = _comparable(cost)
    stood = dict(before.components) if before else {}
    return {
        **_amounts(cost.hourly),
        "kinds": _kinds(cost.hourly, _parts(cost)),
        "currency": cost.currency,
        "floor": _amounts(cost.floor),
        "components": [
            {
                "component": name,
                **_amounts(hourly),
                "kinds": _kinds(hourly, _parts(cost, name)),
                "before": _amounts(stood.get(name)),
            }
            for name, hourly in cost.components
        ],
        "before": {**_amounts(before.hourly), "priced": before.day or None} if before else None,
        "budget": _budget_json(cost.budget) if cost.budget else None,
        "unpriced": list(cost.unpriced),
        "unmetered": list(cost.unmetered),
        "priced": cost.day or None,
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


def _sum(cost: Cost) -> str:
    if cost.hourly is not None:
        month = f"about {monthly(cost.hourly)} {cost.currency}/month"
        return f"{price(cost.hourly, cost.currency)}, {month}" if cost.hourly else "nothing"
    if len(cost.currencies) > 1:
        return f"not summed, for prices are in {' and '.join(cost.currencies)}"
    unknown = ", ".join(name for name, hourly in cost.components if hourly is None)
    least = f"at least {monthly(cost.priced)} {cost.currency}/month" if cost.priced else "unknown"
    return f"{least}, for want of a price of {unknown}" if unknown else least


def _certificate(cost: Cost) -> Iterator[str]:
    """How much less it might cost at the very most."""
    if not cost.hourly or cost.floor is None:
        return
    if over := (cost.hourly - cost.floor) / cost.hourly * 100:
        yield f"at most {max(over, Decimal('0.1')):.1f} % could be saved"
    else:
        yield "no placement costs less"


def _comparable(cost: Cost) -> Cost | None:
    """What stands now, where that is in the same currency."""
    before = cost.before
    if before and before.currencies and cost.currencies:
        return before if before.currencies == cost.currencies else None
    return before


def _difference(hourly: Decimal | None, before: Decimal | None) -> str:
    """To what stands now; "" where that is nothing, or not known."""
    if hourly is None or before is None or hourly == before:
        return ""
    return f", {monthly(abs(hourly - before))} {'more' if hourly > before else 'less'} than now"


def _parts(cost: Cost, component: str = "") -> Mapping[str, Decimal | None]:
    """Of a component, or of all of them, what is for each kind beside other machines."""
    kinds = {"spot": cost.spot, "egress": cost.egress, "disk": cost.disk}
    if not component:
        return {kind: _total(parts) for kind, parts in kinds.items()}
    return {kind: dict(parts).get(component, Decimal(0)) for kind, parts in kinds.items()}


def _of_these(parts: Mapping[str, Decimal | None]) -> str:
    return "".join(f", {monthly(part)} of it {kind}" for kind, part in parts.items() if part)


def _total(parts: Iterable[tuple[str, Decimal | None]]) -> Decimal | None:
    """None where a part is not known."""
    sums = [hourly for _, hourly in parts]
    known = [hourly for hourly in sums if hourly is not None]
    return sum(known, Decimal(0)) if len(known) == len(sums) else None


def _kinds(hourly: Decimal | None, parts: Mapping[str, Decimal | None]) -> JSON:
    """What is paid for places to run, as spot and other, for traffic that leaves a venue, and for
    disk.
    """
    known = [part for part in parts.values() if part is not None]
    machines = None
    if hourly is not None and len(known) == len(parts):
        machines = hourly - sum(known)
    amounts = {"machines": machines, **parts}
    return {kind: _amounts(amount) for kind, amount in amounts.items()}


def _amounts(hourly: Decimal | None) -> dict[str, JSON]:
    if hourly is None:
        return {"hourly": None, "monthly": None}
    return {"hourly": f"{hourly:f}", "monthly": f"{monthly(hourly):f}"}


def _budget_json(budget: Budget) -> JSON:
    amount = {"amount": f"{budget.amount:f}", "currency": budget.currency, "per": budget.per}
    return {**amount, "monthly": f"{monthly(budget.hourly):f}"}


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
