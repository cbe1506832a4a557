"""What the core must know of each type the Docker provider has."""

from __future__ import annotations

from moot.provider import TypeSchema

_TEXT = {"type": "string"}
_MAP = {"type": "object"}
_LIST = {"type": "array"}
_FLAG = {"type": "boolean"}
_NUMBER = {"type": "number"}

NETWORK = TypeSchema(
    type="docker.network",
    properties={
        "name": _TEXT,
        "driver": _TEXT,
        "driver_opts": _MAP,
        "ipam": _MAP,
        "internal": _FLAG,
        "attachable": _FLAG,
        "enable_ipv6": _FLAG,
        "labels": _MAP,
    },
    primary_identifier=("id",),
    read_only=("id", "subnets"),
    create_only=(
        "name",
        "driver",
        "driver_opts",
        "ipam",
        "internal",
        "attachable",
        "enable_ipv6",
        "labels",
    ),
)

VOLUME = TypeSchema(
    type="docker.volume",
    properties={"name": _TEXT, "driver": _TEXT, "driver_opts": _MAP, "labels": _MAP},
    primary_identifier=("name",),
    read_only=("id", "mountpoint"),
    create_only=("name", "driver", "driver_opts", "labels"),
    keeps_data=True,
)

IMAGE = TypeSchema(
    type="docker.image",
    properties={
        "reference": _TEXT,
        "platform": _TEXT,
        "pull_policy": _TEXT,
        "build": _MAP,
        "current": _FLAG,
    },
    primary_identifier=("id",),
    read_only=("id", "size_mib"),
    create_only=("reference", "platform", "build", "current"),
)

CONTAINER = TypeSchema(
    type="docker.container",
    properties={
        "base_name": _TEXT,
        "image": _TEXT,
        "reference": _TEXT,
        "networks": _MAP,
        "network_ids": _LIST,
        "publish": _LIST,
        "files": _LIST,
        "secrets": _LIST,
        "limits": _MAP,
        "restart": _MAP,
        "environment": _MAP,
        "labels": _MAP,
        "mounts": _LIST,
        "options": _MAP,
    },
    primary_identifier=("id",),
    read_only=("id", "name", "addresses", "ports"),
    create_only=(
        "base_name",
        "fixed_name",
        "image",
        "reference",
        "platform",
        "entrypoint",
        "command",
        "user",
        "working_dir",
        "stop_signal",
        "stop_grace_s",
        "healthcheck",
        "targets",
        "networks",
        "network_ids",
        "publish",
        "host_aliases",
        "restarts_with",
        "files",
        "secrets",
        "environment",
        "labels",
        "mounts",
        "options",
    ),
    write_only=("files", "secrets", "environment"),
    sensitive=("environment", "secrets.*.content"),
)

GATEWAY = TypeSchema(
    type="docker.gateway",
    properties={
        "base_name": _TEXT,
        "image": _TEXT,
        "publish": _LIST,
        "listeners": _LIST,
        "networks": _MAP,
        "network_ids": _LIST,
    },
    primary_identifier=("id",),
    read_only=("id", "name", "addresses", "ports"),
    create_only=("base_name", "image", "publish"),
)

BACKEND = TypeSchema(
    type="docker.backend",
    properties={
        "gateway": _TEXT,
        "container": _TEXT,
        "listener": _TEXT,
        "port": _NUMBER,
        "drain_s": _NUMBER,
    },
    primary_identifier=("id",),
    read_only=("id",),
    create_only=("gateway", "container", "listener", "port"),
)

SCHEMAS = {s.type: s for s in (NETWORK, VOLUME, IMAGE, CONTAINER, GATEWAY, BACKEND)}
