"""What became of a call whose end nobody saw, as far as what stands now can tell."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from moot.model.diagnostic import Diagnostic
from moot.model.value import encode, is_mapping

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from moot.engine.listing import Kind
    from moot.engine.turn import World
    from moot.model.resource import ConfigurationItem
    from moot.model.value import JSON, Value
    from moot.provider import CreateClass, TypeSchema
    from moot.store import Intent

# In the place of how a call goes on, once it does not.
QUIET_SINCE, ANSWERED = "$quiet since", "$answered"


def kind_of(intent: Intent) -> Kind:
    """Where it is to have its effect."""
    return intent.item.venue, intent.item.type


def create_class(intent: Intent, world: World) -> CreateClass:
    """How what it made can be found again."""
    return world.venues.schema(*kind_of(intent)).create_class


def quiet_since(intent: Intent, held_since: float) -> float:
    """From when on at the latest no call of an open intent has been begun.

    `held_since` is since when the App has been ours: whoever held it before makes no call any more,
    and was perhaps killed in the middle of one, however long ago that was begun.
    """
    if is_quiet(intent):
        return float(intent.resume[QUIET_SINCE])
    return max(intent.at, held_since)


def is_quiet(intent: Intent) -> bool:
    """Whether that was written down."""
    return is_mapping(intent.resume) and QUIET_SINCE in intent.resume


def is_answered(intent: Intent) -> bool:
    """Whether the last of its calls had a definite answer, so that its token is used up."""
    return is_quiet(intent) and bool(intent.resume.get(ANSWERED))


def over_at(intent: Intent, world: World, held_since: float) -> float:
    """From when on its call can have no effect any more that a listing does not show."""
    settles_within_s = world.venues.schema(*kind_of(intent)).settles_within_s
    return quiet_since(intent, held_since) + settles_within_s


def outcome(intent: Intent, item: ConfigurationItem | None, *, over: bool) -> str | None:
    """How an intent is settled; None while it stays open.  `item` is what stands there now.

    Only an end that cannot change any more is one: until it is `over`, what a create made may be
    made once more when it is gone, and what was to be deleted may go.
    """
    if intent.verb == "delete" and item is None:
        return "gone"
    if not over:
        return None
    if item is None:
        return "gone"
    return "found" if intent.verb == "create" else "repeat"


def doubted(item: ConfigurationItem, intent: Intent) -> ConfigurationItem:
    """An item of which an update may have changed something: that counts as never asked for."""
    asked = intent.item.applied
    sure = {k: v for k, v in item.applied.items() if encode(v) == encode(asked.get(k))}
    return replace(item, applied=sure)


def sure(applied: Mapping[str, Value], schema: TypeSchema) -> Mapping[str, Value]:
    """What a thing has for sure that a create began: all of it where that is one call, else what
    cannot be given to it later.  The rest counts as never asked for.
    """
    if schema.create_class != "TOKEN":
        return applied
    return {
        key: value
        for key, value in applied.items()
        if any(path == key or path.startswith(f"{key}.") for path in schema.create_only)
    }


def candidates(
    intent: Intent, everything: Sequence[ConfigurationItem], known: set[str]
) -> tuple[str, ...]:
    """Identifiers of what an unmarked create may have made: there now, and not before it."""
    request: Mapping[str, JSON] = intent.request or {}
    explained = {*known, *request.get("before", ())}
    return tuple(sorted(i.identifier for i in everything if i.identifier not in explained))


def refusal(intent: Intent, found: Sequence[str]) -> Diagnostic:
    """Why a create must not be made again now."""
    venue, type = kind_of(intent)
    if found:
        return Diagnostic(
            summary=f"{intent.address} may have been made already",
            detail=f"a call to create it had no recorded end, things of {venue} carry no marks, "
            f"and since then appeared: {', '.join(found)}",
            remedy=f"`moot adopt {intent.address} {type} {found[0]}` takes one of them over; "
            f"`moot forget {intent.address}` says that it is none of them",
        )
    return Diagnostic(
        summary=f"it is not known whether {intent.address} has been made",
        detail=f"a call to create it had no recorded end, and {venue} does not tell yet",
        remedy="run the same command again when it answers",
    )
