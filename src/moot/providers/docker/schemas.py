"""What the core must know of each type the Docker provider has."""

from __future__ import annotations

from moot.model.value import JSON
from moot.provider import TypeSchema
from moot.providers.docker.swarm.schemas import SCHEMAS as SWARM

_TEXT: JSON = {"type": "string"}
_MAP: JSON = {"type": "object"}
_LIST: JSON = {"type": "array"}
_FLAG: JSON = {"type": "boolean"}
_NUMBER: JSON = {"type": "number"}

_NETWORK: dict[str, JSON] = {
    "name": _TEXT,
    "driver": _TEXT,
    "driver_opts": _MAP,
    "ipam": _MAP,
    "internal": _FLAG,
    "attachable": _FLAG,
    "enable_ipv4": _FLAG,
    "enable_ipv6": _FLAG,
    "labels": _MAP,
}
_VOLUME: dict[str, JSON] = {"name": _TEXT, "driver": _TEXT, "driver_opts": _MAP, "labels": _MAP}
_CONTAINER: dict[str, JSON] = {
    "base_name": _TEXT,
    "fixed_name": _TEXT,
    "image": _TEXT,
    "reference": _TEXT,
    "platform": _TEXT,
    "entrypoint": _LIST,
    "command": _LIST,
    "user": _TEXT,
    "working_dir": _TEXT,
    "stop_signal": _TEXT,
    "stop_grace_s": _NUMBER,
    "healthcheck": _MAP,
    "targets": _LIST,
    "networks": _MAP,
    "network_ids": _LIST,
    "publish": _LIST,
    "host_aliases": _LIST,
    "restarts_with": _LIST,
    "files": _LIST,
    "secrets": _LIST,
    "environment": _MAP,
    "labels": _MAP,
    "mounts": _LIST,
    "options": _MAP,
}
_GATEWAY: dict[str, JSON] = {"base_name": _TEXT, "image": _TEXT, "publish": _LIST}
_RUNNING: dict[str, JSON] = {"id": _TEXT, "name": _TEXT, "addresses": _MAP, "ports": _MAP}
_BACKEND: dict[str, JSON] = {
    "gateway": _TEXT,
    "container": _TEXT,
    "listener": _TEXT,
    "port": _NUMBER,
}

# A request whose client died goes on in the Engine; it is through long before this.
_SETTLES_WITHIN_S = 5.0

NETWORK = TypeSchema(
    type="docker.network",
    properties={**_NETWORK, "id": _TEXT, "subnets": _LIST},
    primary_identifier=("id",),
    settles_within_s=_SETTLES_WITHIN_S,
    read_only=("id", "subnets"),
    create_only=tuple(_NETWORK),
)

VOLUME = TypeSchema(
    type="docker.volume",
    properties={**_VOLUME, "id": _TEXT, "mountpoint": _TEXT},
    primary_identifier=("id",),
    settles_within_s=_SETTLES_WITHIN_S,
    read_only=("id", "mountpoint"),
    create_only=tuple(_VOLUME),
    keeps_data=True,
)

IMAGE = TypeSchema(
    type="docker.image",
    properties={
        "reference": _TEXT,
        "platform": _TEXT,
        "build": _MAP,
        "current": _FLAG,
        "pull_policy": _TEXT,
        "id": _TEXT,
    },
    primary_identifier=("id",),
    read_only=("id",),
    create_only=("reference", "platform", "build", "current"),
)

CONTAINER = TypeSchema(
    type="docker.container",
    properties={**_CONTAINER, **_RUNNING, "limits": _MAP, "restart": _MAP, "names": _MAP},
    primary_identifier=("id",),
    settles_within_s=_SETTLES_WITHIN_S,
    read_only=tuple(_RUNNING),
    create_only=tuple(_CONTAINER),
    write_only=("files", "secrets", "environment"),
    sensitive=("environment", "secrets.*.content"),
)

GATEWAY = TypeSchema(
    type="docker.gateway",
    properties={
        **_GATEWAY,
        **_RUNNING,
        "listeners": _LIST,
        "networks": _MAP,
        "network_ids": _LIST,
    },
    primary_identifier=("id",),
    settles_within_s=_SETTLES_WITHIN_S,
    read_only=tuple(_RUNNING),
    create_only=tuple(_GATEWAY),
)

BACKEND = TypeSchema(
    type="docker.backend",
    properties={**_BACKEND, "drain_s": _NUMBER, "id": _TEXT, "address": _TEXT},
    primary_identifier=("id",),
    read_only=("id", "address"),
    create_only=tuple(_BACKEND),
)

SCHEMAS = {s.type: s for s in (NETWORK, VOLUME, IMAGE, CONTAINER, GATEWAY, BACKEND)} | SWARM
