"""A component as a container specification that any venue of containers may use."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from moot.model.app import App, Component, File, FileMount, Healthcheck, Mount
from moot.model.value import JSON, Value


def container(
    app: App,
    component: Component,
    environment: Mapping[str, Value],
    volume: Callable[[str], Value],
    tell_ports: bool = False,
) -> dict[str, Value]:
    """What every replica of `component` has in common; what is empty or unset is left out.

    `environment` is complete but for PORT and PORT_<target>, which `tell_ports` adds; the user's
    own win.  `volume` names a volume of the App at the venue.  Sizes are in MiB, times in seconds.
    """
    how = component.container
    assert how, f"{component.name} does not run as a container"
    told = told_ports(component) if tell_ports else {}
    spec: dict[str, Value] = {
        "platform": how.platform,
        "entrypoint": None if how.entrypoint is None else list(how.entrypoint),
        "command": None if how.command is None else list(how.command),
        "environment": {**told, **environment},
        "user": component.user,
        "working_dir": component.working_dir,
        "stop_signal": component.stop_signal,
        "stop_grace_s": component.stop_grace_s,
        "healthcheck": _healthcheck(component.healthcheck),
        "limits": _limits(component),
        "restart": _restart(component),
        "targets": list(component.targets),
        "mounts": [_mount(mount, volume) for mount in component.mounts],
        "files": _files(app, component, secret=False),
        "secrets": _files(app, component, secret=True),
        "labels": dict(component.labels),
        "options": {**how.options, **({"logging": component.logging} if component.logging else {})},
    }
    # An empty command is one: it takes the image's away.
    return {k: v for k, v in spec.items() if v or (k in {"entrypoint", "command"} and v == [])}


def told_ports(component: Component) -> dict[str, str]:
    """PORT, its first declared port, and PORT_<target>: where a replica has to listen."""
    told = {f"PORT_{target}": str(target) for target in component.targets}
    if component.targets:
        told["PORT"] = str(component.targets[0])
    return told


def ready_within_s(component: Component, margin_s: float = 60.0) -> float:
    """How long a replica may take to be ready: as long as its health check needs to decide."""
    check = component.healthcheck
    if check is None:
        return margin_s
    return margin_s + check.start_period_s + check.retries * (check.interval_s + check.timeout_s)


def _healthcheck(check: Healthcheck | None) -> JSON:
    if check is None:
        return None
    return {
        "test": list(check.test),
        "interval_s": check.interval_s,
        "timeout_s": check.timeout_s,
        "retries": check.retries,
        "start_period_s": check.start_period_s,
        "start_interval_s": check.start_interval_s,
    }


def _limits(component: Component) -> JSON:
    limits = component.limits
    found = {
        "cpu": limits.cpu,
        "memory_mib": limits.memory_mib,
        "pids": limits.pids,
        "reserved_memory_mib": component.needs.memory_mib,
    }
    return {key: value for key, value in found.items() if value}


def _restart(component: Component) -> JSON:
    restart = component.restart
    counted = restart.condition == "on-failure" and restart.attempts is not None
    return {
        "condition": restart.condition,
        **({"attempts": restart.attempts} if counted else {}),
    }


def _mount(mount: Mount, volume: Callable[[str], Value]) -> Value:
    return {
        "kind": mount.kind,
        "source": volume(mount.source) if mount.kind == "volume" else mount.source,
        "target": mount.target,
        "read_only": mount.read_only,
        "size_mib": mount.size_mib,
        "options": dict(mount.options),
    }


def _files(app: App, component: Component, *, secret: bool) -> list[Value]:
    """Files to put into the replica before it starts, either those that are secret or the rest."""
    known = {file.name: file for file in app.files}
    wanted = [(mount, known[mount.source]) for mount in component.files]
    return [_file(m, file) for m, file in wanted if (file.kind == "secret") is secret]


def _file(mount: FileMount, file: File) -> Value:
    return {
        "target": mount.target,
        "content": file.content,
        "encoding": file.encoding,
        "mode": mount.mode,
        "uid": mount.uid,
        "gid": mount.gid,
    }
