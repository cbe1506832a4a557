"""The declaration before the last change of it, parsed once more from what was kept of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from moot.engine.observe import observe
from moot.engine.propose import propose
from moot.engine.secrets import contents
from moot.engine.sources import unpacked
from moot.engine.turn import Turn, World
from moot.engine.vault import Vault
from moot.model.diagnostic import BadInput, Diagnostic, Refused
from moot.model.plan import Create
from moot.model.report import Undoing
from moot.model.value import Secret
from moot.passes.parse import Content, Parsed, parse
from moot.store import Revision


@dataclass(frozen=True, slots=True)
class Before:
    """What stood before: its declaration and sources, and the revision that is taken back."""

    parsed: Parsed
    sources: bytes
    number: int
    taken_back: Revision


def before(
    app: str,
    world: World,
    vault: Vault,
    read: Callable[[str], Content],
    environ: Mapping[str, str],
) -> Before:
    """What the App was declared to be before the last change of its declaration.

    BadInput where there is no such thing, Refused where what it needs is not at hand any more.
    """
    revisions = world.store.revisions(app)
    if len(revisions) < 2:
        raise BadInput(_nothing_before(app, len(revisions)))
    target, taken_back = revisions[-2:]
    if target.sources is None:
        raise Refused(_not_kept(target))
    try:
        content = vault.open(target.sources)
    except ValueError as error:
        raise Refused(_unreadable(target, str(error))) from None
    kept = contents(app, world.store, vault)
    sources, known, secrets = unpacked(content, read, environ, kept)
    parsed = parse(sources, known, world.seal.digest)
    missing = sorted(secrets - parsed.secrets.keys())
    if missing:
        raise Refused(*(_not_at_hand(secret, target) for secret in missing))
    if parsed.app is None:
        raise BadInput(*parsed.diagnostics)
    return Before(parsed, content, target.number, taken_back)


def undoing(past: Before, world: World) -> Undoing:
    """The plan back, and what of the change that is taken back stays as it is."""
    app = past.parsed.app
    assert app is not None, "a declaration with errors is no past"
    turn = propose(app, world, observed=observe(app.name, world))  # all of it, for `_lost`
    return Undoing(
        proposal=turn.proposal(app),
        number=past.number,
        at=past.taken_back.at,
        cause=past.taken_back.cause,
        lost=tuple(_lost(turn, past.taken_back.at, world)),
    )


def _lost(turn: Turn, since: float, world: World) -> Iterator[Diagnostic]:
    used = world.store.identities(turn.app)
    for change in turn.plan.changes:
        if isinstance(change, Create) and change.address in used:
            facts = world.venues.facts(change.want.venue, change.want.type)
            if facts.keeps_data and change.replaces is None:
                yield _empty(change.address)
    for item in turn.observed.items:
        if item.main and item.status == "completed" and (item.since or 0.0) >= since:
            yield _has_run(item.replica or str(item.address))
        if item.keeps_data:
            yield _keeps(str(item.address))


def _nothing_before(app: str, count: int) -> Diagnostic:
    was = "it was never declared" if not count else "it has had one declaration only"
    return Diagnostic(
        summary=f"there is nothing to go back to for app {app!r}",
        detail=f"{was} in this database",
        remedy="`moot down` takes it away; `moot diff --from TIME` shows what changed when",
    )


def _not_kept(target: Revision) -> Diagnostic:
    return Diagnostic(
        summary=f"revision {target.number} cannot be gone back to",
        detail="what it was made from was not kept: it is older than `moot undo`, or too large",
        remedy="check its files out of your version control and run `moot up`",
    )


def _unreadable(target: Revision, reason: str) -> Diagnostic:
    return Diagnostic(
        summary=f"revision {target.number} cannot be read",
        detail=reason,
        remedy="put the file `key` of MOOT_HOME back, or check the files out of your version "
        "control and run `moot up`",
    )


def _not_at_hand(secret: Secret, target: Revision) -> Diagnostic:
    return Diagnostic(
        summary=f"secret {secret.name!r} is not what it was at revision {target.number}",
        detail="its content then is not kept any more, and where it came from holds another one",
        remedy="put its former content back for as long as the undo takes",
    )


def _empty(address: str) -> Diagnostic:
    return Diagnostic(
        severity="warning",
        summary=f"{address} comes back empty",
        detail="it was deleted, and the data in it with it",
        remedy="restore its data from a backup afterwards",
    )


def _has_run(replica: str) -> Diagnostic:
    return Diagnostic(
        severity="warning",
        summary=f"{replica} has run to its end; what it did stays done",
        detail="a job cannot be un-run",
        remedy="take back by hand what it changed, where that matters",
    )


def _keeps(address: str) -> Diagnostic:
    return Diagnostic(
        severity="warning",
        summary=f"the data in {address} stays as it is now",
        detail="an undo changes what runs, not what was written meanwhile",
        remedy="make sure that the former version can read it",
    )
