"""The exact request of a call as its intent keeps it, until it is known what became of the call."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import replace

from moot.engine.seal import leaves, rewritten
from moot.engine.vault import Vault
from moot.model.codec import resource_from_json, resource_to_json
from moot.model.resource import Resource
from moot.model.value import JSON, Secret, Value, canonical, decode, is_list, is_mapping

_SEALED = "$sealed"


def written(want: Resource, sensitive: Iterable[str], vault: Vault) -> dict[str, JSON]:
    """A Resource as JSON.  A Secret stays a reference; what else is sensitive is encrypted."""

    def hide(value: Value) -> Value:
        if isinstance(value, Secret):
            return value
        return {_SEALED: b64encode(vault.seal(canonical(value).encode())).decode()}

    if not (paths := tuple(sensitive)):
        return resource_to_json(want)
    hidden = rewritten(want.properties, paths, lambda value: leaves(value, hide))
    return resource_to_json(replace(want, properties=hidden))


def read(body: Mapping[str, JSON], vault: Vault) -> Resource:
    """The inverse of `written`; ValueError where the vault has another key."""
    want = resource_from_json(body)
    return replace(want, properties=_shown(want.properties, vault))


def _shown(value: Value, vault: Vault) -> Value:
    if is_mapping(value):
        if list(value) == [_SEALED]:
            return decode(json.loads(vault.open(b64decode(value[_SEALED]))))
        return {key: _shown(item, vault) for key, item in value.items()}
    if is_list(value):
        return [_shown(item, vault) for item in value]
    return value
