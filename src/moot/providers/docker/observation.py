"""What the Engine says of a container, as a configuration item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from moot.model.resource import ConfigurationItem, Status
from moot.model.value import JSON
from moot.provider import ProviderError
from moot.providers.docker.body import INTERFACE_NAME, MIB
from moot.providers.docker.client import Engine
from moot.providers.docker.marks import item

LAST_WORDS = 5


def container_item(type: str, engine: Engine, found: Mapping[str, Any]) -> ConfigurationItem:
    """Its attributes and what of it can drift.  What cannot change is left out."""
    status = status_of(found)
    private: dict[str, JSON] = {"name": found["Name"].lstrip("/")}
    if status == "failed" or found["State"]["Status"] == "restarting":
        private["detail"] = _detail(engine, found)
    made = item(
        type,
        engine.venue,
        found["Id"],
        found["Config"]["Labels"] or {},
        properties=_properties(found),
        status=status,
        private=private,
    )
    return replace(made, since=_since(found))


def status_of(found: Mapping[str, Any]) -> Status:
    """The replica's status.

    One that ended well has completed, unless it was to run for ever: then somebody stopped it.
    One that was created and never started is a failure of its start.
    """
    state = found["State"]
    match state["Status"]:
        case "running":
            return _health(state)
        case "paused":
            return "unhealthy"
        case "restarting":
            return "starting"
        case "exited" if state["ExitCode"] == 0 and not _for_ever(found):
            return "completed"
        case _:
            return "failed"


def is_up(found: Mapping[str, Any]) -> bool:
    """Whether a process of it may be there."""
    return found["State"]["Status"] in {"running", "paused"}


def networks_of(found: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The networks it is in, by their names."""
    return dict(found["NetworkSettings"]["Networks"] or {})


def names_of(found: Mapping[str, Any], endpoint: Mapping[str, Any]) -> list[str]:
    """What it is called in a network; the Engine adds its short id."""
    return sorted(set(endpoint.get("Aliases") or ()) - {found["Id"][:12]})


def _properties(found: Mapping[str, Any]) -> dict[str, JSON]:
    networks = networks_of(found)
    return {
        "id": found["Id"],
        "name": found["Name"].lstrip("/"),
        "addresses": {n: e["IPAddress"] for n, e in networks.items() if e.get("IPAddress")},
        "ports": _ports(found),
        "networks": {n: _attachment(found, e) for n, e in networks.items()},
        "names": {n: names_of(found, e) for n, e in networks.items()},
        "restart": _restart(found["HostConfig"]["RestartPolicy"]),
        "limits": _limits(found["HostConfig"]),
    }


def _ports(found: Mapping[str, Any]) -> dict[str, JSON]:
    """Ports of the machine by the container's own."""
    bound = found["NetworkSettings"].get("Ports") or {}
    return {
        port.partition("/")[0]: int(hosts[0]["HostPort"]) for port, hosts in bound.items() if hosts
    }


def _attachment(found: Mapping[str, Any], endpoint: Mapping[str, Any]) -> JSON:
    """As it was asked for."""
    made: dict[str, JSON] = {"aliases": names_of(found, endpoint)}
    asked = endpoint.get("IPAMConfig") or {}
    for key, word in (
        ("ipv4_address", "IPv4Address"),
        ("ipv6_address", "IPv6Address"),
        ("link_local_ips", "LinkLocalIPs"),
    ):
        if asked.get(word):
            made[key] = asked[word]
    options = dict(endpoint.get("DriverOpts") or {})
    if INTERFACE_NAME in options:
        made["interface_name"] = options.pop(INTERFACE_NAME)
    if options:
        made["driver_opts"] = options
    if endpoint.get("GwPriority"):
        made["gw_priority"] = endpoint["GwPriority"]
    if endpoint.get("MacAddress"):  # asked for or not: only what was asked for is compared
        made["mac_address"] = endpoint["MacAddress"]
    return made


def _restart(policy: Mapping[str, Any]) -> JSON:
    attempts = policy.get("MaximumRetryCount") or 0
    counted = {"attempts": attempts} if policy.get("Name") == "on-failure" and attempts else {}
    return {"condition": policy.get("Name") or "no", **counted}


def _limits(host: Mapping[str, Any]) -> JSON:
    words = {
        "cpu": ("NanoCpus", 1e9),
        "memory_mib": ("Memory", MIB),
        "reserved_memory_mib": ("MemoryReservation", MIB),
        "pids": ("PidsLimit", 1),
    }
    found = {key: (host.get(word) or 0) / by for key, (word, by) in words.items()}
    return {k: int(v) if v.is_integer() else v for k, v in found.items() if v > 0}


def _health(state: Mapping[str, Any]) -> Status:
    match (state.get("Health") or {}).get("Status"):
        case "starting":
            return "starting"
        case "healthy":
            return "healthy"
        case "unhealthy":
            return "unhealthy"
        case _:
            return "running"


def _for_ever(found: Mapping[str, Any]) -> bool:
    return found["HostConfig"]["RestartPolicy"].get("Name") in {"always", "unless-stopped"}


def _detail(engine: Engine, found: Mapping[str, Any]) -> str:
    """Why it ended, as far as the Engine and its own last lines tell."""
    state = found["State"]
    if state["Status"] == "created":
        return f"it could not be started: {state.get('Error') or 'its start was interrupted'}"
    parts = [f"exit code {state['ExitCode']}"]
    parts += ["killed for lack of memory"] if state.get("OOMKilled") else []
    parts += [state["Error"]] if state.get("Error") else []
    try:
        said = engine.call(
            f"container logs {found['Id'][:12]}",
            lambda c: c.logs(found["Id"], tail=LAST_WORDS, stdout=True, stderr=True),
        )
    except ProviderError:  # a logging driver that cannot be read
        said = b""
    lines = said.decode(errors="replace").strip()
    return "; ".join(parts) + (f"; its last lines: {lines}" if lines else "")


def _since(found: Mapping[str, Any]) -> float | None:
    state = found["State"]
    text = str(state.get("StartedAt" if is_up(found) else "FinishedAt") or "")
    if not text or text.startswith("0001"):
        return None
    return datetime.fromisoformat(text[:19] + "+00:00").timestamp()
