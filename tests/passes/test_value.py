"""One text for one value, whatever it is made of."""

from __future__ import annotations

import json
from types import MappingProxyType

import pytest

from moot.model.value import Ref, Secret, Text, canonical, decode, encode, unknowns

REF, SECRET = Ref("shop/db/0", "ports.5432"), Secret("password", "1")
TEXT = Text(("postgres://db:", REF, "/shop"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": [1, 2]}, {"b": (1, 2), "a": 1}),
        ({"a": MappingProxyType({"x": None})}, {"a": {"x": None}}),
        ({1: "x", "b": "y"}, {"1": "x", "b": "y"}),
        ([REF, {"s": SECRET, "t": TEXT}], encode([REF, {"s": SECRET, "t": TEXT}])),
    ],
)
def test_equal_values_have_one_text(one, other):
    assert canonical(one) == canonical(other)


def test_text_is_json_that_can_be_read_back():
    value = {"list": [REF, SECRET, TEXT, 1.5, None, True], "text": "grün"}
    assert decode(json.loads(canonical(value))) == value


@pytest.mark.parametrize("value", [{1, 2}, {"a": {1}}, [object()]])
def test_what_is_no_value_is_refused(value):
    with pytest.raises(TypeError):
        canonical(value)


def test_everything_unknown_is_found_in_order():
    assert unknowns({"a": [REF, {"b": SECRET}], "c": TEXT, "d": "x"}) == [REF, SECRET, REF]
