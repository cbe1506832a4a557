"""What is being done: identities, and the intents of calls."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from moot.model.value import JSON, canonical
from moot.store.contract import Intent
from moot.store.gathered import ADD_INTENT, PUT_IDENTITY, PUT_RESUME, RECALL, SETTLE
from moot.store.session import Session
from moot.store.text import item_of, text_of

INTENT = (
    "SELECT id, app, change, verb, address, incarnation, token, attempt, at, body, request, resume "
    "FROM intent"
)
INTENTS = f"{INTENT} WHERE settled_at IS NULL"


class Calls(Session):
    """The part of the store that is written before and after a call."""

    def identities(
        self, app: str, within: Collection[str] | None = None
    ) -> dict[str, tuple[str, int]]:
        """Address -> (uid, highest incarnation) of everything the App ever had."""
        known = "SELECT address, uid, incarnation FROM identity"
        if within is None:
            rows = self._read(f"{known} WHERE app = ?", app)
        else:
            rows = self._within(known, "incarnation >= 0", app, within)
        return {address: (uid, incarnation) for address, uid, incarnation in rows}

    def put_identity(self, app: str, address: str, uid: str, incarnation: int) -> None:
        """Remember the uid, the first one for ever, and that this incarnation was used."""
        key = (app, address)
        _, _, first, used = self._gathered[PUT_IDENTITY].get(key, (app, address, uid, 0))
        self._gather(PUT_IDENTITY, key, app, address, first, max(used, incarnation))

    def open_intents(self, app: str | None) -> tuple[Intent, ...]:
        """Intents without a result, of one App or of all, oldest first."""
        if app is None:
            rows = self._read(f"{INTENTS} ORDER BY id")
        else:
            rows = self._read(f"{INTENTS} AND app = ? ORDER BY id", app)
        return tuple(_intent(row) for row in rows)

    def intended(self, app: str, address: str, incarnation: int) -> Intent | None:
        """The last intent to create this very thing, settled or not; none settled `forgotten`."""
        mine = "app = ? AND address = ? AND incarnation = ? AND verb = 'create'"
        meant = "coalesce(outcome, '') <> 'forgotten'"
        row = self._one(
            f"{INTENT} WHERE {mine} AND {meant} ORDER BY id DESC LIMIT 1", app, address, incarnation
        )
        return _intent(row) if row else None

    def add_intent(self, app: str, intent: Intent, at: float) -> int:
        """Write down what is about to be called; returns its id."""
        number = self._database.number()
        self._stir(app, intent.address)
        item = intent.item
        what = (intent.change, intent.verb, intent.address, intent.incarnation, intent.token)
        tries = (intent.attempt, intent.attempt, at)
        texts = (text_of(item), _text(intent.request))
        self._gather(ADD_INTENT, number, number, app, *what, *tries, *texts)
        self._kind(app, item.venue, item.type)
        if intent.attempt:
            self._failures.clear()
        return number

    def recall(self, intent: int, attempt: int, at: float) -> None:
        """The call is made again."""
        self._gather(RECALL, intent, intent, attempt, at)
        if attempt:
            self._failures.clear()

    def put_resume(self, intent: int, resume: JSON) -> None:
        """Remember how a pending operation goes on."""
        self._gather(PUT_RESUME, intent, intent, canonical(resume))

    def settle(self, intent: int, outcome: str, at: float) -> None:
        """The call has a recorded end, and its request is not needed any more."""
        failed = int(outcome != outcome.lower())  # an error code has capitals
        self._gather(SETTLE, intent, intent, at, outcome, failed)
        if failed:
            self._failures.clear()

    def attempts(self, app: str, address: str, incarnation: int) -> int:
        """Definite failures recorded for one thing so far: the most that any of its intents had."""
        if app not in self._failures:
            rows = self._read(
                "SELECT address, incarnation, max(failures) FROM intent "
                "WHERE app = ? AND failures > 0 GROUP BY address, incarnation",
                app,
            )
            self._failures[app] = {(address, number): most for address, number, most in rows}
        return self._failures[app].get((address, incarnation), 0)


def _intent(row: Sequence[JSON]) -> Intent:
    return Intent(
        id=row[0],
        app=row[1],
        change=row[2],
        verb=row[3],
        address=row[4],
        incarnation=row[5],
        token=row[6],
        attempt=row[7],
        at=row[8],
        item=item_of(row[9]),
        request=_json(row[10]),
        resume=_json(row[11]),
    )


def _text(value: JSON) -> str | None:
    return None if value is None else canonical(value)


def _json(text: str | None) -> JSON:
    return None if text is None else json.loads(text)
