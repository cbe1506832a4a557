"""An item as the one text that stands for its content, without what a field has by default."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterable
from dataclasses import MISSING, fields
from functools import cache

from moot.model.codec import item_from_json
from moot.model.resource import ConfigurationItem
from moot.model.value import JSON, canonical, encode

_MARKED = '{"$'  # a Ref, Secret or Text, which stands for more than JSON
VOLATILE = "observed_at"  # when it was last looked at is no content


def text_of(item: ConfigurationItem) -> str:
    """Equal content gives equal text, also after a field with a default was added to items."""
    body: dict[str, JSON] = {}
    for name, default in _content():
        value = getattr(item, name)
        if value != default:
            body[name] = value
    if item.exclusive:
        body["exclusive"] = sorted(item.exclusive)
    return encoded(body)


def item_of(text: str, observed_at: float = 0.0) -> ConfigurationItem:
    """Inverse of `text_of`; when it was last looked at is not in the text."""
    body = json.loads(text)
    if _MARKED in text or not _names().issuperset(body):
        return item_from_json(body, observed_at)
    # The same without looking for what is not there: an inventory is thousands of these.
    for name, made in (("depends_on", tuple), ("exclusive", frozenset)):
        if name in body:
            body[name] = made(body[name])
    return ConfigurationItem(**body, observed_at=observed_at)


def items_of(rows: Iterable[tuple[str, float]]) -> tuple[ConfigurationItem, ...]:
    """`item_of` each.  Nothing here can be part of a cycle, and to look for cycles among thousands
    of new values is an eighth of the time.
    """
    looking = gc.isenabled()
    gc.disable()
    try:
        return tuple(item_of(text, observed_at) for text, observed_at in rows)
    finally:
        if looking:
            gc.enable()


def encoded(value: JSON) -> str:
    """The same text as `canonical`, in one go: what is not plain JSON is rare."""
    try:
        return _ENCODER.encode(value)
    except TypeError:  # keys of several types cannot be sorted before they are text
        return canonical(value)


@cache
def _names() -> frozenset[str]:
    return frozenset(name for name, _ in _content())


@cache
def _content() -> tuple[tuple[str, JSON], ...]:
    """Names and defaults of the fields that are content; MISSING where there is no default."""
    return tuple(
        (f.name, f.default if f.default_factory is MISSING else f.default_factory())
        for f in fields(ConfigurationItem)
        if f.name != VOLATILE
    )


_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=encode
)
