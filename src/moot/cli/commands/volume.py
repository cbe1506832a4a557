"""The volume commands: the only ones beside `down --volumes` that delete data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moot.cli.commands.apply import answer, conclude, follow
from moot.cli.output import Output
from moot.model.report import VolumeStatus
from moot.model.value import JSON

if TYPE_CHECKING:
    from moot.cli.call import Call


def list_all(call: Call, out: Output) -> int:
    """Print the volumes."""
    volumes = call.moot.volume_list(all=call.invocation.flag("all"))
    if out.json_wanted:
        out.answer({"volumes": [volume_json(volume) for volume in volumes]})
        return 0
    if not volumes:
        out.message("there are no volumes")
        return 0
    out.table(
        ("NAME", "VENUE", "ADDRESS", "USED BY", "IDENTIFIER"),
        ((v.name, v.venue, v.address, ", ".join(v.used_by) or "-", v.identifier) for v in volumes),
    )
    return 0


def remove(call: Call, out: Output) -> int:
    """Delete volumes and what is in them."""
    names = call.invocation.arguments
    outcome = follow(call, out, lambda observe, stop: call.moot.volume_remove(names, observe, stop))
    if out.json_wanted:
        answer(out, outcome)
    return conclude(call, out, outcome, f"moot volume rm {' '.join(names)}")


def volume_json(volume: VolumeStatus) -> JSON:
    """An entry of `volumes`."""
    return {
        "name": volume.name,
        "address": volume.address,
        "venue": volume.venue,
        "identifier": volume.identifier,
        "used_by": list(volume.used_by),
    }
