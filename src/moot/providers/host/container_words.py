"""A container specification as words of an engine's command line, Docker's and Podman's alike."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from moot.provider import ProviderError

# Further keys of Compose that both engines' command lines have a word for.
SWITCHES = {
    "init": "--init",
    "privileged": "--privileged",
    "read_only": "--read-only",
    "stdin_open": "--interactive",
    "tty": "--tty",
}
SETTINGS = {
    "cgroup_parent": "--cgroup-parent",
    "cpuset": "--cpuset-cpus",
    "cpu_shares": "--cpu-shares",
    "domainname": "--domainname",
    "hostname": "--hostname",
    "ipc": "--ipc",
    "memswap_limit": "--memory-swap",
    "oom_score_adj": "--oom-score-adj",
    "pid": "--pid",
    "runtime": "--runtime",
    "shm_size": "--shm-size",
    "userns_mode": "--userns",
    "uts": "--uts",
}
LISTS = {
    "cap_add": "--cap-add",
    "cap_drop": "--cap-drop",
    "dns": "--dns",
    "dns_opt": "--dns-option",
    "dns_search": "--dns-search",
    "extra_hosts": "--add-host",
    "group_add": "--group-add",
    "security_opt": "--security-opt",
}


def words(spec: Mapping[str, Any], path: Callable[[str], str]) -> list[str]:
    """Options of `create` for what is not this one machine's own to say.

    `path` says where a volume's data is.  Raises InvalidRequest for what neither engine can do.
    """
    parts = (
        _plain(spec),
        _health(spec.get("healthcheck")),
        _limits(spec.get("limits") or {}),
        _restart(spec.get("restart") or {}),
        *(_mount(mount, path) for mount in spec.get("mounts") or ()),
        *(_option(key, value) for key, value in (spec.get("options") or {}).items()),
    )
    return [word for part in parts for word in part]


def change_words(spec: Mapping[str, Any]) -> list[str]:
    """Options of `update`."""
    return list(_restart(spec.get("restart") or {}))


def after_image(spec: Mapping[str, Any]) -> list[str]:
    """What stands after the image: the rest of an entry point of several words, and the command."""
    return [*(spec.get("entrypoint") or ())[1:], *(spec.get("command") or ())]


def _plain(spec: Mapping[str, Any]) -> Iterator[str]:
    for key, word in (("user", "--user"), ("working_dir", "--workdir"), ("platform", "--platform")):
        if spec.get(key):
            yield from (word, str(spec[key]))
    if "entrypoint" in spec:
        yield from ("--entrypoint", (spec["entrypoint"] or [""])[0])
    if spec.get("stop_signal", "SIGTERM") != "SIGTERM":  # else the image's own counts
        yield from ("--stop-signal", str(spec["stop_signal"]))
    if spec.get("stop_grace_s") is not None:
        yield from ("--stop-timeout", f"{max(1, round(spec['stop_grace_s']))}")
    for key, value in (spec.get("labels") or {}).items():
        yield from ("--label", f"{key}={value}")
    for port in spec.get("publish") or ():
        place = f"{port['address']}:{port['published'] or ''}:{port['target']}/{port['protocol']}"
        yield from ("--publish", place)
    for name in spec.get("host_aliases") or ():
        yield from ("--add-host", f"{name}:host-gateway")


def _health(check: Mapping[str, Any] | None) -> Iterator[str]:
    match list((check or {}).get("test") or ()):
        case []:
            return
        case ["CMD-SHELL", *rest]:
            yield from ("--health-cmd", " ".join(rest))
        case ["CMD", *rest] | rest:
            yield from ("--health-cmd", shlex.join(rest))  # the command line knows the shell only
    assert check
    yield from ("--health-interval", f"{check['interval_s']:g}s")
    yield from ("--health-timeout", f"{check['timeout_s']:g}s")
    yield from ("--health-retries", f"{check['retries']}")
    yield from ("--health-start-period", f"{check['start_period_s']:g}s")


def _limits(limits: Mapping[str, Any]) -> Iterator[str]:
    if limits.get("cpu"):
        yield from ("--cpus", f"{limits['cpu']:g}")
    if limits.get("memory_mib"):
        yield from ("--memory", f"{round(limits['memory_mib'])}m")
    if limits.get("reserved_memory_mib"):
        yield from ("--memory-reservation", f"{round(limits['reserved_memory_mib'])}m")
    if limits.get("pids"):
        yield from ("--pids-limit", f"{round(limits['pids'])}")


def _restart(restart: Mapping[str, Any]) -> Iterator[str]:
    attempts = f":{restart['attempts']}" if restart.get("attempts") else ""
    yield from ("--restart", f"{restart.get('condition') or 'no'}{attempts}")


def _mount(mount: Mapping[str, Any], path: Callable[[str], str]) -> Iterator[str]:
    target, only = mount["target"], ["readonly"] if mount.get("read_only") else []
    if mount["kind"] == "tmpfs":
        sizes = [f"tmpfs-size={mount['size_mib']}m"] if mount.get("size_mib") else []
        yield from ("--mount", _line(["type=tmpfs", f"target={target}", *sizes]))
        return
    source = path(mount["source"]) if mount["kind"] == "volume" else mount["source"]
    yield from ("--mount", _line(["type=bind", f"source={source}", f"target={target}", *only]))


def _option(key: str, value: Any) -> Iterator[str]:
    if key in SWITCHES:
        yield from [SWITCHES[key]] if value else []
    elif key in SETTINGS:
        yield from (SETTINGS[key], str(value))
    elif key in LISTS:
        for each in _listed(value):
            yield from (LISTS[key], each)
    elif key in SHAPED:
        yield from SHAPED[key](value)
    else:
        raise ProviderError(
            "InvalidRequest",
            f"a container on a host cannot be given {key!r}",
            remedy="leave it away, or add the machine's engine as a venue of its own: "
            "moot venue add NAME docker host=ssh://USER@MACHINE",
        )


def _healthcheck(value: Any) -> Iterator[str]:
    """What switches the image's own check off; the component's own is not among the options."""
    if list(value.get("test") or ()) == ["NONE"]:
        yield "--no-healthcheck"


def _devices(value: Any) -> Iterator[str]:
    for one in value:
        places = (one["source"], one.get("target") or one["source"])
        yield from ("--device", ":".join((*places, one.get("permissions") or "rwm")))


def _gpus(value: Any) -> Iterator[str]:
    """Which ones moot has chosen, or whoever wrote the file; the engine reads a line of CSV."""
    for one in value:
        named = ",".join(map(str, one.get("device_ids") or ()))
        count = one.get("count")
        yield from ("--gpus", f'"device={named}"' if named else str(count or "all"))


def _logging(value: Any) -> Iterator[str]:
    if value.get("driver"):
        yield from ("--log-driver", str(value["driver"]))
    for name, setting in (value.get("options") or {}).items():
        yield from ("--log-opt", f"{name}={setting}")


def _sysctls(value: Any) -> Iterator[str]:
    for name, setting in value.items():
        yield from ("--sysctl", f"{name}={setting}")


def _ulimits(value: Any) -> Iterator[str]:
    for name, limit in value.items():
        yield from ("--ulimit", f"{name}={limit['soft']}:{limit['hard']}")


SHAPED: dict[str, Callable[[Any], Iterator[str]]] = {
    "devices": _devices,
    "gpus": _gpus,
    "healthcheck": _healthcheck,
    "logging": _logging,
    "sysctls": _sysctls,
    "ulimits": _ulimits,
}


def _listed(value: Any) -> Sequence[str]:
    if isinstance(value, Mapping):
        return [f"{name}:{text}" for name, text in value.items()]
    return [str(each) for each in ([value] if isinstance(value, str) else value)]


def _line(parts: Sequence[str]) -> str:
    """Parts of a mount, which the engines read as a line of CSV."""
    return ",".join('"' + p.replace('"', '""') + '"' if set(p) & set(',"') else p for p in parts)
