"""Compose's further keys in the words of the Engine API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from moot.model.units import seconds
from moot.model.value import JSON
from moot.provider import ProviderError

Version = tuple[int, int]
Convert = Callable[[Any], JSON]


def as_it_is(value: JSON) -> JSON:
    """The same in both languages."""
    return value


def texts(value: Any) -> JSON:
    """One text or a list of them."""
    return [str(value)] if isinstance(value, str | int) else [str(one) for one in value]


def _hosts(value: Any) -> JSON:
    if not isinstance(value, Mapping):
        return texts(value)
    pairs = ((name, one) for name, many in value.items() for one in texts(many))
    return [f"{name}:{address.strip('[]')}" for name, address in pairs]


def _pairs(value: Any) -> JSON:
    return {str(key): str(one) for key, one in value.items()}


def _devices(value: Any) -> JSON:
    return [
        {
            "PathOnHost": one["source"],
            "PathInContainer": one.get("target") or one["source"],
            "CgroupPermissions": one.get("permissions") or "rwm",
        }
        for one in value
    ]


def _device_requests(value: Any) -> JSON:
    """All devices unless a count or their names are given; `gpu` unless another ability is."""
    return [
        {
            "Driver": one.get("driver") or "",
            "Count": 0
            if one.get("device_ids")
            else -1
            if one.get("count") in (None, "all")
            else int(one["count"]),
            "DeviceIDs": texts(one.get("device_ids") or []),
            "Capabilities": [one.get("capabilities") or ["gpu"]],
            "Options": one.get("options") or {},
        }
        for one in value
    ]


def _ulimits(value: Any) -> JSON:
    return [{"Name": n, "Soft": one["soft"], "Hard": one["hard"]} for n, one in value.items()]


def _logging(value: Any) -> JSON:
    return {"Type": value.get("driver") or "", "Config": _pairs(value.get("options") or {})}


def _security(value: Any) -> JSON:
    """A seccomp profile is given by its path, and travels as its text."""
    found: list[str] = []
    for option in texts(value):
        key, separator, path = option.replace(":", "=", 1).partition("=")
        if key == "seccomp" and separator and path not in {"unconfined", "builtin"}:
            try:
                option = f"seccomp={Path(path).read_text()}"
            except OSError as error:
                raise ProviderError(
                    "InvalidRequest", f"security_opt names a seccomp profile: {error}"
                ) from None
        found.append(option)
    return found


HOST: Mapping[str, tuple[str, Convert]] = {
    "annotations": ("Annotations", _pairs),
    "cap_add": ("CapAdd", texts),
    "cap_drop": ("CapDrop", texts),
    "cgroup": ("CgroupnsMode", as_it_is),
    "cgroup_parent": ("CgroupParent", as_it_is),
    "cpu_period": ("CpuPeriod", int),
    "cpu_quota": ("CpuQuota", int),
    "cpu_rt_period": ("CpuRealtimePeriod", int),
    "cpu_rt_runtime": ("CpuRealtimeRuntime", int),
    "cpu_shares": ("CpuShares", int),
    "cpuset": ("CpusetCpus", str),
    "device_cgroup_rules": ("DeviceCgroupRules", texts),
    "devices": ("Devices", _devices),
    "dns": ("Dns", texts),
    "dns_opt": ("DnsOptions", texts),
    "dns_search": ("DnsSearch", texts),
    "extra_hosts": ("ExtraHosts", _hosts),
    "gpus": ("DeviceRequests", _device_requests),
    "group_add": ("GroupAdd", texts),
    "init": ("Init", bool),
    "ipc": ("IpcMode", as_it_is),
    "isolation": ("Isolation", as_it_is),
    "logging": ("LogConfig", _logging),
    "mem_reservation": ("MemoryReservation", int),
    "mem_swappiness": ("MemorySwappiness", int),
    "memswap_limit": ("MemorySwap", int),
    "network_mode": ("NetworkMode", as_it_is),
    "oom_kill_disable": ("OomKillDisable", bool),
    "oom_score_adj": ("OomScoreAdj", int),
    "pid": ("PidMode", as_it_is),
    "privileged": ("Privileged", bool),
    "read_only": ("ReadonlyRootfs", bool),
    "runtime": ("Runtime", as_it_is),
    "security_opt": ("SecurityOpt", _security),
    "shm_size": ("ShmSize", int),
    "storage_opt": ("StorageOpt", _pairs),
    "sysctls": ("Sysctls", _pairs),
    "ulimits": ("Ulimits", _ulimits),
    "userns_mode": ("UsernsMode", as_it_is),
    "uts": ("UTSMode", as_it_is),
}

OWN: Mapping[str, tuple[str, Convert]] = {
    "domainname": ("Domainname", as_it_is),
    "hostname": ("Hostname", as_it_is),
    "mac_address": ("MacAddress", as_it_is),
    "stdin_open": ("OpenStdin", bool),
    "tty": ("Tty", bool),
}

# Handled where the rest of what they belong to is.
ELSEWHERE = frozenset({"blkio_config", "healthcheck"})

SINCE: Mapping[str, Version] = {
    "annotations": (1, 43),
    "cgroup": (1, 41),
    "gpus": (1, 40),
}


def host_config(options: Mapping[str, Any], api: Version) -> dict[str, JSON]:
    """The part of HostConfig that `options` ask for.

    Raises InvalidRequest for a key this Engine is too old for, or that no Engine has.
    """
    for key in options:
        if key not in HOST and key not in OWN and key not in ELSEWHERE:
            raise ProviderError("InvalidRequest", f"a Docker container has no {key!r}")
        require(key, SINCE.get(key, (1, 24)), api)
    found = {HOST[k][0]: HOST[k][1](v) for k, v in options.items() if k in HOST}
    return {**found, **_blkio(options.get("blkio_config") or {})}


def config(options: Mapping[str, Any]) -> dict[str, JSON]:
    """The part of the container's own configuration that `options` ask for."""
    return {OWN[k][0]: OWN[k][1](v) for k, v in options.items() if k in OWN}


def require(key: str, least: Version, api: Version) -> None:
    """Raise InvalidRequest where the Engine is older than what `key` needs."""
    if api < least:
        raise ProviderError(
            "InvalidRequest",
            f"{key!r} needs version {least[0]}.{least[1]} of the Docker Engine API, "
            f"and this Engine has {api[0]}.{api[1]}",
            remedy="upgrade the Docker Engine, or remove the key",
        )


def healthcheck(check: Mapping[str, Any], api: Version) -> dict[str, JSON]:
    """A health check; one without a test changes the times of the image's own."""
    found: dict[str, JSON] = {}
    if check.get("test"):
        test = [str(word) for word in check["test"]]
        found["Test"] = test if test[0] in {"CMD", "CMD-SHELL", "NONE"} else ["CMD", *test]
    times = {"interval": "Interval", "timeout": "Timeout", "start_period": "StartPeriod"}
    if api >= (1, 44):
        times["start_interval"] = "StartInterval"
    for key, word in times.items():
        value = check.get(f"{key}_s", check.get(key))
        if value:
            found[word] = int((seconds(value) if isinstance(value, str) else value) * 1e9)
    if check.get("retries"):
        found["Retries"] = int(check["retries"])
    return found


def _blkio(blkio: Mapping[str, Any]) -> dict[str, JSON]:
    rates = {
        "device_read_bps": "BlkioDeviceReadBps",
        "device_read_iops": "BlkioDeviceReadIOps",
        "device_write_bps": "BlkioDeviceWriteBps",
        "device_write_iops": "BlkioDeviceWriteIOps",
    }
    found: dict[str, JSON] = {
        word: [{"Path": one["path"], "Rate": int(one["rate"])} for one in blkio[key]]
        for key, word in rates.items()
        if blkio.get(key)
    }
    if blkio.get("weight"):
        found["BlkioWeight"] = int(blkio["weight"])
    if blkio.get("weight_device"):
        found["BlkioWeightDevice"] = [
            {"Path": one["path"], "Weight": int(one["weight"])} for one in blkio["weight_device"]
        ]
    return found
