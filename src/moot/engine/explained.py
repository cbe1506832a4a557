"""Whether this store made a thing that carries our marks, and as what."""

from __future__ import annotations

from moot.model.resource import ConfigurationItem
from moot.store import Store

FORGOTTEN = "moot forget"  # the cause of the last version of what is not ours any more


def explained(
    seen: ConfigurationItem, app: str, address: str, store: Store
) -> ConfigurationItem | None:
    """What was asked for when it was made, as it was or would have been recorded.

    None where the journal knows of no such call for this very uid and incarnation, or was told to
    forget the thing: then it is not ours to touch.
    """
    uid, used = store.identities(app).get(address, ("", 0))
    versions = [v for v in store.history(address) if v.incarnation == seen.incarnation]
    forgotten = bool(versions) and versions[0].item is None and versions[0].cause == FORGOTTEN
    if seen.uid != uid or forgotten:
        return None
    if intent := store.intended(app, address, seen.incarnation):
        return intent.item
    if seen.incarnation > used:
        return None
    return next((v.item for v in versions if v.item), None)
