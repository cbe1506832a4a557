"""The types of a fake venue, as the core must know them."""

from __future__ import annotations

from dataclasses import replace

from moot.model.value import JSON
from moot.provider import CreateClass, TypeSchema

TEXT: JSON = {"type": "string"}
OBJECT: JSON = {"type": "object"}
LIST: JSON = {"type": "array"}

NETWORK = TypeSchema(
    type="fake.network",
    properties={"internal": {"type": "boolean"}, "options": OBJECT, "id": TEXT, "name": TEXT},
    primary_identifier=("id",),
    read_only=("id", "name"),
    create_only=("internal",),
)
VOLUME = TypeSchema(
    type="fake.volume",
    properties={"options": OBJECT, "id": TEXT, "name": TEXT},
    primary_identifier=("id",),
    read_only=("id", "name"),
    keeps_data=True,
)
PROCESS = TypeSchema(
    type="fake.process",
    properties={
        "replica": TEXT,
        "runs_as": {"enum": ["process", "container"]},
        "offering": TEXT,
        "image": {"type": ["string", "null"]},
        "command": LIST,
        "environment": OBJECT,
        "files": LIST,
        "healthcheck": LIST,
        "networks": LIST,
        "mounts": LIST,
        "listens": {"type": "array", "items": {"type": "integer"}},
        "fixed_ports": {"type": "boolean"},
        "publish": LIST,
        "limits": OBJECT,
        "labels": OBJECT,
        "id": TEXT,
        "name": TEXT,
        "address": TEXT,
        "ports": OBJECT,
    },
    primary_identifier=("id",),
    read_only=("id", "name", "address", "ports"),
    create_only=(
        "replica",
        "runs_as",
        "offering",
        "image",
        "command",
        "environment",
        "files",
        "healthcheck",
        "networks",
        "mounts",
        "listens",
        "fixed_ports",
        "publish",
    ),
    # A venue shows neither to anyone who merely may list things.
    write_only=("environment", "files"),
    sensitive=("environment", "files"),
)
GATEWAY = TypeSchema(
    type="fake.gateway",
    properties={"listeners": LIST, "networks": LIST, "id": TEXT, "name": TEXT},
    primary_identifier=("id",),
    read_only=("id", "name"),
)
BACKEND = TypeSchema(
    type="fake.backend",
    properties={
        "gateway": TEXT,
        "listener": TEXT,
        "process": TEXT,
        "address": TEXT,
        "port": {"type": "integer"},
        "id": TEXT,
        "name": TEXT,
    },
    primary_identifier=("id",),
    read_only=("id", "name"),
    # Never bent to another process: the old one is drained by being deleted.
    create_only=("gateway", "listener", "process", "address", "port"),
)
# There is nothing to it: what an apply costs by itself is measured with these.
NOTHING = TypeSchema(
    type="fake.nothing",
    properties={"input": {}, "id": TEXT, "name": TEXT},
    primary_identifier=("id",),
    read_only=("id", "name"),
)
TYPES = (NETWORK, VOLUME, PROCESS, GATEWAY, BACKEND, NOTHING)


def schemas(create_class: CreateClass, settles_within_s: float = 0.0) -> dict[str, TypeSchema]:
    """All types by name, created the way this venue is set to imitate."""
    return {
        schema.type: replace(schema, create_class=create_class, settles_within_s=settles_within_s)
        for schema in TYPES
    }
