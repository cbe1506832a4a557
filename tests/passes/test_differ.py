"""differ: wanted, applied and observed, compared path by path."""

from __future__ import annotations

import pytest
from waist import thing, unsealed

from moot.model.resource import ConfigurationItem
from moot.model.value import Ref, Secret, Text
from moot.passes.differ import Difference, Facts, covers, differ

FACTS = Facts(read_only=("id", "net.address"), write_only=("env",))


def compare(wanted, applied, observed=None, *, known=lambda ref: ref, seal=unsealed):
    have = ConfigurationItem(
        type="thing",
        venue="v",
        identifier="x",
        applied=applied,
        properties=applied if observed is None else observed,
    )
    return differ(thing("x", **wanted), have, FACTS, known, seal)


SAME = [
    ({}, {}, {}),
    ({"a": 1}, {"a": 1}, {"a": 1}),
    ({"a": None}, {}, {}),
    ({"a": {"b": [1, {"c": 2}]}}, {"a": {"b": [1, {"c": 2}]}}, {"a": {"b": [1, {"c": 2}]}}),
    ({"a": (1, 2)}, {"a": [1, 2]}, {"a": [1, 2]}),
    ({"a": Secret("p", "1")}, {"a": Secret("p", "1")}, {}),
    ({"env": {"A": "b"}}, {"env": {"A": "b"}}, {"env": {}}),
    ({"net": {"kind": "a"}}, {"net": {"kind": "a"}}, {"net": {"kind": "a", "address": "10.1"}}),
    ({"net": {"kind": "a"}}, {"net": {"kind": "a"}}, {"net": {"kind": "a", "more": 1}}),
]


@pytest.mark.parametrize(("wanted", "applied", "observed"), SAME)
def test_no_difference(wanted, applied, observed):
    assert not compare(wanted, applied, observed)


CHANGED = [
    ({"a": 1}, {"a": 2}, ("a",)),
    ({"a": 1}, {}, ("a",)),
    ({}, {"a": 1}, ("a",)),
    ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, ("a.c",)),
    ({"a": {"b": 1}}, {"a": {"b": 1, "c": 3}}, ("a.c",)),
    ({"a": [1, 2]}, {"a": [2, 1]}, ("a",)),
    ({"a": {"b": 1}}, {"a": "text"}, ("a",)),
    ({"a": {}}, {"a": None}, ("a",)),
    ({"a": Secret("p", "2")}, {"a": Secret("p", "1")}, ("a",)),
    ({"a": 1, "b": 2}, {"a": 2, "b": 3}, ("a", "b")),
    ({"labels": {"com.x": 1}}, {"labels": {"com.x": 2}}, ("labels.com.x",)),
]


@pytest.mark.parametrize(("wanted", "applied", "paths"), CHANGED)
def test_changed(wanted, applied, paths):
    assert compare(wanted, applied, {}) == Difference(changed=paths)


DRIFTED = [
    ({"a": 1}, {"a": 2}, ("a",)),
    ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, ("a.c",)),
    ({"a": [1]}, {"a": []}, ("a",)),
    ({"net": {"kind": "a", "address": "10.1"}}, {"net": {"kind": "b", "address": "10.2"}},
     ("net.kind",)),
]  # fmt: skip


@pytest.mark.parametrize(("applied", "observed", "paths"), DRIFTED)
def test_drifted(applied, observed, paths):
    assert compare(applied, applied, observed) == Difference(drifted=paths)


def test_what_the_venue_does_not_report_has_not_drifted():
    assert not compare({"a": 1, "b": 2}, {"a": 1, "b": 2}, {"a": 1})


def test_a_path_that_changed_has_not_drifted_as_well():
    difference = compare({"a": 1, "b": 1}, {"a": 2, "b": 1}, {"a": 3, "b": 9})
    assert difference == Difference(changed=("a",), drifted=("b",))
    assert difference.definite == ("a", "b")


def test_sealed_values_are_compared_as_digests():
    def seal(type, properties):
        return {
            **properties,
            "env": {k: {"$digest": v[::-1]} for k, v in properties["env"].items()},
        }

    same = compare({"env": {"A": "abc"}}, {"env": {"A": {"$digest": "cba"}}}, seal=seal)
    other = compare({"env": {"A": "abd"}}, {"env": {"A": {"$digest": "cba"}}}, seal=seal)
    assert not same
    assert other.changed == ("env.A",) or other.changed == ("env.A.$digest",)


REF = Ref("shop@v/db", "port")
OPEN = [REF, Text(("db:", REF)), {"deep": [1, REF]}]


@pytest.mark.parametrize("value", OPEN)
def test_a_ref_that_is_open_is_a_possible_difference(value):
    difference = compare({"a": value, "b": 1}, {"a": "db:5", "b": 1}, {"a": "other", "b": 1})
    assert difference.possible == (("a.deep",) if isinstance(value, dict) else ("a",)) or (
        difference.possible == ("a",)
    )
    assert difference.definite == ()


@pytest.mark.parametrize(
    ("value", "applied"),
    [(REF, 5), (Text(("db:", REF)), "db:5"), ({"deep": [1, REF]}, {"deep": [1, 5]})],
)
def test_a_ref_that_is_known_is_compared_by_value(value, applied):
    assert not compare({"a": value}, {"a": applied}, known=lambda ref: 5)
    assert compare({"a": value}, {"a": applied}, known=lambda ref: 6).changed


@pytest.mark.parametrize(
    ("path", "covered"),
    [("env", True), ("env.A", True), ("environment", False), ("net", False), ("net.address", True)],
)
def test_a_path_covers_what_lies_below_it(path, covered):
    assert covers(("env", "net.address"), path) is covered
