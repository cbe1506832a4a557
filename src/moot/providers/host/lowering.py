"""Turn one machine's share of an App into volumes, a gateway, processes and backends."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from moot.model.app import Component, FileMount, Mount, anonymous_volume
from moot.model.placement import Assignment, Listener, Share
from moot.model.resource import Edge, Resource, Rollout
from moot.model.value import Ref, Secret, Value, unknowns
from moot.model.venue import Offering
from moot.providers.host.containers_lowering import containers
from moot.render.gpus import gpu_variables

HAPROXY = "haproxy"  # by this name in Debian, Fedora and openSUSE
LOG_SIZE, LOG_FILES = 10 * 1024 * 1024, 3
_OWNER_ONLY = 0o500
_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


def lower(share: Share, haproxy: str = HAPROXY) -> Iterator[Resource]:
    """Volumes, the gateway, then per replica its process and its place behind the gateway.

    `haproxy` is the package that the gateway of another machine needs, "" where it is there.
    """
    components = [share.component(run.component) for run in share.runs]
    used = {m.source for c in components for m in c.mounts if m.kind == "volume"}
    for volume in share.app.volumes:
        if volume.name in used and not volume.external:
            yield Resource(
                address=f"{share.app.name}@{share.venue}/volume/{volume.name}",
                type="host.volume",
                venue=share.venue,
                properties={"name": volume.real_name or f"{share.app.name}_{volume.name}"},
            )
    listeners = [listener for listener in share.listeners if listener.binds]
    if listeners:
        package = _package(share, haproxy)
        yield from package
        yield _gateway(share, listeners, package)
    yield from containers(share, _places(share))
    for assignment in share.assignments:
        if assignment.runs_as == "process":
            yield _process(share, share.component(assignment.component), assignment)
        yield from _backends(share, assignment)
    for assignment in share.remote:
        yield from _backends(share, assignment)


def _package(share: Share, haproxy: str) -> list[Resource]:
    """HAProxy for a machine elsewhere that may be clean; on the one we are on nothing is installed
    that nobody asked for.
    """
    here = share.runs[0].offering
    if not haproxy or not here.reach or "runs:recipe" not in here.traits:
        return []
    return [
        Resource(
            address=f"{share.app.name}@{share.venue}/recipe/package/gateway",
            type="host.package",
            venue=share.venue,
            properties={"names": [haproxy]},
        )
    ]


def _gateway(share: Share, listeners: list[Listener], package: list[Resource]) -> Resource:
    binds = [bind for listener in listeners for bind in listener.binds]
    return Resource(
        address=_gateway_address(share),
        type="host.gateway",
        venue=share.venue,
        properties={
            "listeners": [
                {
                    "name": listener.name,
                    "binds": [list(bind) for bind in listener.binds],
                    "http": listener.http,
                    "retry_all": listener.retry_all,
                }
                for listener in listeners
            ]
        },
        edges=tuple(Edge(resource.address) for resource in package),
        order="stop-first",
        exclusive=frozenset(f"port:{address}:{port}/tcp" for address, port in binds),
        ready="started",
    )


def _process(share: Share, component: Component, assignment: Assignment) -> Resource:
    exclusive = frozenset((*_fixed_claims(component), *_volume_claims(share, component)))
    return Resource(
        address=assignment.main,
        type="host.process",
        venue=share.venue,
        properties=_properties(share, component, assignment),
        edges=tuple(
            Edge(f"{share.app.name}/{dependency.component}", dependency.condition)
            for dependency in component.depends_on
            if share.declares(dependency.component)
        ),
        replica=assignment.replica,
        main=True,
        order="stop-first" if exclusive else component.update.order,
        exclusive=exclusive,
        rollout=Rollout(parallelism=component.update.parallelism, delay_s=component.update.delay_s),
        ready="healthy",
        ready_within_s=_ready_within_s(component),
    )


def _properties(share: Share, component: Component, assignment: Assignment) -> dict[str, Value]:
    process = component.process
    assert process is not None, f"{component.name} was placed as a process and is none"
    places = _places(share)
    mounts = [m for m in component.mounts if m.kind != "tmpfs"]
    check, restart, limits = component.healthcheck, component.restart, component.limits
    stated = share.environment.get(component.name, component.environment)
    environment = {**gpu_variables(assignment), **stated}
    secret = [name for name, value in environment.items() if _holds_secret(value)]
    return {
        **({"secret_variables": secret} if secret else {}),
        "replica": assignment.replica,
        "command": list(process.command),
        "environment": environment,
        "working_dir": _working_dir(share.app.folder, process.working_dir, assignment.offering),
        "user": component.user,
        "targets": list(component.targets),
        "fixed": _fixed(component),
        "tell_ports": share.tell_ports,
        "files": [_file(share, mount) for mount in component.files],
        "volumes": {_mount_variable(component, m): places.get(m.source, m.source) for m in mounts},
        "scratch": [_mount_variable(component, m) for m in component.mounts if m.kind == "tmpfs"],
        "healthcheck": check
        and {
            "test": _probe(check.test),
            "interval_s": check.interval_s,
            "timeout_s": check.timeout_s,
            "retries": check.retries,
            "start_period_s": check.start_period_s,
            "start_interval_s": check.start_interval_s,
        },
        "restart": {
            "condition": restart.condition,
            "attempts": restart.attempts,
            "delay_s": restart.delay_s,
            "window_s": restart.window_s,
        },
        "stop_signal": _signal(component.stop_signal),
        "stop_grace_s": component.stop_grace_s,
        "limits": {"cpu": limits.cpu, "memory_mib": limits.memory_mib, "pids": limits.pids},
        "logging": _logging(component),
    }


def _backends(share: Share, assignment: Assignment) -> Iterator[Resource]:
    """What puts one replica, wherever it is, behind the listeners here as soon as it is healthy."""
    component = share.component(assignment.component)
    for listener in share.listeners_of(component.name):
        if listener.binds:
            yield _backend(share, component, assignment, listener)


def _backend(
    share: Share, component: Component, assignment: Assignment, listener: Listener
) -> Resource:
    return Resource(
        address=f"{assignment.replica}@{share.venue}/backend/{listener.target}",
        type="host.backend",
        venue=share.venue,
        properties={
            "gateway": Ref(_gateway_address(share), "folder"),
            "listener": listener.name,
            "server": f"{component.name}.{assignment.index}",
            "address": Ref(assignment.main, "address"),
            "port": Ref(assignment.main, f"ports.{listener.target}"),
            "drain_s": min(30.0, component.stop_grace_s),
        },
        edges=(Edge(assignment.main, "healthy"),),
        replica=assignment.replica,
    )


def _gateway_address(share: Share) -> str:
    return f"{share.app.name}@{share.venue}/gateway"


def _fixed(component: Component) -> dict[str, int]:
    """Ports it cannot be told: its declared ones, or published ones no gateway can carry (UDP)."""
    process = component.process
    udp = {
        str(port.target): port.published or port.target
        for port in component.ports
        if port.protocol == "udp"
    }
    declared = component.targets if process and process.fixed_port else ()
    return {**udp, **{str(target): target for target in declared}}


def _fixed_claims(component: Component) -> Iterator[str]:
    udp = {port.target: port.address for port in component.ports if port.protocol == "udp"}
    for target, port in _fixed(component).items():
        address, kind = udp.get(int(target)), "udp" if int(target) in udp else "tcp"
        yield f"port:{address or '0.0.0.0'}:{port}/{kind}"  # noqa: S104 - a claim, not a bind


def _volume_claims(share: Share, component: Component) -> Iterator[str]:
    """A writer ends before the next one starts; replicas that share a volume all write anyway."""
    for mount in component.mounts:
        if mount.kind == "volume" and not mount.read_only and component.replicas == 1:
            yield f"volume:{share.app.name}@{share.venue}/volume/{mount.source}"


def _working_dir(folder: str, working_dir: str | None, offering: Offering) -> str:
    """`x-moot.process.working_dir`, seen from the App's folder; that folder where none is given.

    On another machine what stands for the App's folder are the files that the replica is given.
    """
    if offering.reach:
        return working_dir or "."
    if working_dir is None:
        return folder
    return working_dir if working_dir.startswith("/") else f"{folder}/{working_dir}"


def _places(share: Share) -> dict[str, Value]:
    """Where each volume is on the machine; an external one is named, not referred to."""
    return {
        volume.name: volume.real_name or volume.name
        if volume.external
        else Ref(f"{share.app.name}@{share.venue}/volume/{volume.name}", "path")
        for volume in share.app.volumes
    }


def _mount_variable(component: Component, mount: Mount) -> str:
    """VOLUME_DATA for the volume `data`; what has no name goes by the last part of its target."""
    last = mount.target.rstrip("/").rpartition("/")[2]
    anonymous = mount.source == anonymous_volume(component.name, mount.target)
    name = mount.source if mount.kind == "volume" and not anonymous else last
    return f"VOLUME_{_upper(name)}"


def _file(share: Share, mount: FileMount) -> dict[str, Value]:
    """A file it is given, and the variable that says where: DB_PASSWORD_FILE for `db_password`."""
    file = next(f for f in share.app.files if f.name == mount.source)
    bind = file.kind == "bind"
    name = mount.target.rpartition("/")[2] if bind else file.name.removeprefix(f"{file.kind}/")
    return {
        "variable": f"{_upper(name)}_FILE",
        "target": mount.target,
        "content": file.content,
        "encoding": file.encoding,
        # A process shares the machine with others, a container has its files to itself.
        **({"secret": True} if file.kind == "secret" else {}),
        "mode": mount.mode & _OWNER_ONLY if file.kind == "secret" else mount.mode,
    }


def _holds_secret(value: Value) -> bool:
    return any(isinstance(unknown, Secret) for unknown in unknowns(value))


def _upper(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", name.upper())


def _probe(test: Iterable[str]) -> list[str]:
    """The argv of a health check."""
    match list(test):
        case ["CMD-SHELL", *words]:
            return ["/bin/sh", "-c", " ".join(words)]
        case ["CMD", *words]:
            return words
        case words:
            return words


def _signal(name: str) -> int | str:
    """`SIGTERM` for `TERM` and `SIGTERM`; a number stays one."""
    if name.isdigit():
        return int(name)
    return name if name.startswith("SIG") else f"SIG{name}"


def _logging(component: Component) -> dict[str, int]:
    """Size in bytes and number of log files, from the options of Docker's logging drivers."""
    options = component.logging.get("options") or {}
    size = re.fullmatch(r"(\d+)([kmg]?)b?", str(options.get("max-size", "")).lower())
    files = str(options.get("max-file", ""))
    return {
        "max_size": int(size[1]) * _UNITS[size[2]] if size else LOG_SIZE,
        "max_files": max(1, int(files)) if files.isdigit() else LOG_FILES,
    }


def _ready_within_s(component: Component) -> float:
    """A minute to start, and with a health check as long as that takes to make up its mind."""
    check = component.healthcheck
    if check is None:
        return 60.0
    return 60.0 + check.start_period_s + check.retries * (check.interval_s + check.timeout_s)
