"""Which of the things seen is which of ours, and which was made once too often."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from moot.engine.listing import Key
from moot.engine.survey import Thing, is_same, thing
from moot.model.resource import ConfigurationItem

TWIN = "~"  # between the address and the identifier of what was made once too often


def identify(
    found: Iterable[ConfigurationItem],
    known: Iterable[ConfigurationItem],
    uids: Mapping[str, str],
) -> dict[Key, ConfigurationItem]:
    """What was found, by our address and incarnation.  `uids` are those of our addresses.

    A thing made before its venue was renamed carries an old address for ever.  Where one was made
    several times, because its venue has no way to make a thing only once, the one we know or else
    the oldest is kept; every other is a twin with an address of its own.  So is what carries an
    address of ours and a uid that is not.
    """
    ours = {thing(item): item for item in known}
    address_of = {uid: address for address, uid in uids.items()}
    several: dict[Key, list[ConfigurationItem]] = {}
    for item in found:
        mine = ours.get(thing(item))
        same = mine if mine and is_same(item, mine) else None
        address = same.address if same else address_of.get(item.uid or "")
        key = address or _stray(item, uids), item.incarnation
        several.setdefault(key, []).append(item)
    seen: dict[Key, ConfigurationItem] = {}
    for (address, incarnation), items in several.items():
        kept, *twins = items if len(items) == 1 else _oldest_first(items, ours)
        seen[address, incarnation] = kept
        seen.update({(f"{address}{TWIN}{t.identifier}", incarnation): t for t in twins})
    return seen


def made_for(address: str) -> str:
    """The address that a thing or its twin was made for."""
    return address.partition(TWIN)[0]


def _stray(item: ConfigurationItem, uids: Mapping[str, str]) -> str:
    """Where a thing with a uid that is none of ours stands: beside what we have at its address."""
    address = str(item.address)
    return f"{address}{TWIN}{item.identifier}" if address in uids else address


def _oldest_first(
    items: Sequence[ConfigurationItem], ours: Mapping[Thing, ConfigurationItem]
) -> list[ConfigurationItem]:
    def rank(item: ConfigurationItem) -> tuple[bool, float, str]:
        return not is_same(item, ours.get(thing(item))), item.since or 0.0, item.identifier

    return sorted(items, key=rank)
