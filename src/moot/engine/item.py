"""What a venue reported, joined with what only we know."""

from __future__ import annotations

from collections.abc import Mapping

from moot.model.changed import changed
from moot.model.resource import ConfigurationItem, Resource
from moot.model.value import Value


def expected(want: Resource, incarnation: int, sealed: Mapping[str, Value]) -> ConfigurationItem:
    """The item that a successful create or update will leave, but for what the venue says of it.

    `sealed` are the properties asked for, Refs resolved and sensitive values as digests.
    """
    return ConfigurationItem(
        type=want.type,
        venue=want.venue,
        identifier="",
        address=want.address,
        incarnation=incarnation,
        applied=sealed,
        depends_on=want.depends_on,
        on=want.on,
        replica=want.replica,
        main=want.main,
        exclusive=want.exclusive,
        ready_within_s=want.ready_within_s,
    )


def made(
    asked: ConfigurationItem,
    seen: ConfigurationItem,
    have: ConfigurationItem | None,
    keeps_data: bool,
    now: float,
) -> ConfigurationItem:
    """The item that a call has left: what was `expected`, as the venue describes it.

    `have` is what it was before, None where it is new.
    """
    return ConfigurationItem(
        type=asked.type,
        venue=asked.venue,
        identifier=seen.identifier,
        address=asked.address,
        incarnation=asked.incarnation,
        installation=seen.installation,
        generation=seen.generation,
        uid=seen.uid,
        properties=seen.properties,
        status=seen.status,
        private=seen.private,
        applied=asked.applied,
        depends_on=asked.depends_on,
        on=asked.on,
        replica=asked.replica,
        main=asked.main,
        exclusive=asked.exclusive,
        keeps_data=keeps_data,
        ready_within_s=asked.ready_within_s,
        since=now if seen.since is None else seen.since,
        marked_as=have.marked_as if have else None,
        observed_at=now,
    )


def joined(known: ConfigurationItem, seen: ConfigurationItem, now: float) -> ConfigurationItem:
    """`known` as the venue describes it now; `since` moves when the status does."""
    return changed(
        known,
        identifier=seen.identifier,
        installation=seen.installation or known.installation,
        generation=seen.generation or known.generation,
        uid=seen.uid or known.uid,
        properties=seen.properties,
        status=seen.status,
        private=seen.private,
        since=_since(known, seen, now),
        observed_at=now,
    )


def _since(known: ConfigurationItem, seen: ConfigurationItem, now: float) -> float | None:
    if seen.since is not None:
        return seen.since
    return known.since if known.since is not None and known.status == seen.status else now
