"""The commands that print what there is: ps, inventory, history, doctor."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from moot.cli.commands.apply import address_text
from moot.cli.output import Output, ago, clean, moment
from moot.cli.times import moment as moment_of
from moot.model.diagnostic import BadInput, Diagnostic
from moot.model.report import Check, Contrast, Version
from moot.model.resource import ConfigurationItem
from moot.model.value import JSON

if TYPE_CHECKING:
    from moot.cli.call import Call

YOUNG_S = 2.0
MOST_SHOWN = 60
SIGNS = {"came": ("+", "green"), "went": ("-", "red"), "changed": ("~", "yellow")}
STATUS_COLOURS = {
    "healthy": "green",
    "running": "green",
    "completed": "dim",
    "starting": "yellow",
    "stale": "yellow",
    "unhealthy": "red",
    "failed": "red",
}


def ps(call: Call, out: Output) -> int:
    """The replicas."""
    everything = call.invocation.flag("all")
    replicas, stale = call.moot.ps(all=everything)
    if out.json_wanted:
        out.answer({"replicas": [replica.as_json() for replica in replicas]}, stale=stale)
        return 0
    out.stale(stale)
    if not replicas:
        out.message("nothing runs" if everything else "nothing runs; moot up starts it")
        return 0
    now = time.time()
    headers = ("REPLICA", "VENUE", "OFFERING", "STATUS", "SINCE", "SEEN", "ENDPOINTS", "DETAIL")
    out.table(
        headers,
        (
            (
                replica.replica,
                replica.venue,
                replica.offering,
                replica.status,
                ago(replica.since, now),
                _age(replica.observed_at, now),
                " ".join(address_text(port, address) for port, address in replica.endpoints),
                replica.detail.partition("\n")[0],
            )
            for replica in replicas
        ),
        {"STATUS": STATUS_COLOURS},
    )
    return 0


def inventory(call: Call, out: Output) -> int:
    """The things that exist."""
    everything = call.invocation.flag("all")
    at = call.invocation.value("at")
    items, stale = call.moot.inventory(
        all=everything,
        type=call.invocation.value("type"),
        at=None if at is None else moment_of("--at", at, time.time()),
    )
    if out.json_wanted:
        out.answer({"items": [item_json(item) for item in items]}, stale=stale)
        return 0
    out.stale(stale)
    if not items:
        stood = "stood then" if at else "stands"
        out.message(f"nothing {stood}" if everything else f"nothing of this App {stood}")
        return 0
    headers = ("ADDRESS", "TYPE", "VENUE", "STATUS", "SEEN", "IDENTIFIER")
    now = time.time()
    out.table(
        headers,
        (
            (
                item.address or "-",
                item.type,
                item.venue,
                item.status or "-",
                moment(item.observed_at) if at else _age(item.observed_at, now),
                item.identifier,
            )
            for item in items
        ),
        {"STATUS": STATUS_COLOURS},
    )
    return 0


def history(call: Call, out: Output) -> int:
    """The versions of a thing."""
    versions = call.moot.history(call.invocation.arguments[0])
    if out.json_wanted:
        out.answer({"versions": [version_json(version) for version in versions]})
        return 0
    out.table(
        ("WHEN", "INCARNATION", "STATUS", "CAUSE", "IDENTIFIER"),
        (
            (
                moment(version.at),
                str(version.incarnation),
                (version.item.status or "-") if version.item else "gone",
                version.cause,
                version.item.identifier if version.item else "-",
            )
            for version in versions
        ),
    )
    return 0


def diff(call: Call, out: Output) -> int:
    """What differs between two times."""
    given, now = call.invocation, time.time()
    since, until = given.value("from"), given.value("to")
    if since is None:
        raise BadInput(
            Diagnostic(
                summary="moot diff needs --from",
                remedy="for example: moot diff --from 2h",
            )
        )
    begin = moment_of("--from", since, now)
    end = now if until is None else moment_of("--to", until, now)
    found = call.moot.diff(begin, end, all=given.flag("all"))
    if out.json_wanted:
        out.answer({"differences": [contrast_json(contrast) for contrast in found]})
        return 0
    if not found:
        out.message("nothing came, went or changed")
    for contrast in found:
        sign, colour = SIGNS[contrast.kind]
        cause = f"  {contrast.cause}, {moment(contrast.at)}" if contrast.cause else ""
        out.line(f"{out.style(sign, colour)} {clean(contrast.address)}{cause}")
        for path, before, after in contrast.paths:
            out.line(f"    {clean(path)}: {_short(before)} -> {_short(after)}")
    return 0


def doctor(call: Call, out: Output) -> int:
    """What this machine lacks."""
    checks = call.moot.doctor()
    failed = any(check.required and not check.ok for check in checks)
    if out.json_wanted:
        out.answer({"checks": [check_json(check) for check in checks]})
        return int(failed)
    for check in checks:
        mark, colour = _verdict(check)
        detail = f": {check.detail}" if check.detail else ""
        out.line(f"{out.style(mark.ljust(7), colour)} {check.name}{detail}")
        for line in check.extra:
            out.line(f"        {line}")
        if check.remedy and not check.ok:
            out.line(f"        {check.remedy}")
    return int(failed)


def item_json(item: ConfigurationItem) -> JSON:
    """An entry of `items`; `managed` is whether it carries our address, times are epoch seconds."""
    return {
        "address": item.address,
        "type": item.type,
        "venue": item.venue,
        "identifier": item.identifier,
        "managed": item.address is not None,
        "status": item.status,
        "properties": item.properties,
        "depends_on": list(item.depends_on),
        "observed_at": item.observed_at,
        "incarnation": item.incarnation,
    }


def version_json(version: Version) -> JSON:
    """An entry of `versions`; `item` is null where the thing was gone from then on."""
    return {
        "at": version.at,
        "address": version.address,
        "incarnation": version.incarnation,
        "cause": version.cause,
        "item": item_json(version.item) if version.item else None,
    }


def contrast_json(contrast: Contrast) -> JSON:
    """An entry of `differences`; `kind` is came, went or changed."""
    return {
        "address": contrast.address,
        "type": contrast.type,
        "venue": contrast.venue,
        "kind": contrast.kind,
        "at": contrast.at,
        "cause": contrast.cause,
        "paths": [{"path": p, "before": b, "after": a} for p, b, a in contrast.paths],
    }


def check_json(check: Check) -> JSON:
    """An entry of `checks`."""
    return {
        "name": check.name,
        "ok": check.ok,
        "required": check.required,
        "detail": check.detail,
        "remedy": check.remedy,
        "extra": list(check.extra),
    }


def _age(observed_at: float, now: float) -> str:
    """How old a fact is, where that is worth a word: what was asked just now is not."""
    return ago(observed_at, now) if observed_at and now - observed_at > YOUNG_S else ""


def _short(value: JSON) -> str:
    text = clean("nothing" if value is None else json.dumps(value, ensure_ascii=False))
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}..."


def _verdict(check: Check) -> tuple[str, str]:
    if check.ok:
        return "ok", "green"
    return ("missing", "red") if check.required else ("absent", "yellow")
