"""The only writer of the store during a turn: intents before calls, results after them."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from moot.engine.effect import Call, Effect, Record, Remember, Seen
from moot.engine.item import expected
from moot.engine.step import UNKNOWN
from moot.engine.walk import Walk
from moot.model.codec import item_to_json
from moot.model.plan import Change, Create, Delete, verb
from moot.model.resource import ConfigurationItem
from moot.provider import Marks
from moot.store import Intent, Lease, Store


@dataclass
class Journal:
    """What one turn of one App writes, in group commits, every one under the App's lease."""

    store: Store
    lease: Lease
    installation: str
    generation: int
    cause: str
    now: Callable[[], float]
    seal_item: Callable[[ConfigurationItem], ConfigurationItem]
    intents: dict[str, int] = field(default_factory=dict[str, int])
    tokens: dict[str, str] = field(default_factory=dict[str, str])
    uids: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        known = self.store.identities(self.lease.app)
        self.uids = {address: uid for address, (uid, _) in known.items()}

    @property
    def app(self) -> str:
        return self.lease.app

    def commit(self, effects: Sequence[Effect], walk: Walk) -> None:
        """One transaction: results, and the intents of the calls they made ready."""
        writes = [e for e in effects if isinstance(e, Record | Remember | Seen | Call)]
        if not any(not isinstance(e, Call) or e.change.key not in self.intents for e in writes):
            return
        with self.store.turn(self.lease):
            for effect in writes:
                match effect:
                    case Call(change) if change.key not in self.intents:
                        self._intend(change, walk)
                    case Call():
                        pass
                    case Remember(change, resume):
                        self.store.put_resume(self.intents[change.key], resume)
                    case Record(change, item, outcome):
                        self._result(change, item, outcome)
                    case Seen(item):
                        self.write(item)

    def write(self, item: ConfigurationItem) -> None:
        """Record an item as it is now, sealed, and that its incarnation was used; in the caller's
        transaction.
        """
        address = str(item.address)
        self.store.put_identity(self.app, address, self.uids[address], item.incarnation)
        self.store.record(
            self.app, address, item.incarnation, self.seal_item(item), self.now(), self.cause
        )

    def gone(self, item: ConfigurationItem, cause: str) -> None:
        """Record that an item is not there any more; in the caller's transaction."""
        self.store.record(self.app, str(item.address), item.incarnation, None, self.now(), cause)

    def marks(self, change: Change) -> Marks:
        """What the thing made by this change carries."""
        return Marks(
            installation=self.installation,
            generation=self.generation,
            app=self.app,
            address=change.address
            if isinstance(change, Create)
            else str(change.have.on_venue.address),
            uid=self.uids[change.address],
            incarnation=change.incarnation,
        )

    def token(self, change: Change, attempt: int) -> str:
        """The idempotency token: the same for every try that may have been the first one's."""
        marks = self.marks(change)
        text = f"{self.installation}/{marks.uid}/{marks.incarnation}/{verb(change)}/{attempt}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def _intend(self, change: Change, walk: Walk) -> None:
        uid = self.uids.setdefault(change.address, uuid.uuid4().hex)
        self.store.put_identity(self.app, change.address, uid, 0)
        intent = Intent(
            change=change.key,
            verb=verb(change),
            address=change.address,
            incarnation=change.incarnation,
            token=self.token(change, 0),
            body=item_to_json(self._body(change, walk)),
        )
        self.intents[change.key] = self.store.add_intent(self.app, intent, self.now())

    def _body(self, change: Change, walk: Walk) -> ConfigurationItem:
        if isinstance(change, Delete):
            return self.seal_item(change.have)
        sealed = walk.seal(change.want.type, walk.resolved(change.want))
        return expected(change.want, change.incarnation, sealed)

    def _result(self, change: Change, item: ConfigurationItem | None, outcome: str) -> None:
        intent = self.intents.pop(change.key)
        made = isinstance(change, Create) and outcome not in {"done", "withdrawn"}
        if outcome in UNKNOWN or made:
            return  # the intent stays open: the next turn looks what became of it
        if outcome == "done":
            if item is not None:
                self.write(item)
            elif isinstance(change, Delete):
                self.gone(change.have, self.cause)
        self.store.settle(intent, outcome, self.now())
