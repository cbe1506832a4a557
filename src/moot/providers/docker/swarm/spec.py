"""A service specification as the body of the Engine API's create and update calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from moot.model.value import JSON
from moot.provider import ProviderError
from moot.providers.docker.body import MIB
from moot.providers.docker.options import Version, healthcheck, texts

NANO = 10**9
CONDITIONS = {"no": "none", "on-failure": "on-failure"}  # anything else is "any"


def service_body(
    want: Mapping[str, Any], labels: Mapping[str, str], placed: Mapping[str, Any], api: Version
) -> dict[str, JSON]:
    """All of a service but how many replicas it has.

    `placed` is what only the swarm knows: `image` as nodes must name it, and `constraints`.
    Raises InvalidRequest for what no service can have.
    """
    options: Mapping[str, Any] = want.get("options") or {}
    update: Mapping[str, Any] = want.get("update") or {}
    log: Mapping[str, Any] = options.get("logging") or {}
    task: dict[str, JSON] = {
        "ContainerSpec": _container(want, options, str(placed["image"]), api),
        "Resources": {
            "Limits": _resources(want.get("limits") or {}),
            "Reservations": _resources(want.get("reserved") or {}),
        },
        "RestartPolicy": _restart(want.get("restart") or {}),
        "Placement": {"Constraints": [*want.get("constraints", ()), *placed["constraints"]]},
        "Networks": [
            {"Target": network["target"], "Aliases": list(network["aliases"])}
            for network in want.get("networks") or ()
        ],
    }
    if log:
        words = {str(k): str(v) for k, v in (log.get("options") or {}).items()}
        task["LogDriver"] = {"Name": log.get("driver") or "json-file", "Options": words}
    return {
        "Labels": dict(labels),
        "TaskTemplate": task,
        "UpdateConfig": {
            "Parallelism": int(update.get("parallelism", 1)),
            "Delay": _nanoseconds(update.get("delay_s", 0)),
            "Order": update.get("order") or "start-first",
            "FailureAction": "pause",
        },
        "EndpointSpec": _endpoint(want),
    }


def _container(
    want: Mapping[str, Any], options: Mapping[str, Any], image: str, api: Version
) -> dict[str, JSON]:
    made: dict[str, JSON] = {
        "Image": image,
        "Labels": dict(want.get("labels") or {}),
        "Env": [f"{key}={value}" for key, value in (want.get("environment") or {}).items()],
        "StopGracePeriod": _nanoseconds(want.get("stop_grace_s", 10)),
        "Mounts": [_mount(mount) for mount in want.get("mounts") or ()],
        "Configs": [_file(file, "Config") for file in want.get("files") or ()],
        "Secrets": [_file(file, "Secret") for file in want.get("secrets") or ()],
        **_options(options),
    }
    for key, word in (
        ("entrypoint", "Command"),
        ("command", "Args"),
        ("user", "User"),
        ("working_dir", "Dir"),
    ):
        if key in want:
            made[word] = want[key]
    if want.get("stop_signal", "SIGTERM") != "SIGTERM":  # else the image's own counts
        made["StopSignal"] = want["stop_signal"]
    check = want.get("healthcheck") or options.get("healthcheck")
    if check:
        made["Healthcheck"] = healthcheck(check, api)
    return made


def _hosts(value: Any) -> JSON:
    """As /etc/hosts has them: the address first."""
    if not isinstance(value, Mapping):
        pairs = (str(one).replace("=", ":", 1).partition(":") for one in value)
        return [f"{address.strip('[]')} {name}" for name, _, address in pairs]
    return [f"{one.strip('[]')} {name}" for name, many in value.items() for one in texts(many)]


def _ulimits(value: Any) -> JSON:
    return [{"Name": n, "Soft": one["soft"], "Hard": one["hard"]} for n, one in value.items()]


def _strings(value: Any) -> JSON:
    return {str(key): str(one) for key, one in value.items()}


SIMPLE: Mapping[str, tuple[str, Callable[[Any], JSON]]] = {
    "cap_add": ("CapabilityAdd", texts),
    "cap_drop": ("CapabilityDrop", texts),
    "extra_hosts": ("Hosts", _hosts),
    "group_add": ("Groups", texts),
    "hostname": ("Hostname", str),
    "init": ("Init", bool),
    "isolation": ("Isolation", str),
    "read_only": ("ReadOnly", bool),
    "stdin_open": ("OpenStdin", bool),
    "sysctls": ("Sysctls", _strings),
    "tty": ("TTY", bool),
    "ulimits": ("Ulimits", _ulimits),
}
RESOLVER = {"dns": "Nameservers", "dns_search": "Search", "dns_opt": "Options"}
ELSEWHERE = frozenset({"healthcheck", "logging", "network_mode"})


def _options(options: Mapping[str, Any]) -> dict[str, JSON]:
    """Compose's further keys; those that Swarm has no words for are refused."""
    strange = sorted(options.keys() - SIMPLE.keys() - RESOLVER.keys() - ELSEWHERE)
    if strange:
        raise ProviderError(
            "InvalidRequest",
            f"a Swarm service cannot have {', '.join(map(repr, strange))}",
            remedy="remove it, or run the component on an Engine without `swarm: true`",
        )
    made = {SIMPLE[k][0]: SIMPLE[k][1](v) for k, v in options.items() if k in SIMPLE}
    resolver = {RESOLVER[k]: texts(v) for k, v in options.items() if k in RESOLVER}
    return {**made, "DNSConfig": resolver} if resolver else made


def _mount(mount: Mapping[str, Any]) -> JSON:
    options: Mapping[str, Any] = mount.get("options") or {}
    made: dict[str, JSON] = {
        "Type": mount["kind"],
        "Target": mount["target"],
        "ReadOnly": bool(mount.get("read_only")),
    }
    match mount["kind"]:
        case "volume":
            made["Source"] = mount["source"]
            made["VolumeOptions"] = {"NoCopy": bool(options.get("nocopy"))}
        case "bind":
            made["Source"] = mount["source"]
            if options.get("propagation"):
                made["BindOptions"] = {"Propagation": options["propagation"]}
        case "tmpfs":
            size = (mount.get("size_mib") or 0) * MIB
            made["TmpfsOptions"] = {"SizeBytes": size} if size else {}
        case kind:
            raise ProviderError("InvalidRequest", f"no mounts of the kind {kind!r} here")
    return made


def _file(file: Mapping[str, Any], kind: str) -> JSON:
    return {
        f"{kind}ID": file["id"],
        f"{kind}Name": file["name"],
        "File": {
            "Name": file["target"],
            "UID": str(file["uid"]),
            "GID": str(file["gid"]),
            "Mode": int(file["mode"]),
        },
    }


def _resources(given: Mapping[str, Any]) -> dict[str, int]:
    words = {"cpu": ("NanoCPUs", NANO), "memory_mib": ("MemoryBytes", MIB), "pids": ("Pids", 1)}
    return {
        word: round(given[key] * factor) for key, (word, factor) in words.items() if given.get(key)
    }


def _restart(restart: Mapping[str, Any]) -> dict[str, JSON]:
    made: dict[str, JSON] = {"Condition": CONDITIONS.get(restart.get("condition", "no"), "any")}
    if restart.get("attempts"):
        made["MaxAttempts"] = int(restart["attempts"])
    for key, word in (("delay_s", "Delay"), ("window_s", "Window")):
        if restart.get(key):
            made[word] = _nanoseconds(restart[key])
    return made


def _endpoint(want: Mapping[str, Any]) -> JSON:
    mesh = bool(want.get("mesh", True))
    ports: list[JSON] = []
    for port in want.get("publish") or ():
        made: dict[str, JSON] = {
            "Protocol": port["protocol"],
            "TargetPort": port["target"],
            "PublishMode": "ingress" if mesh else "host",
        }
        if port["published"]:
            made["PublishedPort"] = port["published"]
        ports.append(made)
    return {"Mode": "vip" if mesh else "dnsrr", "Ports": ports}


def _nanoseconds(seconds: float) -> int:
    return round(seconds * NANO)
