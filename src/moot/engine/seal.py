"""Keyed digests in the place of sensitive values, before anything is compared or written down."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from moot.model.changed import changed
from moot.model.resource import ConfigurationItem
from moot.model.value import Ref, Secret, Text, Value, canonical, is_list, is_mapping, unknowns


@dataclass(frozen=True, slots=True)
class Seal:
    """Called with a type and properties.  Equal values give equal digests under one key.

    A Secret keeps its name and version, a value that still holds a Ref stays as it is: neither
    says anything yet.
    """

    key: bytes
    sensitive: Callable[[str], tuple[str, ...]]

    def __call__(self, type: str, properties: Mapping[str, Value]) -> Mapping[str, Value]:
        paths = [p for p in self.sensitive(type) if p.partition(".")[0] in properties]
        return rewritten(properties, paths, self.leaves) if paths else properties

    def item(self, item: ConfigurationItem) -> ConfigurationItem:
        """The item as it may be stored and compared."""
        sealed = self(item.type, item.properties)
        return item if sealed is item.properties else changed(item, properties=sealed)

    def digest(self, content: bytes) -> str:
        """A keyed digest of 32 hexadecimal digits."""
        return hmac.new(self.key, content, hashlib.sha256).hexdigest()[:32]

    def leaves(self, value: Value) -> Value:
        """Every leaf of a value as a digest; keys and order stay."""
        return leaves(value, self._leaf)

    def _leaf(self, value: Value) -> Value:
        if isinstance(value, Secret | Ref):
            return value
        if isinstance(value, Text) and any(isinstance(u, Ref) for u in unknowns(value)):
            return value
        return {"$digest": self.digest(canonical(value).encode())}


def rewritten(
    properties: Mapping[str, Value], paths: Iterable[str], change: Callable[[Value], Value]
) -> dict[str, Value]:
    """`properties` with what is at each dotted path changed; `*` stands for every member."""
    changed = dict(properties)
    for path in paths:
        head, _, rest = path.partition(".")
        if head in changed:
            changed[head] = _at(changed[head], rest, change)
    return changed


def leaves(value: Value, change: Callable[[Value], Value]) -> Value:
    """`value` with every leaf changed but None and what is a digest already."""
    if is_mapping(value):
        done = list(value) == ["$digest"]
        return value if done else {key: leaves(item, change) for key, item in value.items()}
    if is_list(value):
        return [leaves(item, change) for item in value]
    return None if value is None else change(value)


def _at(value: Value, path: str, change: Callable[[Value], Value]) -> Value:
    if not path:
        return change(value)
    head, _, rest = path.partition(".")
    if is_list(value):
        return [_at(item, rest if head == "*" else path, change) for item in value]
    if is_mapping(value):
        return {
            key: _at(item, rest, change) if head in {"*", key} else item
            for key, item in value.items()
        }
    return value
