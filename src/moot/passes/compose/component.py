"""One component of the App, from its settled canonical form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from moot.model.app import (
    Attachment,
    Component,
    Condition,
    Container,
    Dependency,
    FileMount,
    Mount,
    Port,
    Process,
    anonymous_volume,
)
from moot.model.traffic import Latency, Traffic
from moot.model.units import mebibytes, seconds, size_bytes
from moot.model.value import Ref, Text, Value
from moot.passes.compose.conduct import device_requests, healthcheck, limits, needs, restart, update
from moot.passes.compose.files import Files
from moot.passes.compose.node import Node
from moot.passes.compose.places import places
from moot.passes.compose.ports import first_published

if TYPE_CHECKING:
    from moot.model.recipe import Recipe

CONTAINER_OPTIONS = (
    "annotations", "blkio_config", "cap_add", "cap_drop", "cgroup", "cgroup_parent",
    "container_name", "cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpu_shares",
    "cpuset", "device_cgroup_rules", "devices", "dns", "dns_opt", "dns_search", "domainname",
    "extra_hosts", "group_add", "hostname", "init", "ipc", "isolation", "mac_address",
    "mem_reservation", "mem_swappiness", "memswap_limit", "network_mode", "oom_kill_disable",
    "oom_score_adj", "pid", "privileged", "read_only", "runtime", "security_opt", "shm_size",
    "stdin_open", "storage_opt", "sysctls", "tty", "ulimits", "userns_mode", "uts",
)  # fmt: skip
"""The keys that reach `Container.options` as they are, in canonical form."""

_CONDITIONS: Mapping[str, Condition] = {
    "service_started": "started",
    "service_healthy": "healthy",
    "service_completed_successfully": "completed",
}


class Resolver(Protocol):
    """Turns values with `${moot:...}` inside into such with real Refs; only variables may hold
    Secrets.
    """

    def value(self, node: Node) -> Value: ...
    def variable(self, node: Node) -> Value: ...


def component(
    name: str, node: Node, files: Files, sections: Mapping[str, Node | None], resolver: Resolver
) -> Component:
    """The component `name`; `sections` are the declared configs and secrets, by those words."""
    environment = _environment(node, resolver)
    mounts, bound = _mounts(name, node, files)
    moot = node.get("x-moot") or node.but({})
    process = _process(moot, environment, resolver)
    given = [
        mount
        for section in ("configs", "secrets")
        for mount in files.mounts(section, node, sections.get(section))
    ]
    return Component(
        name=name,
        replicas=replicas(node),
        container=_container(node),
        process=process,
        isolation=moot.scalar("isolation"),
        needs=needs(node),
        limits=limits(node),
        environment=environment,
        ports=_ports(node),
        expose=_expose(node),
        mounts=mounts,
        files=(*given, *bound),
        healthcheck=healthcheck(node),
        depends_on=_depends_on(node),
        networks=_networks(node),
        restart=restart(node),
        update=update(node),
        stop_signal=node.scalar("stop_signal") or "SIGTERM",
        stop_grace_s=seconds(node.scalar("stop_grace_period") or "10s"),
        user=node.scalar("user"),
        working_dir=node.scalar("working_dir"),
        labels=node.scalar("labels") or {},
        logging=node.scalar("logging") or {},
        retry=bool(moot.scalar("retry")),
        quorum=moot.scalar("quorum") or 1,
        near=tuple(moot.scalar("near") or ()),
        apart=tuple(moot.scalar("apart") or ()),
        latency=tuple(Latency.of(to, most.scalar()) for to, most in moot.items("latency")),
        traffic=tuple(Traffic.of(to, sent.scalar()) for to, sent in moot.items("traffic")),
        segmentation_required=moot.scalar("segmentation") == "required",
        spot=moot.scalar("spot"),
        recipe=_recipe(moot.get("recipe"), files, resolver),
        place=node.key_place,
        places=places(node),
    )


def replicas(node: Node) -> int:
    """How many replicas a settled service asks for."""
    stated = node.scalar("deploy", "replicas")
    stated = node.scalar("scale") if stated is None else stated
    return 1 if stated is None else stated


def _environment(node: Node, resolver: Resolver) -> dict[str, Value]:
    pairs = node.items("environment")
    return {key: resolver.variable(child) for key, child in pairs if child.value is not None}


def _process(moot: Node, environment: dict[str, Value], resolver: Resolver) -> Process | None:
    """A Ref in the command becomes a variable, since only the environment may hold one."""
    process = moot.get("process")
    command = process.get("command") if process else None
    if process is None or command is None:
        return None
    words: list[str] = []
    for word in command.elements():
        value = word.value
        if isinstance(value, Ref | Text):
            parts = value.parts if isinstance(value, Text) else (value,)
            words.append("".join(_as_variable(part, word, environment, resolver) for part in parts))
        else:
            words.append(str(value))
    return Process(
        command=tuple(words),
        working_dir=process.scalar("working_dir"),
        fixed_port=process.scalar("port") == "fixed",
    )


def _as_variable(part: Any, word: Node, environment: dict[str, Value], resolver: Resolver) -> str:
    if not isinstance(part, Ref):
        return str(part)
    name = "MOOT_" + re.sub(r"[^A-Za-z0-9]", "_", f"{part.address}_{part.attribute}").upper()
    environment.setdefault(name, resolver.value(word.but(part)))
    return f"${{{name}}}"


def _recipe(node: Node | None, files: Files, resolver: Resolver) -> Recipe | None:
    if node is None:
        return None
    from moot.passes.compose.recipe import recipe  # few components have one

    return recipe(node, files, resolver.variable)


def _container(node: Node) -> Container | None:
    image, build = node.scalar("image"), node.scalar("build")
    if image is None and build is None:
        return None
    options = {key: node.scalar(key) for key in CONTAINER_OPTIONS if node.get(key) is not None}
    requests = device_requests(node)
    if requests:
        options["gpus"] = requests
    check: Mapping[str, Any] = node.scalar("healthcheck") or {}
    if check.get("disable") or check.get("test", [""])[:1] == ["NONE"]:
        options["healthcheck"] = {"test": ["NONE"]}
    elif check and "test" not in check:
        options["healthcheck"] = check
    entrypoint, command = node.scalar("entrypoint"), node.scalar("command")
    return Container(
        image=image,
        build=build,
        pull_policy=node.scalar("pull_policy"),
        platform=node.scalar("platform"),
        entrypoint=None if entrypoint is None else tuple(entrypoint),
        command=None if command is None else tuple(command),
        options=options,
    )


def _ports(node: Node) -> tuple[Port, ...]:
    return tuple(
        Port(
            target=entry.scalar("target"),
            published=first_published(entry.scalar("published") or "") or None,
            address=entry.scalar("host_ip") or "0.0.0.0",  # noqa: S104 - Compose's default
            protocol=entry.scalar("protocol"),
            app_protocol=entry.scalar("app_protocol"),
            place=entry.place,
        )
        for entry in node.elements("ports")
    )


def _expose(node: Node) -> tuple[int, ...]:
    found: list[int] = []
    for entry in node.elements("expose"):
        first, _, last = str(entry.value).partition("/")[0].partition("-")
        found += range(int(first), int(last or first) + 1)
    return tuple(dict.fromkeys(found))


def _mounts(name: str, node: Node, files: Files) -> tuple[tuple[Mount, ...], list[FileMount]]:
    made: list[Mount] = []
    bound: list[FileMount] = []
    for entry in node.elements("volumes"):
        kind, target = entry.scalar("type"), entry.scalar("target")
        unnamed = anonymous_volume(name, target) if kind == "volume" else ""
        source = entry.scalar("source") or unnamed
        read_only = entry.scalar("read_only") is True
        travels = files.bind(source, target) if kind == "bind" and read_only else None
        if travels is not None:
            bound += travels
            continue
        options: dict[str, Any] = dict(entry.scalar(kind) or {})
        size = options.pop("size", None) if kind == "tmpfs" else None
        made.append(
            Mount(
                kind=kind,
                target=target,
                source="" if kind == "tmpfs" else source,
                read_only=read_only,
                size_mib=mebibytes(int(size)) if size else None,
                options=options,
            )
        )
    made += [_tmpfs(str(entry.value)) for entry in node.elements("tmpfs")]
    return tuple(made), bound


def _tmpfs(text: str) -> Mount:
    target, _, rest = text.partition(":")
    options: dict[str, Any] = {}
    for part in filter(None, rest.split(",")):
        key, _, value = part.partition("=")
        options[key] = value
    size: str | None = options.pop("size", None)
    try:
        size_mib = mebibytes(size_bytes(size)) if size else None
    except ValueError:
        size_mib = None
        options["size"] = size
    return Mount(kind="tmpfs", target=target, size_mib=size_mib, options=options)


def _depends_on(node: Node) -> tuple[Dependency, ...]:
    return tuple(
        Dependency(
            component=target,
            condition=_CONDITIONS[how.scalar("condition")],
            restart=how.scalar("restart") is True,
            required=how.scalar("required") is not False,
        )
        for target, how in node.items("depends_on")
    )


def _networks(node: Node) -> tuple[Attachment, ...]:
    made: list[Attachment] = []
    for network, how in node.items("networks"):
        options: dict[str, Any] = dict(how.plain() or {})
        aliases = tuple(options.pop("aliases", ()))
        made.append(Attachment(network=network, aliases=aliases, options=options))
    return tuple(made)
