"""The only writer of the store during a turn: intents before calls, results after them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from moot.engine import request
from moot.engine.effect import Call, Effect, Record, Remember, Seen
from moot.engine.memo import memo
from moot.engine.redact import Redact
from moot.engine.seal import Seal
from moot.engine.settling import ANSWERED, QUIET_SINCE
from moot.engine.step import UNKNOWN
from moot.engine.vault import Vault
from moot.engine.walk import Walk
from moot.model.changed import changed
from moot.model.plan import Change, Create, Delete, Update, verb
from moot.model.resource import ConfigurationItem
from moot.model.value import JSON, Secret, encode
from moot.provider import Marks, ProviderError
from moot.store import Intent, Lease, LeaseHeld, Store

LEASE_S = 30.0
RENEWALS = 3  # how often a lease is renewed before it would end

Kind = tuple[str, str]  # venue, type
# Creates that would be done again should they arrive again; so would the later ones of several.
REPEATED = {"NAME", "TAG", "BARE"}
_WRITTEN = (Record, Remember, Seen)


@dataclass
class Journal:
    """What one turn of one App writes, in group commits, every one under the App's lease.

    `pending` are intents of earlier walks whose end nobody saw, by the keys of their changes.
    `held_since`: from then on nobody else makes a call for the App (epoch seconds).
    `replayed` are intents whose requests were made once more by this turn, or cannot be.
    `before` are the identifiers that were there before anything was made, of BARE types only.
    `passed_over` are venues that this turn does not wait for again.
    """

    store: Store
    lease: Lease
    installation: str
    generation: int
    cause: str
    now: Callable[[], float]
    seal: Seal
    lease_s: float = LEASE_S
    intents: dict[str, int] = field(default_factory=dict[str, int])
    pending: dict[str, Intent] = field(default_factory=dict[str, Intent])
    replayed: set[int] = field(default_factory=set[int])
    before: dict[Kind, list[str]] = field(default_factory=dict[Kind, list[str]])
    passed_over: dict[str, ProviderError] = field(default_factory=dict[str, ProviderError])
    memos: dict[str, str] = field(default_factory=dict[str, str])
    redact: Redact = field(default_factory=lambda: Redact(dict[Secret, bytes]))
    held_since: float = field(init=False)
    uids: dict[str, str] = field(init=False)
    vault: Vault = field(init=False)
    chance: bytes = field(default_factory=lambda: os.urandom(16))

    def __post_init__(self) -> None:
        self.vault = Vault(self.seal.key)
        self.held_since = self.now()
        known = self.store.identities(self.lease.app)
        self.uids = {address: uid for address, (uid, _) in known.items()}

    @property
    def app(self) -> str:
        return self.lease.app

    @property
    def valid_until(self) -> float:
        """When the lease ends unless it is renewed; from then on no call may be begun."""
        return self.lease.expires_at

    @property
    def renewed_at(self) -> float:
        """When it was last asked for the lease; the answer may have taken longer than it lasts."""
        return self.lease.expires_at - self.lease_s

    def renew(self) -> None:
        """Keep the App; cheap, to be called often.  LeaseHeld once another has taken it over."""
        if self.now() - self.renewed_at <= self.lease_s / RENEWALS:
            return
        renewed = self.store.claim(self.app, self.lease.holder, self.now(), self.lease_s, _never)
        if renewed.epoch != self.lease.epoch:  # it was another's meanwhile: this turn knows nothing
            self.store.release(renewed)
            raise LeaseHeld(renewed)
        self.lease = renewed

    def seal_item(self, item: ConfigurationItem) -> ConfigurationItem:
        """The item as it may be stored: sensitive values as digests, and no secret in its words."""
        return self.seal.item(self.redact.item(item))

    def commit(self, effects: Sequence[Effect], walk: Walk) -> None:
        """One transaction: results, and the intents of the calls they made ready."""
        writes = [effect for effect in effects if self._is_news(effect)]
        if not writes:
            return
        with self.store.turn(self.lease):
            for effect in writes:
                match effect:
                    case Call():
                        self._call(effect, walk)
                    case Remember(change, resume):
                        self.store.put_resume(self.intents[change.key], resume)
                    case Record(change, item, outcome):
                        self._result(change, item, outcome, walk)
                    case Seen(item):
                        self.write(item)
                    case _:
                        pass

    def write(self, item: ConfigurationItem) -> None:
        """Record an item as it is now, sealed, and that its incarnation was used; in the caller's
        transaction.
        """
        address = str(item.address)
        if address in self.uids:  # a twin has no identity of its own
            self.store.put_identity(self.app, address, self.uids[address], item.incarnation)
        self.store.record(
            self.app, address, item.incarnation, self.seal_item(item), self.now(), self.cause
        )

    def gone(self, item: ConfigurationItem, cause: str) -> None:
        """Record that an item is not there any more; in the caller's transaction."""
        self.store.record(self.app, str(item.address), item.incarnation, None, self.now(), cause)

    def quiet(self, intent: int, since: float, *, answered: bool = False) -> None:
        """Record that no call of an open intent was begun after this, and whether the last one had
        a definite answer; in the caller's transaction.
        """
        self.store.put_resume(intent, {QUIET_SINCE: since, ANSWERED: answered})

    def marks(self, change: Change) -> Marks:
        """What the thing made by this change carries."""
        return Marks(
            installation=self.installation,
            generation=self.generation,
            app=self.app,
            address=change.address
            if isinstance(change, Create)
            else str(change.have.on_venue.address),
            uid=self._uid(change),
            incarnation=change.incarnation,
            memo=self.memos.get(change.key, ""),
        )

    def token(self, change: Change, attempt: int) -> str:
        """The idempotency token: the same for every try that may have been the first one's."""
        uid, number = self._uid(change), change.incarnation
        text = f"{self.installation}/{uid}/{number}/{verb(change)}/{attempt}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def _uid(self, change: Change) -> str:
        """Of the thing itself where it says so: two may have been made for one address."""
        have = None if isinstance(change, Create) else change.have
        return (have and have.uid) or self.uids[change.address]

    def _is_news(self, effect: Effect) -> bool:
        """Whether it is to be written down: a call that only asks how far the venue is, is not."""
        if isinstance(effect, Call):
            return effect.resume is None or effect.change.key not in self.intents
        return isinstance(effect, _WRITTEN)

    def _call(self, call: Call, walk: Walk) -> None:
        """The intent of a call, or that it is made again, perhaps by a later walk."""
        change = call.change
        if change.key not in self.intents:
            item = self._expected(change, walk)
            known = self.pending.get(change.key)
            if known is None or not (isinstance(change, Delete) or _same(known.item, item)):
                self._remind(change, item)
                self.intents[change.key] = self._intend(call, item, walk)
                return
            self._remind(change, known.item)
            self.intents[change.key] = known.id
        self.store.recall(self.intents[change.key], call.attempt, self.now())

    def _remind(self, change: Change, item: ConfigurationItem) -> None:
        """What is made says for itself what was asked of it; made again, it says the same."""
        if isinstance(change, Create):
            self.memos[change.key] = memo(item, self.seal.key)

    def _intend(self, call: Call, item: ConfigurationItem, walk: Walk) -> int:
        change = call.change
        if isinstance(change, Create):
            uid = self.uids.setdefault(change.address, self._new_uid(change.address))
            self.store.put_identity(self.app, change.address, uid, 0)
        intent = Intent(
            change=change.key,
            verb=verb(change),
            address=change.address,
            incarnation=change.incarnation,
            token=self.token(change, call.attempt),
            item=item,
            attempt=call.attempt,
            request=None if isinstance(change, Delete) else self._request(change, walk),
        )
        return self.store.add_intent(self.app, intent, self.now())

    def _new_uid(self, address: str) -> str:
        """As unlikely to be had by anything else as a random one, without asking the system."""
        return hashlib.blake2b(address.encode(), key=self.chance, digest_size=16).hexdigest()

    def _request(self, change: Create | Update, walk: Walk) -> JSON:
        want = change.want
        if not walk.is_known(want.properties):
            want = changed(want, properties=walk.resolved(want))
        sent = request.written(want, self.seal.sensitive(want.type), self.vault)
        before = self.before.get((want.venue, want.type))
        return {"want": sent, **({} if before is None else {"before": list(before)})}

    def _expected(self, change: Change, walk: Walk) -> ConfigurationItem:
        if isinstance(change, Delete):
            return self.seal_item(change.have)
        return walk.asked(change)

    def _result(
        self, change: Change, item: ConfigurationItem | None, outcome: str, walk: Walk
    ) -> None:
        intent = self.intents.pop(change.key, None)
        if intent is None:
            return  # a call that was never about to be made
        if outcome in UNKNOWN:
            self.quiet(intent, self.now())  # what became of it is looked up by the next turn
            return
        if outcome == "done":
            if item is not None:
                self.write(item)
                if (made := self.before.get((item.venue, item.type))) is not None:
                    made.append(item.identifier)
            elif isinstance(change, Delete):
                self.gone(change.have, self.cause)
        repeated = walk.recovery(change) in REPEATED or change.key in walk.resumes
        if change.key in walk.unknown and (outcome != "done" or repeated):
            # An earlier call of it may still land: it stays open until that cannot be any more.
            self.store.recall(intent, walk.attempts.get(change.key, 0), self.now())
            self.quiet(intent, self.now(), answered=True)
            return
        self.store.settle(intent, outcome, self.now())


def _same(one: ConfigurationItem, other: ConfigurationItem) -> bool:
    """Whether two intents ask for the same; what is secret in them are digests."""
    return encode(one.applied) == encode(other.applied)


def _never(holder: str) -> bool:
    """Whoever renews asks for nothing that is another's."""
    return False
