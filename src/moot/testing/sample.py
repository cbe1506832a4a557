"""A small App with something of everything, for whichever provider is on trial."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from moot.model.app import (
    App,
    Attachment,
    Component,
    Connection,
    Container,
    File,
    FileMount,
    Healthcheck,
    Mount,
    Network,
    Port,
    Process,
    Volume,
)
from moot.model.placement import Assignment, Placement
from moot.model.resource import Resource
from moot.model.value import Secret
from moot.model.venue import Offering
from moot.passes.connect import connect
from moot.provider import Provider

SECRET = "correct-horse-battery-staple"  # noqa: S105 - planted to see that nothing shows it

RunsAs = Literal["process", "container"]


def app(
    name: str, run: Container | Process, check: Healthcheck | None = None, suffix: str = ""
) -> App:
    """`web`, published, with a configuration file, talks to `db`, which keeps data.

    With a `suffix` to their names they can be told from those that run another way.
    """
    container = run if isinstance(run, Container) else None
    process = run if isinstance(run, Process) else None
    attached = (Attachment(network="default"),)
    db = Component(
        name=f"db{suffix}",
        container=container,
        process=process,
        environment={"PASSWORD": Secret("password", "1")},
        expose=(5432,),
        mounts=(Mount(kind="volume", source="data", target="/data"),),
        networks=attached,
        stop_grace_s=1.0,
    )
    web = Component(
        name=f"web{suffix}",
        container=container,
        process=process,
        environment={"PASSWORD": Secret("password", "1")},
        ports=(Port(target=8080),),
        files=(FileMount(source="motd", target="/etc/moot-motd"),),
        healthcheck=check,
        networks=attached,
        stop_grace_s=1.0,
    )
    return App(
        name=name,
        components=(db, web),
        connections=(Connection(source=web.name, target=db.name, network="default"),),
        networks=(Network(name="default"),),
        volumes=(Volume(name="data"),),
        files=(File(name="motd", kind="config", content="hello\n"),),
    )


def lowered(
    provider: Callable[[], Provider],
    runs_as: RunsAs,
    run: Container | Process,
    check: Healthcheck | None = None,
    offering: Offering | None = None,
    suffix: str = "",
) -> Callable[[str], Sequence[Resource]]:
    """What the sample becomes in a venue: everything on one offering, by default its first."""
    maker = provider()
    chosen = offering or next(o for o in maker.offerings() if f"runs:{runs_as}" in o.traits)

    def resources(name: str) -> Sequence[Resource]:
        declared = app(name, run, check, suffix)
        assignments = tuple(
            Assignment(f"{name}/{c.name}/0", c.name, 0, chosen, runs_as)
            for c in declared.components
        )
        shares = connect(declared, Placement(assignments=assignments)).shares
        return [resource for share in shares for resource in maker.lower(share)]

    return resources
