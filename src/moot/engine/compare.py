"""What came, went and changed between two times, from the history alone: no venue is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from moot.model.report import Contrast, Version
from moot.model.resource import ConfigurationItem
from moot.model.value import JSON, encode, is_mapping
from moot.store import Store

Path = tuple[str, JSON, JSON]


def compare(apps: Iterable[str], since: float, until: float, store: Store) -> Iterator[Contrast]:
    """A line per thing that is not at `until` what it was at `since`, by address."""
    for app in apps:
        before = _by_address(store.inventory_at(since, app))
        after = _by_address(store.inventory_at(until, app))
        last = {version.address: version for version in store.versions(app, since, until)}
        for address in sorted({*before, *after}):
            found = _contrast(address, before.get(address), after.get(address), last.get(address))
            if found:
                yield found


def _by_address(items: Iterable[ConfigurationItem]) -> dict[str, ConfigurationItem]:
    """The newest incarnation at each address: what came before it is about to go."""
    return {str(i.address): i for i in sorted(items, key=lambda item: item.incarnation)}


def _contrast(
    address: str,
    before: ConfigurationItem | None,
    after: ConfigurationItem | None,
    version: Version | None,
) -> Contrast | None:
    one = after or before
    assert one is not None, "an address of neither time is not compared"
    paths: tuple[Path, ...] = ()
    if before and after:
        paths = tuple(_paths(_shown(before), _shown(after)))
        if not paths:
            return None
    return Contrast(
        address=address,
        type=one.type,
        venue=one.venue,
        kind="changed" if before and after else "came" if after else "went",
        paths=paths,
        at=version.at if version else None,
        cause=version.cause if version else "",
    )


def _shown(item: ConfigurationItem) -> Mapping[str, JSON]:
    """What of an item is worth comparing: what it is, and what was asked of it."""
    return {
        "identifier": item.identifier,
        "incarnation": item.incarnation,
        "status": item.status,
        "properties": encode(item.properties),
        "applied": encode(item.applied),
    }


def _paths(before: JSON, after: JSON, prefix: str = "") -> Iterator[Path]:
    if before == after:
        return
    if is_mapping(before) and is_mapping(after) and "$digest" not in {*before, *after}:
        for key in dict.fromkeys((*before, *after)):
            yield from _paths(before.get(key), after.get(key), f"{prefix}{key}.")
    else:
        yield prefix.removesuffix("."), before, after
