"""The types of a machine, as the core must know them."""

from __future__ import annotations

from moot.model.value import JSON
from moot.provider import TypeSchema

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
        "logging": _OBJECT,
        "pid": {"type": ["integer", "null"]},
        "address": _TEXT,
        "ports": _OBJECT,
        "restarts": _INTEGER,
        "exit_code": {"type": ["integer", "null"]},
        "enforced": _OBJECT,
        "folder": _TEXT,
    },
    primary_identifier=("folder",),
    read_only=("pid", "address", "ports", "restarts", "exit_code", "enforced", "folder"),
    create_only=(
        "replica",
        "command",
        "environment",
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
    ),
    write_only=("environment", "files"),
    sensitive=("environment", "files"),
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
SCHEMAS = {schema.type: schema for schema in (VOLUME, PROCESS, GATEWAY, BACKEND)}
