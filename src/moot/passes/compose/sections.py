"""Tables of the keys below a service: build, ports, mounts, networks and so on."""

from __future__ import annotations

from moot.passes.compose import ports, short
from moot.passes.compose.node import Node
from moot.passes.compose.record import Key, Listed, Mapped, Record
from moot.passes.compose.shape import (
    Anything,
    Checked,
    File,
    Mode,
    Number,
    Word,
)
from moot.passes.compose.simple import (
    ANY_TEXT,
    FLAG,
    OPTIONS,
    PAIRS,
    SIZE,
    TEXT,
    TEXT_SCHEMA,
    TEXTS,
)
from moot.passes.compose.words import Hosts, Pairs

EXTRA_HOSTS = Hosts()

ULIMITS = Mapped(
    Record(
        "a limit",
        {
            "soft": Key(Number(least=-1), "The limit that a process may raise itself."),
            "hard": Key(Number(least=-1), "The highest value of the soft limit."),
        },
        required=("soft", "hard"),
        short=lambda node, path, scope: (
            None
            if (value := Number(least=-1).read(node, path, scope)) is None
            else short.of(value, {"soft": value.value, "hard": value.value})
        ),
        short_schema=({"type": ["integer", "string"]},),
    ),
    names="[a-z]+",
)


def _file_mount(name: str) -> Listed:
    return Listed(
        Record(
            f"a {name} of the component",
            {
                "source": Key(TEXT, f"The key of the {name} under '{name}s'."),
                "target": Key(TEXT, "Where the file appears in the replica."),
                "uid": Key(Word(numbers=True), "Owner of the file."),
                "gid": Key(Word(numbers=True), "Group of the file."),
                "mode": Key(Mode(), "Permissions of the file, in octal notation."),
            },
            required=("source",),
            short=short.as_key("source"),
            short_schema=TEXT_SCHEMA,
        ),
        identity=lambda node: node.scalar("target") or node.scalar("source"),
        clash="Two files at one target",
    )


CONFIGS = _file_mount("config")
SECRETS = _file_mount("secret")

_BUILDKIT = "The Docker Engine's own builder knows it only with BuildKit; the build runs without."

BUILD = Record(
    "'build'",
    {
        "context": Key(File(remote=True), "Folder or address of the build context."),
        "dockerfile": Key(TEXT, "Path of the Dockerfile, from the context."),
        "dockerfile_inline": Key(TEXT, "The Dockerfile itself."),
        "args": Key(Pairs(inherit=True), "Build arguments."),
        "labels": Key(PAIRS, "Labels of the image."),
        "target": Key(TEXT, "Stage of the Dockerfile to build."),
        "network": Key(TEXT, "Network mode while building."),
        "cache_from": Key(TEXTS, "Images to take layers from."),
        "no_cache": Key(FLAG, "Build without the cache."),
        "pull": Key(FLAG, "Pull the base image even if it is there."),
        "shm_size": Key(SIZE, "Size of /dev/shm while building."),
        "extra_hosts": Key(EXTRA_HOSTS, "Host names while building."),
        "isolation": Key(TEXT, "Isolation of the build containers (Windows)."),
        "tags": Key(TEXTS, "Further names of the image."),
        "platforms": Key(TEXTS, "Platforms to build for; one per build."),
        "ulimits": Key(ULIMITS, "Limits while building."),
        "cache_to": Key(TEXTS, _BUILDKIT, "carried"),
        "additional_contexts": Key(Pairs(), _BUILDKIT, "carried"),
        "secrets": Key(SECRETS, _BUILDKIT, "carried"),
        "ssh": Key(Pairs(), _BUILDKIT, "carried"),
        "entitlements": Key(TEXTS, _BUILDKIT, "carried"),
        "privileged": Key(FLAG, _BUILDKIT, "carried"),
        "provenance": Key(ANY_TEXT, _BUILDKIT, "carried"),
        "sbom": Key(ANY_TEXT, _BUILDKIT, "carried"),
    },
    short=short.as_key("context"),
    short_schema=TEXT_SCHEMA,
)

PORTS = Listed(
    Record(
        "a port",
        {
            "target": Key(Number(least=1, most=65535), "Port the replica listens on."),
            "published": Key(
                Checked(Word(numbers=True), ports.is_published, "a port or a range of ports"),
                "Port on the machine; left out, any free one.",
            ),
            "host_ip": Key(Checked(TEXT, ports.is_address, "an IP address"), "Address to bind."),
            "protocol": Key(Word(choices=ports.PROTOCOLS), "tcp or udp."),
            "app_protocol": Key(TEXT, "What is spoken on it, such as http."),
            "mode": Key(Word(choices=("ingress", "host")), "As in Compose; both are equal here."),
            "name": Key(TEXT, "A name for people to read."),
        },
        required=("target",),
        short_schema=({"type": ["string", "integer"]},),
        ready=ports.finished,
    ),
    expand=ports.expanded,
    identity=ports.identity,
)

VOLUMES = Listed(
    Record(
        "a mount",
        {
            "type": Key(
                Word(choices=("volume", "bind", "tmpfs", "image", "npipe", "cluster")),
                "What is mounted.",
            ),
            "source": Key(TEXT, "Name of the volume, or path on the machine."),
            "target": Key(TEXT, "Where it appears in the replica."),
            "read_only": Key(FLAG, "Whether the replica may only read."),
            "consistency": Key(TEXT, "A hint for Docker Desktop."),
            "bind": Key(
                Record(
                    "'bind'",
                    {
                        "propagation": Key(TEXT, "How mounts below it propagate."),
                        "create_host_path": Key(FLAG, "Make the folder if it is not there."),
                        "recursive": Key(
                            Word(choices=("enabled", "disabled", "writable", "readonly")),
                            "How mounts below it are treated.",
                        ),
                        "selinux": Key(Word(choices=("z", "Z")), "Relabel for SELinux."),
                    },
                ),
                "Details of a bind.",
            ),
            "volume": Key(
                Record(
                    "'volume'",
                    {
                        "nocopy": Key(FLAG, "Do not fill a new volume from the image."),
                        "subpath": Key(TEXT, "Folder inside the volume."),
                        "labels": Key(PAIRS, "Labels of an anonymous volume."),
                    },
                ),
                "Details of a volume.",
            ),
            "tmpfs": Key(
                Record(
                    "'tmpfs'",
                    {
                        "size": Key(SIZE, "Most it may hold."),
                        "mode": Key(Mode(), "Permissions, in octal notation."),
                    },
                ),
                "Details of a tmpfs.",
            ),
            "image": Key(
                Record("'image'", {"subpath": Key(TEXT, "Folder inside the image.")}),
                "Details of an image mount.",
            ),
        },
        required=("type", "target"),
        short=short.volume,
        short_schema=TEXT_SCHEMA,
        ready=short.finished_volume,
    ),
    identity=lambda node: node.scalar("target"),
    clash="Two mounts at one target",
)

DEVICES = Listed(
    Record(
        "a device",
        {
            "source": Key(TEXT, "Device on the machine."),
            "target": Key(TEXT, "Device in the container."),
            "permissions": Key(Word(pattern="[rwm]+", means="some of r, w and m"), "r, w and m."),
        },
        required=("source",),
        short=short.device,
        short_schema=TEXT_SCHEMA,
    ),
    identity=lambda node: node.scalar("target") or node.scalar("source"),
)

NETWORKS = Mapped(
    Record(
        "a network of the component",
        {
            "aliases": Key(TEXTS, "Further names of the component in that network."),
            "ipv4_address": Key(TEXT, "Fixed address; for one replica only."),
            "ipv6_address": Key(TEXT, "Fixed address; for one replica only."),
            "link_local_ips": Key(TEXTS, "Link-local addresses."),
            "mac_address": Key(TEXT, "Hardware address; for one replica only."),
            "driver_opts": Key(OPTIONS, "Options of the network driver."),
            "interface_name": Key(TEXT, "Name of the interface in the container."),
            "priority": Key(Number(), "Order in which networks are joined."),
            "gw_priority": Key(Number(), "Which network gives the default route."),
        },
    ),
    listed=short.nothing,
    empty=True,
)

DEPENDS_ON = Mapped(
    Record(
        "a dependency",
        {
            "condition": Key(
                Word(
                    choices=(
                        "service_started",
                        "service_healthy",
                        "service_completed_successfully",
                    )
                ),
                "What the other component must have reached.",
            ),
            "restart": Key(FLAG, "Restart with the other component."),
            "required": Key(FLAG, "Whether it must be in the App at all."),
        },
        required=("condition",),
        ready=lambda node, path, scope: (
            node
            if node.get("required")
            else node.but({**dict(node.items()), "required": node.but(True, "")})
        ),
    ),
    listed=short.constant(condition="service_started", required=True),
)

ENV_FILES = Listed(
    Record(
        "an environment file",
        {
            "path": Key(File(), "The file."),
            "required": Key(FLAG, "Whether it is an error when the file is missing."),
            "format": Key(Word(choices=("raw",)), "raw: values are taken as they stand."),
        },
        required=("path",),
        short=short.as_key("path"),
        short_schema=TEXT_SCHEMA,
        extensions=False,
    ),
    identity=lambda node: node.scalar("path"),
    single=True,
)

HOOKS = Listed(Anything(dict))

LOGGING = Record(
    "'logging'",
    {
        "driver": Key(TEXT, "Docker's logging driver."),
        "options": Key(OPTIONS, "Options of the driver."),
    },
    kind="driver",
)


def _blkio(value: str) -> Listed:
    def path_of(node: Node) -> object:
        return node.scalar("path")

    keys = {"path": Key(TEXT, "The device."), value: Key(SIZE, f"The {value}.")}
    return Listed(Record("a device limit", keys, required=("path", value)), identity=path_of)


BLKIO = Record(
    "'blkio_config'",
    {
        "weight": Key(Number(least=0, most=1000), "Share of the disk time."),
        "weight_device": Key(_blkio("weight"), "Shares for single devices."),
        "device_read_bps": Key(_blkio("rate"), "Bytes read per second."),
        "device_read_iops": Key(_blkio("rate"), "Reads per second."),
        "device_write_bps": Key(_blkio("rate"), "Bytes written per second."),
        "device_write_iops": Key(_blkio("rate"), "Writes per second."),
    },
)

EXTENDS = Record(
    "'extends'",
    {
        "service": Key(TEXT, "The component to start from."),
        "file": Key(File(), "The file it stands in; this one if left out."),
    },
    required=("service",),
    short=short.as_key("service"),
    short_schema=TEXT_SCHEMA,
    extensions=False,
)
