"""`moot compare`: what the App would cost on machines of each vendor, bought for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moot.cli import comparison as text
from moot.cli.output import Output
from moot.model.comparison import Search
from moot.model.diagnostic import BadInput, Diagnostic

if TYPE_CHECKING:
    from moot.cli.call import Call

POSSIBLE, IMPOSSIBLE = 0, 1
MOST = 1_000_000


def compare(call: Call, out: Output) -> int:
    """A line for every vendor; 1 where none of them can run it."""
    given = call.invocation
    usual = Search()
    comparison = call.moot.compare(
        Search(
            vendors=given.values("vendor"),
            regions=given.values("region"),
            burstable=given.flag("burstable"),
            top=_count("--top", given.value("top"), usual.top, 1),
            rounds=_count("--rounds", given.value("rounds"), usual.rounds, 0),
            only_free=given.flag("free"),
        )
    )
    code = POSSIBLE if any(not found.reason for found in comparison.estimates) else IMPOSSIBLE
    if out.json_wanted:
        out.answer(text.comparison_json(comparison), stale=comparison.stale)
        return code
    out.stale(comparison.stale, shown=False)
    out.table(text.HEADERS, text.rows(comparison), {"GAP": text.COLOURS})
    for line in text.conclusions(comparison):
        out.line(line)
    for remark in text.remarks(comparison):
        out.message(remark)
    return code


def _count(option: str, value: str | None, usual: int, least: int) -> int:
    if value is None:
        return usual
    if not value.isdecimal() or not least <= int(value) <= MOST:
        raise BadInput(
            Diagnostic(
                summary=f"{option} does not understand {value}",
                remedy=f"write a number, such as {option} {usual}",
            )
        )
    return int(value)
