"""Checks of read and list: they find what is there, say no more than they may, and no secrets."""

from __future__ import annotations

import json
from typing import get_args

from moot.model.resource import ConfigurationItem, Status
from moot.model.value import canonical
from moot.provider import Scope
from moot.testing.trial import Bench, Inapplicable

EVERYTHING = Scope(installation=None)


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
    """Once in the scope of its App and of the installation; somewhere in the scope of all."""
    item = bench.create(bench.sample(type))
    assert _await_listed(bench, item, EVERYTHING), "no list of everything has it"
    if bench.schema(type).create_class == "BARE":
        return
    ours = (item.address, item.incarnation, item.installation)
    for scope in (
        Scope(installation=bench.installation),
        Scope(installation=bench.installation, app=bench.app),
    ):
        found = _await_listed(bench, item, scope)
        assert len(found) == 1, f"{scope} lists it {len(found)} times"
        seen = (found[0].address, found[0].incarnation, found[0].installation)
        assert seen == ours, f"{scope} lists it as {seen}"


def list_keeps_to_its_scope(bench: Bench, type: str) -> None:
    """Neither another App's things nor another installation's are listed as ours."""
    item = bench.create(bench.sample(type))
    _await_listed(bench, item, EVERYTHING)
    strange = (
        Scope(installation=f"{bench.installation}-stranger"),
        Scope(installation=bench.installation, app=f"{bench.app}x"),
    )
    for scope in strange:
        listed = [other.identifier for other in bench.listed(type, scope)]
        assert item.identifier not in listed, f"{scope} lists what is not in it"


def list_goes_through_its_pages(bench: Bench, type: str) -> None:
    """All pages together hold every thing, and none twice."""
    others = [Bench(bench.trial) for _ in range(3)]
    try:
        for item in [other.create(other.sample(type)) for other in others]:
            _await_listed(bench, item, EVERYTHING)
        for kind in bench.provider.types():
            listed = [other.identifier for other in bench.listed(kind, EVERYTHING)]
            twice = {identifier for identifier in listed if listed.count(identifier) > 1}
            assert not twice, f"{sorted(twice)} are listed twice"
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
    listed = bench.listed(type, EVERYTHING)
    for how, item in (("create", made), ("read", seen), *(("list", item) for item in listed)):
        if item is not None:
            shown = canonical([item.properties, item.private, item.identifier])
            assert secret not in shown, f"{how} shows the secret"


def _await_listed(bench: Bench, item: ConfigurationItem, scope: Scope) -> list[ConfigurationItem]:
    """How a listing has it, as soon as it has it at all; lists of a venue may lag.

    Where everything is listed, a provider may show it under another type of its own.
    """
    types = bench.provider.types() if scope == EVERYTHING else [item.type]
    for _ in bench.readings(item):
        listed = [other for type in types for other in bench.listed(type, scope)]
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
