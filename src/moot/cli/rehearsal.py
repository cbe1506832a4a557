"""What was rehearsed, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from moot.cli.outlook import outlook_json, outlook_line
from moot.cli.proposal import cost_json
from moot.model.availability import percent
from moot.model.budget import monthly
from moot.model.rehearsal import Damage, Fate, Fortune, Rehearsed, Reliance, Worst
from moot.model.report import Rehearsal
from moot.model.value import JSON
from moot.model.venue import Offering

MOST_SPANS = 4  # of the replicas of a row
MOST_NAMED = 3  # components, in a line
FORTUNES: tuple[Fortune, ...] = ("moves", "starts", "ends", "waits", "stops", "lacks")
STOPPED: tuple[Fortune, ...] = ("waits", "stops", "lacks")
COLOURS = {
    "moves": "yellow",
    "starts": "green",
    "ends": "dim",
    **dict.fromkeys(STOPPED, "red"),
}
HEADERS = ("COMPONENT", "REPLICAS", "FATE", "FROM", "TO", "BEFORE", "THEN", "WHY")
DAMAGE_HEADERS = ("LOST", "DOWN", "CANNOT RUN", "MOVE", "STAY", "WHY")


def fate_row(fate: Fate) -> tuple[str, ...]:
    """A row of HEADERS; prices are of all these replicas a month."""
    return (
        fate.component,
        replicas_text(fate.spans),
        fate.fortune,
        _where(fate.source),
        _where(fate.target) if fate.fortune in {"moves", "starts"} else "",
        _price(fate.source, fate.count),
        _price(fate.target, fate.count),
        fate.why,
    )


def replicas_text(spans: Sequence[tuple[int, int]]) -> str:
    """`0, 2-4` by index; of many the first and how many more."""
    texts = [str(f) if count == 1 else f"{f}-{f + count - 1}" for f, count in spans[:MOST_SPANS]]
    more = sum(count for _, count in spans[MOST_SPANS:])
    return ", ".join(texts) + (f" and {more} more" if more else "")


def summary(found: Rehearsed) -> str:
    """The last line: how many replicas meet with what."""
    head = "Not everything can run" if found.lacking else "moot up would refuse this"
    counts = (
        _counted(found.lacking, "cannot run", "cannot run"),
        _counted(found.count("moves"), "moves", "move"),
        _counted(found.count("starts"), "starts", "start"),
        _counted(found.count("ends"), "ends", "end"),
        _counted(found.stays, "stays", "stay"),
    )
    told = ", ".join(filter(None, counts)) or "nothing runs"
    return f"{'Everything can still run' if found.whole else head}: {told}."


def availability_line(rehearsal: Rehearsal) -> str:
    """What remains beside what is promised."""
    down, outlook = rehearsal.rehearsed.down, rehearsal.availability
    if not down:
        return outlook_line(outlook)
    promise = "" if outlook.promised is None else f"promised {percent(outlook.promised)}, "
    verb = "has" if len(down) == 1 else "have"
    return f"Availability: {promise}none remains: {_named(down)} {verb} too few replicas"


def damage_row(damage: Damage) -> tuple[str, ...]:
    """A row of DAMAGE_HEADERS."""
    found = damage.rehearsed
    return (
        damage.loss.label,
        _named(found.down),
        str(found.lacking),
        str(found.count("moves")),
        str(found.stays),
        "; ".join((*_reasons(found), *_refusals(found), *_reliance(damage.reliance))),
    )


def worst_line(worst: Worst) -> str:
    """One line of a plan; "" where there is nothing to say: that all is lost with all of it."""
    if worst.left_out:
        return f"Worst single failure: left out, as {worst.left_out} may fail; moot what-if tells"
    if worst.damage is None or worst.damage.total:
        return ""
    damage, found = worst.damage, worst.damage.rehearsed
    moves = _counted(found.count("moves"), "replica moves", "replicas move")
    if found.lacking:
        effect = f"stops {', '.join(_reasons(found))}"
    elif found.problems:
        effect = f"cannot be made good: {found.problems[0].summary}"
    else:
        effect = "stops nothing"
    parts = (effect, moves, *_relied(worst))
    return f"Worst single failure: losing {damage.loss.label} {'; '.join(filter(None, parts))}"


def rehearsal_json(rehearsal: Rehearsal) -> dict[str, JSON]:
    """The fields of `what-if --json` for one trouble."""
    found = rehearsal.rehearsed
    return {
        "lost": [loss.label for loss in rehearsal.trouble.losses],
        "fates": [fate_json(fate) for fate in found.fates],
        **_counts_json(found),
        "cost": cost_json(rehearsal.cost),
        "availability": outlook_json(rehearsal.availability),
    }


def fate_json(fate: Fate) -> JSON:
    """An entry of `fates`; `source` and `target` with the price of one replica an hour."""
    return {
        "component": fate.component,
        "fate": fate.fortune,
        "replicas": [index for first, count in fate.spans for index in range(first, first + count)],
        "source": _offering_json(fate.source),
        "target": _offering_json(fate.target),
        "reason": fate.why,
    }


def worst_json(worst: Worst) -> JSON:
    """`worst_failure` in `plan --json`; null where nothing runs or there are too many to look."""
    return damage_json(worst.damage) if worst.damage else None


def damage_json(damage: Damage) -> JSON:
    """An entry of `failures`."""
    found = damage.rehearsed
    return {
        "lost": damage.loss.label,
        **_counts_json(found),
        "reasons": list(_reasons(found)),
        "refusals": [problem.summary for problem in found.problems],
        "relies": damage.reliance.as_json() if damage.reliance else None,
    }


def relies_json(worst: Worst) -> JSON:
    """`relies` in `plan --json`; null where no control plane is stated, or it was not looked."""
    return None if worst.relies is None else [reliance.as_json() for reliance in worst.relies]


def _counts_json(found: Rehearsed) -> dict[str, JSON]:
    counts = {fortune: found.count(fortune) for fortune in FORTUNES}
    return {"stays": found.stays, **counts, "down": list(found.down)}


def _offering_json(offering: Offering | None) -> JSON:
    if offering is None:
        return None
    hourly = None if offering.hourly is None else f"{offering.hourly:f}"
    return {
        "venue": offering.venue,
        "offering": offering.name,
        "hourly": hourly,
        "currency": offering.currency,
        "priced": (offering.priced or None) if offering.hourly else None,
    }


def _reasons(found: Rehearsed) -> Iterator[str]:
    """`db (its data is there)`, each component once, the first few."""
    reasons = {fate.component: fate.why for fate in found.fates if fate.fortune in STOPPED}
    names = list(reasons)
    yield from (f"{name} ({reasons[name]})" for name in names[:MOST_NAMED])
    if len(names) > MOST_NAMED:
        yield f"{len(names) - MOST_NAMED} more components"


def _refusals(found: Rehearsed) -> Iterator[str]:
    """Why `moot up` would refuse it as a whole."""
    yield from (problem.summary for problem in found.problems if not problem.component)


def _relied(worst: Worst) -> Iterator[str]:
    """What failing over relies on after this loss, else after the worst other, in a line."""
    if worst.relies is None or worst.damage is None:
        return
    if own := worst.damage.reliance:
        yield from _reliance(own)
    elif worst.relies:
        yield from (f"after losing {worst.relies[0].lost} {t}" for t in _reliance(worst.relies[0]))
    else:
        yield "failing over needs no control plane"


def _reliance(reliance: Reliance | None) -> Iterator[str]:
    if reliance:
        needs = "needs" if len(reliance.components) == 1 else "need"
        yield f"{_named(reliance.components)} {needs} {' or '.join(reliance.control_planes)}"


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}" if count else ""


def _where(offering: Offering | None) -> str:
    return f"{offering.venue}/{offering.name}" if offering else ""


def _price(offering: Offering | None, count: int) -> str:
    if offering is None:
        return ""
    if offering.hourly is None:
        return "unknown"
    if not offering.hourly:
        return "free"
    return f"{monthly(offering.hourly * count)} {offering.currency}/month"
