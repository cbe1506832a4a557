"""The types of a machine, as the core must know them."""

from __future__ import annotations

from moot.model.value import JSON
from moot.provider import TypeSchema
from moot.providers.host.recipes.schemas import RECIPE_SCHEMAS

_TEXT: JSON = {"type": "string"}
_NUMBER: JSON = {"type": "number"}
_INTEGER: JSON = {"type": "integer"}
_OBJECT: JSON = {"type": "object"}
_LIST: JSON = {"type": "array"}
_TEXTS: JSON = {"type": "array", "items": {"type": "string"}}
_OPTIONAL_TEXT: JSON = {"type": ["string", "null"]}

VOLUME = TypeSchema(
    type="host.volume",
    properties={"name": _TEXT, "path": _TEXT},
    primary_identifier=("path",),
    read_only=("path",),
    create_only=("name",),
    keeps_data=True,
)
# Applied without a restart; everything else a process is told once, when it starts.
AMENDABLE = ("restart", "stop_signal", "stop_grace_s", "logging")
PROCESS = TypeSchema(
    type="host.process",
    properties={
        "replica": _TEXT,
        "command": _TEXTS,
        "environment": _OBJECT,
        "secret_variables": _TEXTS,
        "working_dir": _TEXT,
        "user": _OPTIONAL_TEXT,
        "targets": {"type": "array", "items": _INTEGER},
        "fixed": _OBJECT,
        "tell_ports": {"type": "boolean"},
        "files": _LIST,
        "volumes": _OBJECT,
        "scratch": _TEXTS,
        "healthcheck": {"type": ["object", "null"]},
        "restart": _OBJECT,
        "stop_signal": {"type": ["string", "integer"]},
        "stop_grace_s": _NUMBER,
        "limits": _OBJECT,
        "recipe": _LIST,
        "logging": _OBJECT,
        "pid": {"type": ["integer", "null"]},
        "address": _TEXT,
        "ports": _OBJECT,
        "restarts": _INTEGER,
        "exit_code": {"type": ["integer", "null"]},
        "enforced": _OBJECT,
        "secrets_in": {"enum": ["memory", "disk", None]},
        "folder": _TEXT,
    },
    primary_identifier=("folder",),
    read_only=(
        "pid",
        "address",
        "ports",
        "restarts",
        "exit_code",
        "enforced",
        "secrets_in",
        "folder",
    ),
    create_only=(
        "replica",
        "command",
        "environment",
        "secret_variables",
        "working_dir",
        "user",
        "targets",
        "fixed",
        "tell_ports",
        "files",
        "volumes",
        "scratch",
        "healthcheck",
        "limits",
        "recipe",
    ),
    write_only=("environment", "files"),
    sensitive=("environment", "files"),
)
IMAGE = TypeSchema(
    type="host.image",
    properties={
        "reference": _TEXT,
        "platform": _TEXT,
        "build": _OBJECT,
        "pull_policy": _TEXT,
        "current": {"type": "boolean"},
        "id": _TEXT,
    },
    primary_identifier=("id",),
    read_only=("id",),
    create_only=("reference", "platform", "build", "current"),
)
_CONTAINER: dict[str, JSON] = {
    "replica": _TEXT,
    "image": _TEXT,
    "reference": _TEXT,
    "platform": _TEXT,
    "entrypoint": _TEXTS,
    "command": _TEXTS,
    "environment": _OBJECT,
    "user": _TEXT,
    "working_dir": _TEXT,
    "stop_signal": _TEXT,
    "healthcheck": _OBJECT,
    "limits": _OBJECT,
    "targets": {"type": "array", "items": _INTEGER},
    "mounts": _LIST,
    "files": _LIST,
    "secrets": _LIST,
    "labels": _OBJECT,
    "options": _OBJECT,
    "networks": _OBJECT,
    "publish": _LIST,
    "host_aliases": _TEXTS,
    "recipe": _LIST,
}
_RUNNING: dict[str, JSON] = {
    "id": _TEXT,
    "name": _TEXT,
    "address": _TEXT,
    "ports": _OBJECT,
    "restarts": _INTEGER,
    "folder": _TEXT,
}
CONTAINER = TypeSchema(
    type="host.container",
    properties={**_CONTAINER, **_RUNNING, "restart": _OBJECT, "stop_grace_s": _NUMBER},
    primary_identifier=("folder",),
    read_only=tuple(_RUNNING),
    create_only=tuple(_CONTAINER),
    write_only=("environment", "files", "secrets"),
    sensitive=("environment", "secrets"),
)
GATEWAY = TypeSchema(
    type="host.gateway",
    properties={
        "listeners": _LIST,
        "folder": _TEXT,
        "pid": {"type": ["integer", "null"]},
        "restarts": _INTEGER,
    },
    primary_identifier=("folder",),
    read_only=("folder", "pid", "restarts"),
)
BACKEND = TypeSchema(
    type="host.backend",
    properties={
        "gateway": _TEXT,
        "listener": _TEXT,
        "server": _TEXT,
        "address": _TEXT,
        "port": _INTEGER,
        "drain_s": _NUMBER,
    },
    primary_identifier=("gateway", "listener", "server"),
    # Never bent to another process: the old one is drained by being deleted.
    create_only=("gateway", "listener", "server", "address", "port"),
)
SCHEMAS = {
    schema.type: schema
    for schema in (VOLUME, PROCESS, IMAGE, CONTAINER, GATEWAY, BACKEND, *RECIPE_SCHEMAS)
}
