"""What a thing carries so that a lost record of it can be made again: its memo.

A venue shows what a thing is, but seldom all that was asked of it, and never what it depends on.
The memo says the rest in a few hundred bytes: digests of what was asked, keyed, so that they tell
nothing to others, and our own facts as they are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

from moot.model.resource import ConfigurationItem
from moot.model.value import JSON, Value, canonical, is_mapping

DIGEST_BYTES = 5  # a change that is not noticed once in 10^12 is no worse than a lost memo
_CHECK = "moot"
_ENCODER = json.JSONEncoder(separators=(",", ":"))


@cache
def digests(key: bytes) -> Callable[[Value], str]:
    """A short keyed digest of any value: equal values give equal digests under one key."""
    keyed = hashlib.blake2b(key=key[:64], digest_size=DIGEST_BYTES)

    def digest(value: Value) -> str:
        begun = keyed.copy()
        begun.update(canonical(value).encode())
        return begun.hexdigest()

    return digest


def memo(item: ConfigurationItem, key: bytes) -> str:
    """The memo of a thing about to be made; `item` is what will be recorded of it.

    Equal items have equal memos: with a token the very same request is made again.
    """
    digest = digests(key)
    facts: dict[str, JSON] = {
        "key": _key_check(key),
        "asked": {name: digest(item.applied[name]) for name in sorted(item.applied)},
        "after": sorted(item.depends_on),
        "on": item.on,
        "replica": item.replica,
        "main": item.main,
        "exclusive": sorted(item.exclusive),
        "ready_within_s": item.ready_within_s,
    }
    return _ENCODER.encode({k: v for k, v in facts.items() if v})


def recalled(seen: ConfigurationItem, keeps_data: bool, now: float) -> ConfigurationItem:
    """A thing with our marks as it may be recorded without knowing what was asked of it."""
    facts = _facts(seen.memo)
    return replace(
        seen,
        depends_on=tuple(facts.get("after", ())),
        on=facts.get("on"),
        replica=facts.get("replica"),
        main=bool(facts.get("main")),
        exclusive=frozenset(facts.get("exclusive", ())),
        ready_within_s=float(facts.get("ready_within_s", 60.0)),
        keeps_data=keeps_data,
        recalled=True,
        observed_at=now,
    )


def asked(item: ConfigurationItem, key: bytes) -> Mapping[str, str] | None:
    """Digests of what was asked, by property; None where they are lost or made with another key."""
    facts = _facts(item.memo)
    return facts.get("asked", {}) if facts.get("key") == _key_check(key) else None


@cache
def _key_check(key: bytes) -> str:
    return digests(key)(_CHECK)


def _facts(text: str) -> Mapping[str, JSON]:
    """A memo taken apart; empty where a venue had no room for it, or cut it."""
    try:
        found: JSON = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if is_mapping(found) else {}
