"""A changed copy is what `dataclasses.replace` makes, whatever the class holds."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass, replace

import pytest

from moot.model.changed import changed
from moot.model.plan import Create
from moot.model.resource import ConfigurationItem, Resource

ITEM = ConfigurationItem(
    type="t", venue="v", identifier="i", properties={"a": [1]}, exclusive=frozenset({"port"})
)


@pytest.mark.parametrize(
    ("value", "changes"),
    [
        (ITEM, {"identifier": "j", "observed_at": 2.0}),
        (ITEM, {}),
        (Resource(address="shop/web/0@v/p", type="t", venue="v"), {"properties": {"b": 1}}),
    ],
)
def test_copy_is_equal_to_that_of_replace(value, changes):
    copy = changed(value, **changes)
    assert copy == replace(value, **changes)
    assert type(copy) is type(value)


def test_original_stays_and_the_copy_is_frozen():
    copy = changed(ITEM, status="running")
    assert ITEM.status is None
    with pytest.raises(FrozenInstanceError):
        copy.status = "failed"


def test_what_is_worked_out_when_it_is_made_would_be_copied_unchanged_and_is_refused():
    create = Create(want=Resource(address="shop/web/0@v/p", type="t", venue="v"))
    with pytest.raises(TypeError, match="Create"):
        changed(create, incarnation=2)


def test_inherited_fields_are_copied_too():
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Dated(Resource):
        at: float

    value = Dated(address="shop/web/0@v/p", type="t", venue="v", at=1.0)
    assert changed(value, at=2.0, venue="w") == replace(value, at=2.0, venue="w")


def test_unknown_field_is_refused():
    with pytest.raises(KeyError):
        changed(ITEM, colour="red")
