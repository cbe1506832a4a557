"""An item as the one text that stands for its content, without what a field has by default."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterable
from dataclasses import MISSING, fields
from functools import cache
from operator import attrgetter

from moot.model.codec import item_from_json
from moot.model.resource import ConfigurationItem
from moot.model.value import JSON, canonical

Values = tuple[JSON, ...]

_MARKED = '{"$'  # a Ref, Secret or Text, which stands for more than JSON
_DECODER = json.JSONDecoder()
_MADE = (("depends_on", tuple), ("exclusive", frozenset))
VOLATILE = "observed_at"  # when it was last looked at is no content


def text_of(item: ConfigurationItem) -> str:
    """Equal content gives equal text, also after a field with a default was added to items."""
    content, values = _content()
    body: dict[str, JSON] = {
        name: value
        for (name, default), value in zip(content, values(item), strict=True)
        if value is not default and value != default
    }
    if item.exclusive:
        body["exclusive"] = sorted(item.exclusive)
    return canonical(body)


def item_of(text: str, observed_at: float = 0.0) -> ConfigurationItem:
    """Inverse of `text_of`; when it was last looked at is not in the text."""
    body, _ = _DECODER.raw_decode(text)
    if _MARKED in text:
        return item_from_json(body, observed_at)
    # The same without looking for what is not there: an inventory is thousands of these.
    for name, made in _MADE:
        if name in body:
            body[name] = made(body[name])
    try:
        return ConfigurationItem(**body, observed_at=observed_at)
    except TypeError:  # a field that only a newer moot knows
        return item_from_json(body, observed_at)


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


@cache
def _content() -> tuple[tuple[tuple[str, JSON], ...], Callable[[ConfigurationItem], Values]]:
    """Names and defaults of the fields that are content, MISSING where there is no default; and
    how to read them.
    """
    content = tuple(
        (f.name, f.default if f.default_factory is MISSING else f.default_factory())
        for f in fields(ConfigurationItem)
        if f.name != VOLATILE
    )
    return content, attrgetter(*(name for name, _ in content))
