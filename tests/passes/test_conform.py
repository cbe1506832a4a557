"""What of a value does not fit a schema, and where that is."""

import pytest

from moot.passes.conform import conform

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "code": {"type": "string", "minLength": 3},
        "key": {"type": "string", "pattern": "^SHA256:"},
        "count": {"type": "integer", "minimum": 0, "maximum": 9},
        "price": {"type": ["number", "null"], "exclusiveMinimum": 0},
        "how": {"enum": ["fast", "safe"]},
        "here": {"const": True},
        "rooms": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"type": "string"}},
            },
        },
        "swarm": {
            "anyOf": [
                {"type": "boolean"},
                {"type": "object", "properties": {"mesh": {"type": "boolean"}}},
            ]
        },
        "any": {"minimum": 3},
    },
}


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"name": "a", "code": "abc", "key": "SHA256:x", "count": 9, "price": None, "how": "fast"},
        {"price": 0.5, "here": True, "rooms": [{"name": "a", "more": 1}], "any": "text"},
        {"swarm": True},
        {"swarm": {"mesh": False}},
    ],
)
def test_what_fits_has_no_misfit(value):
    assert list(conform(value, SCHEMA, "lab")) == []


@pytest.mark.parametrize(
    ("value", "path", "problem"),
    [
        ([], (), "lab must be a mapping"),
        ({"colour": 1}, ("colour",), "lab has no setting colour"),
        ({"name": 7}, ("name",), "lab: name must be a text"),
        ({"name": ""}, ("name",), "lab: name must not be empty"),
        ({"code": "a"}, ("code",), "lab: code must have 3 characters or more"),
        ({"key": "MD5:x"}, ("key",), "lab: key must match ^SHA256:"),
        ({"count": 1.5}, ("count",), "lab: count must be a whole number"),
        ({"count": True}, ("count",), "lab: count must be a whole number"),
        ({"count": -1}, ("count",), "lab: count must be at least 0"),
        ({"count": 10}, ("count",), "lab: count must be at most 9"),
        ({"price": 0}, ("price",), "lab: price must be more than 0"),
        ({"price": "dear"}, ("price",), "lab: price must be a number or null"),
        ({"price": float("inf")}, ("price",), "lab: price must be a number or null"),
        ({"how": "slow"}, ("how",), "lab: how must be one of fast, safe"),
        ({"here": 1}, ("here",), "lab: here must be true"),
        ({"rooms": {}}, ("rooms",), "lab: rooms must be a list"),
        ({"rooms": [{"name": "a"}, {}]}, ("rooms", 1), "lab: rooms[1] lacks name"),
        ({"rooms": [{"name": 1}]}, ("rooms", 0, "name"), "lab: rooms[0].name must be a text"),
        ({"swarm": 3}, ("swarm",), "lab: swarm must be true or false or a mapping"),
        ({"swarm": {"mesh": 1}}, ("swarm", "mesh"), "lab: swarm.mesh must be true or false"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(value, path, problem):
    (misfit,) = conform(value, SCHEMA, "lab")
    assert (misfit.path, misfit.problem) == (path, problem)


def test_everything_is_told_at_once():
    assert len(list(conform({"name": 1, "count": -1, "colour": "red"}, SCHEMA, "lab"))) == 3


def test_what_is_not_known_tells_what_is():
    (misfit,) = conform({"nmae": "x"}, SCHEMA, "lab")
    assert "name" in misfit.known
