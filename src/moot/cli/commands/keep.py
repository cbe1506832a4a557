"""`moot sweep`, `recover`, `adopt` and `forget`: the record made true again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from threading import Event
from typing import TYPE_CHECKING

from moot.cli import INTERRUPTED
from moot.cli.commands.apply import ended_badly, follow
from moot.cli.commands.look import item_json
from moot.cli.confirm import confirmed
from moot.cli.output import Output
from moot.model.diagnostic import BadInput, Diagnostic
from moot.model.report import Outcome, Recovery, Step, Stray
from moot.model.resource import ConfigurationItem
from moot.model.value import JSON

if TYPE_CHECKING:
    from moot.cli.call import Call

HEADERS = ("ADDRESS", "TYPE", "VENUE", "STATUS", "IDENTIFIER")


def sweep(call: Call, out: Output) -> int:
    """List strays; with --delete remove them, after a question."""
    strays, stale = call.moot.sweep()
    volumes = call.invocation.flag("volumes")
    chosen = [stray for stray in strays if volumes or not stray.item.keeps_data]
    out.warn(call.moot.doubts())
    if not out.json_wanted:
        out.stale(stale, shown=False)
        _show_strays(strays, out)
    deleted: list[Stray] = []
    outcomes: Sequence[Outcome] = ()
    question = f"Delete {_things(len(chosen))}?"
    if chosen and call.invocation.flag("delete") and confirmed(call, out, question):
        deleted, outcomes = chosen, _delete(call, out, chosen, volumes)
    failures = [failure for outcome in outcomes for failure in outcome.failures]
    gone = sum(outcome.done for outcome in outcomes)
    if out.json_wanted:
        lines = [stray_json(stray) for stray in strays]
        out.answer({"strays": lines, "deleted": gone}, errors=failures, stale=stale)
    else:
        out.fail(failures)
        if deleted:
            out.message(f"deleted {gone} of {_things(len(deleted))}")
        elif strays and not call.invocation.flag("delete"):
            out.message("moot sweep --delete removes them; moot recover or adopt takes them on")
    if any(outcome.interrupted for outcome in outcomes):
        return INTERRUPTED
    return int(any(ended_badly(outcome) for outcome in outcomes))


def recover(call: Call, out: Output) -> int:
    """Take on what the venues show, after a question."""

    def confirm(recovery: Recovery) -> bool:
        if not out.json_wanted:
            _show_recovery(recovery, out)
        question = f"Take on {_things(len(recovery.items))} and trust this database from now on?"
        return confirmed(call, out, question)

    recovery = call.moot.recover(call.invocation.value("installation"), confirm)
    if out.json_wanted:
        out.answer(recovery_json(recovery), stale=recovery.stale)
    elif recovery.generation:
        out.message(
            f"took on {_things(len(recovery.items))}; this is generation {recovery.generation} "
            f"of installation {recovery.installation}"
        )
    return 0


def adopt(call: Call, out: Output) -> int:
    """Take on one thing."""
    from moot.engine.adopt import Wanted

    address, type, identifier = call.invocation.arguments
    venues = call.invocation.values("venue")
    venue = address.partition("@")[2].partition("/")[0] or "".join(venues)
    if venues and venues != (venue,):
        raise BadInput(
            Diagnostic(
                summary=f"{address} is not on {' and '.join(venues)}",
                detail=f"the address names the venue {venue!r}",
                remedy=f"write --venue {venue}, or another address",
            )
        )
    wanted = Wanted(address=address, type=type, identifier=identifier, venue=venue)
    item = call.moot.adopt(wanted)
    _tell([item], f"{item.identifier} is {item.address} from now on", out)
    return 0


def forget(call: Call, out: Output) -> int:
    """Let go of what is at an address."""
    address = call.invocation.arguments[0]
    items = call.moot.forget(address)
    _tell(items, f"{address} is forgotten; on its venue it stays as it is", out)
    return 0


def stray_json(stray: Stray) -> JSON:
    """An entry of `strays`."""
    return {
        "address": stray.item.address,
        "type": stray.item.type,
        "venue": stray.item.venue,
        "identifier": stray.item.identifier,
        "app": stray.app,
        "incarnation": stray.item.incarnation,
        "explained": stray.explained,
        "keeps_data": stray.item.keeps_data,
    }


def recovery_json(recovery: Recovery) -> dict[str, JSON]:
    """The fields of `recover --json`; `generation` is 0 where nothing was written."""
    return {
        "items": [item_json(item) for item in recovery.items],
        "installation": recovery.installation,
        "generation": recovery.generation,
        "known": recovery.known,
        "doubles": [item_json(item) for item in recovery.doubles],
        "others": [{"installation": i, "things": n} for i, n in recovery.others.items()],
        "why": recovery.why.as_json() if recovery.why else None,
    }


def _delete(call: Call, out: Output, chosen: Sequence[Stray], volumes: bool) -> Sequence[Outcome]:
    def apply(observe: Callable[[Step], None], stop: Event) -> Sequence[Outcome]:
        return call.moot.sweep_delete(chosen, volumes=volumes, observer=observe, cancelled=stop)

    return follow(call, out, apply)


def _show_strays(strays: Sequence[Stray], out: Output) -> None:
    if not strays:
        out.message("nothing carries our marks that is not in the inventory")
        return
    out.table(
        ("ADDRESS", "TYPE", "VENUE", "EXPLAINED", "DATA", "IDENTIFIER"),
        (
            (
                f"{stray.item.address}#{stray.item.incarnation}",
                stray.item.type,
                stray.item.venue,
                "yes" if stray.explained else "no",
                "keeps data" if stray.item.keeps_data else "",
                stray.item.identifier,
            )
            for stray in strays
        ),
        {"EXPLAINED": {"no": "yellow"}},
    )


def _show_recovery(recovery: Recovery, out: Output) -> None:
    out.stale(recovery.stale, shown=False)
    if recovery.why:
        out.warn([recovery.why])
    rows = [_row(item) for item in recovery.items]
    if rows:
        out.table(HEADERS, rows)
    out.line(
        f"{_things(len(rows))} to take on; the inventory has {recovery.known} already."
        if rows
        else f"Nothing to take on; the inventory has {_things(recovery.known)}."
    )
    for item in recovery.doubles:
        out.message(
            f"{item.identifier} says that it is {item.address}, too, and is younger: it is left "
            "alone, and moot sweep lists it"
        )
    for installation, count in recovery.others.items():
        out.message(
            f"{_things(count)} carry marks of installation {installation}; if it was yours: "
            f"moot recover --installation {installation}"
        )


def _tell(items: Iterable[ConfigurationItem], text: str, out: Output) -> None:
    if out.json_wanted:
        out.answer({"items": [item_json(item) for item in items]})
    else:
        out.line(text)


def _row(item: ConfigurationItem) -> tuple[str, ...]:
    return item.address or "-", item.type, item.venue, item.status or "-", item.identifier


def _things(count: int) -> str:
    return "1 thing" if count == 1 else f"{count} things"
