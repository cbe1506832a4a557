"""Seal: what is sensitive leaves as a keyed digest, and nothing else changes."""

from __future__ import annotations

import pytest

from moot.engine.seal import Seal
from moot.model.value import Ref, Secret, Text

PATHS = {"t": ("env", "files.*.content", "nested.deep")}
SEAL = Seal(b"key", lambda type: PATHS.get(type, ()))


def digest(value):
    return SEAL.leaves(value)


@pytest.mark.parametrize(
    ("given", "sealed"),
    [
        ({"plain": "x"}, {"plain": "x"}),
        ({"env": {"A": "x", "N": 1}}, {"env": {"A": digest("x"), "N": digest(1)}}),
        ({"env": ["x", None]}, {"env": [digest("x"), None]}),
        ({"env": {}}, {"env": {}}),
        (
            {"files": [{"target": "/a", "content": "x"}]},
            {"files": [{"target": "/a", "content": digest("x")}]},
        ),
        (
            {"nested": {"deep": {"a": "x"}, "flat": "y"}},
            {"nested": {"deep": {"a": digest("x")}, "flat": "y"}},
        ),
        ({"env": {"A": Secret("p", "1")}}, {"env": {"A": Secret("p", "1")}}),
        ({"env": {"A": Ref("x", "id")}}, {"env": {"A": Ref("x", "id")}}),
        ({"env": Text(("a", Ref("x", "id")))}, {"env": Text(("a", Ref("x", "id")))}),
    ],
)
def test_leaves_of_sensitive_paths_are_digests(given, sealed):
    assert SEAL("t", given) == sealed
    assert SEAL("t", SEAL("t", given)) == sealed, "sealing twice is sealing once"
    assert SEAL("unknown", given) == given


def test_equal_values_give_equal_digests_under_one_key_only():
    assert digest("x") == digest("x")
    assert digest("x") != digest("y")
    assert digest("1") != digest(1)
    assert digest("x") != Seal(b"other", lambda type: ()).leaves("x")


def test_a_text_with_a_secret_is_hidden_and_tells_when_its_version_changes():
    one, two = (Text(("pw=", Secret("p", version))) for version in "12")
    assert list(digest(one)) == ["$digest"]
    assert digest(one) != digest(two)


def test_what_was_given_is_left_as_it_was():
    given = {"env": {"A": "x"}}
    SEAL("t", given)
    assert given == {"env": {"A": "x"}}
