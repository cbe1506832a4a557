"""Whole commands that change an App: under its lease, in a database that is to be trusted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from moot.engine.declaration import declare
from moot.engine.guard import Guard
from moot.engine.hold import hold
from moot.engine.journal import Journal
from moot.engine.reconcile import discard, reconcile, retire
from moot.engine.redact import Redact
from moot.engine.secrets import contents, drop, keep
from moot.engine.status import outcome
from moot.engine.turn import Hands, Turn, World
from moot.engine.undo import Before
from moot.engine.vault import Vault
from moot.engine.walk import Walk
from moot.model.diagnostic import Diagnostic, Failure
from moot.model.plan import Plan
from moot.model.report import Outcome, Proposal, Step, Undoing
from moot.passes.parse import Parsed


@dataclass(frozen=True, slots=True)
class Enact:
    """What every such command works with; `observer` hears of each step."""

    world: World
    guard: Guard
    vault: Vault
    observer: Callable[[Step], None]
    cancelled: threading.Event

    def make(
        self,
        what: str,
        parsed: Parsed,
        sources: Callable[[], bytes | None],
        announce: Callable[[Proposal], None],
    ) -> Outcome:
        """Make an App what a declaration says, and the declaration its latest revision.

        `sources` gives what it was made from, None where that is too much to keep.
        """
        app = parsed.app
        assert app is not None, "a declaration with errors is never carried out"

        def sealed() -> bytes | None:
            content = sources()
            return None if content is None else self.vault.seal(content)

        def carry_out(journal: Journal, hands: Hands) -> tuple[Turn, Walk]:
            keep(journal, parsed)
            declare(journal, parsed.canonical, sealed, parsed.secrets)
            given = replace(hands, secrets={**hands.secrets, **parsed.secrets})
            turn, walk = reconcile(
                app, self.world, journal, given, lambda turn: announce(turn.proposal(app))
            )
            if _is_whole(turn, walk):
                drop(journal, parsed)
            return turn, walk

        return self._change(app.name, what, carry_out)

    def undo(self, past: Before, told: Undoing) -> Outcome:
        """Make an App what it was; Failure where it was changed since that was `told`."""
        if (past.number, past.taken_back.at) != (told.number, told.at):
            raise Failure(_changed_since())
        return self.make("undo", past.parsed, lambda: past.sources, lambda _: None)

    def down(self, app: str, volumes: bool, announce: Callable[[Plan], None]) -> Outcome:
        """Take an App away; its data only with `volumes`."""

        def carry_out(journal: Journal, hands: Hands) -> tuple[Turn, Walk]:
            turn, walk = retire(
                app, self.world, journal, hands, lambda turn: announce(turn.plan), volumes
            )
            if _is_whole(turn, walk):
                drop(journal, None)
            return turn, walk

        return self._change(app, "down --volumes" if volumes else "down", carry_out)

    def remove_volumes(self, app: str, names: Sequence[str]) -> Outcome:
        """Delete volumes that nothing uses; Refused where something does."""

        def carry_out(journal: Journal, hands: Hands) -> tuple[Turn, Walk]:
            return discard(app, names, self.world, journal, hands)

        return self._change(app, f"volume rm {' '.join(names)}", carry_out)

    def _change(
        self, app: str, what: str, carry_out: Callable[[Journal, Hands], tuple[Turn, Walk]]
    ) -> Outcome:
        self.guard.admit()
        with hold(app, what, self.world) as journal:
            self.guard.advance()
            if self.guard.installation != self.world.installation:
                raise Failure(_set_up_meanwhile())
            journal.redact = redact = self._redact(app)
            # What was begun and not seen to end is made once more by the very same request.
            begun = self.world.store.open_intents(app)
            secrets = contents(app, self.world.store, self.vault) if begun else {}
            hands = Hands(
                secrets, lambda s: self.observer(redact.step(s)), self.cancelled, journal.renew
            )
            turn, walk = carry_out(journal, hands)
        ended = outcome(
            walk,
            self.world.store.placement(turn.app),
            turn.observed.stale,
            (*turn.warnings, *turn.observed.warnings),
            turn.lacking,
            self.world.venues.env.now() - turn.begun_at,
        )
        return replace(
            ended,
            failures=tuple(map(redact.diagnostic, ended.failures)),
            replicas=tuple(replace(r, detail=redact(r.detail)) for r in ended.replicas),
        )

    def _redact(self, app: str) -> Redact:
        return Redact(lambda: contents(app, self.world.store, self.vault))


def _is_whole(turn: Turn, walk: Walk) -> bool:
    """Whether everything is now as the turn wanted it."""
    return not (walk.failures or walk.cancelled or turn.observed.stale)


def _set_up_meanwhile() -> Diagnostic:
    return Diagnostic(
        summary="this database was set up by another moot just now",
        detail="its installation is another than the one this command began with",
        remedy="run the same command again",
    )


def _changed_since() -> Diagnostic:
    return Diagnostic(
        summary="the App was declared anew meanwhile",
        detail="what would be undone now is not what was shown",
        remedy="run `moot undo` again",
    )
