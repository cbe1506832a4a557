"""Ask venues what room they offer, all at once: those that hang hold up no other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from moot.engine.ask import Question, ask
from moot.engine.slots import Slots
from moot.engine.venues import FACTS, Venues
from moot.model.venue import Offering
from moot.provider import Provider, ProviderError


def offered(
    names: Iterable[str], venues: Venues, slots: Slots
) -> tuple[list[Offering], dict[str, str]]:
    """What venues offer, in the order of their names, and the reasons of those that are silent.

    BadInput where the settings of any are wrong.
    """
    absent: dict[str, str] = {}
    venues.check(names := tuple(names))
    for name in names:
        try:
            venues.provider(name)
        except ProviderError as error:
            absent[name] = error.message
    asked = [name for name in names if name not in absent]
    found = ask({n: Question(n, FACTS, "offerings", _offerings) for n in asked}, venues, slots)
    offerings: list[Offering] = []
    for name in asked:
        answer = found[name]
        if isinstance(answer, ProviderError):
            absent[name] = answer.message
        else:
            venue = venues.known(name)
            offerings += (replace(o, pool=venue.pool, vendor=venue.vendor) for o in answer)
    return offerings, absent


def _offerings(provider: Provider) -> Sequence[Offering]:
    return provider.offerings()
