"""Items whose record was lost x what is wanted -> items with what was asked of them.

After a lost database the venues tell what there is, but not all that was asked for.  What a thing
shows is compared with what is wanted as drift is; what it does not show is known by a digest that
it carries, and counts as asked for as it is wanted now where there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from moot.model.resource import ConfigurationItem, Resource
from moot.model.value import Ref, Secret, Value, at_path, substitute
from moot.passes.differ import Seal

Digests = Callable[[ConfigurationItem], Mapping[str, str] | None]


def recall(
    items: Iterable[ConfigurationItem],
    desired: Iterable[Resource],
    seal: Seal,
    digest: Callable[[Value], str],
    asked: Digests,
) -> tuple[ConfigurationItem, ...]:
    """The same items; of those that were `recalled` and are wanted, what was asked is known again.

    `asked` gives the digests an item carries, None where nothing is known.
    """
    items = tuple(items)
    wanted = {want.address: want for want in desired}
    newest = {str(i.address): i for i in sorted(items, key=lambda item: item.incarnation)}

    def known(unknown: Ref | Secret) -> Value:
        if isinstance(unknown, Secret) or unknown.address not in newest:
            return unknown
        value = at_path(newest[unknown.address].properties, unknown.attribute)
        return unknown if value is None else value

    def completed(item: ConfigurationItem) -> ConfigurationItem:
        want = wanted.get(str(item.address))
        if not item.recalled or want is None:
            return item
        sealed = seal(want.type, substitute(want.properties, known))
        return _completed(item, want, _applied(item, sealed, digest, asked(item)))

    return tuple(completed(item) for item in items)


def _applied(
    item: ConfigurationItem,
    wanted: Mapping[str, Value],
    digest: Callable[[Value], str],
    asked: Mapping[str, str] | None,
) -> Mapping[str, Value]:
    """What was asked for, as far as it can be told; what certainly was not is left out.

    What was asked for then and is no longer declared is there as its digest, which nothing equals.
    """
    if asked is None:
        return wanted
    kept = {
        name: value
        for name, value in wanted.items()
        if name in item.properties or asked.get(name) == digest(value)
    }
    dropped = {n: {"$digest": d} for n, d in asked.items() if n not in wanted}
    return {**kept, **dropped}


def _completed(
    item: ConfigurationItem, want: Resource, applied: Mapping[str, Value]
) -> ConfigurationItem:
    return replace(
        item,
        applied=applied,
        depends_on=want.depends_on,
        on=want.on,
        replica=want.replica,
        main=want.main,
        exclusive=want.exclusive,
        ready_within_s=want.ready_within_s,
        recalled=False,
        memo="",
    )
