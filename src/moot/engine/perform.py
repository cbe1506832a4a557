"""Make one call or one look at a venue, and say as an Event what came of it.

The threads of `apply` and the simulator share this: whatever drives a walk, a call is made, timed
and judged in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping

from moot.engine.ask import unanswered
from moot.engine.effect import Call, Look
from moot.engine.event import Continued, Event, Failed, Looked, Succeeded, Withdrawn
from moot.engine.item import joined, made
from moot.engine.journal import Journal
from moot.engine.step import UNKNOWN
from moot.engine.venues import Venues
from moot.engine.walk import Walk
from moot.model.changed import changed
from moot.model.diagnostic import BadInput
from moot.model.plan import Change, Create, Delete, Update, verb
from moot.model.resource import Resource
from moot.model.value import Ref, Secret, Value, substitute
from moot.provider import Done, Operation, Pending, Progress, Provider, ProviderError


def perform(
    call: Call, walk: Walk, venues: Venues, journal: Journal, secrets: Mapping[Secret, bytes]
) -> Event:
    """Make a call whose intent is recorded.  Raises nothing but what is a defect of ours."""
    change, now = call.change, venues.env.now
    operation = Operation(
        token=journal.token(change, call.attempt),
        marks=journal.marks(change),
        deadline=now() + bound_s(call, venues),
        resume=call.resume,
    )

    def handle(provider: Provider) -> Progress:
        match change:
            case Create(want=want):
                return provider.create(_ready(want, walk, secrets), operation)
            case Update(want=want, have=have):
                return provider.update(have.on_venue, _ready(want, walk, secrets), operation)
            case Delete(have=have):
                return provider.delete(have.on_venue, operation)

    what = f"{verb(change)} {change.address}#{change.incarnation}"
    try:
        if now() >= journal.valid_until:
            # This process was paused.  The App may be another's by now; if not, the lease is
            # renewed before the call is made after all.
            raise ProviderError("ResourceConflict", "the lease had run out", retry_after=0.0)
        progress = venues.call(kind_of(call)[0], what, handle)
    except (ProviderError, BadInput) as error:
        return _failed(change, unanswered(error), now())
    return _progressed(call, progress, walk, venues)


def look(look: Look, venues: Venues) -> Looked:
    """Read a thing that others wait for."""
    item, now = look.item, venues.env.now
    address = str(item.address)
    try:
        seen = venues.call(item.venue, f"read {address}", lambda p: p.read(item.on_venue))
    except (ProviderError, BadInput) as error:
        failure = unanswered(error)
        return Looked(address, None, failure.message, now(), failure.code)
    return Looked(address, joined(item, seen, now()) if seen else None, "", now())


def given_up(effect: Call | Look, now: float) -> Event:
    """What it means that nobody waits for the answer any more."""
    venue, _ = kind_of(effect)
    if isinstance(effect, Look):
        return Looked(str(effect.item.address), None, f"{venue} did not answer in time", now)
    text = f"{venue} did not answer in time; whether it did anything is looked up next time"
    return Failed(effect.change.key, "OutcomeUnknown", text, "", False, None, now)


def withdrawn(call: Call, now: float) -> Withdrawn:
    """A call that is not made any more."""
    return Withdrawn(call.change.key, call.called, now)


def kind_of(effect: Call | Look) -> tuple[str, str]:
    """The venue that is asked, and the type it is asked about."""
    if isinstance(effect, Look):
        return effect.item.venue, effect.item.type
    return kind_of_change(effect.change)


def kind_of_change(change: Change) -> tuple[str, str]:
    """Where it has its effect."""
    thing = change.have if isinstance(change, Delete) else change.want
    return thing.venue, thing.type


def bound_s(effect: Call | Look, venues: Venues) -> float:
    """How long the venue may take to answer."""
    return venues.schema(*kind_of(effect)).call_timeout_s


def _ready(want: Resource, walk: Walk, secrets: Mapping[Secret, bytes]) -> Resource:
    """The Resource with every Ref and Secret replaced by its value."""
    if walk.is_known(want.properties):
        return want

    def value(unknown: Ref | Secret) -> Value:
        if isinstance(unknown, Ref):
            text = f"{unknown.attribute} of {unknown.address} is not known"
            raise ProviderError("InvalidRequest", text)
        if unknown not in secrets:
            raise ProviderError("InvalidRequest", f"secret {unknown.name!r} is not at hand")
        return secrets[unknown].decode("utf-8", "surrogateescape")

    return changed(want, properties=substitute(walk.resolved(want), value))


def _progressed(call: Call, progress: Progress, walk: Walk, venues: Venues) -> Event:
    change, now = call.change, venues.env.now()
    match progress:
        case Pending(seconds, resume, note):
            return Continued(change.key, seconds, resume, note, now)
        case Done(item):
            if item is None or isinstance(change, Delete):
                return Succeeded(change.key, None, now)
            have = change.have if isinstance(change, Update) else None
            keeps_data = venues.schema(*kind_of_change(change)).keeps_data
            asked = walk.asked(change, again=call.called)
            return Succeeded(change.key, made(asked, item, have, keeps_data, now), now)


def _failed(change: Change, error: ProviderError, now: float) -> Failed:
    return Failed(
        change.key,
        error.code,
        error.message,
        error.remedy,
        error.retryable or error.code in UNKNOWN,  # handlers are idempotent
        error.retry_after,
        now,
    )
