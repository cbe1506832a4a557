"""The room one Docker Engine offers, who it is, and what it lacks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from moot.model.diagnostic import Diagnostic
from moot.model.value import JSON
from moot.model.venue import Offering
from moot.provider import ProviderError
from moot.providers.docker import gateway_image
from moot.providers.docker.client import Engine
from moot.providers.docker.tunnel import looked_up

MIB = 1024 * 1024
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}
HOST_NAME = "host.docker.internal"
API_LEAST = (1, 40)  # host-gateway came with Engine 20.10, which speaks 1.41; 1.40 is tolerated


@dataclass(frozen=True, slots=True)
class Stated:
    """What the user says of an Engine: where others reach it, where it stands, what it costs."""

    reach: str
    region: str
    zone: str
    hourly: Decimal
    currency: str
    gpus: int | None = None


def stated(configuration: Mapping[str, JSON]) -> Stated:
    """From the settings of a venue."""
    return Stated(
        reach=str(configuration.get("address") or ""),
        region=str(configuration.get("region", "")),
        zone=str(configuration.get("zone", "")),
        hourly=Decimal(str(configuration.get("price", 0))),
        currency=str(configuration.get("currency", "EUR")),
        gpus=configuration.get("gpus"),
    )


def offering(engine: Engine, stated: Stated) -> Offering:
    """All CPUs and memory of the Engine's machine; its disk only where that is this one."""
    info = engine.call("info", lambda c: c.info())
    if info["OSType"] != "linux":
        raise ProviderError("InvalidRequest", f"this Engine runs {info['OSType']} containers only")
    architecture = ARCHITECTURES.get(info["Architecture"], info["Architecture"])
    return Offering(
        venue=engine.venue,
        name="engine",
        cpu=float(info["NCPU"]),
        memory_mib=int(info["MemTotal"]) // MIB,
        disk_mib=_disk_mib(engine, info),
        gpus=_gpus(engine, info) if stated.gpus is None else stated.gpus,
        traits=frozenset(("runs:container", "os:linux", f"arch:{architecture}", *_devices(info))),
        machine=_machine(engine),
        names=True,
        segmented=True,
        host_name=HOST_NAME,
        host_address=_bridge_address(engine),
        reach=stated.reach or _reach(engine),
        region=stated.region,
        zone=stated.zone,
        hourly=stated.hourly,
        currency=stated.currency,
    )


def identity(engine: Engine) -> str:
    """The Engine's own id: the same one however it is reached."""
    info = engine.call("info", lambda c: c.info())
    return f"docker:{info['ID']}"


def lacks(engine: Engine, gateway_needed: bool) -> Iterator[Diagnostic]:
    """What must be mended before everything works here."""
    try:
        version = engine.call("version", lambda c: c.version())
    except ProviderError as error:
        yield Diagnostic(summary=error.message, detail=error.code, remedy=error.remedy)
        return
    if engine.api < API_LEAST:
        yield Diagnostic(
            summary="the Docker Engine is too old",
            detail=f"{version['Version']} speaks API {version['ApiVersion']}",
            remedy="upgrade to Docker Engine 20.10 or newer",
        )
    if gateway_needed:
        try:
            gateway_image.check(engine)
        except ProviderError as error:
            yield Diagnostic(
                summary="no gateway can be made here",
                detail=error.message,
                remedy=error.remedy,
                severity="warning",
            )


def _disk_mib(engine: Engine, info: Mapping[str, Any]) -> int:
    root = Path(info.get("DockerRootDir") or "/")
    if not engine.endpoint.local or not root.exists():
        return 0
    return shutil.disk_usage(root).total // MIB


def _devices(info: Mapping[str, Any]) -> Iterator[str]:
    if "nvidia" in (info.get("Runtimes") or {}):
        yield from ("gpu", "gpu:nvidia")


def _gpus(engine: Engine, info: Mapping[str, Any]) -> int:
    """How many there are on this machine; of one elsewhere an Engine does not say it: one."""
    if not any(_devices(info)):
        return 0
    there = (path.name for path in Path("/dev").glob("nvidia*")) if engine.endpoint.local else ()
    return sum(name.removeprefix("nvidia").isdigit() for name in there) or 1


def _machine(engine: Engine) -> str:
    """Who this machine is, said as every provider of it says it; "" for an Engine elsewhere."""
    if not engine.endpoint.local:
        return ""
    for path in (Path("/etc/machine-id"), Path("/proc/sys/kernel/hostname")):
        if path.is_file() and (text := path.read_text().strip()):
            return f"machine:{text}"
    return ""


def _reach(engine: Engine) -> str:
    """The host in the Engine's address, as SSH would look it up; "" for the Engine of this machine.

    Nobody knows how others would reach this one.
    """
    url = urlsplit(engine.endpoint.url)
    if engine.endpoint.local or not url.hostname:
        return ""
    return looked_up(url, engine.ssh_options) if url.scheme == "ssh" else url.hostname


def _bridge_address(engine: Engine) -> str:
    """Where containers reach their own machine: the default bridge's gateway."""
    try:
        bridge = engine.call("network inspect bridge", lambda c: c.inspect_network("bridge"))
        first = bridge["IPAM"]["Config"][0]
        # An Engine that has just made the bridge names only its subnet; it takes the first address.
        return str(first.get("Gateway") or next(ip_network(first["Subnet"]).hosts()))
    except (ProviderError, KeyError, IndexError):  # an Engine may run without that bridge
        return "127.0.0.1"
