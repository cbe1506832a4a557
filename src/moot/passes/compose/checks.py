"""What must hold within one component."""

from __future__ import annotations

from moot.passes.compose.component import replicas
from moot.passes.compose.node import Node
from moot.passes.compose.reports import Reports

_MODES = {
    "ipc": ("none", "host", "private", "shareable", ""),
    "pid": ("host",),
    "uts": ("host",),
    "network_mode": ("host", "none", "bridge"),
}
_ONE_ONLY = ("ipv4_address", "ipv6_address", "mac_address")


def check_component(name: str, node: Node, reports: Reports) -> None:
    """Report what contradicts itself inside the component `name`."""
    for rule in (
        _is_runnable, _replicas, _quorum, _amounts, _needs, _one_only, _namespaces, _mounts, _build,
        _devices, _process,
    ):  # fmt: skip
        rule(name, node, reports)


def _is_runnable(name: str, node: Node, reports: Reports) -> None:
    moot = node.get("x-moot")
    runs = node.mentions("image", "build", "provider", "extends")
    if not runs and not (moot and moot.mentions("process")):
        reports.error(
            "Nothing to run",
            f"{name} has neither 'image' nor 'build' nor 'x-moot.process'.",
            "Say what runs: an image, a build or a process.",
            node.key_place,
        )


def _replicas(name: str, node: Node, reports: Reports) -> None:
    scale, stated = node.get("scale"), node.get("deploy", "replicas")
    if scale and stated and scale.value != stated.value:
        _differ(name, "scale", "deploy.replicas", scale, reports)


def _quorum(name: str, node: Node, reports: Reports) -> None:
    """No more replicas can have to be up than there are; none at all is a component put aside."""
    stated = node.get("x-moot", "quorum")
    quorum: int = node.scalar("x-moot", "quorum") or 1
    has = replicas(node)
    if stated and 0 < has < quorum:
        reports.error(
            "Impossible quorum",
            f"{name} has {has} replica{'s' * (has > 1)}, and {quorum} must be up.",
            "Raise 'deploy.replicas' or lower the quorum.",
            stated.key_place,
        )


def _amounts(name: str, node: Node, reports: Reports) -> None:
    """The older and the newer key for one amount must agree."""
    for older, section, newer in (
        ("cpus", "limits", "cpus"),
        ("mem_limit", "limits", "memory"),
        ("pids_limit", "limits", "pids"),
        ("mem_reservation", "reservations", "memory"),
    ):
        one, other = node.get(older), node.get("deploy", "resources", section, newer)
        if one and other and float(one.plain()) != float(other.plain()):
            _differ(name, older, f"deploy.resources.{section}.{newer}", one, reports)


def _differ(name: str, one: str, other: str, node: Node, reports: Reports) -> None:
    _contradiction(f"{name} has {one!r} and {other!r} with different values.", node, reports)


def _contradiction(detail: str, node: Node, reports: Reports) -> None:
    reports.error("Contradiction", detail, "Keep one of the two.", node.key_place)


def _needs(name: str, node: Node, reports: Reports) -> None:
    """What is reserved must fit into the limit."""
    for key, older, older_reservation in (
        ("cpus", "cpus", ""),
        ("memory", "mem_limit", "mem_reservation"),
    ):
        most = node.get("deploy", "resources", "limits", key) or node.get(older)
        least = node.get("deploy", "resources", "reservations", key)
        least = least or (node.get(older_reservation) if older_reservation else None)
        if most and least and 0 < float(most.plain()) < float(least.plain()):
            reports.error(
                "Impossible need",
                f"{name} must get more {key} than it may take ({least.plain()} of {most.plain()}).",
                "Raise the limit or lower the reservation.",
                least.key_place,
            )


def _one_only(name: str, node: Node, reports: Reports) -> None:
    """What can exist once only does not go with several replicas."""
    if replicas(node) < 2:
        return
    found = [found] if (found := node.get("container_name") or node.get("mac_address")) else []
    for _, network in node.items("networks"):
        found += [child for key in _ONE_ONLY if (child := network.get(key))]
    for child in found:
        reports.error(
            "Contradiction",
            f"{name} has {replicas(node)} replicas, and {child.plain()!r} can be given to one.",
            "Remove it, or run one replica.",
            child.key_place,
        )


def _namespaces(name: str, node: Node, reports: Reports) -> None:
    for key, modes in _MODES.items():
        child = node.get(key)
        shared = child is not None and key != "uts" and str(child.value).startswith("service:")
        if child is not None and not shared and child.value not in modes:
            reports.error(
                "Not supported",
                f"{name}.{key} is {child.value!r}, which no venue here can give.",
                f"Use one of: {', '.join(filter(None, modes))}, or 'service:NAME' where the "
                "namespace of another component is meant.",
                child.place,
            )
    mode, networks = node.get("network_mode"), node.get("networks")
    if mode and networks:
        _contradiction(f"{name} has both 'network_mode' and 'networks'.", mode, reports)
    ports = node.get("ports")
    if mode and ports and ports.value and mode.value in ("host", "none"):
        reports.warn(
            "Ports without effect",
            f"{name} publishes no ports: its network mode is {mode.value}.",
            "Remove 'ports' or 'network_mode'.",
            ports.key_place,
        )


def _mounts(name: str, node: Node, reports: Reports) -> None:
    """Two things cannot be mounted at one place."""
    seen: dict[str, Node] = {}
    entries = [*node.elements("volumes")]
    entries += node.elements("tmpfs")
    for entry in entries:
        text = entry.scalar("target") if entry.get("target") else str(entry.value)
        target = text.partition(":")[0] if isinstance(entry.value, str) else text
        if target in seen:
            reports.error(
                "Two mounts at one target",
                f"{name} mounts {target} twice, first at {seen[target].place}.",
                "Remove one of the two.",
                entry.place,
            )
        seen.setdefault(target, entry)


def _build(name: str, node: Node, reports: Reports) -> None:
    build = node.get("build")
    if build and build.get("dockerfile") and build.get("dockerfile_inline"):
        detail = f"{name} has both 'dockerfile' and 'dockerfile_inline'."
        _contradiction(detail, build, reports)


def _devices(name: str, node: Node, reports: Reports) -> None:
    reserved = node.elements("deploy", "resources", "reservations", "devices")
    for request in (*node.elements("gpus"), *reserved):
        if request.get("count") and request.get("device_ids"):
            detail = f"A device request of {name} has both 'count' and 'device_ids'."
            _contradiction(detail, request, reports)


def _process(name: str, node: Node, reports: Reports) -> None:
    process = node.get("x-moot", "process")
    command = process.get("command") if process else None
    if command is not None and not command.value:
        reports.error(
            "Nothing to run", f"{name} has an empty process command.",
            "Write the command.", command.place)  # fmt: skip
    port = process.get("port") if process else None
    if port is not None and not (node.get("ports") or node.get("expose")):
        reports.error(
            "Port not declared",
            f"{name} listens on a fixed port that it does not declare.",
            "Name the port under 'ports' or 'expose'.",
            port.key_place,
        )
