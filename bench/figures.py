"""Writes docs/figures.md from results.json, bounds that are not met included."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "figures.md"
Row = Mapping[str, Any]

INTRODUCTION = """\
# Figures

`make bench` measures these and writes this page from `bench/results.json`; nothing here is typed by
hand. Times depend on the machine and on what else it was doing: read them against the calibration
loop, a fixed piece of work timed in the same run, and against the peer, which took turns with moot
on the same file. A bound is the most a figure may be; beside a peer it bounds the ratio of the two.

| figure | value | peer | ratio | bound | met |
|---|---|---|---|---|---|
"""


def page(results: Mapping[str, Sequence[Row]]) -> str:
    """The whole page, from the figures of each benchmark."""
    rows = (row for figures in results.values() for row in figures)
    return INTRODUCTION + "".join(f"| {' | '.join(cells(row))} |\n" for row in rows)


def cells(row: Row) -> tuple[str, ...]:
    """One line of the table."""
    peer = f"{row['peer']}: {row['peer_value']:g} {row['unit']}" if row["peer"] else ""
    ratio = _ratio_text(ratio_of(row)) if row["peer"] else ""
    bound = "" if row["bound"] is None else f"{row['bound']:g}"
    met = {True: "yes", False: "**no**", None: ""}[is_met(row)]
    return (
        f"{row['name']} (`{row['command']}`)",
        f"{row['value']:g} {row['unit']}",
        peer,
        ratio,
        bound,
        met,
    )


def sentence(row: Row) -> str:
    """One figure as a line for a terminal."""
    name, value, peer, ratio, bound, met = cells(row)
    parts = [
        value,
        peer and f"{peer}, ratio {ratio}",
        bound and f"bound {bound} met: {met.strip('*')}",
    ]
    return f"{name}: " + "; ".join(filter(None, parts))


def is_met(row: Row) -> bool | None:
    """Whether the bound holds; None where there is none."""
    if row["bound"] is None:
        return None
    return (ratio_of(row) if row["peer"] else row["value"]) <= row["bound"]


def ratio_of(row: Row) -> float:
    """The value as a multiple of the peer's."""
    return row["value"] / row["peer_value"]


def _ratio_text(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.2g}"


def write() -> None:
    """Write the page from the results as they are."""
    PAGE.write_text(page(json.loads((HERE / "results.json").read_text())))


if __name__ == "__main__":
    write()
