"""Checks of read and list: they find what is there, say no more than they may, and no secrets."""

from __future__ import annotations

import json
from typing import get_args

from moot.model.resource import ConfigurationItem, Status
from moot.model.value import canonical
from moot.provider import Scope
from moot.testing.trial import Bench, Inapplicable


def read_finds_what_was_made(bench: Bench, type: str) -> None:
    """By its item, from any process; the item needs no more than a store keeps."""
    want = bench.sample(type)
    item = bench.create(want)
    seen = bench.trial.provider().read(item)
    assert seen is not None, "it is not found"
    assert seen.identifier == item.identifier, f"it is {seen.identifier} now"
    assert (seen.address, seen.incarnation) == (want.address, 1), "it lost its marks"


def read_finds_by_name(bench: Bench, type: str) -> None:
    """By what is wanted, where the name is what identifies it; None before it is made."""
    if bench.schema(type).create_class != "NAME":
        raise Inapplicable("its name is not what identifies it")
    want = bench.sample(type)
    assert bench.provider.read(want) is None, "something was there before the create"
    item = bench.create(want)
    seen = bench.provider.read(want)
    assert seen is not None, "it is not found by its name"
    assert seen.identifier == item.identifier, f"its name leads to {seen.identifier}"


def read_of_gone_is_none(bench: Bench, type: str) -> None:
    """Not an error, and not what took its place."""
    want = bench.sample(type)
    item = bench.create(want)
    bench.delete(item, bench.marks(want))
    assert bench.provider.read(item) is None, "read finds what was deleted"
    if bench.schema(type).create_class != "BARE":
        bench.create(want, bench.operation(bench.marks(want, owner="-stranger")))
        assert bench.provider.read(item) is None, "read takes another's thing for ours"


def becomes_ready(bench: Bench, type: str) -> None:
    """It reaches the condition `lower` waits for, and its status is one of the known words."""
    want = bench.sample(type)
    seen = bench.wait(bench.create(want), want.ready)
    assert seen.status is None or seen.status in get_args(Status), f"what is {seen.status!r}?"
    assert not (want.main and seen.status is None), "a replica's main thing has no status"


def list_finds_what_was_made(bench: Bench, type: str) -> None:
    """In the scope of its App, of the installation, and of everything; once each."""
    item = bench.create(bench.sample(type))
    scopes = [Scope(installation=None)]
    if bench.schema(type).create_class != "BARE":
        scopes += [
            Scope(installation=bench.installation),
            Scope(installation=bench.installation, app=bench.app),
        ]
    for scope in scopes:
        found = _await_listed(bench, item, scope)
        assert len(found) == 1, f"{scope} lists it {len(found)} times"
        if bench.schema(type).create_class != "BARE":
            ours = (item.address, item.incarnation, item.installation)
            seen = (found[0].address, found[0].incarnation, found[0].installation)
            assert seen == ours, f"{scope} lists it as {seen}"


def list_keeps_to_its_scope(bench: Bench, type: str) -> None:
    """Neither another App's things nor another installation's are listed as ours."""
    item = bench.create(bench.sample(type))
    _await_listed(bench, item, Scope(installation=None))
    strange = (
        Scope(installation=f"{bench.installation}-stranger"),
        Scope(installation=bench.installation, app=f"{bench.app}x"),
    )
    for scope in strange:
        listed = [other.identifier for other in bench.listed(type, scope)]
        assert item.identifier not in listed, f"{scope} lists what is not in it"


def list_goes_through_its_pages(bench: Bench, type: str) -> None:
    """All pages together hold every thing once."""
    others = [Bench(bench.trial) for _ in range(3)]
    try:
        items = [other.create(other.sample(type)) for other in others]
        for item in items:
            _await_listed(bench, item, Scope(installation=None))
        listed = [other.identifier for other in bench.listed(type, Scope(installation=None))]
        for item in items:
            count = listed.count(item.identifier)
            assert count == 1, f"{item.identifier} is listed {count} times"
    finally:
        for other in others:
            other.close()


def items_hold_plain_values(bench: Bench, type: str) -> None:
    """Everything in an item can be stored: JSON, and the same JSON after it was read back."""
    item = bench.create(bench.sample(type))
    for part in (item.properties, item.private):
        text = canonical(part)
        assert canonical(json.loads(text)) == text, "it is other JSON after it was stored"
        assert "$ref" not in text, "a Ref stands where a value should"


def secrets_stay_hidden(bench: Bench, type: str) -> None:
    """Sensitive values are in nothing that a provider returns."""
    schema = bench.schema(type)
    if not schema.sensitive:
        raise Inapplicable("it has no sensitive properties")
    want = bench.sample(type)
    secret = bench.trial.secret
    assert secret and secret in canonical(want.properties), "the trial plants no secret in it"
    made = bench.create(want)
    seen = bench.provider.read(made)
    listed = bench.listed(type, Scope(installation=None))
    for how, item in (("create", made), ("read", seen), *(("list", item) for item in listed)):
        if item is not None:
            shown = canonical([item.properties, item.private, item.identifier])
            assert secret not in shown, f"{how} shows the secret"


def _await_listed(bench: Bench, item: ConfigurationItem, scope: Scope) -> list[ConfigurationItem]:
    """How often a listing has it, as soon as it has it at all; lists of a venue may lag."""
    for _ in bench.readings(item):
        listed = bench.listed(item.type, scope)
        if found := [other for other in listed if other.identifier == item.identifier]:
            return found
    return []


CHECKS = (
    read_finds_what_was_made,
    read_finds_by_name,
    read_of_gone_is_none,
    becomes_ready,
    list_finds_what_was_made,
    list_keeps_to_its_scope,
    list_goes_through_its_pages,
    items_hold_plain_values,
    secrets_stay_hidden,
)
