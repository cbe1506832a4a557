"""`moot plan`: show what `up` would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moot.cli import proposal as text
from moot.cli.headroom import headroom_line
from moot.cli.outlook import outlook_json, outlook_line
from moot.cli.output import Output
from moot.cli.rehearsal import relies_json, worst_json, worst_line
from moot.cli.traffic import traffic_json, traffic_line
from moot.model.report import Proposal

if TYPE_CHECKING:
    from moot.cli.call import Call

CHANGES_PENDING = 3


def plan(call: Call, out: Output) -> int:
    """Print the proposal; exit with 3 where --exit-code asks for it and something is to be done."""
    proposal = call.moot.plan()
    out.warn(proposal.warnings)
    if out.json_wanted:
        out.answer(
            {
                "changes": proposal.plan.as_json(),
                "cost": text.cost_json(proposal.cost),
                "availability": outlook_json(proposal.availability),
                "headroom": proposal.headroom.as_json() if proposal.headroom else None,
                "worst_failure": worst_json(proposal.worst),
                "relies": relies_json(proposal.worst),
                "traffic": traffic_json(proposal.traffic),
                "findings": text.findings_json(proposal),
            },
            stale=proposal.stale,
        )
    else:
        out.stale(proposal.stale)
        show_proposal(proposal, out, where=True)
    pending = bool(proposal.plan.changes) and call.invocation.flag("exit-code")
    return CHANGES_PENDING if pending else 0


def show_proposal(proposal: Proposal, out: Output, *, where: bool, most: int | None = None) -> None:
    """The plan as text; with `where` in full, each component's place and why not elsewhere too."""
    if lines := list(text.change_lines(proposal.plan, out.style, most=most, later=where)):
        out.line("\n".join(lines))
    if where and proposal.plan.changes and proposal.placement.assignments:
        out.line()
        for line in text.where_lines(proposal.placement):
            out.line(line)
        out.line()
    for finding in proposal.findings:
        subject = f"{finding.address}: " if finding.address else ""
        out.line(f"{finding.severity}: {subject}{finding.problem} [{finding.rule}]")
        out.line(f"  {finding.remedy}")
    cost = text.cost_line(proposal.cost)
    parts = text.component_lines(proposal.cost) if where and cost else ()
    failure = worst_line(proposal.worst)
    traffic = traffic_line(proposal.traffic)
    outlook, headroom = outlook_line(proposal.availability), headroom_line(proposal.headroom)
    for line in (cost, *parts, traffic, outlook, headroom, failure):
        if line:
            out.line(line)
    out.line(out.style(text.summary(proposal.plan, proposal.stale), "bold"))
