"""Ask venues what room they offer, all at once: those that hang hold up no other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from moot.engine.ask import PassedOver, Question, ask
from moot.engine.slots import Slots
from moot.engine.venues import FACTS, Venues
from moot.model.venue import Offering, Venue
from moot.provider import Provider, ProviderError


def offered(
    names: Iterable[str],
    venues: Venues,
    slots: Slots,
    spare: Collection[str] = (),
    silent: Mapping[str, ProviderError] | None = None,
) -> tuple[list[Offering], dict[str, ProviderError]]:
    """What venues offer, in the order of their names, and why others are silent.

    Machines of a pool that are `spare` are PassedOver where the others answer much sooner.  Of the
    `silent` those that were PassedOver are not asked again, the others are not waited for as long
    once more.  BadInput where the settings of any are wrong.
    """
    venues.check(names := tuple(names))
    known = silent or {}
    absent = {name: known[name] for name in names if isinstance(known.get(name), PassedOver)}
    for name in names:
        try:
            venues.provider(name)
        except ProviderError as error:
            absent[name] = error
    asked = [name for name in names if name not in absent]
    questions = {
        name: Question(
            *(name, FACTS, "offerings", _offerings),
            pool=venues.known(name).pool,
            spare=name in spare,
            before=known.get(name),
        )
        for name in asked
    }
    found = ask(questions, venues, slots)
    offerings: list[Offering] = []
    today = datetime.fromtimestamp(venues.env.now(), UTC).date().isoformat()
    for name in asked:
        answer = found[name]
        if isinstance(answer, ProviderError):
            absent[name] = answer
        else:
            venue = venues.known(name)
            offerings += (_stated(venue, offering, today) for offering in answer)
    return offerings, absent


def _stated(venue: Venue, offering: Offering, today: str) -> Offering:
    """With what venues.yaml says of the venue, whatever its provider; prices without a day are of
    today.
    """
    times = venue.overcommit
    return replace(
        offering,
        cpu=offering.cpu * times.cpu,
        own_cpu=offering.cpu if times.cpu > 1 else None,
        memory_mib=int(offering.memory_mib * times.memory),
        own_memory_mib=offering.memory_mib if times.memory > 1 else None,
        pool=venue.pool,
        vendor=venue.vendor,
        egress=venue.egress,
        disk=venue.disk,
        latency=venue.latency,
        quota=venue.quota,
        spot=venue.spot or offering.spot,
        priced=offering.priced or venue.priced or today,
    )


def _offerings(provider: Provider) -> Sequence[Offering]:
    return provider.offerings()
