"""A container specification as the body of the Engine API's create and update calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moot.model.value import JSON
from moot.provider import ProviderError
from moot.providers.docker.files import folders_for
from moot.providers.docker.options import Version, config, healthcheck, host_config, require

MIB = 1024 * 1024
ANYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, not bound
INTERFACE_NAME = "com.docker.network.endpoint.ifname"
MULTI_ENDPOINT: Version = (1, 44)  # from here on a create joins several networks


def create_body(spec: Mapping[str, Any], labels: Mapping[str, str], api: Version) -> JSON:
    """The whole body of `POST /containers/create`.  Raises InvalidRequest as `options` does."""
    options: Mapping[str, Any] = spec.get("options") or {}
    publish = spec.get("publish") or ()
    ports = [f"{port}/tcp" for port in spec.get("targets") or ()]
    ports += [f"{port['target']}/{port['protocol']}" for port in publish]
    body: dict[str, JSON] = {
        **config(options),
        "Image": spec.get("reference") or spec["image"],
        "Env": [f"{key}={value}" for key, value in (spec.get("environment") or {}).items()],
        "Labels": {**(spec.get("labels") or {}), **labels},
        "ExposedPorts": {port: {} for port in ports},
        "HostConfig": _host(spec, options, api),
        "NetworkingConfig": {"EndpointsConfig": _endpoints(spec, api)},
    }
    for key, word in (("entrypoint", "Entrypoint"), ("command", "Cmd"), ("user", "User"),
                      ("working_dir", "WorkingDir")):  # fmt: skip
        if key in spec:
            body[word] = spec[key]
    if spec.get("stop_signal", "SIGTERM") != "SIGTERM":  # else the image's own counts
        body["StopSignal"] = spec["stop_signal"]
    if spec.get("stop_grace_s") is not None:
        body["StopTimeout"] = max(1, round(spec["stop_grace_s"]))
    check = spec.get("healthcheck") or options.get("healthcheck")
    if check:
        body["Healthcheck"] = healthcheck(check, api)
    return body


def update_body(spec: Mapping[str, Any], cpus: int, memory_bytes: int) -> JSON:
    """The body of `POST /containers/ID/update`.

    The Engine takes 0 for "as it is", so a limit is lifted by raising it to the whole machine.
    """
    limits: Mapping[str, Any] = spec.get("limits") or {}
    body = {
        "NanoCpus": cpus * 10**9,
        "Memory": memory_bytes,
        "MemorySwap": 2 * memory_bytes,
        "PidsLimit": -1,
        **_limits(limits),
        "RestartPolicy": _restart(spec.get("restart") or {}),
    }
    if limits.get("memory_mib"):
        swap = (spec.get("options") or {}).get("memswap_limit")
        body["MemorySwap"] = int(swap) if swap else 2 * body["Memory"]
    return body


def attachments(spec: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The networks it is in, each with all the names it has there."""
    names: Mapping[str, Any] = spec.get("names") or {}
    return {
        network: {
            **attachment,
            "aliases": [*attachment.get("aliases", ()), *names.get(network, ())],
        }
        for network, attachment in (spec.get("networks") or {}).items()
    }


def endpoint_config(attachment: Mapping[str, Any], api: Version, network: str) -> JSON:
    """How a container is joined to one network."""
    made: dict[str, JSON] = {}
    if network not in {"bridge", "host", "none"}:
        made["Aliases"] = list(attachment.get("aliases") or ())
    addresses = {
        "ipv4_address": "IPv4Address",
        "ipv6_address": "IPv6Address",
        "link_local_ips": "LinkLocalIPs",
    }
    ipam = {word: attachment[key] for key, word in addresses.items() if attachment.get(key)}
    if ipam:
        made["IPAMConfig"] = ipam
    for key, word, least in (
        ("mac_address", "MacAddress", (1, 44)),
        ("driver_opts", "DriverOpts", (1, 32)),
        ("gw_priority", "GwPriority", (1, 48)),
    ):
        if attachment.get(key):
            require(key, least, api)
            made[word] = attachment[key]
    if attachment.get("interface_name"):
        require("interface_name", (1, 49), api)
        name = {INTERFACE_NAME: attachment["interface_name"]}
        made["DriverOpts"] = {**made.get("DriverOpts", {}), **name}
    return made


def _endpoints(spec: Mapping[str, Any], api: Version) -> dict[str, JSON]:
    networks = attachments(spec)
    joined = list(networks) if api >= MULTI_ENDPOINT else list(networks)[:1]
    return {name: endpoint_config(networks[name], api, name) for name in joined}


def _host(spec: Mapping[str, Any], options: Mapping[str, Any], api: Version) -> JSON:
    made = host_config(options, api)
    networks = spec.get("networks") or {}
    if networks:
        made["NetworkMode"] = next(iter(networks))
    elif "NetworkMode" not in made:
        made["NetworkMode"] = "none"
    here = [f"{name}:host-gateway" for name in spec.get("host_aliases") or ()]
    if here and made["NetworkMode"] not in {"host", "none"}:
        made["ExtraHosts"] = [*made.get("ExtraHosts", []), *here]
    made["PortBindings"] = _bindings(spec.get("publish") or ())
    made["RestartPolicy"] = _restart(spec.get("restart") or {})
    limits = _limits(spec.get("limits") or {})
    if "CpuQuota" in made or "CpuPeriod" in made:
        limits.pop("NanoCpus", None)
    mounts, binds, tmpfs = _mounts(spec, api)
    return {**made, **limits, "Mounts": mounts, "Binds": binds, "Tmpfs": tmpfs}


def _bindings(publish: Any) -> JSON:
    found: dict[str, list[JSON]] = {}
    for port in publish:
        address = "" if port["address"] in ANYWHERE else port["address"]
        number = str(port["published"]) if port.get("published") else ""
        key = f"{port['target']}/{port['protocol']}"
        found.setdefault(key, []).append({"HostIp": address, "HostPort": number})
    return found


def _restart(restart: Mapping[str, Any]) -> JSON:
    return {
        "Name": restart.get("condition") or "no",
        "MaximumRetryCount": int(restart.get("attempts") or 0),
    }


def _limits(limits: Mapping[str, Any]) -> dict[str, int]:
    words = {
        "cpu": ("NanoCpus", 1e9),
        "memory_mib": ("Memory", MIB),
        "reserved_memory_mib": ("MemoryReservation", MIB),
        "pids": ("PidsLimit", 1),
    }
    return {
        word: round(limits[key] * factor)
        for key, (word, factor) in words.items()
        if limits.get(key)
    }


def _mounts(spec: Mapping[str, Any], api: Version) -> tuple[list[JSON], list[str], dict[str, str]]:
    """Mounts, binds whose folder the Engine makes, and tmpfs, which have words of their own."""
    mounts: list[JSON] = [{"Type": "volume", "Target": folder} for folder in folders_for(spec)]
    binds: list[str] = []
    tmpfs: dict[str, str] = {}
    for mount in spec.get("mounts") or ():
        match mount["kind"]:
            case "volume":
                mounts.append(_volume(mount, api))
            case "bind" if _is_made(mount):
                binds.append(_bind(mount))
            case "bind":
                mounts.append(_existing(mount, api))
            case "tmpfs":
                tmpfs[mount["target"]] = _tmpfs(mount)
            case kind:
                raise ProviderError("InvalidRequest", f"no mounts of the kind {kind!r} here")
    return mounts, binds, tmpfs


def _volume(mount: Mapping[str, Any], api: Version) -> JSON:
    options: Mapping[str, Any] = mount.get("options") or {}
    made: dict[str, JSON] = {"NoCopy": bool(options.get("nocopy"))}
    if options.get("subpath"):
        require("subpath", (1, 45), api)
        made["Subpath"] = options["subpath"]
    return {
        "Type": "volume",
        "Source": mount["source"],
        "Target": mount["target"],
        "ReadOnly": bool(mount.get("read_only")),
        "VolumeOptions": made,
    }


def _is_made(mount: Mapping[str, Any]) -> bool:
    """The Engine makes a missing folder only for the older form, which cannot hold a colon."""
    options: Mapping[str, Any] = mount.get("options") or {}
    colons = ":" in mount["source"] or ":" in mount["target"]
    return bool(options.get("create_host_path", True)) and not colons


def _bind(mount: Mapping[str, Any]) -> str:
    options: Mapping[str, Any] = mount.get("options") or {}
    words = ["ro" if mount.get("read_only") else "rw"]
    words += [options[key] for key in ("selinux", "propagation") if options.get(key)]
    return f"{mount['source']}:{mount['target']}:{','.join(words)}"


def _existing(mount: Mapping[str, Any], api: Version) -> JSON:
    options: Mapping[str, Any] = mount.get("options") or {}
    made: dict[str, JSON] = {}
    if options.get("propagation"):
        made["Propagation"] = options["propagation"]
    match options.get("recursive"):
        case "disabled":
            made["NonRecursive"] = True
        case "writable" | "readonly" as how:
            require(f"recursive: {how}", (1, 44), api)
            made["ReadOnlyNonRecursive" if how == "writable" else "ReadOnlyForceRecursive"] = True
    return {
        "Type": "bind",
        "Source": mount["source"],
        "Target": mount["target"],
        "ReadOnly": bool(mount.get("read_only")),
        "BindOptions": made,
    }


def _tmpfs(mount: Mapping[str, Any]) -> str:
    options = dict(mount.get("options") or {})
    if mount.get("size_mib"):
        options["size"] = f"{mount['size_mib']}m"
    return ",".join(key if value == "" else f"{key}={value}" for key, value in options.items())
