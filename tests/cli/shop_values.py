"""An App called shop, half-way through a change: the values the tests of the printed text share."""

from __future__ import annotations

from decimal import Decimal

from moot.model.app import App
from moot.model.diagnostic import Diagnostic
from moot.model.finding import Finding
from moot.model.placement import Assignment, Placement, Rejection
from moot.model.plan import Create, Delete, Plan, Update
from moot.model.position import Position
from moot.model.report import Cost, Outcome, Proposal, ReplicaStatus, Stale
from moot.model.resource import ConfigurationItem, Resource
from moot.model.value import Ref, Text
from moot.model.venue import Offering

WARNING = Diagnostic(
    summary="backup is carried",
    detail="nothing takes backups yet",
    place=Position("compose.yaml", 3, 5),
    severity="warning",
)
STALE = Stale(venue="lab", since=1767225600.0, reason="connection refused")


def item(address: str, status: str = "running") -> ConfigurationItem:
    """A process that runs."""
    return ConfigurationItem(
        type="host.process",
        venue="laptop",
        identifier="4711",
        address=address,
        status=status,
        properties={"command": ["web"]},
        depends_on=("shop/db",),
        observed_at=1767225600.0,
    )


def wanted(address: str, **properties: object) -> Resource:
    """A process that should run."""
    return Resource(address=address, type="host.process", venue="laptop", properties=properties)


ADDRESS = "postgres://", Ref("shop/db/0@laptop/process", "ports.5432")
SECOND = Create(
    want=wanted("shop/web/1@laptop/process"),
    incarnation=2,
    replaces=item("shop/web/1@laptop/process"),
    reason="command differs",
)
PLAN = Plan(
    changes=(
        Create(want=wanted("shop/db/0@laptop/process"), reason="new"),
        Create(
            want=wanted("shop/web/0@laptop/process", environment={"DB": Text(ADDRESS), "A": "1"}),
            reason="new",
        ),
        SECOND,
        Delete(
            have=item("shop/web/1@laptop/process"), replaced_by=SECOND.key, reason="is replaced"
        ),
        Update(
            want=wanted("shop/gateway@laptop"),
            have=item("shop/gateway@laptop"),
            possible=True,
            reason="back ends differ",
        ),
        Delete(have=item("shop/cache/0@laptop/process"), reason="no longer declared"),
    )
)
OFFERING = Offering(
    venue="laptop", name="this-machine", cpu=2, memory_mib=4096, hourly=Decimal("0.0060")
)
PLACEMENT = Placement(
    assignments=(
        Assignment("shop/db/0", "db", 0, OFFERING, "process"),
        Assignment("shop/web/0", "web", 0, OFFERING, "process"),
        Assignment("shop/web/1", "web", 1, OFFERING, "process"),
    ),
    rejections=(Rejection("web", "docker", "engine", "it has no image"),),
)
COST = Cost(
    hourly=Decimal("0.0180"),
    currency="EUR",
    components=(("db", Decimal("0.0060")), ("web", Decimal("0.0120"))),
)
FINDING = Finding(
    rule="no-healthcheck",
    address="shop/db/0@laptop/process",
    problem="nothing says whether it works",
    remedy="give it a healthcheck",
)
PROPOSAL = Proposal(
    app=App(name="shop"),
    plan=PLAN,
    placement=PLACEMENT,
    cost=COST,
    findings=(FINDING,),
    warnings=(WARNING, WARNING),
    stale=(STALE,),
)
REPLICAS = (
    ReplicaStatus(
        replica="shop/db/0",
        component="db",
        venue="laptop",
        offering="this-machine",
        status="running",
        since=1767225600.0,
    ),
    *(
        ReplicaStatus(
            replica=f"shop/web/{index}",
            component="web",
            venue="laptop",
            offering="this-machine",
            status="healthy",
            endpoints=(("8080/tcp", "0.0.0.0:8081"),),
        )
        for index in range(2)
    ),
)
TROUBLE = Diagnostic(
    summary="could not create shop/web/0@laptop/process",
    detail="InvalidRequest: there is no program web",
    remedy="install it",
)
BROKEN = Outcome(
    plan=PLAN,
    done=2,
    failures=(TROUBLE,),
    standing=(item("shop/db/0@laptop/process"), item("shop/cache/0@laptop/process", "stale")),
    stale=(STALE,),
    elapsed_s=1.25,
)
