"""Keyed digests in the place of sensitive values, before anything is compared or written down."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass

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
        sealed = dict(properties)
        for path in self.sensitive(type):
            head, _, rest = path.partition(".")
            if head in sealed:
                sealed[head] = self._at(sealed[head], rest)
        return sealed

    def digest(self, content: bytes) -> str:
        """A keyed digest of 32 hexadecimal digits."""
        return hmac.new(self.key, content, hashlib.sha256).hexdigest()[:32]

    def _at(self, value: Value, path: str) -> Value:
        if not path:
            return self.leaves(value)
        head, _, rest = path.partition(".")
        if is_list(value):
            return [self._at(item, rest if head == "*" else path) for item in value]
        if is_mapping(value):
            return {
                key: self._at(item, rest) if head in {"*", key} else item
                for key, item in value.items()
            }
        return value

    def leaves(self, value: Value) -> Value:
        """Every leaf of a value as a digest; keys and order stay."""
        if is_mapping(value):
            done = list(value) == ["$digest"]
            return value if done else {key: self.leaves(item) for key, item in value.items()}
        if is_list(value):
            return [self.leaves(item) for item in value]
        if value is None or isinstance(value, Secret | Ref):
            return value
        if isinstance(value, Text) and any(isinstance(u, Ref) for u in unknowns(value)):
            return value
        return {"$digest": self.digest(canonical(value).encode())}
