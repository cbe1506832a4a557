"""What the core must know of the types that only a swarm has."""

from __future__ import annotations

from moot.model.value import JSON
from moot.provider import TypeSchema

_TEXT: JSON = {"type": "string"}
_MAP: JSON = {"type": "object"}
_LIST: JSON = {"type": "array"}
_FLAG: JSON = {"type": "boolean"}
_NUMBER: JSON = {"type": "number"}

_FILE: dict[str, JSON] = {"base_name": _TEXT, "content": _TEXT, "encoding": _TEXT}
_NAMED: dict[str, JSON] = {"id": _TEXT, "name": _TEXT}
_SLOT: dict[str, JSON] = {"service": _TEXT, "base_name": _TEXT}
_TASK: dict[str, JSON] = {"id": _TEXT, "name": _TEXT, "node": _TEXT, "container": _TEXT}

# A request whose client died goes on at the managers; it is through long before this.
_SETTLES_WITHIN_S = 5.0

CONFIG = TypeSchema(
    type="docker.config",
    properties={**_FILE, **_NAMED},
    primary_identifier=("id",),
    settles_within_s=_SETTLES_WITHIN_S,
    read_only=tuple(_NAMED),
    create_only=tuple(_FILE),
    write_only=("content", "encoding"),
)

SECRET = TypeSchema(
    type="docker.secret",
    properties={**_FILE, **_NAMED},
    primary_identifier=("id",),
    settles_within_s=_SETTLES_WITHIN_S,
    read_only=tuple(_NAMED),
    create_only=tuple(_FILE),
    write_only=("content", "encoding"),
    sensitive=("content",),
)

SERVICE = TypeSchema(
    type="docker.service",
    properties={
        **_NAMED,
        "base_name": _TEXT,
        "image": _TEXT,
        "entrypoint": _LIST,
        "command": _LIST,
        "environment": _MAP,
        "user": _TEXT,
        "working_dir": _TEXT,
        "stop_signal": _TEXT,
        "stop_grace_s": _NUMBER,
        "healthcheck": _MAP,
        "limits": _MAP,
        "reserved": _MAP,
        "restart": _MAP,
        "update": _MAP,
        "mounts": _LIST,
        "files": _LIST,
        "secrets": _LIST,
        "labels": _MAP,
        "options": _MAP,
        "networks": _LIST,
        "publish": _LIST,
        "mesh": _FLAG,
        "pinned": _FLAG,
        "everywhere": _FLAG,
        "constraints": _LIST,
        "current": _FLAG,
    },
    primary_identifier=("id",),
    settles_within_s=_SETTLES_WITHIN_S,
    read_only=tuple(_NAMED),
    create_only=("base_name",),
    write_only=("environment",),
    sensitive=("environment",),
)

TASK = TypeSchema(
    type="docker.task",
    properties={**_SLOT, **_TASK},
    primary_identifier=("id",),
    settles_within_s=_SETTLES_WITHIN_S,
    read_only=tuple(_TASK),
    create_only=tuple(_SLOT),
)

SCHEMAS = {schema.type: schema for schema in (CONFIG, SECRET, SERVICE, TASK)}
