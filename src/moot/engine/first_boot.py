"""First-boot data as a document of the wanted kind, or why it cannot be said there."""

from __future__ import annotations

from dataclasses import replace

from moot.model.diagnostic import BadInput, Diagnostic
from moot.model.first_boot import FirstBoot
from moot.render.first_boot import cloud_init, ignition

NEEDED = "python3"  # what a machine must have before anything of ours runs there


def document(boot: FirstBoot, format: str) -> str:
    """The text.  Raises BadInput for an unknown format, and for packages with Ignition."""
    if format == "cloud-init":
        return cloud_init(replace(boot, packages=tuple(dict.fromkeys((NEEDED, *boot.packages)))))
    if format != "ignition":
        known = "write --format cloud-init or --format ignition"
        raise BadInput(Diagnostic(summary=f"there is no format {format!r}", remedy=known))
    if boot.packages:
        raise BadInput(
            Diagnostic(
                summary="Ignition installs no packages",
                detail=f"asked for: {', '.join(boot.packages)}",
                remedy="use an image that has them, or let a recipe install them on the machine",
            )
        )
    return ignition(boot)
